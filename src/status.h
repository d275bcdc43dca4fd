/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_STATUS_H
#define SHUP_STATUS_H

int shup_status_init(void);
void shup_status_exit(void);
void shup_status_hups_changed(void);

#endif /* SHUP_STATUS_H */
