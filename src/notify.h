/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_NOTIFY_H
#define SHUP_NOTIFY_H

#include <linux/fs.h>

struct shup_listener;

bool shup_notify(struct shup_listener *listener, bool witnessed);
bool shup_notify_late(const struct file *file, bool *known);
void shup_notify_again(const struct file *file);
void shup_notify_stop(void);

#endif /* SHUP_NOTIFY_H */
