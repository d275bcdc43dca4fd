// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs have in common. */
#include <errno.h>
#include <limits.h>
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

/* Memory that small is there, or nothing works. */
void must(bool made)
{
	if (made)
		return;
	complain("out of memory");
	_exit(FAILED);
}

static void print_path(char *path, size_t size, const char *format, va_list args)
{
	int length = snprintf(path, size, "%s", opts.sysroot);

	if (length >= 0 && (size_t)length < size)
		vsnprintf(path + length, size - length, format, args);
}

/* Where @format is if --sysroot is the root. */
void path_under(char *path, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_path(path, size, format, args);
	va_end(args);
}

FILE *open_under(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	print_path(path, sizeof(path), format, args);
	va_end(args);
	return fopen(path, "re");
}

bool exists_under(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	print_path(path, sizeof(path), format, args);
	va_end(args);
	return !access(path, F_OK);
}

/* The first bytes of a file, without the last newline. */
bool read_text(char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	size_t length;
	va_list args;
	FILE *file;
	bool failed;

	va_start(args, format);
	print_path(path, sizeof(path), format, args);
	va_end(args);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	failed = ferror(file);
	fclose(file);
	text[length] = '\0';
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return !failed;
}

enum presence module_presence(void)
{
	if (exists_under(SYSFS "state"))
		return LOADED;
	return exists_under("/sys/kernel") ? NOT_LOADED : UNTOLD;
}

bool parse_number(const char *text, long long min, long long max, long long *number)
{
	char *end;

	/* Not for strtoll() to pass over. */
	if (*text != '-' && (*text < '0' || *text > '9'))
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *number >= min && *number <= max;
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Somebody looks, and the terminal knows escape sequences. */
bool has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

/* no-color.org: an empty NO_COLOR is none. */
static bool may_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return has_terminal() && !(no_color && *no_color);
}

const char *bold(void)
{
	return may_color() ? "\033[1m" : "";
}

const char *plain(void)
{
	return may_color() ? "\033[0m" : "";
}
