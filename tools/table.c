// SPDX-License-Identifier: GPL-2.0-only
/* Reading the module's tables; see docs/ABI/debugfs-seccomp_hup. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

/* The next word of a line, or NULL. */
static const char *next_word(const char **line, char *word, size_t size)
{
	size_t length;

	*line += strspn(*line, " \t\n");
	length = strcspn(*line, " \t\n");
	if (!length || length >= size)
		return NULL;
	memcpy(word, *line, length);
	word[length] = '\0';
	*line += length;
	return word;
}

/* A number, or "-" where there may be none: then it is -1. */
static bool next_number(const char **line, bool may_be_none, long long max, long long *number)
{
	char buffer[32];
	const char *word = next_word(line, buffer, sizeof(buffer));

	if (!word)
		return false;
	if (may_be_none && !strcmp(word, "-")) {
		*number = -1;
		return true;
	}
	return parse_number(word, 0, max, number);
}

/* Columns that later versions append are passed over. */
static bool row_parse(const char *line, struct row *row)
{
	return next_number(&line, false, LLONG_MAX, &row->id) &&
	       next_number(&line, false, INT_MAX, &row->live) &&
	       next_number(&line, false, LLONG_MAX, &row->age_ms) &&
	       next_number(&line, true, LLONG_MAX, &row->unused_ms) &&
	       next_number(&line, true, INT_MAX, &row->pid) &&
	       next_number(&line, true, INT_MAX, &row->fd) &&
	       next_number(&line, true, INT_MAX, &row->task);
}

/* Columns that later versions append are passed over here, too. */
bool hook_parse(const char *line, struct hook *hook)
{
	char offset[32];

	if (!next_word(&line, hook->function, sizeof(hook->function)) ||
	    !next_word(&line, hook->kind, sizeof(hook->kind)) ||
	    !next_word(&line, offset, sizeof(offset)) || offset[0] != '+' ||
	    !parse_number(offset + 1, 0, LLONG_MAX, &hook->offset))
		return false;
	/* Older modules do not have this column. */
	if (!next_word(&line, hook->mechanism, sizeof(hook->mechanism)))
		hook->mechanism[0] = '\0';
	return true;
}

static bool add_row(struct table *table, const struct row *row)
{
	struct row *rows = reallocarray(table->rows, table->count + 1, sizeof(*rows));

	must(rows);
	rows[table->count++] = *row;
	table->rows = rows;
	return true;
}

/* Return: each line has been understood; stderr says which has not. */
bool table_parse(FILE *file, struct table *table)
{
	bool is_heading = true, good = true;
	char *line = NULL, *fit;
	size_t size = 0;
	struct row row;

	while (good && getline(&line, &size, file) >= 0) {
		/* The first line names the columns. */
		if (!is_heading)
			good = row_parse(line, &row) && add_row(table, &row);
		is_heading = false;
	}
	if (!good) {
		line[strcspn(line, "\n")] = '\0';
		fit = for_terminal(line);
		complain(DEBUGFS "listeners has a line that is not understood: is this command older than the module? %s",
			 fit);
		free(fit);
	} else if (ferror(file)) {
		complain("cannot read " DEBUGFS "listeners: %s", strerror(errno));
		good = false;
	}
	free(line);
	return good;
}

static void complain_of(int error)
{
	enum presence presence = module_presence();

	if (error == EACCES || error == EPERM)
		complain("only root may see the listeners: run it with sudo");
	else if (presence == UNTOLD)
		complain("the listeners cannot be found out: " UNTOLD_ADVICE);
	else if (presence == NOT_LOADED)
		complain("the module is not loaded: " NOT_LOADED_ADVICE);
	else
		complain(DEBUGFS "listeners: %s: it is there while the module is armed ('seccomp-hup status') and debugfs is mounted ('mount -t debugfs debugfs /sys/kernel/debug'; a kernel with 'debugfs=off' on its command line has none)",
			 strerror(error));
}

/* Read it; or say why not. */
bool table_read(struct table *table)
{
	FILE *file = open_under(DEBUGFS "listeners");
	bool good;

	table->rows = NULL;
	table->count = 0;
	if (!file) {
		complain_of(errno);
		return false;
	}
	good = table_parse(file, table);
	fclose(file);
	if (!good)
		table_free(table);
	return good;
}

void table_free(struct table *table)
{
	free(table->rows);
	table->rows = NULL;
	table->count = 0;
}

/* Somebody keeps it open, and has had the time to close it. */
bool row_is_dead(const struct row *row)
{
	return row->unused_ms >= DEAD_MS && row->pid >= 0;
}

static int compare(long long one, long long other)
{
	return (one > other) - (one < other);
}

static int compare_rows(const void *one, const void *other)
{
	const struct row *left = one, *right = other;
	int order = compare(left->id, right->id);

	return order ? order : compare(left->pid, right->pid);
}

static int compare_holders(const void *one, const void *other)
{
	const struct row *left = one, *right = other;
	int order = compare(left->pid, right->pid);

	return order ? order : compare(left->id, right->id);
}

/* A listener has a row for each fd: they come together. */
void table_sort(struct table *table)
{
	if (table->count)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
}

/* All rows of a holder together, and there all those of a listener. */
void table_sort_by_holder(struct table *table)
{
	if (table->count)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_holders);
}

/* How many listeners are dead; a listener with several fds is one. */
size_t table_count_dead(struct table *table)
{
	long long last = -1;
	size_t i, count = 0;

	table_sort(table);
	for (i = 0; i < table->count; i++) {
		if (!row_is_dead(&table->rows[i]) || table->rows[i].id == last)
			continue;
		last = table->rows[i].id;
		count++;
	}
	return count;
}
