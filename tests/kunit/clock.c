// SPDX-License-Identifier: GPL-2.0-only
/* The worker's clock: the kernel's, until a suite stops it; it never goes back. */
#include <linux/atomic.h>
#include <linux/ktime.h>

#include "clock.h"

/* While it stands; 0: it runs. */
static atomic64_t stopped_ns;

/* By how much tests have moved it, all in all. */
static s64 ahead_ns;

u64 stub_clock_ns(void)
{
	u64 now = atomic64_read(&stopped_ns);

	return now ?: ktime_get_ns() + READ_ONCE(ahead_ns);
}

/**
 * stub_clock_stop() - have it stand, at a time when all is long ago
 *
 * Longer ago than any rest of the worker's may be.
 */
void stub_clock_stop(void)
{
	atomic64_set(&stopped_ns, stub_clock_ns() + 3600 * NSEC_PER_SEC);
}

/**
 * stub_clock_move() - move it, while it stands
 * @ms: by so much
 */
void stub_clock_move(unsigned int ms)
{
	atomic64_add((u64)ms * NSEC_PER_MSEC, &stopped_ns);
}

/**
 * stub_clock_start() - have it run again, from where it stood
 *
 * For the suites after this one, to whom all is long ago as well.
 */
void stub_clock_start(void)
{
	u64 now = atomic64_read(&stopped_ns) + 3600 * NSEC_PER_SEC;

	WRITE_ONCE(ahead_ns, now - ktime_get_ns());
	atomic64_set(&stopped_ns, 0);
}
