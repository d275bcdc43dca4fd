/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts of events since load, for the operator and the tests.  They decide
 * nothing.
 */
#ifndef SHUP_STATS_H
#define SHUP_STATS_H

#include <linux/percpu.h>

/*
 * Each is an attribute of its name under /sys/kernel/seccomp_hup/.
 * docs/ABI/sysfs-kernel-seccomp_hup says what it counts.
 */
#define SHUP_STATS(X)							\
	X(hups)								\
	X(adoptions)							\
	X(joins)							\
	X(leaves)							\
	X(cuts)								\
	X(scans)							\
	X(scan_restarts)						\
	X(repairs)							\
	X(witnessed)							\
	X(undecided)							\
	X(scanned)							\
	X(missed)							\
	X(untied)

enum shup_stat {
#define SHUP_STAT_ENUM(name) SHUP_STAT_##name,
	SHUP_STATS(SHUP_STAT_ENUM)
#undef SHUP_STAT_ENUM
	SHUP_STAT_COUNT,
};

struct shup_stats {
	unsigned long count[SHUP_STAT_COUNT];
};

DECLARE_PER_CPU(struct shup_stats, shup_stats);

/* The longest scan, in microseconds; written by the worker only. */
extern unsigned int shup_scan_max_us;

/* From any context. */
#define shup_stat_inc(name) this_cpu_inc(shup_stats.count[SHUP_STAT_##name])
#define shup_stat_add(name, n) \
	this_cpu_add(shup_stats.count[SHUP_STAT_##name], n)

unsigned long shup_stat_sum(enum shup_stat stat);

#endif /* SHUP_STATS_H */
