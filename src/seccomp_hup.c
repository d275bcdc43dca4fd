// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp_hup: EPOLLHUP on seccomp listeners whose last live task has exited,
 * for kernels that do not report it themselves.
 *
 * The files, by floors: a file includes its own floor's, further left, and
 * those of lower floors, never those above.  tests/floors reads this list.
 *
 *  0  compat
 *  1  btf trace stats fault state sighand worker
 *  2  symbol hooks ftrace ftrace_args ftrace_regs kprobes proof layout
 *  3  level recv hush
 *  4  listener
 *  5  table status
 *  6  scan witness
 *  7  holders
 *  8  adopt notify
 *  9  orphan
 * 10  events
 * 11  listing
 * 12  oracle
 * 13  seccomp_hup
 *
 *   compat.h    every difference between kernel versions and configurations
 *   btf.c       what the kernel's type information says of a structure
 *   trace.c     trace events
 *   stats.c     counters
 *   fault.h     faults made on purpose, in test builds (selftest/fault.c)
 *   state.c     what the module is doing, and what this kernel does by itself
 *   sighand.h   taking a task's siglock
 *   worker.c    when passes and adoptions run
 *   symbol.c    finding functions of the kernel
 *   hooks.c     placing hooks on them; knows nothing of seccomp
 *   ftrace.c, ftrace_args.c, ftrace_regs.c, kprobes.c
 *               the mechanisms that hooks are placed by
 *   proof.c     choosing a mechanism; seeing that hooks are called
 *   layout.c    reading struct seccomp_filter
 *   level.c     finding out what this kernel does by itself
 *   recv.c      letting RECV return
 *   hush.c      keeping back the kernel's own, later EPOLLHUP
 *   listener.c  the listeners
 *   table.c     which task is live under which listener
 *   status.c    what an operator can see of the module
 *   scan.c      every live task with a filter, with none missed
 *   witness.c   the kernel's own count of references, as a proof
 *   holders.c   which fd tables hold which listeners
 *   adopt.c     discovering listeners that nobody saw being made
 *   notify.c    marking orphans and waking their waiters
 *   orphan.c    the decision: which candidates are orphans; the census
 *   events.c    the hooks, and what a call of each means
 *   listing.c   what root can see of each listener, and of the hooks
 *   oracle.h    for tests: whether the table is right (selftest/oracle.c)
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "adopt.h"
#include "btf.h"
#include "compat.h"
#include "events.h"
#include "hush.h"
#include "layout.h"
#include "level.h"
#include "listener.h"
#include "listing.h"
#include "notify.h"
#include "oracle.h"
#include "orphan.h"
#include "scan.h"
#include "state.h"
#include "status.h"
#include "table.h"
#include "witness.h"
#include "worker.h"

/*
 * How long a load looks for listeners itself.  What it has not found by then is
 * left to the worker: any user can have millions of fds, in many tables.
 */
#define ADOPTION_NS NSEC_PER_SEC

/* Placing and removing the hooks, and the state with them. */
static DEFINE_MUTEX(state_lock);

static void hooks_off(enum shup_state next)
{
	mutex_lock(&state_lock);
	if (shup_state_get() == SHUP_ARMED) {
		shup_notify_stop();
		shup_events_off();
	}
	shup_state_set(next);
	mutex_unlock(&state_lock);
}

static void disarm(void)
{
	hooks_off(SHUP_REFUSED);
}

static enum shup_verdict check_layout(struct task_struct *task,
				      const void *filter, void *ret)
{
	*(int *)ret = shup_layout_check(filter);
	return SHUP_ENOUGH;
}

/*
 * By any filter there is now, so that an unknown layout is an error of the
 * load.  Where there is none yet, the first listener is looked at instead.
 */
static int first_layout_check(void)
{
	int ret = 0;

	shup_scan_filters(check_layout, &ret);
	return ret;
}

/* A listener made meanwhile may call for their removal, which waits for the end. */
static int hooks_on(void)
{
	int ret;

	mutex_lock(&state_lock);
	ret = shup_events_on(shup_state_level());
	if (ret)
		goto out;
	ret = shup_adopt_all(ktime_get_ns() + ADOPTION_NS);
	if (ret == -ENOEXEC) {
		shup_notify_stop();
		shup_events_off();
		goto out;
	}
	if (ret)
		shup_worker_request(SHUP_REQUEST_ADOPTION);
	shup_state_set(SHUP_ARMED);
	ret = 0;
out:
	mutex_unlock(&state_lock);
	return ret;
}

/* A kernel without BTF goes without that witness of its layout. */
static int hear_btf(void)
{
	size_t size;
	void *btf = shup_btf_read(&size);
	int ret;

	if (IS_ERR(btf))
		return 0;
	ret = shup_layout_hear(btf, size);
	if (!ret)
		shup_witness_hear(btf, size);
	kvfree(btf);
	return ret;
}

static int arm(void)
{
	int ret;

	shup_state_init(disarm);
	ret = hear_btf();
	if (ret)
		return ret;
	ret = shup_table_init();
	if (ret)
		return ret;
	ret = shup_orphan_init();
	if (ret)
		goto err_table;
	ret = first_layout_check();
	if (ret)
		goto err_orphan;
	shup_hush_init(shup_state_level());
	ret = hooks_on();
	if (ret)
		goto err_orphan;
	return 0;

err_orphan:
	shup_state_stop();
	shup_orphan_exit();
	shup_state_exit();
err_table:
	shup_table_exit();
	shup_listener_exit();
	return ret;
}

static void unarm(void)
{
	shup_state_stop();
	hooks_off(SHUP_IDLE);
	shup_orphan_exit();
	shup_state_exit();
	shup_table_exit();
	shup_listener_exit();
}

static const char *idle_reason(void)
{
	if (shup_state_level() == SHUP_LEVEL_NONE)
		return "this kernel has no seccomp listeners";
	return "this kernel's listeners report EPOLLHUP at exit by themselves";
}

static bool nothing_to_do(void)
{
	return shup_state_level() == SHUP_LEVEL_NONE ||
	       shup_state_level() == SHUP_LEVEL_NATIVE;
}

static int __init start(void)
{
	const char *obstacle = SHUP_CANNOT_ARM;
	int ret;

	if (obstacle) {
		pr_err("not loaded: %s\n", obstacle);
		return -EOPNOTSUPP;
	}

	shup_state_set_level(shup_level_detect());
	if (shup_state_level() == SHUP_LEVEL_UNKNOWN) {
		pr_err("not loaded: cannot tell what this kernel's seccomp listeners do by themselves"
		       SHUP_REPORT "\n");
		return -EOPNOTSUPP;
	}

	if (!nothing_to_do()) {
		ret = arm();
		if (ret)
			return ret;
	}
	ret = shup_status_init();
	if (ret)
		goto err_arm;
	if (!nothing_to_do())
		shup_oracle_init(shup_listing_init());

	if (nothing_to_do())
		pr_info(SHUP_VERSION ": idle: %s; nothing is hooked\n",
			idle_reason());
	else
		pr_info(SHUP_VERSION ": armed: listeners report EPOLLHUP when their last task exits\n");
	return 0;

err_arm:
	if (!nothing_to_do())
		unarm();
	return ret;
}

static void __exit stop(void)
{
	/* First: a reader of the listing looks at all fd tables, too. */
	shup_state_stop();
	shup_listing_exit();
	if (!nothing_to_do())
		unarm();
	shup_status_exit();
	pr_info("unloaded\n");
}

module_init(start);
module_exit(stop);

MODULE_DESCRIPTION("EPOLLHUP on seccomp listeners whose last task has exited");
MODULE_AUTHOR("the seccomp_hup authors");
MODULE_VERSION(SHUP_VERSION);
MODULE_LICENSE("GPL");
