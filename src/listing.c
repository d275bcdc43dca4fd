// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root can see in /sys/kernel/debug/seccomp_hup/.  The file listeners has a
 * row for each fd that is a known listener, and a row for each listener that is
 * in no fd table.  The file hooks has a row for each hook.
 * docs/ABI/debugfs-seccomp_hup describes them.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "events.h"
#include "holders.h"
#include "layout.h"
#include "listener.h"
#include "listing.h"
#include "scan.h"
#include "table.h"

static struct dentry *directory;

/* One listing at a time; listed and listed_task of each listener; the two below. */
static DEFINE_MUTEX(listing_lock);
static struct shup_marks marks;
static u32 current_listing;

static void forget_task(struct shup_listener *listener, void *arg)
{
	listener->listed_task = 0;
}

static enum shup_verdict pick_task(struct task_struct *task,
				   const void *filter, void *arg)
{
	struct shup_listener *listener = shup_listener_of_filter(filter);

	if (!listener || listener->listed_task)
		return SHUP_SETTLED;
	if (shup_table_peek(task, listener) == SHUP_IS_DEPARTED)
		return SHUP_UNSETTLED;
	listener->listed_task = task_pid_vnr(task);
	return SHUP_SETTLED;
}

/* If the task list changes too fast, some listeners get no task. */
static void pick_tasks(void)
{
	lockdep_assert_held(&listing_lock);
	rcu_read_lock();
	shup_listener_for_each(forget_task, NULL);
	rcu_read_unlock();
	if (shup_layout_known())
		shup_scan(pick_task, NULL, &marks, NULL);
}

static void print_listener(struct seq_file *seq,
			   const struct shup_listener *listener)
{
	u64 unused_ns = READ_ONCE(listener->unused_ns);
	u64 now = ktime_get_ns();

	seq_printf(seq, "%llu %d %llu ", listener->id,
		   atomic_read(&listener->live),
		   div_u64(now - listener->known_ns, NSEC_PER_MSEC));
	if (unused_ns)
		seq_printf(seq, "%llu ", div_u64(now - unused_ns,
						 NSEC_PER_MSEC));
	else
		seq_puts(seq, "- ");
}

static void print_task(struct seq_file *seq,
		       const struct shup_listener *listener)
{
	if (listener->listed_task)
		seq_printf(seq, " %d\n", listener->listed_task);
	else
		seq_puts(seq, " -\n");
}

static int list_holder(struct task_struct *task, unsigned int fd,
		       struct file *file, void *arg)
{
	struct shup_listener *listener = shup_listener_of_file(file);
	struct seq_file *seq = arg;

	lockdep_assert_held(&listing_lock);
	if (!listener)
		return 0;
	listener->listed = current_listing;
	print_listener(seq, listener);
	seq_printf(seq, "%d %u", task_pid_vnr(task), fd);
	print_task(seq, listener);
	/* End the search: seq_file makes the listing again in a larger buffer. */
	return seq_has_overflowed(seq);
}

static void list_unheld(struct shup_listener *listener, void *arg)
{
	struct seq_file *seq = arg;

	lockdep_assert_held(&listing_lock);
	if (listener->listed == current_listing)
		return;
	print_listener(seq, listener);
	seq_puts(seq, "- -");
	print_task(seq, listener);
}

static int listeners_show(struct seq_file *seq, void *unused)
{
	int ret;

	seq_puts(seq, "id live age_ms unused_ms pid fd task\n");
	mutex_lock(&listing_lock);
	current_listing++;
	pick_tasks();
	ret = shup_holders(list_holder, seq, 0);
	if (ret >= 0) {
		rcu_read_lock();
		shup_listener_for_each(list_unheld, seq);
		rcu_read_unlock();
	}
	mutex_unlock(&listing_lock);
	return min(ret, 0);
}
DEFINE_SHOW_ATTRIBUTE(listeners);

static void list_hook(const struct shup_hook *hook, void *arg)
{
	static const char * const kinds[] = {
		[SHUP_OBSERVE] = "observe",
		[SHUP_REDIRECT] = "redirect",
		[SHUP_RETURN] = "return",
	};
	struct seq_file *seq = arg;

	if (hook->placed)
		seq_printf(seq, "%s %s +%lu %s %lu\n", hook->symbol,
			   kinds[hook->kind], hook->site - hook->original,
			   hook->kind == SHUP_RETURN ? shup_by_kprobes.name :
			   hook->mechanism->name, shup_hook_missed(hook));
}

static int hooks_show(struct seq_file *seq, void *unused)
{
	seq_puts(seq, "function kind offset mechanism missed\n");
	shup_events_for_each(list_hook, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hooks);

/**
 * shup_listing_init() - show the listeners and the hooks
 *
 * A kernel without debugfs goes without.
 *
 * Context: may sleep; at load.
 * Return: the module's directory in debugfs, to which oracle.c adds a file.  It
 * may be an error pointer, which debugfs accepts as a directory.
 */
struct dentry *shup_listing_init(void)
{
	directory = debugfs_create_dir("seccomp_hup", NULL);
	debugfs_create_file("listeners", 0400, directory, NULL,
			    &listeners_fops);
	debugfs_create_file("hooks", 0400, directory, NULL, &hooks_fops);
	return directory;
}

/**
 * shup_listing_exit() - remove the files
 *
 * Context: may sleep, until the last reader has left.
 */
void shup_listing_exit(void)
{
	debugfs_remove_recursive(directory);
}
