// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root can see of each listener: /sys/kernel/debug/seccomp_hup/listeners,
 * a row for each fd that holds one, and for each that no fd table holds.  The
 * columns are described in docs/ABI/debugfs-seccomp_hup.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "holders.h"
#include "listener.h"
#include "listing.h"
#include "selfcheck.h"

static struct dentry *directory;

/* Listings, one at a time; all of listener->listed. */
static DEFINE_MUTEX(listing_lock);
static u32 current_listing;

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
	seq_printf(seq, "%d %u\n", task_pid_vnr(task), fd);
	/* The whole is made again in a larger buffer. */
	return seq_has_overflowed(seq);
}

static void list_unheld(struct shup_listener *listener, void *arg)
{
	struct seq_file *seq = arg;

	lockdep_assert_held(&listing_lock);
	if (listener->listed == current_listing)
		return;
	print_listener(seq, listener);
	seq_puts(seq, "- -\n");
}

static int listeners_show(struct seq_file *seq, void *unused)
{
	int ret;

	seq_puts(seq, "id live age_ms unused_ms pid fd\n");
	mutex_lock(&listing_lock);
	current_listing++;
	ret = shup_holders(list_holder, seq);
	if (ret >= 0) {
		rcu_read_lock();
		shup_listener_for_each(list_unheld, seq);
		rcu_read_unlock();
	}
	mutex_unlock(&listing_lock);
	return min(ret, 0);
}
DEFINE_SHOW_ATTRIBUTE(listeners);

/**
 * shup_listing_init() - show the listeners
 *
 * A kernel without debugfs goes without.
 *
 * Context: may sleep.
 */
void shup_listing_init(void)
{
	directory = debugfs_create_dir("seccomp_hup", NULL);
	debugfs_create_file("listeners", 0400, directory, NULL,
			    &listeners_fops);
	shup_selfcheck_init(directory);
}

/**
 * shup_listing_exit() - show them no more
 *
 * Context: may sleep, until the last reader has left.
 */
void shup_listing_exit(void)
{
	debugfs_remove_recursive(directory);
}
