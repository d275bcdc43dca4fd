/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions and configurations.  No other
 * file tests a version or a CONFIG_ symbol: it uses the names given here.
 */
#ifndef SHUP_COMPAT_H
#define SHUP_COMPAT_H

#include <linux/bpf.h>
#include <linux/build_bug.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/semaphore.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/wait.h>

#ifndef CONFIG_X86_64
#error "seccomp_hup supports x86_64 only: see Limits in README.md"
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 2, 0)
#error "seccomp_hup needs Linux 5.2 or later: before 5.0 there are no seccomp listeners, and 5.0 and 5.1 skip hooks while any tracer changes"
#endif
#if !defined(CONFIG_FUNCTION_TRACER) || !defined(CONFIG_KRETPROBES)
#error "seccomp_hup needs a kernel with CONFIG_FUNCTION_TRACER and CONFIG_KPROBES"
#endif

/* Why this configuration can never arm, or NULL; shown to the operator. */
#if defined(CONFIG_PREEMPT_RT) || defined(CONFIG_PREEMPT_RT_FULL)
#define SHUP_CANNOT_ARM "real-time preemption is not supported: boot a kernel without PREEMPT_RT"
#elif !defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#define SHUP_CANNOT_ARM "the kernel has no ftrace with registers: boot one built with CONFIG_DYNAMIC_FTRACE_WITH_REGS"
#else
#define SHUP_CANNOT_ARM NULL
#endif

/*
 * Not an obstacle, but nothing to do: without seccomp filters there are no
 * listeners.  The same without a usable reason string would be an error.
 */
#if defined(CONFIG_SECCOMP_FILTER)
#define SHUP_HAS_FILTERS true
#else
#define SHUP_HAS_FILTERS false
#endif

/* From 6.11 on the mainline kernel speaks at exit by itself. */
#define SHUP_KERNEL_IS_NATIVE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))

/**
 * shup_task_filter() - the filter a task is directly attached to
 * @task: any task
 *
 * Return: the head of @task's filter chain, or NULL.  Not to be dereferenced
 * but as layout.h says.
 */
static inline const void *shup_task_filter(const struct task_struct *task)
{
#ifdef CONFIG_SECCOMP_FILTER
	return READ_ONCE(task->seccomp.filter);
#else
	return NULL;
#endif
}

/**
 * shup_is_namespace_init() - whether a task is the init of a pid namespace
 * @task: any task that is not reaped; not the machine's own init
 *
 * is_child_reaper() without the call, for a hook.
 */
static inline bool shup_is_namespace_init(const struct task_struct *task)
{
	const struct pid *pid = READ_ONCE(task->thread_pid);

	return pid && pid->level && pid->numbers[pid->level].nr == 1;
}

/**
 * shup_exec_count() - a number of a task that each exec raises
 * @task: any task
 *
 * A new task has its parent's.  Of 64 bits from 5.7 on; no process gets through
 * 2^32 exec calls while a membership waits for its task to be freed.
 */
static inline u32 shup_exec_count(const struct task_struct *task)
{
	return READ_ONCE(task->self_exec_id);
}

/* 5.14 renamed the field. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define shup_task_state_field(task) ((task)->state)
#else
#define shup_task_state_field(task) ((task)->__state)
#endif

/**
 * shup_task_is_interruptible() - whether a task sleeps so that a signal wakes it
 * @task: any task
 */
static inline bool shup_task_is_interruptible(const struct task_struct *task)
{
	return READ_ONCE(shup_task_state_field(task)) & TASK_INTERRUPTIBLE;
}

/**
 * shup_task_is_new() - whether a task is still to be woken for the first time
 * @task: any task
 */
static inline bool shup_task_is_new(const struct task_struct *task)
{
	return READ_ONCE(shup_task_state_field(task)) & TASK_NEW;
}

/*
 * struct seccomp_filter, which is private to kernel/seccomp.c, as far as the
 * module needs it, version by version.  What is found at run time must agree
 * (layout.c).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 9, 0)
struct shup_filter {
	refcount_t refs;	/* named usage then */
	bool log;
	void *prev;
	struct bpf_prog *prog;
	void *notif;
};

/* What notif points to, and of it the wait queue. */
struct shup_queue_holder {
	struct semaphore request;
	u64 next_id;
	struct list_head notifications;
	wait_queue_head_t wqh;
};
#define SHUP_REFS_NAME "usage"
#define SHUP_QUEUE_IN_NOTIF true
#define SHUP_QUEUE_STRUCT "notification"
#else
struct shup_filter {
	refcount_t refs;
	refcount_t users;
	bool log;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	bool wait_killable_recv;
#endif
#ifdef SECCOMP_ARCH_NATIVE	/* 5.11: the cache of allowed calls */
	struct {
		DECLARE_BITMAP(allow_native, SECCOMP_ARCH_NATIVE_NR);
#ifdef SECCOMP_ARCH_COMPAT
		DECLARE_BITMAP(allow_compat, SECCOMP_ARCH_COMPAT_NR);
#endif
	} cache;
#endif
	void *prev;
	struct bpf_prog *prog;
	void *notif;
	struct mutex notify_lock;
	wait_queue_head_t wqh;
};

#define SHUP_REFS_NAME "refs"
#define shup_queue_holder shup_filter
#define SHUP_QUEUE_IN_NOTIF false
#define SHUP_QUEUE_STRUCT "seccomp_filter"
#endif

/* 5.8 renamed probe_kernel_read(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0)
#define copy_from_kernel_nofault probe_kernel_read
#endif

/*
 * ftrace: the callback's last argument changed its type in 5.11, and the
 * flag that asks ftrace to guard against recursion changed its sense: until
 * 5.10 it is asked for by leaving RECURSION_SAFE out.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define shup_ftrace_regs pt_regs
#define shup_get_regs(fregs) (fregs)
#define SHUP_OPS_RECURSION 0
#define shup_retprobe_of(instance) ((instance)->rp)
#else
#define shup_ftrace_regs ftrace_regs
#define shup_get_regs(fregs) ftrace_get_regs(fregs)
#define SHUP_OPS_RECURSION FTRACE_OPS_FL_RECURSION
#define shup_retprobe_of(instance) get_kretprobe(instance)
#endif

/*
 * An observer reads a call's arguments only.  From 5.11 on x86 has those at
 * hand for every hook; saving all registers has to be asked for, and makes a
 * hook cost a third more.  By the macro and not by the version: struct
 * ftrace_regs was closed in 6.13, and stable kernels took that back.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define shup_argument(fregs, n) regs_get_kernel_argument(fregs, n)
#define SHUP_OPS_ARGUMENTS SHUP_OPS_REGS
#elif !defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define shup_argument(fregs, n) regs_get_kernel_argument(ftrace_get_regs(fregs), n)
#define SHUP_OPS_ARGUMENTS SHUP_OPS_REGS
#elif defined(ftrace_regs_get_argument)	/* 6.2 */
#define shup_argument(fregs, n) ftrace_regs_get_argument(fregs, n)
#define SHUP_OPS_ARGUMENTS 0
#else
#define shup_argument(fregs, n) regs_get_kernel_argument(&(fregs)->regs, n)
#define SHUP_OPS_ARGUMENTS 0
#endif

/*
 * 5.5 lets a hook forbid kernel.ftrace_enabled=0.  Before, that switch takes
 * every hook away unseen; hooks.c then watches the switch.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#define SHUP_OPS_REGS FTRACE_OPS_FL_SAVE_REGS
#define SHUP_OPS_REDIRECT (SHUP_OPS_REGS | FTRACE_OPS_FL_IPMODIFY)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 5, 0)
#define SHUP_OPS_PERMANENT FTRACE_OPS_FL_PERMANENT
#else
#define SHUP_OPS_PERMANENT 0
#endif
#else	/* never placed: SHUP_CANNOT_ARM comes first */
#define SHUP_OPS_REGS 0
#define SHUP_OPS_REDIRECT 0
#define SHUP_OPS_PERMANENT 0
#endif

#endif /* SHUP_COMPAT_H */
