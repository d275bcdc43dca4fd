// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks by kprobes, for kernels without ftrace, or whose ftrace has neither
 * arguments nor registers.
 *
 * A call that a kprobe's handler makes itself is not seen by other kprobes.
 * Of several kprobes on one address the newest is called first, and one that
 * redirects ends the round: an observer must be placed after a redirection.
 */
#include <linux/string.h>

#include "fault.h"
#include "hooks.h"

static int observe(struct kprobe *probe, struct pt_regs *regs)
{
	struct shup_hook *hook = container_of(probe, struct shup_hook, kprobe);

	hook->observe(regs_get_kernel_argument(regs, 0),
		      regs_get_kernel_argument(regs, 1));
	return 0;
}

NOKPROBE_SYMBOL(observe);

/* Nonzero: the kernel goes on where the registers say. */
static int redirect(struct kprobe *probe, struct pt_regs *regs)
{
	struct shup_hook *hook = container_of(probe, struct shup_hook, kprobe);

	if (shup_hooks_own_call(shup_return_address(regs)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)hook->wrapper);
	return 1;
}

NOKPROBE_SYMBOL(redirect);

/* Its being there keeps x86 from making a jump of the probe: none redirects. */
static void after_step(struct kprobe *probe, struct pt_regs *regs,
		       unsigned long flags)
{
}

static int place_at(struct shup_hook *hook, unsigned long site)
{
	struct kprobe *probe = &hook->kprobe;

	memset(probe, 0, sizeof(*probe));
	probe->addr = (kprobe_opcode_t *)site;
	probe->pre_handler = observe;
	if (hook->kind == SHUP_REDIRECT) {
		probe->pre_handler = redirect;
		probe->post_handler = after_step;
	}
	hook->site = site;
	return shup_fault_refuse() ?: register_kprobe(probe);
}

/*
 * On x86 a kprobe at ftrace's place is called by ftrace, and not called while
 * ftrace is switched off.  Past that place it is a kprobe like others, and the
 * call's arguments and stack are still as at the entry.
 */
static int place(struct shup_hook *hook)
{
	int ret = place_at(hook, hook->site);

	if (ret || !(hook->kprobe.flags & KPROBE_FLAG_FTRACE))
		return ret;
	unregister_kprobe(&hook->kprobe);
	return place_at(hook, hook->site + SHUP_FTRACE_PLACE_BYTES);
}

static void remove(struct shup_hook *hook)
{
	unregister_kprobe(&hook->kprobe);
}

const struct shup_mechanism shup_by_kprobes = {
	.name = "kprobes",
	.offered = true,
	.place = place,
	.remove = remove,
};
