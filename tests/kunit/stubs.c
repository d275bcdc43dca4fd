// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the code under test needs of the rest of the module.  Tasks are only
 * memory, so scans visit those that a test names.
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "adopt.h"
#include "fault.h"
#include "layout.h"
#include "objects.h"
#include "scan.h"

struct stub_scan stub_scan;

static void visit_chain(struct task_struct *task, shup_visit *visit, void *arg)
{
	const void *filter;
	unsigned int left;

	shup_for_each_filter(filter, shup_task_filter(task), left)
		if (visit(task, filter, arg) == SHUP_ENOUGH)
			return;
}

int shup_scan_filters(shup_visit *visit, void *arg)
{
	struct task_struct *task;
	unsigned int i;

	WRITE_ONCE(stub_scan.scans, stub_scan.scans + 1);
	while (READ_ONCE(stub_scan.hold))
		msleep(20);
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(stub_scan.tasks); i++) {
		task = READ_ONCE(stub_scan.tasks[i]);
		if (!task)
			continue;
		/* As under a siglock. */
		local_irq_disable();
		visit_chain(task, visit, arg);
		local_irq_enable();
	}
	rcu_read_unlock();
	return READ_ONCE(stub_scan.ret);
}

int shup_scan(shup_visit *visit, void *arg, struct shup_marks *marks,
	      const struct shup_wanted *wanted)
{
	return shup_scan_filters(visit, arg);
}

void shup_wanted_clear(struct shup_wanted *wanted)
{
}

void shup_wanted_add(struct shup_wanted *wanted, const void *filter)
{
}

struct stub_adoption stub_adoption;

int shup_adopt_all(u64 until_ns)
{
	WRITE_ONCE(stub_adoption.begun, stub_adoption.begun + 1);
	while (READ_ONCE(stub_adoption.hold))
		msleep(20);
	return READ_ONCE(stub_adoption.ret);
}

void (*stub_fault)(enum shup_point point);

void shup_fault_delay(enum shup_point point)
{
	if (stub_fault)
		stub_fault(point);
}

bool shup_fault_drop(void)
{
	return false;
}

bool shup_fault_starve(void)
{
	return false;
}

int shup_fault_refuse(void)
{
	return 0;
}

void shup_fault_hold(const struct task_struct *leader)
{
}

MODULE_DESCRIPTION("KUnit tests of seccomp_hup");
MODULE_LICENSE("GPL");
