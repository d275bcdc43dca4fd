// SPDX-License-Identifier: GPL-2.0-only
/* The readers' options, without what reads those of a command line. */
#include "seccomp-hup.h"

struct options opts = { .sysroot = "", .timeout_ms = -1 };
