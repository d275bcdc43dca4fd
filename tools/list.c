// SPDX-License-Identifier: GPL-2.0-only
/* seccomp-hup list: the module's table of listeners, with names to the pids. */
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seccomp-hup.h"

enum {
	ID, LIVE, AGE, UNUSED, STATE, PID, FD, COMMAND, HOLDER, TASK, CONTAINER,
	RUNTIME, CONTAINER_ID, POD, UNIT, CGROUP, HOLDER_CGROUP,
};

static const struct column columns[] = {
	[ID] = { "ID", "id", "the listener's number", true, true, 0 },
	[LIVE] = { "LIVE", "live", "live tasks under its filter", true, true, 0 },
	[AGE] = { "AGE", "age_ms", "since when the module knows of it", true, true, 0 },
	[UNUSED] = { "UNUSED", "unused_ms", "since when it is unused", true, true, 0 },
	[STATE] = { "STATE", "state",
		    "used; unused; dead: unused for 10 s, and its holder keeps it open",
		    false, true, 0 },
	[PID] = { "PID", "pid", "a task that holds it", true, true, 0 },
	[FD] = { "FD", "fd", "that task's fd", true, true, 0 },
	[COMMAND] = { "COMMAND", "command", "that task's name", false, true, SCOLS_FL_TRUNC },
	[HOLDER] = { "HOLDER", "holder", "the container or unit of that task",
		     false, true, SCOLS_FL_TRUNC },
	[TASK] = { "TASK", "task", "a live task under its filter", true, true, 0 },
	[CONTAINER] = { "CONTAINER", "container", "the container, pod or unit of that one",
			false, true, SCOLS_FL_TRUNC },
	[RUNTIME] = { "RUNTIME", "runtime", "the runtime of the container", false, false, 0 },
	[CONTAINER_ID] = { "CONTAINER-ID", "container_id", "its whole id, or name",
			   false, false, 0 },
	[POD] = { "POD", "pod", "the uid of the pod", false, false, 0 },
	[UNIT] = { "UNIT", "unit", "systemd's unit", false, false, 0 },
	[CGROUP] = { "CGROUP", "cgroup", "the whole path of the task's cgroup", false, false, 0 },
	[HOLDER_CGROUP] = { "HOLDER-CGROUP", "holder_cgroup", "that of the holder's",
			    false, false, 0 },
};

/**
 * struct listener - a row, and what /proc says of its tasks
 * @row: the module's
 * @command: the holder's name; "": it is gone
 * @holder: where the holder is
 * @place: where the live task is
 */
struct listener {
	const struct row *row;
	char command[64];
	struct place holder;
	struct place place;
};

static char *copy(const char *text)
{
	char *copied = text && *text ? strdup(text) : NULL;

	if (text && *text)
		must(copied);
	return copied;
}

static char *number(long long value, long long min)
{
	char *text = NULL;

	if (value >= min && asprintf(&text, "%lld", value) < 0)
		must(false);
	return text;
}

/* For people a span of time; for programs milliseconds. */
static char *span(long long ms)
{
	char text[32];

	if (ms < 0 || opts.json)
		return number(ms, 0);
	if (ms < 60000)
		snprintf(text, sizeof(text), "%lld.%llds", ms / 1000, ms % 1000 / 100);
	else if (ms < 3600000)
		snprintf(text, sizeof(text), "%lldm%02llds", ms / 60000, ms / 1000 % 60);
	else
		snprintf(text, sizeof(text), "%lldh%02lldm", ms / 3600000, ms / 60000 % 60);
	return copy(text);
}

static const char *state_of(const struct row *row)
{
	if (row->unused_ms < 0)
		return "used";
	return row_is_dead(row) ? "dead" : "unused";
}

static char *place_cell(const struct listener *listener, size_t column)
{
	switch (column) {
	case HOLDER:
		return place_name(&listener->holder);
	case CONTAINER:
		return place_name(&listener->place);
	case RUNTIME:
		return copy(listener->place.runtime);
	case CONTAINER_ID:
		return copy(listener->place.container);
	case POD:
		return copy(listener->place.pod);
	case UNIT:
		return copy(listener->place.unit);
	case CGROUP:
		return copy(listener->place.path);
	}
	return copy(listener->holder.path);
}

static char *cell(const void *data, size_t column)
{
	const struct listener *listener = data;
	const struct row *row = listener->row;

	switch (column) {
	case ID:
		return number(row->id, 0);
	case LIVE:
		return number(row->live, 0);
	case AGE:
		return span(row->age_ms);
	case UNUSED:
		return span(row->unused_ms);
	case STATE:
		return copy(state_of(row));
	case PID:
		return number(row->pid, opts.json ? 0 : 1);
	case FD:
		return number(row->fd, 0);
	case COMMAND:
		return copy(listener->command);
	case TASK:
		return number(row->task, opts.json ? 0 : 1);
	}
	return place_cell(listener, column);
}

static struct sheet sheet = {
	.name = "listeners",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
	.cell = cell,
};

void list_columns(FILE *to)
{
	sheet_columns(&sheet, to);
}

static bool print_row(const struct row *row)
{
	struct listener listener = { .row = row };
	bool printed;

	if (row->pid < 1 || !read_text(listener.command, sizeof(listener.command),
				       "/proc/%lld/comm", row->pid))
		listener.command[0] = '\0';
	place_of(row->pid, &listener.holder);
	place_of(row->task, &listener.place);
	printed = sheet_row(&sheet, &listener, row_is_dead(row));
	place_free(&listener.holder);
	place_free(&listener.place);
	return printed;
}

static bool print_table(void)
{
	struct table table;
	bool good;
	size_t i;

	if (!table_read(&table))
		return false;
	/* To the top of an empty screen, if there is a screen. */
	if (opts.watch && !opts.json && has_terminal())
		printf("\033[H\033[2J");
	good = sheet_begin(&sheet);
	for (i = 0; good && i < table.count; i++)
		good = print_row(&table.rows[i]);
	table_free(&table);
	return good && sheet_end(&sheet);
}

int verb_list(int count, char **words)
{
	if (!sheet_choose(&sheet))
		return USAGE;
	while (print_table()) {
		if (!opts.watch)
			return YES;
		/* Nobody reads any more; main() says so. */
		if (fflush(stdout))
			return FAILED;
		sleep(opts.watch);
	}
	return FAILED;
}
