/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ORPHAN_H
#define SHUP_ORPHAN_H

#include <linux/fs.h>

int shup_orphan_init(void);
void shup_orphan_exit(void);

bool shup_orphan_decide_now(const struct file *file);

#endif /* SHUP_ORPHAN_H */
