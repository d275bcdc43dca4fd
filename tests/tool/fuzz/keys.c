// SPDX-License-Identifier: GPL-2.0-only
/* The reader of the list of enrolled keys. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct signature signature = { true, "Machine key", "00:12:AB:cd" };
	static const struct signature nobody = { false, "", "" };
	FILE *file = file_of(data, size);

	if (!file)
		return 0;
	keys_list_has(file, &signature);
	rewind(file);
	/* What is not signed is signed by nobody. */
	if (keys_list_has(file, &nobody))
		abort();
	fclose(file);
	return 0;
}
