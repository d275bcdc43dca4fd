/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_EVENTS_H
#define SHUP_EVENTS_H

#include "hooks.h"
#include "state.h"

int shup_events_on(enum shup_level level);
void shup_events_off(void);

typedef void shup_hook_visit(const struct shup_hook *hook, void *arg);
void shup_events_for_each(shup_hook_visit *visit, void *arg);

#endif /* SHUP_EVENTS_H */
