// SPDX-License-Identifier: GPL-2.0-only
/*
 * A live patch, for the test that the module does not share a function with
 * one: listeners never have anything to report.
 */
#include <linux/fs.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/poll.h>

static __poll_t patched_poll(struct file *file,
			     struct poll_table_struct *table)
{
	return 0;
}

static struct klp_func functions[] = {
	{ .old_name = "seccomp_notify_poll", .new_func = patched_poll },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init start(void)
{
	return klp_enable_patch(&patch);
}

static void __exit stop(void)
{
}

module_init(start);
module_exit(stop);

MODULE_DESCRIPTION("live patch of seccomp_notify_poll, for a test of seccomp_hup");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
