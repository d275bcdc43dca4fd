// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text that others choose: what a terminal gets has no control character, what
 * a program gets is UTF-8 as iconv() knows it, and what was UTF-8 before
 * is as it was.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Not mbsrtowcs(): glibc's takes numbers that no letter has. */
static int is_utf8(const char *text)
{
	size_t from = strlen(text), to = 4 * from + 4;
	char *wide = malloc(to), *out = wide, *in = (char *)text;
	static iconv_t converter;
	int good;

	if (!converter)
		converter = iconv_open("UTF-16LE", "UTF-8");
	if (!wide || converter == (iconv_t)-1)
		abort();
	good = iconv(converter, &in, &from, &out, &to) != (size_t)-1;
	iconv(converter, NULL, NULL, NULL, NULL);
	free(wide);
	return good;
}

static void check_terminal(const char *text)
{
	char *fit = for_terminal(text);
	const unsigned char *at;

	for (at = (unsigned char *)fit; *at; at++)
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			abort();
	if (!is_utf8(fit))
		abort();
	free(fit);
}

static void check_programs(const char *text)
{
	char *valid = valid_utf8(text), *json = NULL, *at;
	size_t size = 0;
	FILE *file;

	if (!is_utf8(valid) || (is_utf8(text) && strcmp(text, valid)))
		abort();
	file = open_memstream(&json, &size);
	json_string(file, text);
	fputc('\n', file);
	label_value(file, text);
	fclose(file);
	for (at = json; *at; at++)
		if (*at == '\n' && strchr(at + 1, '\n'))
			abort();
	free(json);
	free(valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	if (!text)
		abort();
	check_terminal(text);
	check_programs(text);
	free(text);
	return 0;
}
