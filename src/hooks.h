/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HOOKS_H
#define SHUP_HOOKS_H

#include "compat.h"

/**
 * enum shup_hook_kind - what a hook does to the function it sits on
 * @SHUP_OBSERVE: calls back at entry.  Shares the function with anyone.
 * @SHUP_REDIRECT: a wrapper runs in the function's place and calls it.  May
 *	sleep, if a signal ends the sleep, and never misses; but no live patch
 *	can redirect the same function.
 * @SHUP_RETURN: calls back at entry and at return, by a kretprobe.  Nothing of
 *	the module stays on the caller's stack, so a call that never returns
 *	cannot hold up an unload; but it can miss.
 */
enum shup_hook_kind {
	SHUP_OBSERVE,
	SHUP_REDIRECT,
	SHUP_RETURN,
};

/* What a SHUP_RETURN hook may keep from entry to return of one call. */
struct shup_call {
	unsigned long word;
};

struct shup_hook;

/**
 * struct shup_mechanism - a way to have a function of the kernel call back
 * @name: as an operator finds it in debugfs
 * @offered: whether this kernel was built with it
 * @forbids_switch: whether it cannot be switched off while a hook is placed
 * @place: places a SHUP_OBSERVE or a SHUP_REDIRECT at the hook's site, and
 *	returns 0 or the kernel's error; may move the site
 * @remove: takes it away; its callback runs no more then.  A wrapper may
 *
 * SHUP_RETURN is by a kretprobe with every mechanism.
 */
struct shup_mechanism {
	const char *name;
	bool offered;
	bool forbids_switch;
	int (*place)(struct shup_hook *hook);
	void (*remove)(struct shup_hook *hook);
};

extern const struct shup_mechanism shup_by_ftrace_args;
extern const struct shup_mechanism shup_by_ftrace_regs;
extern const struct shup_mechanism shup_by_kprobes;

/**
 * struct shup_hook - one function, and what is to happen there
 * @symbol: the function's name in the kernel's symbol table
 * @kind: which of the members below are used
 * @purpose: what is lost without it; ends the error message
 * @observe: SHUP_OBSERVE: called at entry with the call's first two arguments,
 *	preemption off
 * @wrapper: SHUP_REDIRECT: called instead; brackets itself by
 *	shup_wrapper_enter() and shup_wrapper_leave()
 * @enter: SHUP_RETURN: called at entry, with preemption off; false: this call
 *	is of no interest
 * @leave: SHUP_RETURN: called at return with the returned value, preemption off
 * @mechanism: what it was placed by, but for SHUP_RETURN
 * @original: set to the function's entry; a wrapper calls it
 * @site: where the hook sits.  Written by shup_hooks_place() only.
 * @placed: whether it does.  Written at load and unload only.
 */
struct shup_hook {
	const char *symbol;
	enum shup_hook_kind kind;
	const char *purpose;

	void (*observe)(unsigned long first, unsigned long second);
	void *wrapper;
	bool (*enter)(struct pt_regs *regs, struct shup_call *call);
	void (*leave)(const struct shup_call *call, long returned);

	const struct shup_mechanism *mechanism;
	unsigned long original;
	unsigned long site;
	bool placed;
	struct shup_ftrace_ops ops;
	struct kprobe kprobe;
	struct kretprobe probe;
};

void shup_hooks_use(const struct shup_mechanism *mechanism);
bool shup_hooks_own_call(unsigned long caller);
int shup_hooks_place(struct shup_hook *hooks, unsigned int count);
void shup_hooks_trust(void);
void shup_hooks_remove(struct shup_hook *hooks, unsigned int count);

unsigned long shup_hook_missed(const struct shup_hook *hook);
int shup_hooks_place_at_site(struct shup_hook *hook);
void shup_hooks_take_away(struct shup_hook *hooks, unsigned int count);

unsigned int shup_hooks_epoch(void);
bool shup_hooks_sound(unsigned int since);
bool shup_hooks_rely(unsigned int since);
void shup_hooks_relied(void);
void shup_hooks_gap_begin(void);
void shup_hooks_gap_end(void);

/**
 * struct shup_wrapped - a call inside a wrapper; on the wrapper's stack
 * @node: in the list of all such calls
 * @task: the caller
 * @interrupted: the wrapper must end: what it waits for was interrupted
 *
 * All fields: wrapped_lock; the caller reads @interrupted without.
 */
struct shup_wrapped {
	struct list_head node;
	struct task_struct *task;
	bool interrupted;
};

void shup_wrapper_enter(struct shup_wrapped *call);
bool shup_wrapper_interrupted(struct shup_wrapped *call);
void shup_wrapper_leave(struct shup_wrapped *call);

#endif /* SHUP_HOOKS_H */
