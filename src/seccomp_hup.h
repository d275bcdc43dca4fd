/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_SECCOMP_HUP_H
#define SHUP_SECCOMP_HUP_H

#include "level.h"

/**
 * enum shup_state - what the module is doing
 * @SHUP_IDLE: there is nothing for it to do on this kernel; no hook is placed
 * @SHUP_ARMED: its hooks are placed
 * @SHUP_REFUSED: armed once, then found filters it cannot read, and took its
 *	hooks away
 */
enum shup_state {
	SHUP_IDLE,
	SHUP_ARMED,
	SHUP_REFUSED,
};

enum shup_state shup_state(void);
enum shup_level shup_level(void);
void shup_disarm(void);

#endif /* SHUP_SECCOMP_HUP_H */
