/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SELFCHECK_H
#define SHUP_SELFCHECK_H

#include <linux/types.h>

#ifdef SHUP_SELFCHECK
bool shup_selfcheck_drop(void);
#else
static inline bool shup_selfcheck_drop(void)
{
	return false;
}
#endif

#endif /* SHUP_SELFCHECK_H */
