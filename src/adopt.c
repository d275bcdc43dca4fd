// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: the listeners that were there before the module, or whose making
 * was missed, are found in the fd tables of all tasks.
 *
 * It need not be exact.  A listener that it misses, as it is in flight over a
 * socket or moves from table to table just now, gets known when it is polled,
 * asked for a notification, or found by the adoption after the next audit.
 */
#include "adopt.h"
#include "holders.h"
#include "listener.h"
#include "orphan.h"
#include "stats.h"

static int adopt_file(struct task_struct *task, unsigned int fd,
		      struct file *file, void *arg)
{
	int ret = shup_listener_adopt(file, GFP_ATOMIC);

	if (ret > 0) {
		shup_stat_inc(adoptions);
		shup_orphan_recount(file);
	}
	return min(ret, 0);
}

/**
 * shup_adopt() - get to know every listener in any task's fd table
 *
 * The hooks are in place: what happens to a listener once it is known is seen.
 *
 * Context: process context; may sleep.
 * Return: 0; -EAGAIN if not all tables were seen, or hooks are missing;
 * -ENOMEM; -ENOEXEC if this kernel's filters cannot be read (layout.c).
 */
int shup_adopt(void)
{
	return shup_holders(adopt_file, NULL);
}
