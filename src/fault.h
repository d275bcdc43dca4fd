/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults made on purpose, in test builds (make SECCOMP_HUP_SELFTEST=1).  In
 * every other build the calls below are empty, and src/selftest/ is not used.
 */
#ifndef SHUP_FAULT_H
#define SHUP_FAULT_H

#include <linux/types.h>

struct task_struct;

/**
 * enum shup_point - where the window of a race opens
 * @SHUP_POINT_FORK: a child runs and is not a member yet
 * @SHUP_POINT_EXIT: a task is in do_exit() and still counts as live
 * @SHUP_POINT_ATTACH: a listener has its fd and is not discovered yet
 * @SHUP_POINT_POLL: a poll is on the wait queue and has not read the orphan mark
 * @SHUP_POINT_SCANNED: a scan of all tasks has ended and nothing is decided yet
 * @SHUP_POINT_MARKED: an orphan is marked and no waiter is woken yet
 * @SHUP_POINT_COUNTED: the witness has counted dead tasks and has not read the
 *	filter's count
 * @SHUP_POINT_READ: the witness has read the filter's count and has not counted
 *	the dead tasks again
 */
enum shup_point {
	SHUP_POINT_FORK = 1,
	SHUP_POINT_EXIT,
	SHUP_POINT_ATTACH,
	SHUP_POINT_POLL,
	SHUP_POINT_SCANNED,
	SHUP_POINT_MARKED,
	SHUP_POINT_COUNTED,
	SHUP_POINT_READ,
};

#ifdef SHUP_SELFTEST
bool shup_fault_drop(void);
bool shup_fault_starve(void);
int shup_fault_refuse(void);
void shup_fault_delay(enum shup_point point);
void shup_fault_hold(const struct task_struct *leader);
bool shup_fault_stall(void);
#else
static inline bool shup_fault_drop(void)
{
	return false;
}

static inline bool shup_fault_starve(void)
{
	return false;
}

static inline int shup_fault_refuse(void)
{
	return 0;
}

static inline void shup_fault_delay(enum shup_point point)
{
}

static inline void shup_fault_hold(const struct task_struct *leader)
{
}

static inline bool shup_fault_stall(void)
{
	return false;
}
#endif

#endif /* SHUP_FAULT_H */
