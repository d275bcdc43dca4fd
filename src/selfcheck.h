/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SELFCHECK_H
#define SHUP_SELFCHECK_H

#include <linux/types.h>

struct dentry;
struct task_struct;

/**
 * enum shup_point - where a race's window opens
 * @SHUP_POINT_FORK: a child that runs is no member yet
 * @SHUP_POINT_EXIT: a task in do_exit() is live yet
 * @SHUP_POINT_ATTACH: a listener has its fd, and is not known yet
 * @SHUP_POINT_POLL: a poll is on the queue, and has not looked for the mark
 * @SHUP_POINT_SCANNED: a pass has seen all tasks, and has not decided
 * @SHUP_POINT_MARKED: an orphan is marked, and its file is not pinned
 * @SHUP_POINT_PINNED: it is pinned, and nobody is woken
 */
enum shup_point {
	SHUP_POINT_FORK = 1,
	SHUP_POINT_EXIT,
	SHUP_POINT_ATTACH,
	SHUP_POINT_POLL,
	SHUP_POINT_SCANNED,
	SHUP_POINT_MARKED,
	SHUP_POINT_PINNED,
};

#ifdef SHUP_SELFCHECK
bool shup_selfcheck_drop(void);
bool shup_selfcheck_starve(void);
int shup_selfcheck_refuse(void);
void shup_selfcheck_delay(enum shup_point point);
void shup_selfcheck_hold(const struct task_struct *leader);
void shup_selfcheck_init(struct dentry *directory);
#else
static inline bool shup_selfcheck_drop(void)
{
	return false;
}

static inline bool shup_selfcheck_starve(void)
{
	return false;
}

static inline int shup_selfcheck_refuse(void)
{
	return 0;
}

static inline void shup_selfcheck_delay(enum shup_point point)
{
}

static inline void shup_selfcheck_hold(const struct task_struct *leader)
{
}

static inline void shup_selfcheck_init(struct dentry *directory)
{
}
#endif

#endif /* SHUP_SELFCHECK_H */
