// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the code under test needs of the rest of the module.  There is no
 * worker: a listener that is asked about stays a candidate.
 */
#include <linux/module.h>

#include "orphan.h"
#include "seccomp_hup.h"

void shup_orphan_ask(struct shup_listener *listener)
{
	set_bit(SHUP_CANDIDATE, &listener->flags);
}

void shup_orphan_kick(void)
{
}

void shup_disarm(void)
{
}

enum shup_state shup_state(void)
{
	return SHUP_ARMED;
}

enum shup_level shup_level(void)
{
	return SHUP_LEVEL_NEVER;
}

MODULE_DESCRIPTION("KUnit tests of seccomp_hup");
MODULE_LICENSE("GPL");
