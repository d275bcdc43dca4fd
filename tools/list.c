// SPDX-License-Identifier: GPL-2.0-only
/* seccomp-hup list: the module's table of listeners, with names to the pids. */
#include <string.h>
#include <unistd.h>

#include "seccomp-hup.h"

/* What a process is called; "-" if it is gone. */
static void command_of(long pid, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (pid < 1 || !read_text(path, text, size))
		snprintf(text, size, "-");
}

/*
 * The cgroup names the container.  The unified one, or else the last named
 * hierarchy: a line is "number:controllers:path".
 */
static void cgroup_of(long pid, char *text, size_t size)
{
	char path[64], lines[4096];
	char *line, *saved, *slash;

	snprintf(text, size, "-");
	snprintf(path, sizeof(path), "/proc/%ld/cgroup", pid);
	if (pid < 1 || !read_text(path, lines, sizeof(lines)))
		return;
	for (line = strtok_r(lines, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		slash = strchr(line, '/');
		if (!slash)
			continue;
		if (strcmp(text, "-") && !strcmp(slash, "/"))
			continue;
		snprintf(text, size, "%s", slash);
		if (!strncmp(line, "0::", 3) && strcmp(slash, "/"))
			return;
	}
}

static void print_ms(long long ms, int width)
{
	char text[32];

	if (ms < 0)
		snprintf(text, sizeof(text), "-");
	else if (ms < 60000)
		snprintf(text, sizeof(text), "%lld.%llds", ms / 1000, ms % 1000 / 100);
	else if (ms < 3600000)
		snprintf(text, sizeof(text), "%lldm%02llds", ms / 60000, ms / 1000 % 60);
	else
		snprintf(text, sizeof(text), "%lldh%02lldm", ms / 3600000, ms / 60000 % 60);
	printf("%*s ", width, text);
}

static void print_pid(long pid, int width)
{
	if (pid < 1)
		printf("%*s ", width, "-");
	else
		printf("%*ld ", width, pid);
}

static void print_row(const struct row *row)
{
	char command[64], cgroup[1024];

	command_of(row->pid, command, sizeof(command));
	cgroup_of(row->task, cgroup, sizeof(cgroup));
	printf("%6llu %5ld ", row->id, row->live);
	print_ms(row->age_ms, 8);
	print_ms(row->unused_ms, 8);
	print_pid(row->pid, 8);
	printf("%4ld %-16s ", row->fd, command);
	print_pid(row->task, 8);
	puts(cgroup);
}

static void print_pid_json(const char *name, long pid)
{
	if (pid < 0)
		printf(",\"%s\":null", name);
	else
		printf(",\"%s\":%ld", name, pid);
}

static void print_row_json(const struct row *row)
{
	char command[64], cgroup[1024];

	command_of(row->pid, command, sizeof(command));
	cgroup_of(row->task, cgroup, sizeof(cgroup));
	printf("{\"id\":%llu,\"live\":%ld,\"age_ms\":%lld", row->id, row->live, row->age_ms);
	if (row->unused_ms < 0)
		printf(",\"unused_ms\":null");
	else
		printf(",\"unused_ms\":%lld", row->unused_ms);
	print_pid_json("pid", row->pid);
	print_pid_json("fd", row->fd);
	printf(",\"command\":");
	print_json_string(command);
	print_pid_json("task", row->task);
	printf(",\"cgroup\":");
	print_json_string(cgroup);
	putchar('}');
}

static void print_table(const struct table *table)
{
	size_t i;

	if (opt_json) {
		putchar('[');
		for (i = 0; i < table->count; i++) {
			printf("%s", i ? "," : "");
			print_row_json(&table->rows[i]);
		}
		puts("]");
		return;
	}
	printf("%s%6s %5s %8s %8s %8s %4s %-16s %8s %s%s\n", bold(), "ID", "LIVE", "AGE",
	       "UNUSED", "PID", "FD", "COMMAND", "TASK", "CGROUP OF TASK", plain());
	for (i = 0; i < table->count; i++)
		print_row(&table->rows[i]);
}

int verb_list(int argc, char **argv)
{
	struct table table;
	long seconds = 0;

	if (argc == 3 && !strcmp(argv[1], "--watch")) {
		if (!parse_number(argv[2], 1, 3600, &seconds))
			return usage(argv[0]);
	} else if (argc != 1) {
		return usage(argv[0]);
	}
	for (;;) {
		if (!table_read(&table))
			return FAILED;
		/* To the top of an empty screen, if there is a screen. */
		if (seconds && isatty(STDOUT_FILENO))
			printf("\033[H\033[2J");
		print_table(&table);
		table_free(&table);
		if (!seconds || fflush(stdout))
			return YES;
		sleep(seconds);
	}
}
