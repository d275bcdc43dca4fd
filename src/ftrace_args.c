// SPDX-License-Identifier: GPL-2.0-only
/* Hooks by ftrace, which saves the arguments of a call and not all registers. */
#include "ftrace.h"

#define NAME "ftrace-args"

#if SHUP_HAS_FTRACE_ARGS

static void notrace observe(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops,
			    struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);

	hook->observe(shup_argument(fregs, 0), shup_argument(fregs, 1));
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops,
			     struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);

	if (!shup_hooks_own_call(parent_ip))
		shup_set_function(fregs, (unsigned long)hook->wrapper);
}

static int place(struct shup_hook *hook)
{
	return shup_ftrace_place(hook, hook->kind == SHUP_REDIRECT ?
				 redirect : observe, 0);
}

const struct shup_mechanism shup_by_ftrace_args = {
	.name = NAME,
	.offered = true,
	.forbids_switch = SHUP_FTRACE_IS_PERMANENT,
	.place = place,
	.remove = shup_ftrace_remove,
};

#else

const struct shup_mechanism shup_by_ftrace_args = { .name = NAME };

#endif
