// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text that others choose: the names of processes, containers and keys can
 * hold any byte.  Shown to people, it can neither break a line nor drive a
 * terminal; shown to programs, it is valid and keeps its letters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

/* Stands for what is no letter in UTF-8. */
#define REPLACEMENT "\xef\xbf\xbd"

/* How many bytes of continuation follow the first; -1: none begins so. */
static int bytes_to_come(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first >= 0xc2 && first < 0xe0)
		return 1;
	if (first >= 0xe0 && first < 0xf0)
		return 2;
	return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

static bool is_in_range(uint32_t letter, int more)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	return letter >= least[more] && letter <= 0x10ffff &&
	       (letter < 0xd800 || letter > 0xdfff);
}

/* Return: how many bytes the letter at @text has; 0: there is none. */
static int decode(const char *text, uint32_t *letter)
{
	static const unsigned char masks[] = { 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *bytes = (const unsigned char *)text;
	int more = bytes_to_come(bytes[0]);
	int i;

	if (more < 0)
		return 0;
	*letter = bytes[0] & masks[more];
	for (i = 1; i <= more; i++) {
		/* The end of the text is no such byte, either. */
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*letter = *letter << 6 | (bytes[i] & 0x3f);
	}
	return is_in_range(*letter, more) ? more + 1 : 0;
}

/* What a terminal obeys, and what has it show letters in another order. */
static bool is_control(uint32_t letter)
{
	return letter < 0x20 || (letter >= 0x7f && letter < 0xa0) ||
	       letter == 0x061c || letter == 0x200e || letter == 0x200f ||
	       (letter >= 0x2028 && letter <= 0x202e) ||
	       (letter >= 0x2066 && letter <= 0x2069) || letter == 0xfeff;
}

/* As ls --escape does: in octal digits; and so a backslash is two. */
static char *escape(char *to, const char *from, int length)
{
	int i;

	for (i = 0; i < length; i++) {
		*to++ = '\\';
		if (from[i] == '\n')
			*to++ = 'n';
		else if (from[i] == '\\')
			*to++ = '\\';
		else
			to += sprintf(to, "%03o", (unsigned char)from[i]);
	}
	return to;
}

/* For a line that people read.  Return: from malloc(). */
char *for_terminal(const char *text)
{
	char *fit = malloc(4 * strlen(text) + 1), *to = fit;
	uint32_t letter;
	int length;

	must(fit);
	while (*text) {
		length = decode(text, &letter);
		if (!length || letter == '\\' || is_control(letter))
			to = escape(to, text, length ? length : 1);
		else
			to = mempcpy(to, text, length);
		text += length ? length : 1;
	}
	*to = '\0';
	return fit;
}

/* As it is, but for bytes that are no letters.  Return: from malloc(). */
char *valid_utf8(const char *text)
{
	char *valid = malloc(strlen(REPLACEMENT) * strlen(text) + 1), *to = valid;
	uint32_t letter;
	int length;

	must(valid);
	while (*text) {
		length = decode(text, &letter);
		if (length)
			to = mempcpy(to, text, length);
		else
			to = mempcpy(to, REPLACEMENT, strlen(REPLACEMENT));
		text += length ? length : 1;
	}
	*to = '\0';
	return valid;
}

/* For programs that read JSON. */
void json_string(FILE *to, const char *text)
{
	char *valid = valid_utf8(text), *at;

	fputc('"', to);
	for (at = valid; *at; at++) {
		if (*at == '"' || *at == '\\')
			fprintf(to, "\\%c", *at);
		else if ((unsigned char)*at < 0x20 || *at == 0x7f)
			fprintf(to, "\\u%04x", *at);
		else
			fputc(*at, to);
	}
	fputc('"', to);
	free(valid);
}

/* For Prometheus: in quotes, where three characters are escaped. */
void label_value(FILE *to, const char *text)
{
	char *valid = valid_utf8(text), *at;

	fputc('"', to);
	for (at = valid; *at; at++) {
		if (*at == '\n')
			fputs("\\n", to);
		else if (*at == '"' || *at == '\\')
			fprintf(to, "\\%c", *at);
		else
			fputc(*at, to);
	}
	fputc('"', to);
	free(valid);
}
