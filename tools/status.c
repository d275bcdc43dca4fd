// SPDX-License-Identifier: GPL-2.0-only
/* seccomp-hup status and metrics: the module's own attributes. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "seccomp-hup.h"

/* The words are those of docs/ABI/sysfs-kernel-seccomp_hup: see tests/attributes. */
static const struct count {
	const char *name;
	const char *text;
	enum { COUNTER, GAUGE, LONGEST_US } kind;
} counts[] = {
	{ "listeners", "listeners that are open and counted now", GAUGE },
	{ "hups", "listeners found unused and notified", COUNTER },
	{ "adoptions", "listeners discovered in a task's fd table", COUNTER },
	{ "joins", "memberships begun", COUNTER },
	{ "leaves", "memberships whose task has entered do_exit()", COUNTER },
	{ "cuts", "memberships ended because the kernel cut the task's tie to its filter", COUNTER },
	{ "scans", "complete scans of all tasks", COUNTER },
	{ "scan_restarts", "scans begun again because the task list had changed", COUNTER },
	{ "scan_max_us", "longest scan of all tasks in microseconds", LONGEST_US },
	{ "repairs", "memberships that a scan began or dropped", COUNTER },
	{ "witnessed", "listeners that the witness found unused", COUNTER },
	{ "scanned", "listeners that a scan found unused", COUNTER },
	{ "undecided", "questions that the witness left to a scan", COUNTER },
	{ "missed", "memberships and listeners lost for want of memory", COUNTER },
	{ "untied", "ties cut on a live task by another module, ignored", COUNTER },
};

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

struct status {
	char state[32];
	char level[32];
	char version[64];
	char kernel[128];
	long long values[COUNTS];
};

static bool read_status(struct status *status)
{
	struct utsname name;
	char text[32];
	size_t i;

	memset(status, 0, sizeof(*status));
	uname(&name);
	snprintf(status->kernel, sizeof(status->kernel), "%s", name.release);
	if (!read_value("state", status->state, sizeof(status->state)) ||
	    !read_value("level", status->level, sizeof(status->level)))
		return false;
	read_text("/sys/module/seccomp_hup/version", status->version,
		  sizeof(status->version));
	for (i = 0; i < COUNTS; i++)
		status->values[i] = read_value(counts[i].name, text, sizeof(text)) ?
			atoll(text) : -1;
	return true;
}

/* The hooks' table, a line at a time; only root may read it. */
static FILE *open_hooks(char *line, size_t size)
{
	FILE *file = fopen(DEBUGFS "hooks", "re");

	/* The first line names the columns. */
	if (file && !fgets(line, size, file)) {
		fclose(file);
		return NULL;
	}
	return file;
}

static bool next_hook(FILE *file, char *function, char *kind, char *offset)
{
	char line[256];

	return fgets(line, sizeof(line), file) &&
	       sscanf(line, "%127s %31s %31s", function, kind, offset) == 3;
}

static void print_hooks(void)
{
	char function[128], kind[32], offset[32];
	FILE *file = open_hooks(function, sizeof(function));

	if (!file)
		return;
	printf("\n%shooks%s\n", bold(), plain());
	while (next_hook(file, function, kind, offset))
		printf("  %-24s %-9s at %s\n", function, kind, offset);
	fclose(file);
}

static void print_hooks_json(void)
{
	char function[128], kind[32], offset[32];
	FILE *file = open_hooks(function, sizeof(function));
	const char *comma = "";

	if (!file) {
		printf("null");
		return;
	}
	putchar('[');
	while (next_hook(file, function, kind, offset)) {
		printf("%s{\"function\":", comma);
		print_json_string(function);
		printf(",\"kind\":");
		print_json_string(kind);
		printf(",\"offset\":%d}", atoi(offset));
		comma = ",";
	}
	putchar(']');
	fclose(file);
}

static void print_status(const struct status *status)
{
	size_t i;

	printf("%-14s %s%s%s\n", "state", bold(), status->state, plain());
	printf("%-14s %s\n", "level", status->level);
	printf("%-14s %s\n", "kernel", status->kernel);
	printf("%-14s %s\n", "version", status->version);
	for (i = 0; i < COUNTS; i++)
		printf("%-14s %-10lld %s\n", counts[i].name, status->values[i],
		       counts[i].text);
	print_hooks();
}

static void print_status_json(const struct status *status)
{
	size_t i;

	printf("{\"state\":");
	print_json_string(status->state);
	printf(",\"level\":");
	print_json_string(status->level);
	printf(",\"kernel\":");
	print_json_string(status->kernel);
	printf(",\"version\":");
	print_json_string(status->version);
	for (i = 0; i < COUNTS; i++)
		printf(",\"%s\":%lld", counts[i].name, status->values[i]);
	printf(",\"hooks\":");
	print_hooks_json();
	puts("}");
}

static int not_loaded(void)
{
	if (opt_json)
		puts("{\"state\":\"not-loaded\"}");
	else
		puts("not loaded: 'modprobe seccomp_hup'; if that fails, 'dmesg | grep seccomp_hup' says why");
	return NO;
}

/* Yes: listeners report EPOLLHUP at exit, by whomever. */
int verb_status(int argc, char **argv)
{
	struct status status;

	if (argc != 1)
		return usage(argv[0]);
	if (!is_loaded())
		return not_loaded();
	if (!read_status(&status)) {
		complain("cannot read " SYSFS "state and level: is the module being unloaded?");
		return FAILED;
	}
	if (opt_json)
		print_status_json(&status);
	else
		print_status(&status);
	return strcmp(status.state, "refused") ? YES : NO;
}

/* By Prometheus' rules: _total for what only grows, and seconds. */
static void print_metric(const struct count *count, long long value)
{
	const char *suffix = count->kind == COUNTER ? "_total" : "";

	if (count->kind == LONGEST_US) {
		printf("# HELP seccomp_hup_scan_max_seconds The longest pass over all tasks.\n"
		       "# TYPE seccomp_hup_scan_max_seconds gauge\n"
		       "seccomp_hup_scan_max_seconds %lld.%06lld\n",
		       value / 1000000, value % 1000000);
		return;
	}
	printf("# HELP seccomp_hup_%s%s Number of %s.\n", count->name, suffix, count->text);
	printf("# TYPE seccomp_hup_%s%s %s\n", count->name, suffix,
	       count->kind == COUNTER ? "counter" : "gauge");
	printf("seccomp_hup_%s%s %lld\n", count->name, suffix, value);
}

/* Always an answer, so that a machine without the module shows as such. */
int verb_metrics(int argc, char **argv)
{
	struct status status;
	bool loaded;
	size_t i;

	if (argc != 1 || opt_json)
		return usage(argv[0]);
	loaded = read_status(&status);
	printf("# HELP seccomp_hup_loaded Whether the module is loaded.\n"
	       "# TYPE seccomp_hup_loaded gauge\n"
	       "seccomp_hup_loaded %d\n", loaded);
	if (!loaded)
		return NO;
	puts("# HELP seccomp_hup_info What the module is doing here.\n# TYPE seccomp_hup_info gauge");
	printf("seccomp_hup_info{state=\"%s\",level=\"%s\",version=\"%s\"} 1\n", status.state,
	       status.level, status.version);
	for (i = 0; i < COUNTS; i++)
		print_metric(&counts[i], status.values[i]);
	return YES;
}
