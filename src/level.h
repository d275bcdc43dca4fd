/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_LEVEL_H
#define SHUP_LEVEL_H

/**
 * enum shup_level - what listeners do on this kernel without the module
 * @SHUP_LEVEL_NEVER: they never say that they are unused (5.0 to 5.8)
 * @SHUP_LEVEL_AT_REAP: EPOLLHUP once the last zombie is reaped (5.9 to 6.10)
 * @SHUP_LEVEL_NATIVE: EPOLLHUP at exit, RECV returns (6.11 and later)
 * @SHUP_LEVEL_NONE: there are no listeners on this kernel
 * @SHUP_LEVEL_UNKNOWN: cannot be told
 */
enum shup_level {
	SHUP_LEVEL_NEVER,
	SHUP_LEVEL_AT_REAP,
	SHUP_LEVEL_NATIVE,
	SHUP_LEVEL_NONE,
	SHUP_LEVEL_UNKNOWN,
};

enum shup_level shup_level_detect(void);

#endif /* SHUP_LEVEL_H */
