/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_STATE_H
#define SHUP_STATE_H

#include <linux/types.h>

/* The end of a message about a kernel that is not understood. */
#define SHUP_REPORT "; please report it: see \"Where to report\" in README.md"

/**
 * enum shup_level - what listeners do on this kernel without the module
 * @SHUP_LEVEL_NEVER: they never report that they are unused (5.2 to 5.8)
 * @SHUP_LEVEL_AT_REAP: EPOLLHUP once the last zombie is reaped (5.9 to 6.10)
 * @SHUP_LEVEL_NATIVE: EPOLLHUP at exit, RECV returns (6.11 and later)
 * @SHUP_LEVEL_NONE: this kernel has no listeners
 * @SHUP_LEVEL_UNKNOWN: the module cannot find out
 */
enum shup_level {
	SHUP_LEVEL_NEVER,
	SHUP_LEVEL_AT_REAP,
	SHUP_LEVEL_NATIVE,
	SHUP_LEVEL_NONE,
	SHUP_LEVEL_UNKNOWN,
};

/**
 * enum shup_state - what the module is doing
 * @SHUP_IDLE: there is nothing for it to do on this kernel; no hook is placed
 * @SHUP_ARMED: its hooks are placed
 * @SHUP_REFUSED: it was armed, then found filters that it cannot read, and took
 *	its hooks away
 */
enum shup_state {
	SHUP_IDLE,
	SHUP_ARMED,
	SHUP_REFUSED,
};

void shup_state_init(void (*disarm)(void));
void shup_state_exit(void);

void shup_state_set(enum shup_state state);
enum shup_state shup_state_get(void);
void shup_state_set_level(enum shup_level level);
enum shup_level shup_state_level(void);

void shup_state_disarm(void);
void shup_state_stop(void);
bool shup_state_stopping(void);

#endif /* SHUP_STATE_H */
