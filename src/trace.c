// SPDX-License-Identifier: GPL-2.0-only
/* The code behind the trace events. */
#include <linux/types.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
