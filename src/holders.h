/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HOLDERS_H
#define SHUP_HOLDERS_H

#include <linux/fs.h>
#include <linux/sched.h>

/**
 * typedef shup_visit_holder - what a search does with an fd of a listener
 * @task: a task whose fd table has the fd
 * @fd: the fd's number
 * @file: the listener's file, open for the time of the call
 * @arg: the caller's
 *
 * Context: @task's alloc_lock and the lock of the fd table held, RCU read side;
 * must not sleep.
 * Return: 0; or another value to end the search, which then returns it.
 */
typedef int shup_visit_holder(struct task_struct *task, unsigned int fd,
			      struct file *file, void *arg);

int shup_holders(shup_visit_holder *visit, void *arg, u64 until_ns);

#endif /* SHUP_HOLDERS_H */
