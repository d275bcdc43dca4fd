/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HOLDERS_H
#define SHUP_HOLDERS_H

#include <linux/fs.h>
#include <linux/sched.h>

/**
 * typedef shup_visit_holder - what is done with an fd that is a listener
 * @task: one of those whose table has it
 * @fd: its number there
 * @file: the listener's file, open for the time of the call
 * @arg: the caller's
 *
 * Context: the lock of the fd table held, RCU read side.
 * Return: nonzero to end the search with that.
 */
typedef int shup_visit_holder(struct task_struct *task, unsigned int fd,
			      struct file *file, void *arg);

int shup_holders(shup_visit_holder *visit, void *arg, u64 until_ns);

#endif /* SHUP_HOLDERS_H */
