// SPDX-License-Identifier: GPL-2.0-only
/* Reading the module's table of listeners; see docs/ABI/debugfs-seccomp_hup. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

static long long number_or_none(const char *word)
{
	return strcmp(word, "-") ? atoll(word) : -1;
}

/* Columns that later versions append are passed over. */
static bool parse(const char *line, struct row *row)
{
	char unused[32], pid[32], fd[32], task[32];

	if (sscanf(line, "%llu %ld %lld %31s %31s %31s %31s", &row->id, &row->live,
		   &row->age_ms, unused, pid, fd, task) != 7)
		return false;
	row->unused_ms = number_or_none(unused);
	row->pid = number_or_none(pid);
	row->fd = number_or_none(fd);
	row->task = number_or_none(task);
	return true;
}

static void complain_of(int error)
{
	if (error == EACCES || error == EPERM)
		complain("only root may see the listeners: run it with sudo");
	else if (!is_loaded())
		complain("the module is not loaded: 'modprobe seccomp_hup'; if that fails, 'dmesg | grep seccomp_hup' says why");
	else
		complain(DEBUGFS "listeners: %s: it is there while the module is armed ('seccomp-hup status') and debugfs is mounted ('mount -t debugfs debugfs /sys/kernel/debug')",
			 strerror(error));
}

/* Read it; or say why not. */
bool table_read(struct table *table)
{
	FILE *file = fopen(DEBUGFS "listeners", "re");
	struct row *rows;
	char line[256];

	table->rows = NULL;
	table->count = 0;
	if (!file) {
		complain_of(errno);
		return false;
	}
	/* The first line names the columns. */
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		rows = reallocarray(table->rows, table->count + 1, sizeof(*rows));
		if (!rows || !parse(line, &rows[table->count])) {
			complain(DEBUGFS "listeners has a line that is not understood: is this tool older than the module? %s",
				 line);
			table->rows = rows ? rows : table->rows;
			table_free(table);
			fclose(file);
			return false;
		}
		table->rows = rows;
		table->count++;
	}
	fclose(file);
	return true;
}

void table_free(struct table *table)
{
	free(table->rows);
	table->rows = NULL;
	table->count = 0;
}
