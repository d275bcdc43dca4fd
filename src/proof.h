/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_PROOF_H
#define SHUP_PROOF_H

int shup_proof_begin(void (*after_gap)(void));
int shup_proof_repeat(void);
void shup_proof_end(void);

#endif /* SHUP_PROOF_H */
