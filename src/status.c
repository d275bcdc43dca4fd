// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operator can see: /sys/kernel/seccomp_hup/, one value a file.
 * docs/ABI/sysfs-kernel-seccomp_hup describes the files.
 */
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "listener.h"
#include "state.h"
#include "stats.h"
#include "status.h"

/* Written at load and unload only. */
static struct kobject *directory;

/* The attribute hups; NULL before shup_status_init().  Written with a release. */
static struct kernfs_node *hups_file;

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	static const char * const names[] = {
		[SHUP_IDLE] = "idle",
		[SHUP_ARMED] = "armed",
		[SHUP_REFUSED] = "refused",
	};

	return scnprintf(buf, PAGE_SIZE, "%s\n", names[shup_state_get()]);
}

static ssize_t level_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	static const char * const names[] = {
		[SHUP_LEVEL_NEVER] = "never",
		[SHUP_LEVEL_AT_REAP] = "at-reap",
		[SHUP_LEVEL_NATIVE] = "native",
		[SHUP_LEVEL_NONE] = "none",
		[SHUP_LEVEL_UNKNOWN] = "unknown",
	};

	return scnprintf(buf, PAGE_SIZE, "%s\n", names[shup_state_level()]);
}

static ssize_t open_listeners_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%u\n", shup_listener_count());
}

static ssize_t scan_max_us_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%u\n", READ_ONCE(shup_scan_max_us));
}

static struct kobj_attribute state_attribute = __ATTR_RO(state);
static struct kobj_attribute level_attribute = __ATTR_RO(level);
static struct kobj_attribute listeners_attribute =
	__ATTR(listeners, 0444, open_listeners_show, NULL);
static struct kobj_attribute scan_max_us_attribute = __ATTR_RO(scan_max_us);

#define STAT_ATTRIBUTE(name)						\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return scnprintf(buf, PAGE_SIZE, "%lu\n",			\
			 shup_stat_sum(SHUP_STAT_##name));		\
}									\
static struct kobj_attribute name##_attribute = __ATTR_RO(name);
SHUP_STATS(STAT_ATTRIBUTE)

static struct attribute *attributes[] = {
	&state_attribute.attr,
	&level_attribute.attr,
	&listeners_attribute.attr,
	&scan_max_us_attribute.attr,
#define STAT_ENTRY(name) &name##_attribute.attr,
	SHUP_STATS(STAT_ENTRY)
	NULL,
};

static const struct attribute_group group = {
	.attrs = attributes,
};

/**
 * shup_status_init() - show the module's state
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int shup_status_init(void)
{
	int ret = -ENOMEM;

	directory = kobject_create_and_add("seccomp_hup", kernel_kobj);
	if (!directory)
		return ret;
	ret = sysfs_create_group(directory, &group);
	if (ret) {
		shup_status_exit();
		return ret;
	}
	/* The file, then its address.  Pairs with shup_status_hups_changed(). */
	smp_store_release(&hups_file, sysfs_get_dirent(directory->sd, "hups"));
	return 0;
}

/**
 * shup_status_hups_changed() - wake the pollers of the attribute hups
 *
 * Context: any but an oops: takes the locks of a workqueue.  Not after
 * shup_status_exit().
 */
void shup_status_hups_changed(void)
{
	/* Pairs with shup_status_init(). */
	struct kernfs_node *file = smp_load_acquire(&hups_file);

	if (file)
		sysfs_notify_dirent(file);
}

/**
 * shup_status_exit() - remove the attributes
 *
 * Context: may sleep, until the last reader has left.
 */
void shup_status_exit(void)
{
	sysfs_put(hups_file);
	/* Now, as the last put may be delayed, to find faults. */
	kobject_del(directory);
	kobject_put(directory);
}
