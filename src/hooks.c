// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts hooks on functions, by one of the kernel's mechanisms, and takes them
 * away so that no task is left in the module's text.  Knows nothing of seccomp.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "fault.h"
#include "hooks.h"
#include "sighand.h"
#include "state.h"
#include "symbol.h"

/* Calls inside a wrapper now; wrapped_lock.  See wait_for_wrappers(). */
static LIST_HEAD(wrapped_calls);
static DEFINE_RAW_SPINLOCK(wrapped_lock);

/* Calls of one SHUP_RETURN function that may be under way at a time. */
#define RETURN_CALLS 256

/* Counts the times that hooks were off.  Odd: they are, or may be, off now. */
static atomic_t epoch = ATOMIC_INIT(0);

/* What observers and redirections are placed by; written at load. */
static const struct shup_mechanism *mechanism;

/* From shup_hooks_trust() to the first hook removed. */
static bool trusted;

/* Sections under way that rely on no call being missed; see shup_hooks_rely(). */
static atomic_t relying = ATOMIC_INIT(0);

/**
 * shup_hooks_epoch() - a number that changes when hooks may have missed calls
 *
 * What depends on no call having been missed, and was found under one epoch,
 * must not be used under another.
 *
 * Context: any.
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
	return READ_ONCE(trusted) && !(since & 1) &&
	       since == shup_hooks_epoch();
}

/**
 * shup_hooks_rely() - rely on no call being missed, for a moment
 * @since: from shup_hooks_epoch()
 *
 * What a hooked call would have to wait for can then be used until
 * shup_hooks_relied(): where hooks can be switched off, the switch waits.
 *
 * Context: interrupts off.
 * Return: false if a call may have been missed since then.
 */
bool shup_hooks_rely(unsigned int since)
{
	atomic_inc(&relying);
	/* Rely, then look at the epoch.  Pairs with shup_hooks_gap_begin(). */
	smp_mb__after_atomic();
	if (shup_hooks_sound(since))
		return true;
	atomic_dec(&relying);
	return false;
}

/**
 * shup_hooks_relied() - rely on it no more
 *
 * Context: as shup_hooks_rely(), which has returned true.
 */
void shup_hooks_relied(void)
{
	/* All uses, then this.  Pairs with shup_hooks_gap_begin(). */
	smp_mb__before_atomic();
	atomic_dec(&relying);
}

/**
 * shup_hooks_gap_begin() - note that the hooks may miss calls from now on
 *
 * Waits for sections that rely on the contrary: each has interrupts off, is
 * short, and waits for nothing that the caller may hold.
 *
 * Context: any; the caller serializes with shup_hooks_gap_end().
 */
void shup_hooks_gap_begin(void)
{
	atomic_or(1, &epoch);
	/* The epoch, then the sections.  Pairs with shup_hooks_rely(). */
	smp_mb__after_atomic();
	while (atomic_read(&relying))
		cpu_relax();
	/* Their uses, then the switch.  Pairs with shup_hooks_relied(). */
	smp_mb();
}

/**
 * shup_hooks_gap_end() - note that the hooks miss no more calls
 *
 * Context: as shup_hooks_gap_begin(), which has been called.
 */
void shup_hooks_gap_end(void)
{
	atomic_inc(&epoch);
}

/**
 * shup_wrapper_enter() - note that the current task is inside a wrapper
 * @call: on the wrapper's stack
 *
 * The first statement of every wrapper; pairs with shup_wrapper_leave().
 *
 * Context: process context.
 */
void shup_wrapper_enter(struct shup_wrapped *call)
{
	unsigned long flags;

	call->task = current;
	call->interrupted = false;
	raw_spin_lock_irqsave(&wrapped_lock, flags);
	list_add(&call->node, &wrapped_calls);
	raw_spin_unlock_irqrestore(&wrapped_lock, flags);
}

/**
 * shup_wrapper_interrupted() - whether the module has interrupted a wrapped call
 * @call: from shup_wrapper_enter()
 *
 * What the call has waited for may have failed for that reason alone.
 *
 * Context: process context.
 */
bool shup_wrapper_interrupted(struct shup_wrapped *call)
{
	return READ_ONCE(call->interrupted);
}

/*
 * Take back what interrupt_wrapped() has done, but for a signal that is there.
 * Else epoll_wait() would fail with EINTR, and a kernel thread, which never
 * returns to user space, would not sleep interruptibly any more.
 */
static void forget_interruption(void)
{
	struct sighand_struct *sighand;
	unsigned long flags;

	rcu_read_lock();
	sighand = shup_sighand_lock(current, &flags, true);
	if (!WARN_ON_ONCE(!sighand)) {
		recalc_sigpending();
		shup_sighand_unlock(sighand, flags);
	}
	rcu_read_unlock();
}

/**
 * shup_wrapper_leave() - note that the current task is about to leave a wrapper
 * @call: from shup_wrapper_enter()
 *
 * The last statement of every wrapper but for its return.
 *
 * Context: process context.
 */
void shup_wrapper_leave(struct shup_wrapped *call)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&wrapped_lock, flags);
	list_del(&call->node);
	raw_spin_unlock_irqrestore(&wrapped_lock, flags);
	if (call->interrupted)
		forget_interruption();
}

/**
 * shup_hooks_use() - choose what observers and redirections are placed by
 * @chosen: one that is offered
 *
 * Context: at load, while no hook is placed.
 */
void shup_hooks_use(const struct shup_mechanism *chosen)
{
	mechanism = chosen;
}

static bool is_in_wrapper(const struct task_struct *task)
{
	struct shup_wrapped *call;
	unsigned long flags;
	bool found = false;

	/* A wrapper of @task's own is in the list for as long as this runs. */
	if (list_empty(&wrapped_calls))
		return false;
	raw_spin_lock_irqsave(&wrapped_lock, flags);
	list_for_each_entry(call, &wrapped_calls, node) {
		found = call->task == task;
		if (found)
			break;
	}
	raw_spin_unlock_irqrestore(&wrapped_lock, flags);
	return found;
}

/**
 * shup_hooks_own_call() - whether a call of a redirected function is a wrapper's
 * @caller: where the call returns to
 *
 * A wrapper's call of the original must go through.  Where another's return
 * probe was called first, @caller is that probe's; then the task decides.
 *
 * Context: any.
 */
bool shup_hooks_own_call(unsigned long caller)
{
	return within_module(caller, THIS_MODULE) || is_in_wrapper(current);
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

/**
 * shup_hook_missed() - how many calls a hook has missed, as far as is counted
 * @hook: it was placed once
 *
 * A return probe misses a call while RETURN_CALLS others are under way; any
 * kprobe misses one that another kprobe's handler makes.  ftrace misses none.
 *
 * Context: any.
 */
unsigned long shup_hook_missed(const struct shup_hook *hook)
{
	if (hook->kind == SHUP_RETURN)
		return READ_ONCE(hook->probe.nmissed) +
		       READ_ONCE(hook->probe.kp.nmissed);
	return READ_ONCE(hook->kprobe.nmissed);
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

/**
 * shup_hooks_place_at_site() - place one hook at an address
 * @hook: its site is set
 *
 * Context: may sleep; at load.
 * Return: 0, or the error of the kernel's registration; prints nothing.
 */
int shup_hooks_place_at_site(struct shup_hook *hook)
{
	int ret;

	hook->mechanism = mechanism;
	if (hook->kind == SHUP_RETURN)
		ret = place_return(hook);
	else
		ret = shup_fault_refuse() ?: mechanism->place(hook);
	hook->placed = !ret;
	return ret;
}

static int place(struct shup_hook *hook)
{
	struct shup_symbol symbol;
	int ret;

	ret = shup_symbol_find(hook->symbol, &symbol);
	if (ret) {
		pr_err("not loaded: this kernel has no function %s that can be hooked (error %d), %s; nothing was changed"
		       SHUP_REPORT "\n",
		       hook->symbol, ret, hook->purpose);
		return ret;
	}

	hook->site = symbol.site;
	hook->original = symbol.start;
	ret = shup_hooks_place_at_site(hook);
	if (ret == -EBUSY && hook->kind == SHUP_REDIRECT)
		pr_err("not loaded: %s is already redirected by a live patch or another module, %s; disable that (see /sys/kernel/livepatch) and load again\n",
		       hook->symbol, hook->purpose);
	else if (ret)
		pr_err("not loaded: cannot hook %s (error %d), %s; see the ftrace and kprobes messages above\n",
		       hook->symbol, ret, hook->purpose);
	return ret;
}

static void take_away(struct shup_hook *hook)
{
	if (!hook->placed)
		return;
	if (hook->kind == SHUP_RETURN)
		unregister_kretprobe(&hook->probe);
	else
		hook->mechanism->remove(hook);
	hook->placed = false;
}

/*
 * A wrapped call can wait for a lock that a user holds for ever: a poll of a
 * listener waits for notify_lock, which the target of an ADDFD can hold (5.9
 * and later).  It waits as a signal can interrupt it.  So it is interrupted
 * as by a signal, of which nothing is left when the task leaves the wrapper.
 * Return: whether any call is inside a wrapper.
 */
static bool interrupt_wrapped(void)
{
	struct shup_wrapped *call;
	unsigned long flags;
	bool any = false;

	raw_spin_lock_irqsave(&wrapped_lock, flags);
	list_for_each_entry(call, &wrapped_calls, node) {
		any = true;
		WRITE_ONCE(call->interrupted, true);
		/* On its own stack: the task is not gone while it is listed. */
		set_tsk_thread_flag(call->task, TIF_SIGPENDING);
		if (shup_task_is_interruptible(call->task))
			wake_up_process(call->task);
	}
	raw_spin_unlock_irqrestore(&wrapped_lock, flags);
	return any;
}

static void wait_for_wrappers(void)
{
	/*
	 * A task may have been redirected and not yet be in the list, or have
	 * left the list and not yet have returned.  It does not sleep there, so
	 * one grace period on each side of the wait covers both.
	 */
	synchronize_rcu_tasks();
	while (interrupt_wrapped())
		msleep(20);
	synchronize_rcu_tasks();
}

/**
 * shup_hooks_take_away() - take away those hooks of a table that are placed
 * @hooks: the table
 * @count: its length
 *
 * When it returns, no handler or wrapper of theirs runs or will run again, and
 * no task has one on its stack.
 *
 * Context: may sleep; bounded, as calls that wait inside a wrapper are
 * interrupted.
 */
void shup_hooks_take_away(struct shup_hook *hooks, unsigned int count)
{
	while (count--)
		take_away(&hooks[count]);
	wait_for_wrappers();
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
			shup_hooks_take_away(hooks, i);
			return ret;
		}
	}
	return 0;
}

/**
 * shup_hooks_trust() - note that all hooks are placed, and miss no call
 *
 * Context: at load; every hook is placed and proved.
 */
void shup_hooks_trust(void)
{
	WRITE_ONCE(trusted, true);
}

/**
 * shup_hooks_remove() - trust the hooks no more, and take a table of them away
 * @hooks: the table given to shup_hooks_place()
 * @count: its length
 *
 * Context: as shup_hooks_take_away().
 */
void shup_hooks_remove(struct shup_hook *hooks, unsigned int count)
{
	WRITE_ONCE(trusted, false);
	/* Readers that still trust them end first: see shup_hooks_sound(). */
	synchronize_rcu();
	shup_hooks_take_away(hooks, count);
}
