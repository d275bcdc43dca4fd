/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_WITNESS_H
#define SHUP_WITNESS_H

#include <linux/types.h>

struct shup_listener;

/**
 * enum shup_testimony - what the witness says of a listener
 * @SHUP_UNDECIDED: nothing: a scan must decide
 * @SHUP_UNUSED: no live task is under its filter, nor ever will be
 * @SHUP_ON_PROBATION: as SHUP_UNUSED, but the witness is not trusted yet: a
 *	scan must agree
 */
enum shup_testimony {
	SHUP_UNDECIDED,
	SHUP_UNUSED,
	SHUP_ON_PROBATION,
};

/**
 * enum shup_patience - what a question to the witness may cost
 * @SHUP_AT_EXIT: little: interrupts are off, and no lock is waited for
 * @SHUP_IN_WORKER: more
 */
enum shup_patience {
	SHUP_AT_EXIT,
	SHUP_IN_WORKER,
};

void shup_witness_hear(const void *btf, size_t size);
void shup_witness_see_new(const void *filter);
enum shup_testimony shup_witness_ask(const struct shup_listener *listener,
				     enum shup_patience patience);
void shup_witness_judge(bool agrees);
bool shup_witness_kernel_told(const struct shup_listener *listener);

#endif /* SHUP_WITNESS_H */
