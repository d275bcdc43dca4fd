/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_HUSH_H
#define SHUP_HUSH_H

#include <linux/wait.h>

#include "state.h"

struct shup_listener;

void shup_hush_init(enum shup_level level);
void shup_hush_begin(struct shup_listener *listener, wait_queue_head_t *queue);
void shup_hush_again(struct shup_listener *listener);
void shup_hush_end(struct shup_listener *listener);
void shup_hush_end_all(void);

#endif /* SHUP_HUSH_H */
