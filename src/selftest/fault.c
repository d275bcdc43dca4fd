// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults made on purpose, for tests only: events that are missed, memory that
 * is not there, registrations that fail, races made wide.  Module parameters
 * choose them.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "fault.h"

static unsigned int drop_every;
module_param(drop_every, uint, 0644);
MODULE_PARM_DESC(drop_every,
		 "miss every N-th fork, exit, attach or cut of a task under a filter; 0: none (default)");

static unsigned int starve_every;
module_param(starve_every, uint, 0644);
MODULE_PARM_DESC(starve_every,
		 "have no memory for every N-th membership or listener; 0: none (default)");

static unsigned int refuse_nth;
module_param(refuse_nth, uint, 0400);
MODULE_PARM_DESC(refuse_nth,
		 "let the kernel refuse the N-th registration of a hook; 0: none (default)");

static unsigned int delay_at;
module_param(delay_at, uint, 0644);
MODULE_PARM_DESC(delay_at,
		 "stop for 3 ms at this point of enum shup_point; 0: nowhere (default)");

static unsigned int hold_scan_at;
module_param(hold_scan_at, uint, 0644);
MODULE_PARM_DESC(hold_scan_at,
		 "a scan about to pass over the process with this pid stops there for 300 ms; 0: none (default)");

static bool stall_adoption;
module_param(stall_adoption, bool, 0644);
MODULE_PARM_DESC(stall_adoption,
		 "a look at all fd tables gets no further while this is 1; 0: it does (default)");

#define DELAY_MS 3
#define HOLD_MS 300

static atomic_t events;
static atomic_t allocations;
static atomic_t registrations;

/**
 * shup_fault_drop() - whether the event at hand is to be missed
 *
 * Context: any; from the hooks of events.c.
 * Return: true if the hook must do as if it had not been called.
 */
bool shup_fault_drop(void)
{
	unsigned int every = READ_ONCE(drop_every);

	return every && !((unsigned int)atomic_inc_return(&events) % every);
}

/**
 * shup_fault_starve() - whether the allocation at hand is to fail
 *
 * Context: any; before an allocation.
 * Return: true if the caller must do as if there were no memory.
 */
bool shup_fault_starve(void)
{
	unsigned int every = READ_ONCE(starve_every);

	return every && !((unsigned int)atomic_inc_return(&allocations) % every);
}

/**
 * shup_fault_refuse() - whether the registration at hand is to fail
 *
 * Context: any; in place of a call that registers something.
 * Return: 0, or the error that the call is to return.
 */
int shup_fault_refuse(void)
{
	if (!refuse_nth)
		return 0;
	return atomic_inc_return(&registrations) == refuse_nth ? -EIO : 0;
}

/* Not by mdelay(), which took less than a millisecond on some emulated boots. */
static void stand_still(unsigned int ms)
{
	u64 until = ktime_get_ns() + ms * NSEC_PER_MSEC;

	while (ktime_get_ns() < until)
		cpu_relax();
}

/**
 * shup_fault_delay() - hold the window of a race open
 * @point: the window
 *
 * Context: any; does not sleep.
 */
void shup_fault_delay(enum shup_point point)
{
	if (READ_ONCE(delay_at) == point)
		stand_still(DELAY_MS);
}

/**
 * shup_fault_hold() - stop a scan between two reads of one process
 * @leader: leader of the process
 *
 * Context: any; does not sleep.
 */
void shup_fault_hold(const struct task_struct *leader)
{
	if (READ_ONCE(hold_scan_at) == leader->pid)
		stand_still(HOLD_MS);
}

/**
 * shup_fault_stall() - whether a look at all fd tables must not get on
 *
 * Context: any.
 */
bool shup_fault_stall(void)
{
	return READ_ONCE(stall_adoption);
}
