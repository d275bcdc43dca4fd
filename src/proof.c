// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing what hooks are placed by, and the proof that they are called.
 * Registering a hook is no proof: with kernel.ftrace_enabled=0 it succeeds on
 * kernels before 5.5, with kprobes switched off in debugfs on all, and the hook
 * is never called.
 *
 * The proof is a function of the module with a hook of each kind on it.
 * bsearch() calls it from the kernel's text, as a real caller would.
 *
 * From 5.5 on a hook by ftrace forbids kernel.ftrace_enabled=0.  There the trial
 * hooks stay placed until the others are, so that the switch cannot become 0 in
 * between.  Where hooks can be switched off unseen, each write to a switch is
 * watched, and the proof is repeated until it holds again: kprobes that are off
 * do not see the write that turns them on.
 */
#include <linux/bsearch.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "hooks.h"
#include "proof.h"

/* From one proof to the next while hooks are switched off. */
#define RETRY (HZ / 2)

static bool kprobes;
module_param(kprobes, bool, 0400);
MODULE_PARM_DESC(kprobes,
		 "hook by kprobes, even where ftrace can: slower (default: N)");

/* The best first. */
static const struct shup_mechanism * const mechanisms[] = {
	&shup_by_ftrace_args,
	&shup_by_ftrace_regs,
	&shup_by_kprobes,
};

/* Set by the trial hooks, under the caller's serialization of proof_call(). */
static bool proof_observed, proof_returned;

static const char proof_key[1], proof_element[1];

static noinline int proof_target(const void *key, const void *element)
{
	barrier();
	return 1;
}

static int proof_wrapper(const void *key, const void *element)
{
	return 0;
}

static void proof_observe(unsigned long first, unsigned long second)
{
	proof_observed = first == (unsigned long)proof_key &&
			 second == (unsigned long)proof_element;
}

static bool proof_enter(struct pt_regs *regs, struct shup_call *call)
{
	return true;
}

static void proof_leave(const struct shup_call *call, long returned)
{
	proof_returned = true;
}

/* By kprobes an observer must be placed after a redirection. */
static struct shup_hook proof_hooks[] = {
	{
		.symbol = "proof_target",
		.kind = SHUP_REDIRECT,
		.wrapper = proof_wrapper,
	}, {
		.symbol = "proof_target",
		.kind = SHUP_OBSERVE,
		.observe = proof_observe,
	}, {
		.symbol = "proof_target",
		.kind = SHUP_RETURN,
		.enter = proof_enter,
		.leave = proof_leave,
	},
};

static bool proof_call(void)
{
	proof_observed = false;
	proof_returned = false;
	return bsearch(proof_key, proof_element, 1, 1, proof_target) &&
	       proof_observed && proof_returned;
}

/* switch_writes; and proof_call(), once the switches are watched. */
static DEFINE_RAW_SPINLOCK(switch_lock);

/* Writes to a switch that are under way; switch_lock. */
static unsigned int switch_writes;

/* Written before a switch is watched. */
static void (*after_switch)(void);

static void repeat_proof(struct work_struct *work);
static DECLARE_DELAYED_WORK(proof_work, repeat_proof);

/* Return: whether the hooks work, after a time when they may not have. */
static bool end_gap(void)
{
	unsigned long flags;
	bool works;

	raw_spin_lock_irqsave(&switch_lock, flags);
	/* One proof at a time: two would share what the trial hooks set. */
	works = !switch_writes && proof_call();
	if (works && (shup_hooks_epoch() & 1))
		shup_hooks_gap_end();
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	return works;
}

static void repeat_proof(struct work_struct *work)
{
	if (end_gap())
		after_switch();
	else
		schedule_delayed_work(&proof_work, RETRY);
}

static bool switch_entered(struct pt_regs *regs, struct shup_call *call)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&switch_lock, flags);
	switch_writes++;
	shup_hooks_gap_begin();
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	return true;
}

static bool ftrace_switch_entered(struct pt_regs *regs, struct shup_call *call)
{
	/* It can be read, too. */
	return regs_get_kernel_argument(regs, 1) && switch_entered(regs, call);
}

/* Not here: a kprobe's handler does not see what other kprobes would. */
static void switch_left(const struct shup_call *call, long returned)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&switch_lock, flags);
	switch_writes--;
	raw_spin_unlock_irqrestore(&switch_lock, flags);

	pr_warn_once("kernel.ftrace_enabled or /sys/kernel/debug/kprobes/enabled was written: while one is 0 no listener is notified; once both are 1 again, those that were missed are\n");
	mod_delayed_work(system_wq, &proof_work, 0);
}

static struct shup_hook ftrace_switch = {
	.symbol = "ftrace_enable_sysctl",
	.kind = SHUP_RETURN,
	.purpose = "so switching ftrace off would go unseen",
	.enter = ftrace_switch_entered,
	.leave = switch_left,
};

static struct shup_hook kprobes_switch = {
	.symbol = "write_enabled_file_bool",
	.kind = SHUP_RETURN,
	.purpose = "so switching kprobes off would go unseen",
	.enter = switch_entered,
	.leave = switch_left,
};

/* Whether a hook that is placed may be switched off unseen. */
static bool must_watch;

/* On an error some may be watched. */
static int watch_switches(void)
{
	int ret;

	if (SHUP_HAS_FTRACE_SWITCH) {
		ret = shup_hooks_place(&ftrace_switch, 1);
		if (ret)
			return ret;
	}
	if (SHUP_HAS_KPROBES_SWITCH)
		return shup_hooks_place(&kprobes_switch, 1);
	return 0;
}

static void withdraw(void)
{
	shup_hooks_take_away(proof_hooks, ARRAY_SIZE(proof_hooks));
}

static int try_hooks(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(proof_hooks); i++) {
		proof_hooks[i].site = (unsigned long)proof_target;
		ret = shup_hooks_place_at_site(&proof_hooks[i]);
		if (ret)
			return ret;
	}
	return proof_call() ? 0 : -ENODATA;
}

/*
 * Does the error say that this kernel lacks the mechanism?  Not -EBUSY nor
 * -ENODATA: then ftrace is switched off.  A return probe stands on a place of
 * ftrace's, and to place one there meanwhile can break ftrace for good.
 */
static bool is_of_mechanism(int error)
{
	return error == -EINVAL || error == -EOPNOTSUPP;
}

/*
 * Leaves the trial hooks of the best mechanism placed that works.
 * Return: 0; or the error of the best one that this kernel has.
 */
static int choose_mechanism(void)
{
	int ret, first = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (!mechanisms[i]->offered ||
		    (kprobes && mechanisms[i] != &shup_by_kprobes))
			continue;
		shup_hooks_use(mechanisms[i]);
		ret = try_hooks();
		if (!ret) {
			must_watch = !mechanisms[i]->forbids_switch;
			return 0;
		}
		withdraw();
		first = first ?: ret;
		if (!is_of_mechanism(ret))
			break;
	}
	return first;
}

#define REMEDY "run 'sysctl kernel.ftrace_enabled=1' and 'echo 1 >/sys/kernel/debug/kprobes/enabled', and load again"

/**
 * shup_proof_begin() - choose what hooks are placed by, and see each kind work
 * @after_gap: called when hooks work again that may have missed calls, under a
 *	new epoch
 *
 * The trial hooks stay placed: see shup_proof_repeat().
 *
 * Context: may sleep; at load, before shup_hooks_place().
 * Return: 0; or an error, with a message in the log and nothing left placed.
 */
int shup_proof_begin(void (*after_gap)(void))
{
	int ret;

	ret = choose_mechanism();
	if (ret) {
		pr_err("not loaded: a trial hook %s (error %d); " REMEDY "\n",
		       ret == -ENODATA ? "was never called" : "was refused", ret);
		return -EOPNOTSUPP;
	}

	if (!must_watch)
		return 0;
	after_switch = after_gap;
	ret = watch_switches();
	if (ret)
		shup_proof_end();
	return ret;
}

/**
 * shup_proof_repeat() - see hooks work once more, now that all are placed
 *
 * A write to a switch that was under way when the watch began was not seen.
 * Where hooks forbid such writes, the trial hooks are of no more use.
 *
 * Context: may sleep; at load, after shup_hooks_place().
 * Return: 0; or an error, with a message in the log.
 */
int shup_proof_repeat(void)
{
	if (!must_watch) {
		withdraw();
		return 0;
	}
	if (end_gap())
		return 0;
	pr_err("not loaded: hooks were switched off; " REMEDY "\n");
	return -EOPNOTSUPP;
}

/**
 * shup_proof_watches() - whether the hooks can be switched off, and so miss calls
 *
 * Context: any, once shup_proof_begin() has returned 0.
 */
bool shup_proof_watches(void)
{
	return must_watch;
}

/**
 * shup_proof_end() - watch the switches no more
 *
 * Context: may sleep; after shup_hooks_remove().
 */
void shup_proof_end(void)
{
	shup_hooks_take_away(&kprobes_switch, 1);
	shup_hooks_take_away(&ftrace_switch, 1);
	cancel_delayed_work_sync(&proof_work);
	withdraw();
}
