/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HUSH_H
#define SHUP_HUSH_H

#include <linux/list.h>
#include <linux/wait.h>

#include "state.h"

/**
 * struct shup_hush - what keeps the kernel's own EPOLLHUP from a listener
 * @entry: on @queue
 * @queue: the listener's wait queue; NULL: @entry is on none
 * @all: in the list of all that are on a queue
 *
 * All fields: hush_lock.
 */
struct shup_hush {
	wait_queue_entry_t entry;
	wait_queue_head_t *queue;
	struct list_head all;
};

void shup_hush_init(enum shup_level level);
void shup_hush_begin(struct shup_hush *hush, wait_queue_head_t *queue);
void shup_hush_again(struct shup_hush *hush);
void shup_hush_end(struct shup_hush *hush);
void shup_hush_end_all(void);

#endif /* SHUP_HUSH_H */
