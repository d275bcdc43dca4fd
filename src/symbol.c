// SPDX-License-Identifier: GPL-2.0-only
/* Finding functions of the running kernel by their names. */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fault.h"
#include "symbol.h"

/**
 * shup_symbol_find() - find a function of the running kernel by its name
 * @name: exact name; a compiler's variant of it (.isra, .constprop) is
 *	another function, with other arguments, and does not match
 * @symbol: filled in on success
 *
 * kallsyms_lookup_name() is not exported from 5.7 on.  On every version the
 * registration of a kprobe finds the address; the probe is never armed.
 *
 * Context: may sleep.
 * Return: 0; -ENOENT if there is no such function; -ENOMEM; or the error of the
 * registration.
 */
int shup_symbol_find(const char *name, struct shup_symbol *symbol)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	size_t len = strlen(name);
	unsigned long offset;
	char *text;
	int ret;

	ret = shup_fault_refuse() ?: register_kprobe(&probe);
	if (ret)
		return ret;
	symbol->site = (unsigned long)probe.addr;
	unregister_kprobe(&probe);

	text = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	if (!text)
		return -ENOMEM;

	/* "name+0x4/0xb20": the place of the site in the function, and its size. */
	sprint_symbol(text, symbol->site);
	ret = -ENOENT;
	if (strncmp(text, name, len) ||
	    sscanf(text + len, "+%lx/%lx", &offset, &symbol->size) != 2)
		goto out;

	symbol->start = symbol->site - offset;
	ret = 0;
out:
	kfree(text);
	return ret;
}
