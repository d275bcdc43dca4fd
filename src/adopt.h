/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_ADOPT_H
#define SHUP_ADOPT_H

int shup_adopt(void);

#endif /* SHUP_ADOPT_H */
