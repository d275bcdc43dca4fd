/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SCAN_H
#define SHUP_SCAN_H

#include <linux/bitmap.h>
#include <linux/sched.h>

#define SHUP_MARK_BITS 9

/**
 * struct shup_marks - what an exact scan remembers of the process it looks at
 * @filters: see scan.c
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
 * @bits: one for each, at a place by hash; others can have the same place
 *
 * Few filters of a chain are wanted.  To find that out for one of the others
 * takes a handful of instructions, with interrupts off.
 */
struct shup_wanted {
	DECLARE_BITMAP(bits, 1 << SHUP_WANTED_BITS);
};

void shup_wanted_clear(struct shup_wanted *wanted);
void shup_wanted_add(struct shup_wanted *wanted, const void *filter);

/**
 * enum shup_verdict - what a scan's visitor has learnt
 * @SHUP_SETTLED: all it wants to know; of a filter, in this process
 * @SHUP_UNSETTLED: not yet; of a filter: @task is departed, and another task of
 *	the process may not be
 * @SHUP_ENOUGH: the scan can end
 */
enum shup_verdict {
	SHUP_SETTLED,
	SHUP_UNSETTLED,
	SHUP_ENOUGH,
};

/**
 * typedef shup_visit - what a scan does with a filter of a task
 * @task: is not PF_EXITING
 * @filter: in its chain
 * @arg: the caller's
 *
 * Context: @task's siglock held, interrupts off, RCU read side.
 */
typedef enum shup_verdict shup_visit(struct task_struct *task,
				     const void *filter, void *arg);

/**
 * typedef shup_visit_task - what a scan does with a task
 * @task: is no kernel thread
 * @arg: the caller's
 *
 * Context: RCU read side.
 * Return: SHUP_UNSETTLED to be called again with @task, after a look at the
 * scheduler.
 */
typedef enum shup_verdict shup_visit_task(struct task_struct *task, void *arg);

int shup_scan(shup_visit *visit, void *arg, struct shup_marks *marks,
	      const struct shup_wanted *wanted);
int shup_scan_filters(shup_visit *visit, void *arg);
int shup_scan_tasks(shup_visit_task *visit, void *arg);

#endif /* SHUP_SCAN_H */
