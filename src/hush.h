/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HUSH_H
#define SHUP_HUSH_H

#include <linux/types.h>
#include <linux/wait.h>

/**
 * struct shup_hush - what keeps the kernel's own EPOLLHUP from a listener
 * @entry: on the listener's wait queue
 * @placed: whether it is
 *
 * All fields: the listener's lock, which the caller of each function holds.
 */
struct shup_hush {
	wait_queue_entry_t entry;
	bool placed;
};

void shup_hush_init(bool allow);
void shup_hush_stop(void);
void shup_hush_begin(struct shup_hush *hush, wait_queue_head_t *queue);
void shup_hush_again(struct shup_hush *hush, wait_queue_head_t *queue);
void shup_hush_end(struct shup_hush *hush, wait_queue_head_t *queue);

#endif /* SHUP_HUSH_H */
