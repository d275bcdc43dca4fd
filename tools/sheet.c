// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables: libsmartcols' for people; JSON of the same columns for programs.
 * JSON is not libsmartcols', as that knows numbers from 2.33 on only, and the
 * systems whose listeners never report EPOLLHUP have 2.30 and 2.32, too.
 */
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "seccomp-hup.h"

/* Once only: JSON has no room for two of a name. */
static void add_column(struct sheet *sheet, size_t column)
{
	size_t i;

	for (i = 0; i < sheet->chosen_count; i++)
		if (sheet->chosen[i] == column)
			return;
	sheet->chosen[sheet->chosen_count++] = column;
}

static bool choose_one(struct sheet *sheet, const char *name)
{
	size_t i;

	for (i = 0; i < sheet->count; i++) {
		if (strcasecmp(sheet->columns[i].name, name))
			continue;
		add_column(sheet, i);
		return true;
	}
	complain("--output: no column '%s'; --help lists them", name);
	return false;
}

/* JSON has all of them, as it is there for programs. */
static void choose_usual(struct sheet *sheet)
{
	size_t i;

	for (i = 0; i < sheet->count; i++)
		if (sheet->columns[i].usual || opts.json)
			add_column(sheet, i);
}

/* As --output says.  Return: it says columns that there are. */
bool sheet_choose(struct sheet *sheet)
{
	const char *list = opts.columns;
	char *names, *name, *saved;
	bool good = true;

	sheet->chosen_count = 0;
	if (!list || *list == '+')
		choose_usual(sheet);
	if (!list)
		return true;
	names = strdup(*list == '+' ? list + 1 : list);
	must(names);
	for (name = strtok_r(names, ",", &saved); name && good; name = strtok_r(NULL, ",", &saved))
		good = choose_one(sheet, name);
	free(names);
	if (good && !sheet->chosen_count) {
		complain("--output: no column is named; --help lists them");
		return false;
	}
	return good;
}

static bool make_columns(struct sheet *sheet)
{
	const struct column *column;
	size_t i;

	for (i = 0; i < sheet->chosen_count; i++) {
		column = &sheet->columns[sheet->chosen[i]];
		if (!scols_table_new_column(sheet->scols, column->name, 0, column->flags |
					    (column->number ? SCOLS_FL_RIGHT : 0)))
			return false;
	}
	return true;
}

bool sheet_begin(struct sheet *sheet)
{
	sheet->rows = 0;
	if (opts.json) {
		printf("{\"%s\":[", sheet->name);
		return true;
	}
	sheet->scols = scols_new_table();
	must(sheet->scols);
	scols_table_enable_noheadings(sheet->scols, opts.noheadings);
	scols_table_enable_raw(sheet->scols, opts.raw);
	scols_table_enable_colors(sheet->scols, *bold());
	return make_columns(sheet);
}

static bool print_json_row(struct sheet *sheet, const void *row)
{
	const struct column *column;
	char *cell;
	size_t i;

	printf("%s\n {", sheet->rows++ ? "," : "");
	for (i = 0; i < sheet->chosen_count; i++) {
		column = &sheet->columns[sheet->chosen[i]];
		cell = sheet->cell(row, sheet->chosen[i]);
		printf("%s\"%s\":", i ? "," : "", column->key);
		if (!cell)
			printf("null");
		else if (column->number)
			printf("%s", cell);
		else
			json_string(stdout, cell);
		free(cell);
	}
	putchar('}');
	return true;
}

/* One more, in bold if it is to be seen at once. */
bool sheet_row(struct sheet *sheet, const void *row, bool stands_out)
{
	struct libscols_line *line;
	char *cell, *fit;
	size_t i;

	if (opts.json)
		return print_json_row(sheet, row);
	line = scols_table_new_line(sheet->scols, NULL);
	if (!line || (stands_out && scols_line_set_color(line, "\033[1m")))
		return false;
	for (i = 0; i < sheet->chosen_count; i++) {
		cell = sheet->cell(row, sheet->chosen[i]);
		fit = for_terminal(cell && *cell ? cell : "-");
		free(cell);
		if (scols_line_refer_data(line, i, fit))
			return false;
	}
	sheet->rows++;
	return true;
}

/* libsmartcols prints nothing of a table without rows. */
static bool print_headings(const struct sheet *sheet)
{
	size_t i;

	if (opts.noheadings)
		return true;
	for (i = 0; i < sheet->chosen_count; i++)
		printf("%s%s", i ? " " : "", sheet->columns[sheet->chosen[i]].name);
	putchar('\n');
	return true;
}

bool sheet_end(struct sheet *sheet)
{
	bool printed;

	if (opts.json) {
		printf("%s]}\n", sheet->rows ? "\n" : "");
		return true;
	}
	if (sheet->rows)
		printed = !scols_print_table(sheet->scols);
	else
		printed = print_headings(sheet);
	scols_unref_table(sheet->scols);
	sheet->scols = NULL;
	if (!printed)
		complain("the table cannot be printed: out of memory?");
	return printed;
}

/* What --output can be given. */
void sheet_columns(const struct sheet *sheet, FILE *to)
{
	size_t i;

	fputs("\nColumns:\n", to);
	for (i = 0; i < sheet->count; i++)
		fprintf(to, "  %-14s %s%s\n", sheet->columns[i].name, sheet->columns[i].help,
			sheet->columns[i].usual ? "" : " (by --output, and in JSON)");
}
