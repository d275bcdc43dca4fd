// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults made on purpose: in a module built with SECCOMP_HUP_SELFCHECK=1 only,
 * for tests.
 */
#include <linux/atomic.h>
#include <linux/module.h>

#include "selfcheck.h"

static unsigned int drop_every;
module_param(drop_every, uint, 0644);
MODULE_PARM_DESC(drop_every,
		 "miss every so-manieth fork, exit, attach or end of a task under a filter; 0: none (default)");

static atomic_t events;

/**
 * shup_selfcheck_drop() - whether the event at hand is to be missed
 *
 * Context: any; from the hooks of events.c.
 */
bool shup_selfcheck_drop(void)
{
	unsigned int every = READ_ONCE(drop_every);

	return every && !((unsigned int)atomic_inc_return(&events) % every);
}
