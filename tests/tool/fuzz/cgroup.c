// SPDX-License-Identifier: GPL-2.0-only
/* The reader of a task's cgroups, and what makes a short name of one. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = file_of(data, size);
	struct place place;
	char *name;

	if (!file)
		return 0;
	if (place_parse(file, &place)) {
		name = place_name(&place);
		if (!name || !*name || place.path[0] != '/' ||
		    (place.pod && strlen(place.pod) != 36 && strlen(place.pod) != 32) ||
		    (place.runtime && !place.container))
			abort();
		free(name);
	}
	place_free(&place);
	fclose(file);
	return 0;
}
