/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_EVENTS_H
#define SHUP_EVENTS_H

#include "level.h"

int shup_events_on(enum shup_level level);
void shup_events_off(void);

#endif /* SHUP_EVENTS_H */
