// SPDX-License-Identifier: GPL-2.0-only
/* Hooks by ftrace, which saves all registers. */
#include "ftrace.h"

#define NAME "ftrace-regs"

#if SHUP_HAS_FTRACE_REGS

static void notrace observe(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops,
			    struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);
	struct pt_regs *regs = shup_get_regs(fregs);

	hook->observe(regs_get_kernel_argument(regs, 0),
		      regs_get_kernel_argument(regs, 1));
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops,
			     struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);

	if (!shup_hooks_own_call(parent_ip))
		instruction_pointer_set(shup_get_regs(fregs),
					(unsigned long)hook->wrapper);
}

static int place(struct shup_hook *hook)
{
	return shup_ftrace_place(hook, hook->kind == SHUP_REDIRECT ?
				 redirect : observe, FTRACE_OPS_FL_SAVE_REGS);
}

const struct shup_mechanism shup_by_ftrace_regs = {
	.name = NAME,
	.offered = true,
	.forbids_switch = SHUP_FTRACE_IS_PERMANENT,
	.place = place,
	.remove = shup_ftrace_remove,
};

#else

const struct shup_mechanism shup_by_ftrace_regs = { .name = NAME };

#endif
