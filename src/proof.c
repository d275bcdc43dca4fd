// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof that hooks are called.  Registering a hook is no proof: with
 * kernel.ftrace_enabled=0 it succeeds on kernels before 5.5, and the hook is
 * never called.
 *
 * The proof is a function of the module with an observer and a redirection on
 * it.  bsearch() calls it from the kernel's text, as a real caller would.
 *
 * From 5.5 on a hook forbids kernel.ftrace_enabled=0.  The trial hooks stay
 * placed until the others are, so that the switch cannot become 0 in between.
 * Before 5.5, each write to the switch is watched, and the proof is repeated
 * after it.
 */
#include <linux/bsearch.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>

#include "hooks.h"
#include "proof.h"

/* Set by proof_observe(), under the caller's serialization of proof_call(). */
static bool proof_observed;

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

static struct shup_hook proof_hooks[] = {
	{
		.symbol = "proof_target",
		.kind = SHUP_OBSERVE,
		.observe = proof_observe,
	}, {
		.symbol = "proof_target",
		.kind = SHUP_REDIRECT,
		.wrapper = proof_wrapper,
	},
};

static bool proof_call(void)
{
	proof_observed = false;
	return bsearch(proof_key, proof_element, 1, 1, proof_target) &&
	       proof_observed;
}

/* switch_writes; and proof_call(), once the switch is watched. */
static DEFINE_RAW_SPINLOCK(switch_lock);

/* Writes to the switch that are under way; switch_lock. */
static unsigned int switch_writes;

/* Written before the switch is watched. */
static void (*after_switch)(void);

static bool switch_entered(struct pt_regs *regs, struct shup_call *call)
{
	unsigned long flags;

	if (!regs_get_kernel_argument(regs, 1))
		return false;
	raw_spin_lock_irqsave(&switch_lock, flags);
	switch_writes++;
	shup_hooks_gap_begin();
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	return true;
}

static void switch_left(const struct shup_call *call, long returned)
{
	unsigned long flags;
	bool works;

	raw_spin_lock_irqsave(&switch_lock, flags);
	/* One proof at a time: two would share proof_observed. */
	works = proof_call();
	works &= !--switch_writes;
	if (works)
		shup_hooks_gap_end();
	raw_spin_unlock_irqrestore(&switch_lock, flags);

	pr_warn_once("kernel.ftrace_enabled was written: while it is 0 no listener is notified; once it is 1 again, those that were missed are\n");
	if (works)
		after_switch();
}

static struct shup_hook switch_hook = {
	.symbol = "ftrace_enable_sysctl",
	.kind = SHUP_RETURN,
	.purpose = "so switching ftrace off would go unseen",
	.enter = switch_entered,
	.leave = switch_left,
};

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

/**
 * shup_proof_begin() - see a hook of each ftrace kind work
 * @after_gap: called when hooks work again that may have missed calls, under a
 *	new epoch, with preemption off
 *
 * The trial hooks stay placed: see shup_proof_repeat().
 *
 * Context: may sleep; at load, before shup_hooks_place().
 * Return: 0; or an error, with a message in the log and nothing left placed.
 */
int shup_proof_begin(void (*after_gap)(void))
{
	int ret;

	ret = try_hooks();
	if (ret) {
		pr_err("not loaded: a trial ftrace hook %s (error %d); run 'sysctl kernel.ftrace_enabled=1' and load again\n",
		       ret == -ENODATA ? "was never called" : "was refused", ret);
		withdraw();
		return -EOPNOTSUPP;
	}

	if (SHUP_OPS_PERMANENT)
		return 0;
	after_switch = after_gap;
	ret = shup_hooks_place(&switch_hook, 1);
	if (ret)
		withdraw();
	return ret;
}

/**
 * shup_proof_repeat() - see hooks work once more, now that all are placed
 *
 * A write to the switch that was under way when the watch began was not seen.
 * Where hooks forbid such writes, the trial hooks are of no more use.
 *
 * Context: may sleep; at load, after shup_hooks_place().
 * Return: 0; or an error, with a message in the log.
 */
int shup_proof_repeat(void)
{
	unsigned long flags;
	bool works;

	if (SHUP_OPS_PERMANENT) {
		withdraw();
		return 0;
	}
	raw_spin_lock_irqsave(&switch_lock, flags);
	works = proof_call();
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	if (works)
		return 0;
	pr_err("not loaded: kernel.ftrace_enabled became 0; run 'sysctl kernel.ftrace_enabled=1' and load again\n");
	return -EOPNOTSUPP;
}

/**
 * shup_proof_end() - watch the switch no more
 *
 * Context: may sleep; after shup_hooks_remove().
 */
void shup_proof_end(void)
{
	shup_hooks_take_away(&switch_hook, 1);
	withdraw();
}
