/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ORPHAN_H
#define SHUP_ORPHAN_H

int shup_orphan_init(void);
void shup_orphan_exit(void);

#endif /* SHUP_ORPHAN_H */
