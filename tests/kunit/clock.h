/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before the worker's file: what it takes for the time is what a test says.  A
 * case whose verdict hung on the machine's own clock would fail on a busy one.
 */
#ifndef SHUP_KUNIT_CLOCK_H
#define SHUP_KUNIT_CLOCK_H

#include <linux/ktime.h>

u64 stub_clock_ns(void);
void stub_clock_stop(void);
void stub_clock_move(unsigned int ms);
void stub_clock_start(void);

#ifdef SHUP_CLOCK_MOVES
#define ktime_get_ns stub_clock_ns
#endif

#endif /* SHUP_KUNIT_CLOCK_H */
