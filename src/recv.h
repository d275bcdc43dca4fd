/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_RECV_H
#define SHUP_RECV_H

#include <linux/fs.h>

bool shup_recv_waits_on_queue(const struct file *file);
void shup_recv_end_one(struct file *file);
unsigned long shup_recv_calls(const struct file *file);
unsigned long shup_recv_end(struct file *file, unsigned long calls);

#endif /* SHUP_RECV_H */
