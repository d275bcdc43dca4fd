/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ORPHAN_H
#define SHUP_ORPHAN_H

#include "listener.h"

int shup_orphan_init(void);
void shup_orphan_exit(void);

void shup_orphan_ask(struct shup_listener *listener);
void shup_orphan_kick(void);
void shup_orphan_census(void);
void shup_orphan_adopt(void);
void shup_orphan_recount(struct file *file);
bool shup_orphan_test(struct file *file, gfp_t gfp);

#endif /* SHUP_ORPHAN_H */
