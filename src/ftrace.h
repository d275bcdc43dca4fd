/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHUP_FTRACE_H
#define SHUP_FTRACE_H

#include "hooks.h"

#if SHUP_HAS_FTRACE_ARGS || SHUP_HAS_FTRACE_REGS
int shup_ftrace_place(struct shup_hook *hook, ftrace_func_t func,
		      unsigned long flags);
void shup_ftrace_remove(struct shup_hook *hook);
#endif

#endif /* SHUP_FTRACE_H */
