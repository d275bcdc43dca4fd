// SPDX-License-Identifier: GPL-2.0-only
/* The counters; stats.h says what each counts. */
#include <linux/cpumask.h>

#include "stats.h"

DEFINE_PER_CPU(struct shup_stats, shup_stats);
unsigned int shup_scan_max_us;

/**
 * shup_stat_sum() - how often something has happened since load
 * @stat: what
 *
 * Context: any.
 * Return: the sum over all processors; events of this moment may be missing.
 */
unsigned long shup_stat_sum(enum shup_stat stat)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(&shup_stats, cpu)->count[stat]);
	return sum;
}
