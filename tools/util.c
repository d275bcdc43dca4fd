// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs have in common. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "seccomp-hup.h"

void complain(const char *format, ...)
{
	va_list args;

	fputs("seccomp-hup: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* The first bytes of a file, without the last newline. */
bool read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	fclose(file);
	text[length] = '\0';
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return true;
}

/* One of the module's attributes. */
bool read_value(const char *name, char *text, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), SYSFS "%s", name);
	return read_text(path, text, size);
}

bool is_loaded(void)
{
	return !access(SYSFS "state", F_OK);
}

bool parse_number(const char *text, long min, long max, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return !errno && end != text && !*end && *number >= min && *number <= max;
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char byte = *text;

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

/* On a terminal that wants it only; see no-color.org. */
static bool may_color(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

const char *bold(void)
{
	return may_color() ? "\033[1m" : "";
}

const char *plain(void)
{
	return may_color() ? "\033[0m" : "";
}
