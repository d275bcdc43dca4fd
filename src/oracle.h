/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ORACLE_H
#define SHUP_ORACLE_H

struct dentry;

#ifdef SHUP_SELFTEST
void shup_oracle_init(struct dentry *directory);
#else
static inline void shup_oracle_init(struct dentry *directory)
{
}
#endif

#endif /* SHUP_ORACLE_H */
