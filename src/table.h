/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_TABLE_H
#define SHUP_TABLE_H

#include <linux/sched.h>
#include <linux/types.h>

struct shup_listener;

/**
 * enum shup_found - what the table has for a task that a scan has found
 * @SHUP_KNOWN: a live membership
 * @SHUP_JOINED: a live membership, made just now
 * @SHUP_DEPARTED: a departed one: the task has entered do_exit(), so it is not
 *	live
 * @SHUP_NO_MEMORY: none: the task is live, and there was no memory
 */
enum shup_found {
	SHUP_KNOWN,
	SHUP_JOINED,
	SHUP_DEPARTED,
	SHUP_NO_MEMORY,
};

/**
 * enum shup_membership - the state of a membership
 * @SHUP_IS_NONE: there is no such membership
 * @SHUP_IS_LIVE: its task has not entered do_exit(), or no hook has noticed
 * @SHUP_IS_DEPARTED: its task has entered do_exit()
 */
enum shup_membership {
	SHUP_IS_NONE,
	SHUP_IS_LIVE,
	SHUP_IS_DEPARTED,
};

typedef void shup_visit_member(const struct task_struct *task,
			       const struct shup_listener *listener,
			       bool departed, void *arg);

int shup_table_init(void);
void shup_table_exit(void);

bool shup_table_join(struct task_struct *task, struct shup_listener *listener);
void shup_table_fork(struct task_struct *parent, struct task_struct *child);
void shup_table_leave(struct task_struct *task);
void shup_table_cut(struct task_struct *task);

u32 shup_table_pass(void);
enum shup_found shup_table_found(struct task_struct *task,
				 struct shup_listener *listener, u32 pass);
bool shup_table_departed(const struct task_struct *task);
unsigned int shup_table_sweep(u32 pass);

bool shup_table_holds(const struct task_struct *task,
		      const struct shup_listener *listener, u64 *born);

enum shup_membership shup_table_peek(struct task_struct *task,
				     struct shup_listener *listener);
void shup_table_for_each(shup_visit_member *visit, void *arg);

#endif /* SHUP_TABLE_H */
