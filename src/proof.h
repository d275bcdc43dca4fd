/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_PROOF_H
#define SHUP_PROOF_H

#include <linux/types.h>

int shup_proof_begin(void (*after_gap)(void));
int shup_proof_repeat(void);
bool shup_proof_watches(void);
void shup_proof_end(void);

#endif /* SHUP_PROOF_H */
