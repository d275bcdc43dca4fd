// SPDX-License-Identifier: GPL-2.0-only
/* The reader of the module's table of hooks, and of its counts. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = strndup((const char *)data, size);
	long long number;
	struct hook hook;

	if (!line)
		abort();
	if (hook_parse(line, &hook) &&
	    (hook.offset < 0 || !*hook.function || !*hook.kind ||
	     strlen(hook.function) >= sizeof(hook.function)))
		abort();
	if (parse_number(line, 0, LLONG_MAX, &number) && number < 0)
		abort();
	free(line);
	return 0;
}
