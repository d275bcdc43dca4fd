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

#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "seccomp_hup supports x86_64 and arm64 only: see Limits in README.md"
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 2, 0)
/* Before 5.0 there are no listeners; 5.0 and 5.1 skip hooks while tracers change. */
#error "seccomp_hup needs Linux 5.2 or later"
#endif
#if !defined(CONFIG_KRETPROBES)
#error "seccomp_hup needs a kernel with CONFIG_KPROBES"
#endif

/* Why this configuration can never arm, or NULL; shown to the operator. */
#if defined(CONFIG_PREEMPT_RT) || defined(CONFIG_PREEMPT_RT_FULL)
#define SHUP_CANNOT_ARM "real-time preemption is not supported: boot a kernel without PREEMPT_RT"
#else
#define SHUP_CANNOT_ARM NULL
#endif

/*
 * Without seccomp filters there are no listeners.  That is no obstacle: the
 * module loads, and has nothing to do.
 */
#if defined(CONFIG_SECCOMP_FILTER)
#define SHUP_HAS_FILTERS true
#else
#define SHUP_HAS_FILTERS false
#endif

/* From 6.11 on listeners of the mainline kernel report EPOLLHUP at the exit. */
#define SHUP_KERNEL_IS_NATIVE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))

/**
 * shup_task_filter() - the filter a task is directly attached to
 * @task: any task
 *
 * Context: any.
 * Return: the head of @task's filter chain, or NULL.  It may be followed only
 * while something keeps the chain: see shup_for_each_filter(), layout.h.
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
 * @task: a task
 *
 * As is_child_reaper(), but inline, and false for the machine's own init.  Of a
 * task that is reaped meanwhile the answer may be wrong.
 *
 * Context: RCU read side, or @task is current.
 */
static inline bool shup_is_namespace_init(const struct task_struct *task)
{
	const struct pid *pid = READ_ONCE(task->thread_pid);

	return pid && pid->level && pid->numbers[pid->level].nr == 1;
}

/**
 * struct shup_task_view - a copy of fields of a task_struct that may be freed
 */
struct shup_task_view {
	u64 start_time;
	pid_t pid;
	unsigned int usage;
	const void *sighand;
	const void *filter;
};

/**
 * shup_view_task() - read a task_struct that may be freed by now
 * @task: the address of what was a task once
 * @view: filled in on success; any field may be garbage
 *
 * Context: any.
 * Return: whether all fields could be read.
 */
static inline bool shup_view_task(const struct task_struct *task,
				  struct shup_task_view *view)
{
#ifdef CONFIG_SECCOMP_FILTER
#define SHUP_VIEW(to, from) copy_from_kernel_nofault(&(to), &(from), sizeof(to))
	static_assert(sizeof(view->usage) == sizeof(task->usage));
	return !(SHUP_VIEW(view->start_time, task->start_time) ||
		 SHUP_VIEW(view->pid, task->pid) ||
		 SHUP_VIEW(view->usage, task->usage) ||
		 SHUP_VIEW(view->sighand, task->sighand) ||
		 SHUP_VIEW(view->filter, task->seccomp.filter));
#undef SHUP_VIEW
#else
	return false;
#endif
}

/**
 * shup_exec_count() - a number of a task that each exec raises
 * @task: any task
 *
 * A new task begins with its parent's number.  From 5.7 on the kernel has 64
 * bits of it, of which the lower 32 are enough: no process calls exec 2^32 times
 * while a membership waits for its task to be freed.
 *
 * Context: any.
 */
static inline u32 shup_exec_count(const struct task_struct *task)
{
	return READ_ONCE(task->self_exec_id);
}

/**
 * shup_is_io_worker() - whether a task runs requests of io_uring for another
 * @task: any task
 *
 * Until 5.11 those are kernel threads, under no filter.
 */
static inline bool shup_is_io_worker(const struct task_struct *task)
{
#ifdef PF_IO_WORKER
	return task->flags & PF_IO_WORKER;
#else
	return false;
#endif
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
 *
 * Context: any.
 */
static inline bool shup_task_is_interruptible(const struct task_struct *task)
{
	return READ_ONCE(shup_task_state_field(task)) & TASK_INTERRUPTIBLE;
}

/**
 * shup_task_is_new() - whether a task is still to be woken for the first time
 * @task: any task
 *
 * Context: any.
 */
static inline bool shup_task_is_new(const struct task_struct *task)
{
	return READ_ONCE(shup_task_state_field(task)) & TASK_NEW;
}

/*
 * The first fields of struct seccomp_filter, which is private to
 * kernel/seccomp.c, version by version.  layout.c checks them at run time.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 9, 0)
struct shup_filter {
	refcount_t refs;	/* its name is usage before 5.9 */
	bool log;
	void *prev;
	struct bpf_prog *prog;
	void *notif;
};

/* The first fields of struct notification, to which notif points. */
struct shup_queue_holder {
	struct semaphore request;
	u64 next_id;
	struct list_head notifications;
	wait_queue_head_t wqh;
};

#define shup_filter_users(filter) 1U	/* no such count, and no HUP of its own */
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
	struct mutex notify_lock;	/* the kernel's; never taken here */
	wait_queue_head_t wqh;
};

#define shup_filter_users(filter) \
	refcount_read(&((const struct shup_filter *)(filter))->users)
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
 * Below it are user space, which is mapped for the caller and not for the
 * module, and addresses that are not canonical.  Up to 5.3 arm64's vmalloc
 * area lies below PAGE_OFFSET.
 */
#if defined(CONFIG_ARM64) && LINUX_VERSION_CODE < KERNEL_VERSION(5, 4, 0)
#define SHUP_KERNEL_START VA_START
#else
#define SHUP_KERNEL_START PAGE_OFFSET
#endif

/* From 5.11 on a kretprobe_instance has no pointer to its probe. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define shup_retprobe_of(instance) ((instance)->rp)
#else
#define shup_retprobe_of(instance) get_kretprobe(instance)
#endif

/**
 * shup_return_address() - where a call returns to
 * @regs: the registers at the call's entry, before its first instruction
 *
 * Context: any.
 */
static inline unsigned long shup_return_address(struct pt_regs *regs)
{
#ifdef CONFIG_ARM64
	return procedure_link_pointer(regs);
#else
	return regs_get_kernel_stack_nth(regs, 0);
#endif
}

/**
 * shup_call_target() - where a direct call leads to
 * @code: SHUP_CALL_BYTES of code
 * @address: where in memory it runs
 *
 * Context: any.
 * Return: the address of the called function; 0: @code is no direct call.
 */
#ifdef CONFIG_ARM64
#define SHUP_CALL_BYTES 4
#define SHUP_CODE_ALIGN 4
static inline unsigned long shup_call_target(const u8 *code,
					     unsigned long address)
{
	u32 insn;

	memcpy(&insn, code, sizeof(insn));
	/* B and BL; a call at a function's end is a jump. */
	if ((insn & 0x7c000000) != 0x14000000)
		return 0;
	return address + sign_extend64((u64)(insn & 0x03ffffff) << 2, 27);
}
#else
#define SHUP_CALL_BYTES 5
#define SHUP_CODE_ALIGN 1
static inline unsigned long shup_call_target(const u8 *code,
					     unsigned long address)
{
	s32 distance;

	if (code[0] != 0xe8)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return address + SHUP_CALL_BYTES + distance;
}
#endif

/* The switch kernel.ftrace_enabled, of kernels that have ftrace at all. */
#if defined(CONFIG_DYNAMIC_FTRACE) && defined(CONFIG_SYSCTL)
#define SHUP_HAS_FTRACE_SWITCH true
#else
#define SHUP_HAS_FTRACE_SWITCH false
#endif

/* The switch that turns kprobes off; without debugfs there is none. */
#ifdef CONFIG_DEBUG_FS
#define SHUP_HAS_KPROBES_SWITCH true
#else
#define SHUP_HAS_KPROBES_SWITCH false
#endif

/*
 * Which kinds of ftrace the kernel has: with the arguments of a call (x86 from
 * 5.11, arm64 from 6.2), or with all registers (x86; arm64 from 5.5 to 6.1).
 */
#if defined(CONFIG_DYNAMIC_FTRACE) && defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define SHUP_HAS_FTRACE_ARGS 1
#else
#define SHUP_HAS_FTRACE_ARGS 0
#endif
#if defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#define SHUP_HAS_FTRACE_REGS 1
#else
#define SHUP_HAS_FTRACE_REGS 0
#endif

/* How many bytes of a function are ftrace's own. */
#ifdef CONFIG_DYNAMIC_FTRACE
#define SHUP_FTRACE_PLACE_BYTES MCOUNT_INSN_SIZE
#else
#define SHUP_FTRACE_PLACE_BYTES 0
#endif

/* What a hook by ftrace needs of memory. */
#if SHUP_HAS_FTRACE_ARGS || SHUP_HAS_FTRACE_REGS
#define shup_ftrace_ops ftrace_ops
#else
struct shup_ftrace_ops { };
#endif

/*
 * The callback's last argument changed its type in 5.11, and the flag that
 * asks ftrace to guard against recursion changed its sense: until 5.10 it is
 * asked for by leaving RECURSION_SAFE out.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define shup_ftrace_regs pt_regs
#define shup_get_regs(fregs) (fregs)
#define SHUP_OPS_RECURSION 0
#else
#define shup_ftrace_regs ftrace_regs
#define shup_get_regs(fregs) ftrace_get_regs(fregs)
#define SHUP_OPS_RECURSION FTRACE_OPS_FL_RECURSION
#endif

/*
 * The names are 6.2's.  By the macro and not by the version: struct ftrace_regs
 * was closed in 6.13, and stable kernels took that back.  On arm64 they are
 * inline functions, and have been for as long as there are arguments.
 */
#if defined(ftrace_regs_get_argument) || defined(CONFIG_ARM64)
#define shup_argument(fregs, n) ftrace_regs_get_argument(fregs, n)
#define shup_set_function(fregs, ip) ftrace_regs_set_instruction_pointer(fregs, ip)
#else
#define shup_argument(fregs, n) regs_get_kernel_argument(&(fregs)->regs, n)
#define shup_set_function(fregs, ip) instruction_pointer_set(&(fregs)->regs, ip)
#endif

/*
 * 5.5 lets a hook forbid kernel.ftrace_enabled=0.  Before, that switch takes
 * every hook away unseen; proof.c then watches the switch.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 5, 0)
#define SHUP_OPS_PERMANENT FTRACE_OPS_FL_PERMANENT
#define SHUP_FTRACE_IS_PERMANENT true
#else
#define SHUP_OPS_PERMANENT 0
#define SHUP_FTRACE_IS_PERMANENT false
#endif

#endif /* SHUP_COMPAT_H */
