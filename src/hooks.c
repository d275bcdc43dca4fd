// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ftrace and kprobe plumbing.  Knows how to find functions, to put hooks
 * on them and to take hooks away so that no task is left in the module's text.
 * Knows nothing of seccomp.
 */
#include <linux/bsearch.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "hooks.h"
#include "fault.h"

/* Calls inside a wrapper now; see shup_hooks_remove(). */
static atomic_t wrappers = ATOMIC_INIT(0);

/* Calls of one SHUP_RETURN function that may be under way at a time. */
#define RETURN_CALLS 256

/*
 * Where the kernel cannot forbid kernel.ftrace_enabled=0: counts the writes to
 * that switch.  Odd: the hooks are, or may be, off.
 */
static atomic_t epoch = ATOMIC_INIT(0);

/* From the last hook placed to the first one removed. */
static bool all_placed;

/**
 * shup_hooks_epoch() - a number that changes when hooks may have missed calls
 *
 * What was learnt under one epoch, and depends on no call having been missed
 * since, must not be used under another.  May be called from anywhere.
 *
 * Return: the epoch; odd while the hooks may be off.
 */
unsigned int shup_hooks_epoch(void)
{
	return atomic_read(&epoch);
}

/**
 * shup_hooks_sound() - whether all hooks are in place, and were since an epoch
 * @since: from shup_hooks_epoch()
 *
 * Context: any.  In an RCU read-side critical section, what is freed a grace
 * period after a hooked call can be used until its end.
 */
bool shup_hooks_sound(unsigned int since)
{
	return READ_ONCE(all_placed) && !(since & 1) &&
	       since == shup_hooks_epoch();
}

/**
 * shup_symbol_find() - find a function of the running kernel by its name
 * @name: exact name; a compiler's variant of it (.isra, .constprop) is
 *	another function, with other arguments, and does not match
 * @symbol: filled in on success
 *
 * kallsyms_lookup_name() is not exported since 5.7; a kprobe that is never
 * armed asks the same question on every version.
 *
 * Context: may sleep.
 * Return: 0, -ENOENT if there is no such function, or what the kprobe said.
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

	/* "name+0x4/0xb20": the size, and whether an ENDBR comes first. */
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

/**
 * shup_wrapper_enter() - say that the current task is inside a wrapper
 *
 * The first statement of every wrapper; pairs with shup_wrapper_leave().
 */
void shup_wrapper_enter(void)
{
	atomic_inc(&wrappers);
}

/**
 * shup_wrapper_leave() - say that the current task is about to leave a wrapper
 *
 * The last statement of every wrapper but for its return.
 */
void shup_wrapper_leave(void)
{
	atomic_dec(&wrappers);
}

static void notrace observe_callback(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);

	hook->observe(shup_argument(fregs, 0), shup_argument(fregs, 1));
}

static void notrace redirect_callback(unsigned long ip, unsigned long parent_ip,
				      struct ftrace_ops *ops,
				      struct shup_ftrace_regs *fregs)
{
	struct shup_hook *hook = container_of(ops, struct shup_hook, ops);

	/* The wrapper's own call of the original goes through. */
	if (within_module(parent_ip, THIS_MODULE))
		return;
	instruction_pointer_set(shup_get_regs(fregs),
				(unsigned long)hook->wrapper);
}

static int return_entered(struct kretprobe_instance *instance,
			  struct pt_regs *regs)
{
	struct kretprobe *probe = shup_retprobe_of(instance);
	struct shup_hook *hook;

	/* NULL: unregistered since this call was found to be probed. */
	if (!probe)
		return 1;
	hook = container_of(probe, struct shup_hook, probe);
	/* Nonzero: do not watch for the return of this call. */
	return !hook->enter(regs, (struct shup_call *)instance->data);
}

static int return_left(struct kretprobe_instance *instance,
		       struct pt_regs *regs)
{
	struct kretprobe *probe = shup_retprobe_of(instance);
	struct shup_hook *hook;

	/* NULL: unregistered while this call was under way. */
	if (!probe)
		return 0;
	hook = container_of(probe, struct shup_hook, probe);
	hook->leave((struct shup_call *)instance->data,
		    (long)regs_return_value(regs));
	return 0;
}

static int place_ftrace(struct shup_hook *hook)
{
	struct ftrace_ops *ops = &hook->ops;
	int ret;

	memset(ops, 0, sizeof(*ops));
	ops->func = observe_callback;
	ops->flags = SHUP_OPS_ARGUMENTS | SHUP_OPS_RECURSION | SHUP_OPS_PERMANENT;
	if (hook->kind == SHUP_REDIRECT) {
		ops->func = redirect_callback;
		ops->flags |= SHUP_OPS_REDIRECT;
	}

	ret = shup_fault_refuse() ?:
	      ftrace_set_filter_ip(ops, hook->site, 0, 0);
	if (ret)
		return ret;
	ret = shup_fault_refuse() ?: register_ftrace_function(ops);
	if (ret)
		ftrace_set_filter_ip(ops, hook->site, 1, 0);
	return ret;
}

static int place_return(struct shup_hook *hook)
{
	memset(&hook->probe, 0, sizeof(hook->probe));
	hook->probe.kp.addr = (kprobe_opcode_t *)hook->site;
	hook->probe.entry_handler = return_entered;
	hook->probe.handler = return_left;
	hook->probe.maxactive = RETURN_CALLS;
	hook->probe.data_size = sizeof(struct shup_call);
	return shup_fault_refuse() ?: register_kretprobe(&hook->probe);
}

static int place_at_site(struct shup_hook *hook)
{
	int ret;

	if (hook->kind == SHUP_RETURN)
		ret = place_return(hook);
	else
		ret = place_ftrace(hook);
	hook->placed = !ret;
	return ret;
}

static int place(struct shup_hook *hook)
{
	struct shup_symbol symbol;
	int ret;

	ret = shup_symbol_find(hook->symbol, &symbol);
	if (ret) {
		pr_err("not loaded: this kernel has no function %s that can be hooked (error %d), %s; nothing was changed. Report this kernel's version\n",
		       hook->symbol, ret, hook->purpose);
		return ret;
	}

	hook->site = symbol.site;
	hook->original = symbol.start;
	ret = place_at_site(hook);
	if (ret == -EBUSY && hook->kind == SHUP_REDIRECT)
		pr_err("not loaded: %s is already redirected by a live patch or another module, %s; disable that (see /sys/kernel/livepatch) and load again\n",
		       hook->symbol, hook->purpose);
	else if (ret)
		pr_err("not loaded: cannot hook %s (error %d), %s; see the ftrace and kprobes messages above\n",
		       hook->symbol, ret, hook->purpose);
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

static void take_away(struct shup_hook *hook)
{
	if (!hook->placed)
		return;
	if (hook->kind == SHUP_RETURN) {
		unregister_kretprobe(&hook->probe);
	} else {
		unregister_or_wait(hook);
		ftrace_set_filter_ip(&hook->ops, hook->site, 1, 0);
	}
	hook->placed = false;
}

static void wait_for_wrappers(void)
{
	/*
	 * A task may have been redirected and not yet have counted itself, or
	 * have counted itself out and not yet have returned.  Neither sleeps
	 * there, so one grace period on each side of the count covers both.
	 */
	synchronize_rcu_tasks();
	while (atomic_read(&wrappers))
		msleep(20);
	synchronize_rcu_tasks();
}

static void take_away_all(struct shup_hook *hooks, unsigned int count)
{
	while (count--)
		take_away(&hooks[count]);
	wait_for_wrappers();
}

/*
 * The proof: a function of our own with an observer and a redirection on it.
 * bsearch() calls it from the kernel's text, as a real caller would.
 */

static const char proof_key[1], proof_element[1];
static bool proof_observed;

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

/*
 * The switch, kernel.ftrace_enabled: before 5.5 nothing can forbid writing 0
 * to it, so each write is watched.  From its entry to its return, and for as
 * long as the proof then fails, the epoch is odd.
 */

static DEFINE_RAW_SPINLOCK(switch_lock);	/* proofs, too, once it is watched */
static unsigned int switch_writes;	/* under way; switch_lock */
static void (*after_switch)(void);	/* set before the switch is watched */

static bool switch_entered(struct pt_regs *regs, struct shup_call *call)
{
	unsigned long flags;

	if (!regs_get_kernel_argument(regs, 1))
		return false;
	raw_spin_lock_irqsave(&switch_lock, flags);
	switch_writes++;
	atomic_or(1, &epoch);
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	return true;
}

static void switch_left(const struct shup_call *call, long returned)
{
	unsigned long flags;
	bool works;

	raw_spin_lock_irqsave(&switch_lock, flags);
	/* One proof at a time, or one could take another's for its own. */
	works = proof_call();
	works &= !--switch_writes;
	if (works)
		atomic_inc(&epoch);
	raw_spin_unlock_irqrestore(&switch_lock, flags);

	pr_warn_once("kernel.ftrace_enabled was written: while it is 0 no listener is told anything; the rest is told once it is 1\n");
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

/* A write that was under way before the switch was watched is not seen. */
static bool hooks_work(void)
{
	unsigned long flags;
	bool works;

	if (SHUP_OPS_PERMANENT)
		return true;
	raw_spin_lock_irqsave(&switch_lock, flags);
	works = proof_call();
	raw_spin_unlock_irqrestore(&switch_lock, flags);
	return works;
}

static void proof_end(void)
{
	take_away_all(proof_hooks, ARRAY_SIZE(proof_hooks));
}

static int proof_begin(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(proof_hooks); i++) {
		proof_hooks[i].site = (unsigned long)proof_target;
		ret = place_at_site(&proof_hooks[i]);
		if (ret)
			return ret;
	}
	return proof_call() ? 0 : -ENODATA;
}

/**
 * shup_hooks_prove() - see a hook of each ftrace kind work
 * @after_gap: called when hooks work again that may have missed calls, under a
 *	new epoch, with preemption off
 *
 * Registering is no proof: with kernel.ftrace_enabled=0 it succeeds on kernels
 * before 5.5, and nothing is ever called.  On those the trial hooks stay, to
 * ask them again each time that switch is written.
 *
 * Context: may sleep; at load, before shup_hooks_place().
 * Return: 0; or an error, with a message in the log and nothing left placed.
 */
int shup_hooks_prove(void (*after_gap)(void))
{
	int ret;

	ret = proof_begin();
	if (ret) {
		pr_err("not loaded: a trial ftrace hook %s (error %d); run 'sysctl kernel.ftrace_enabled=1' and load again\n",
		       ret == -ENODATA ? "was never called" : "was refused", ret);
		proof_end();
		return -EOPNOTSUPP;
	}

	if (SHUP_OPS_PERMANENT) {
		proof_end();
		return 0;
	}

	after_switch = after_gap;
	ret = place(&switch_hook);
	if (ret)
		proof_end();
	return ret;
}

/**
 * shup_hooks_unprove() - undo shup_hooks_prove()
 *
 * Context: may sleep; after shup_hooks_remove().
 */
void shup_hooks_unprove(void)
{
	take_away(&switch_hook);
	proof_end();
}

/**
 * shup_hooks_place() - place every hook of a table, or none
 * @hooks: the table; handlers may be called before this returns
 * @count: its length
 *
 * Context: may sleep; at load.
 * Return: 0; or an error, with a message in the log and nothing left placed.
 */
int shup_hooks_place(struct shup_hook *hooks, unsigned int count)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = place(&hooks[i]);
		if (ret) {
			take_away_all(hooks, i);
			return ret;
		}
	}
	if (!hooks_work()) {
		pr_err("not loaded: kernel.ftrace_enabled became 0; run 'sysctl kernel.ftrace_enabled=1' and load again\n");
		take_away_all(hooks, count);
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(all_placed, true);
	return 0;
}

/**
 * shup_hooks_remove() - take every hook of a table away
 * @hooks: the table given to shup_hooks_place()
 * @count: its length
 *
 * When it returns, no handler or wrapper runs or will run again, and no task
 * has one on its stack.
 *
 * Context: may sleep, for as long as a wrapped call takes.
 */
void shup_hooks_remove(struct shup_hook *hooks, unsigned int count)
{
	WRITE_ONCE(all_placed, false);
	synchronize_rcu();
	take_away_all(hooks, count);
}
