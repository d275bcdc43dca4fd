// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two live patches.  Of seccomp_notify_poll, which the module redirects, so
 * that only one can have it; and of do_exit, which the module only observes.
 */
#include <linux/fs.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/poll.h>

static bool exits;
module_param(exits, bool, 0400);
MODULE_PARM_DESC(exits, "patch do_exit, not seccomp_notify_poll");

static __poll_t patched_poll(struct file *file,
			     struct poll_table_struct *table)
{
	return 0;
}

static struct klp_func poll_function[] = {
	{ .old_name = "seccomp_notify_poll", .new_func = patched_poll },
	{ }
};

static void patched_exit(long code);

static struct klp_func exit_function[] = {
	{ .old_name = "do_exit", .new_func = patched_exit },
	{ }
};

/* The call at a function's entry by which it is patched. */
#define CALL_BYTES 5

static void patched_exit(long code)
{
	void (*original)(long code) = exit_function[0].old_func + CALL_BYTES;

	original(code);
}

static struct klp_object objects[] = {
	{ .funcs = poll_function },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init start(void)
{
	if (exits)
		objects[0].funcs = exit_function;
	return klp_enable_patch(&patch);
}

static void __exit stop(void)
{
}

module_init(start);
module_exit(stop);

MODULE_DESCRIPTION("live patches for tests of seccomp_hup");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
