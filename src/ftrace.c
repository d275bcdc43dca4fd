// SPDX-License-Identifier: GPL-2.0-only
/* Placing hooks by ftrace: what both of its kinds have in common. */
#include <linux/delay.h>
#include <linux/kernel.h>

#include "fault.h"
#include "ftrace.h"

#if SHUP_HAS_FTRACE_ARGS || SHUP_HAS_FTRACE_REGS

/*
 * Where ftrace's own place is, from the hook's site.  On arm64 it comes after
 * one instruction, and with BTI after two; up to 5.18 ftrace wants the exact
 * address.  No other function's place is so near.
 */
static const unsigned int places[] = { 0, 4, 8 };

/* Return: 0, and the site is at ftrace's place; -EINVAL if it has none. */
static int set_filter(struct shup_hook *hook)
{
	unsigned int i;
	int ret = -EINVAL;

	for (i = 0; ret == -EINVAL && i < ARRAY_SIZE(places); i++) {
		ret = ftrace_set_filter_ip(&hook->ops, hook->site + places[i], 0, 0);
		if (!ret)
			hook->site += places[i];
	}
	return ret;
}

/**
 * shup_ftrace_place() - place a hook by ftrace
 * @hook: observes or redirects
 * @func: what ftrace calls
 * @flags: FTRACE_OPS_FL_*, besides those that every hook has
 *
 * Context: may sleep; at load.
 * Return: 0, or ftrace's error.
 */
int shup_ftrace_place(struct shup_hook *hook, ftrace_func_t func,
		      unsigned long flags)
{
	struct ftrace_ops *ops = &hook->ops;
	int ret;

	memset(ops, 0, sizeof(*ops));
	ops->func = func;
	ops->flags = flags | SHUP_OPS_RECURSION | SHUP_OPS_PERMANENT;
	if (hook->kind == SHUP_REDIRECT)
		ops->flags |= FTRACE_OPS_FL_IPMODIFY;

	ret = shup_fault_refuse() ?: set_filter(hook);
	if (ret)
		return ret;
	ret = shup_fault_refuse() ?: register_ftrace_function(ops);
	if (ret)
		ftrace_set_filter_ip(ops, hook->site, 1, 0);
	return ret;
}

/*
 * ftrace gives up on a hook only after it has found kernel text it does not
 * recognise ("ftrace bug" in the log).  The callback may then be called for
 * ever, so this text must stay: a stuck rmmod is better than an oops.
 */
static void unregister_or_wait(struct shup_hook *hook)
{
	int ret = unregister_ftrace_function(&hook->ops);

	if (likely(!ret))
		return;
	pr_crit("cannot unhook %s (error %d), ftrace is broken: the module stays in memory; reboot when you can\n",
		hook->symbol, ret);
	while (ret) {
		ssleep(60);
		ret = unregister_ftrace_function(&hook->ops);
	}
}

/**
 * shup_ftrace_remove() - take a hook away
 * @hook: placed by shup_ftrace_place()
 *
 * Context: may sleep.
 */
void shup_ftrace_remove(struct shup_hook *hook)
{
	unregister_or_wait(hook);
	ftrace_set_filter_ip(&hook->ops, hook->site, 1, 0);
}

#endif
