/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_LEVEL_H
#define SHUP_LEVEL_H

#include "state.h"

enum shup_level shup_level_detect(void);

#endif /* SHUP_LEVEL_H */
