/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_NOTIFY_H
#define SHUP_NOTIFY_H

#include <linux/fs.h>

struct shup_listener;

void shup_notify(struct shup_listener *listener);
bool shup_notify_late(const struct file *file, bool *known);

#endif /* SHUP_NOTIFY_H */
