// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module is doing, and what this kernel does by itself.  Any file may
 * read it; seccomp_hup.c alone arms and disarms.
 */
#include <linux/workqueue.h>

#include "state.h"

/* Written by seccomp_hup.c, at load, at unload, and when it disarms. */
static enum shup_state current_state;

/* Written once, at load, before anything is hooked. */
static enum shup_level kernel_level = SHUP_LEVEL_UNKNOWN;

/* Written once, at load, before anything is hooked. */
static void (*take_hooks_away)(void);

/* Set once: what takes long must end early. */
static bool stopping;

static void disarm_work(struct work_struct *work)
{
	take_hooks_away();
}

static DECLARE_WORK(disarm, disarm_work);

/**
 * shup_state_init() - set the function that disarms the module
 * @disarm: takes all hooks away; called from a workqueue, may sleep
 *
 * Context: at load, before anything is hooked.
 */
void shup_state_init(void (*disarm)(void))
{
	take_hooks_away = disarm;
}

/**
 * shup_state_exit() - wait for a disarming under way; start none any more
 *
 * Context: may sleep; no hook and no worker may run any more.
 */
void shup_state_exit(void)
{
	cancel_work_sync(&disarm);
}

/**
 * shup_state_set() - note what the module is doing
 * @state: from now on
 *
 * Context: any; the caller serializes.
 */
void shup_state_set(enum shup_state state)
{
	WRITE_ONCE(current_state, state);
}

/**
 * shup_state_get() - what the module is doing
 *
 * Context: any.
 * Return: the state; it can change at any time.
 */
enum shup_state shup_state_get(void)
{
	return READ_ONCE(current_state);
}

/**
 * shup_state_set_level() - note what this kernel does by itself
 * @level: from level.c
 *
 * Context: at load, before anything is hooked.
 */
void shup_state_set_level(enum shup_level level)
{
	kernel_level = level;
}

/**
 * shup_state_level() - what this kernel does by itself
 *
 * Context: any.
 * Return: the level; it does not change once anything is hooked.
 */
enum shup_level shup_state_level(void)
{
	return kernel_level;
}

/**
 * shup_state_disarm() - take all hooks away soon: this kernel is not understood
 *
 * Context: any but do_exit(): takes the locks of a workqueue.
 */
void shup_state_disarm(void)
{
	schedule_work(&disarm);
}

/**
 * shup_state_stop() - have what takes long end early, as its result is of no use
 *
 * Context: any; before the hooks are taken away for good.
 */
void shup_state_stop(void)
{
	WRITE_ONCE(stopping, true);
}

/**
 * shup_state_stopping() - whether what takes long must end now
 *
 * Context: any.
 */
bool shup_state_stopping(void)
{
	return READ_ONCE(stopping);
}
