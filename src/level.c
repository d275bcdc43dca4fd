// SPDX-License-Identifier: GPL-2.0-only
/*
 * The level of the running kernel, found by its symbols and its code.  The
 * version says too little: vendors take changes back into older kernels.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "compat.h"
#include "level.h"
#include "symbol.h"

/* With call depth tracking, x86's calls enter at the padding before a function. */
#define PADDING 64

/*
 * Whether @caller calls @callee directly.  Each place where an instruction can
 * begin is tried.  On x86 that includes places within an instruction, where 32
 * bits would have to match by chance.
 */
static bool calls(const struct shup_symbol *caller,
		  const struct shup_symbol *callee)
{
	unsigned long i, target;
	bool found = false;
	u8 *code;

	code = kmalloc(caller->size, GFP_KERNEL);
	if (!code)
		return false;
	if (copy_from_kernel_nofault(code, (void *)caller->start, caller->size))
		goto out;
	for (i = 0; !found && i + SHUP_CALL_BYTES <= caller->size;
	     i += SHUP_CODE_ALIGN) {
		target = shup_call_target(code + i, caller->start + i);
		found = target && callee->start - target <= PADDING;
	}
out:
	kfree(code);
	return found;
}

/**
 * shup_level_detect() - find out what the running kernel does by itself
 *
 * Linux 5.9 replaced put_seccomp_filter() by seccomp_filter_release(), which
 * reports EPOLLHUP.  From 6.11 on do_exit() calls seccomp_filter_release(), and
 * RECV returns.  6.10.10 took over the call but not the change to RECV, so it is
 * not native.
 *
 * Only -ENOENT means that a function does not exist.  After any other error, such
 * as want of memory, the level is unknown.
 *
 * Context: may sleep; at load.
 * Return: the level.
 */
enum shup_level shup_level_detect(void)
{
	struct shup_symbol release, other;
	int ret;

	if (!SHUP_HAS_FILTERS)
		return SHUP_LEVEL_NONE;
	ret = shup_symbol_find("seccomp_notify_release", &other);
	if (ret)
		return ret == -ENOENT ? SHUP_LEVEL_NONE : SHUP_LEVEL_UNKNOWN;

	ret = shup_symbol_find("seccomp_filter_release", &release);
	if (ret == -ENOENT && !shup_symbol_find("put_seccomp_filter", &other))
		return SHUP_LEVEL_NEVER;
	if (ret)
		return SHUP_LEVEL_UNKNOWN;

	if (!SHUP_KERNEL_IS_NATIVE)
		return SHUP_LEVEL_AT_REAP;
	if (!shup_symbol_find("do_exit", &other) && calls(&other, &release))
		return SHUP_LEVEL_NATIVE;
	return SHUP_LEVEL_UNKNOWN;
}
