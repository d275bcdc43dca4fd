/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SECCOMP_HUP_STATUS_H
#define SECCOMP_HUP_STATUS_H

#include "seccomp-hup.h"

enum count_kind {
	COUNTER,
	GAUGE,
	LONGEST_US,
};

/**
 * struct count - one of the module's counts
 * @name: of its attribute
 * @text: what is counted
 * @kind: whether it only grows, can shrink, or is a time
 */
struct count {
	const char *name;
	const char *text;
	enum count_kind kind;
};

/* As docs/ABI/sysfs-kernel-seccomp_hup has them. */
#define COUNTS 15
extern const struct count counts[COUNTS];

/**
 * struct status - the module's attributes
 * @state: armed, idle or refused
 * @level: what the kernel does by itself
 * @version: the module's; "": not known
 * @values: of the counts; -1: this module does not have it
 */
struct status {
	char state[32];
	char level[32];
	char version[64];
	long long values[COUNTS];
};

bool status_read(struct status *status);

#endif /* SECCOMP_HUP_STATUS_H */
