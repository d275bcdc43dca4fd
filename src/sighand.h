/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SIGHAND_H
#define SHUP_SIGHAND_H

#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

/* Tries to take a siglock where it must not be waited for. */
#define SHUP_SIGHAND_TRIES 100

static inline bool shup_sighand_take(struct sighand_struct *sighand, bool wait)
{
	unsigned int left;

	if (wait) {
		spin_lock(&sighand->siglock);
		return true;
	}
	for (left = SHUP_SIGHAND_TRIES; left; left--) {
		if (spin_trylock(&sighand->siglock))
			return true;
		cpu_relax();
	}
	return false;
}

/**
 * shup_sighand_lock() - take a task's siglock, with interrupts off
 * @task: the task
 * @flags: for shup_sighand_unlock()
 * @wait: false: give up if another holds the lock for long
 *
 * As __lock_task_sighand(), which modules cannot call.
 *
 * Context: RCU read side.
 * Return: the sighand; or NULL if the task has none any more, or the lock was
 * not to be had.
 */
static inline struct sighand_struct *
shup_sighand_lock(const struct task_struct *task, unsigned long *flags, bool wait)
{
	struct sighand_struct *sighand;

	for (;;) {
		sighand = rcu_dereference(task->sighand);
		if (!sighand)
			return NULL;
		local_irq_save(*flags);
		if (!shup_sighand_take(sighand, wait)) {
			local_irq_restore(*flags);
			return NULL;
		}
		/* exec may have given the task another one meanwhile. */
		if (likely(sighand == rcu_access_pointer(task->sighand)))
			return sighand;
		spin_unlock(&sighand->siglock);
		local_irq_restore(*flags);
	}
}

static inline void shup_sighand_unlock(struct sighand_struct *sighand,
				       unsigned long flags)
{
	spin_unlock_irqrestore(&sighand->siglock, flags);
}

#endif /* SHUP_SIGHAND_H */
