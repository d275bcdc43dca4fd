// SPDX-License-Identifier: GPL-2.0-only
/* The reader of the module's table of listeners. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = file_of(data, size);
	struct table table = { };
	const struct row *row;
	size_t i;

	if (!file)
		return 0;
	if (table_parse(file, &table)) {
		for (i = 0; i < table.count; i++) {
			row = &table.rows[i];
			if (row->id < 0 || row->live < 0 || row->age_ms < 0 ||
			    row->unused_ms < -1 || row->pid < -1 || row->fd < -1 ||
			    row->task < -1 || (row_is_dead(row) && row->unused_ms < DEAD_MS))
				abort();
		}
	}
	table_free(&table);
	fclose(file);
	return 0;
}
