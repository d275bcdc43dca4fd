/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_RECV_H
#define SHUP_RECV_H

#include <linux/fs.h>

void shup_recv_end_one(struct file *file);
void shup_recv_end_all(struct file *file);

#endif /* SHUP_RECV_H */
