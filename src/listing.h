/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_LISTING_H
#define SHUP_LISTING_H

struct dentry;

struct dentry *shup_listing_init(void);
void shup_listing_exit(void);

#endif /* SHUP_LISTING_H */
