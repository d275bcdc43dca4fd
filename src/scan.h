/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SCAN_H
#define SHUP_SCAN_H

#include <linux/bitmap.h>
#include <linux/sched.h>

#define SHUP_MARK_BITS 9

/**
 * struct shup_marks - filters that need no second visit in the same process
 * @filters: each at a place by hash; see struct settled, scan.c
 *
 * For one scan at a time.  The caller allocates it once: allocating 4 KiB in
 * every pass delayed notifications measurably.
 */
struct shup_marks {
	const void *filters[1 << SHUP_MARK_BITS];
};

#define SHUP_WANTED_BITS 9

/**
 * struct shup_wanted - the filters that a scan is to visit
 * @bits: one for each, at a place by hash; an unwanted filter can have the
 *	same place, and is then visited, too
 *
 * Few filters of a chain are wanted.  The bits keep a scan short while
 * interrupts are off: an unwanted filter costs a handful of instructions, and
 * no look-up of a listener.
 */
struct shup_wanted {
	DECLARE_BITMAP(bits, 1 << SHUP_WANTED_BITS);
};

void shup_wanted_clear(struct shup_wanted *wanted);
void shup_wanted_add(struct shup_wanted *wanted, const void *filter);

/**
 * enum shup_verdict - what the scan does after a visit
 * @SHUP_SETTLED: go on.  After a filter: the visitor needs no other task of
 *	this process for it
 * @SHUP_UNSETTLED: after a filter: its task is departed, but another task of
 *	the process may be live; visit the filter there, too.  After a task:
 *	visit this task again
 * @SHUP_ENOUGH: end
 */
enum shup_verdict {
	SHUP_SETTLED,
	SHUP_UNSETTLED,
	SHUP_ENOUGH,
};

/**
 * typedef shup_visit - what a scan does with a filter of a task
 * @task: was not PF_EXITING a moment ago; it may be departed
 * @filter: in @task's chain
 * @arg: the caller's
 *
 * Context: @task's siglock held, interrupts off, RCU read side; must not sleep.
 * Return: what the scan does next.
 */
typedef enum shup_verdict shup_visit(struct task_struct *task,
				     const void *filter, void *arg);

/**
 * typedef shup_visit_task - what a scan does with a task
 * @task: of a process, not of a kernel thread; it may be exiting
 * @arg: the caller's
 *
 * Context: RCU read side; must not sleep.
 * Return: what the scan does next.  Between two visits of one task the scan may
 * leave the RCU read side and sleep.
 */
typedef enum shup_verdict shup_visit_task(struct task_struct *task, void *arg);

int shup_scan(shup_visit *visit, void *arg, struct shup_marks *marks,
	      const struct shup_wanted *wanted);
int shup_scan_filters(shup_visit *visit, void *arg);
int shup_scan_tasks(shup_visit_task *visit, void *arg);

#endif /* SHUP_SCAN_H */
