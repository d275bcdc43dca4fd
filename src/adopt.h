/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ADOPT_H
#define SHUP_ADOPT_H

#include <linux/fs.h>

int shup_adopt_file(struct file *file, gfp_t gfp);
int shup_adopt_all(u64 until_ns);

#endif /* SHUP_ADOPT_H */
