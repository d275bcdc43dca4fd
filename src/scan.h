/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SCAN_H
#define SHUP_SCAN_H

#include <linux/sched.h>

/**
 * typedef shup_visit - what a scan does with a task
 * @task: has a filter and is not PF_EXITING
 * @arg: the caller's
 *
 * Context: @task's siglock held, interrupts off, RCU read side.
 * Return: false to end the scan.
 */
typedef bool shup_visit(struct task_struct *task, void *arg);

/**
 * typedef shup_visit_process - what a scan does with a process
 * @leader: its thread group leader
 * @arg: the caller's
 *
 * Context: RCU read side.
 * Return: false to end the scan.
 */
typedef bool shup_visit_process(struct task_struct *leader, void *arg);

int shup_scan(shup_visit *visit, void *arg);
int shup_scan_processes(shup_visit_process *visit, void *arg);

#endif /* SHUP_SCAN_H */
