// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup status: whether all is well, in one line, and what to do if not;
 * then the module's own attributes.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "status.h"

/* The words are those of docs/ABI/sysfs-kernel-seccomp_hup: see tests/attributes. */
const struct count counts[COUNTS] = {
	{ "listeners", "listeners that are open and counted now", GAUGE },
	{ "hups", "listeners that the module found unused and notified", COUNTER },
	{ "adoptions", "listeners discovered in a task's fd table", COUNTER },
	{ "joins", "memberships begun", COUNTER },
	{ "leaves", "memberships whose task has entered do_exit()", COUNTER },
	{ "cuts", "memberships ended because the kernel cut the task's tie to its filter",
	  COUNTER },
	{ "scans", "complete scans of all tasks", COUNTER },
	{ "scan_restarts", "scans begun again because the task list had changed", COUNTER },
	{ "scan_max_us", "longest scan of all tasks in microseconds", LONGEST_US },
	{ "repairs", "memberships that a scan began or dropped because an event was missed",
	  COUNTER },
	{ "witnessed", "listeners that the witness found unused", COUNTER },
	{ "scanned", "listeners that a scan found unused", COUNTER },
	{ "undecided", "questions that the witness left to a scan", COUNTER },
	{ "missed", "memberships and listeners lost for want of memory", COUNTER },
	{ "untied", "ties cut on a live task by another module, ignored", COUNTER },
};

/**
 * struct verdict - the first line
 * @answer: yes: all is well
 * @text: why, and what to do if it is not
 */
struct verdict {
	int answer;
	char text[1024];
};

/* Return: there is a module whose state can be read. */
bool status_read(struct status *status)
{
	char text[32];
	size_t i;

	memset(status, 0, sizeof(*status));
	if (!read_text(status->state, sizeof(status->state), SYSFS "state") ||
	    !read_text(status->level, sizeof(status->level), SYSFS "level"))
		return false;
	if (!read_text(status->version, sizeof(status->version),
		       "/sys/module/seccomp_hup/version"))
		status->version[0] = '\0';
	for (i = 0; i < COUNTS; i++)
		if (!read_text(text, sizeof(text), SYSFS "%s", counts[i].name) ||
		    !parse_number(text, 0, LLONG_MAX, &status->values[i]))
			status->values[i] = -1;
	return true;
}

/* The hooks' table; only root may read it.  Return: a line has been read. */
static bool next_hook(FILE *file, struct hook *hook)
{
	char *line = NULL;
	size_t size = 0;
	bool is_hook = getline(&line, &size, file) >= 0 && hook_parse(line, hook);

	free(line);
	return is_hook;
}

static FILE *open_hooks(void)
{
	FILE *file = open_under(DEBUGFS "hooks");
	struct hook heading;

	/* The first line names the columns: it is none. */
	if (file)
		next_hook(file, &heading);
	return file;
}

static void print_hooks(void)
{
	FILE *file = open_hooks();
	struct hook hook;

	if (!file)
		return;
	printf("\n%shooks%s\n", bold(), plain());
	while (next_hook(file, &hook))
		printf("  %-24s %-9s at +%lld%s%s\n", hook.function, hook.kind, hook.offset,
		       *hook.mechanism ? " by " : "", hook.mechanism);
	fclose(file);
}

static void print_hooks_json(void)
{
	FILE *file = open_hooks();
	const char *comma = "";
	struct hook hook;

	if (!file) {
		printf("null");
		return;
	}
	putchar('[');
	while (next_hook(file, &hook)) {
		printf("%s{\"function\":", comma);
		json_string(stdout, hook.function);
		printf(",\"kind\":");
		json_string(stdout, hook.kind);
		printf(",\"offset\":%lld,\"mechanism\":", hook.offset);
		if (*hook.mechanism)
			json_string(stdout, hook.mechanism);
		else
			printf("null");
		putchar('}');
		comma = ",";
	}
	putchar(']');
	fclose(file);
}

static char *holder_name(long long pid)
{
	char command[64] = "a process that this pid namespace does not show", *name = NULL;
	char *fit, *where, *fit_where;
	struct place place;

	if (pid > 0 && !read_text(command, sizeof(command), "/proc/%lld/comm", pid))
		strcpy(command, "a process");
	place_of(pid, &place);
	where = place_name(&place);
	fit = for_terminal(command);
	fit_where = for_terminal(where ? where : "");
	if (asprintf(&name, "%s (pid %lld%s%s)", fit, pid, where ? ", in " : "", fit_where) < 0)
		must(false);
	free(fit_where);
	free(fit);
	free(where);
	place_free(&place);
	return name;
}

/* The holder with the most dead listeners.  Return: how many it has. */
static size_t find_worst(struct table *table, long long *pid)
{
	const struct row *row, *last = NULL;
	size_t i, count = 0, most = 0;

	table_sort_by_holder(table);
	for (i = 0; i < table->count; i++) {
		row = &table->rows[i];
		if (!row_is_dead(row) || (last && last->pid == row->pid && last->id == row->id))
			continue;
		count = last && last->pid == row->pid ? count + 1 : 1;
		last = row;
		if (count > most) {
			most = count;
			*pid = row->pid;
		}
	}
	return most;
}

static void judge_holders(struct table *table, struct verdict *verdict)
{
	size_t dead = table_count_dead(table), most;
	long long pid = -1;
	char *name;

	most = find_worst(table, &pid);
	if (!most)
		return;
	name = holder_name(pid);
	verdict->answer = NO;
	snprintf(verdict->text, sizeof(verdict->text),
		 "%s keeps %zu dead listener%s open (of %zu in all): it has not acted on EPOLLHUP: look at it, 'seccomp-hup list' has the fds",
		 name, most, most == 1 ? "" : "s", dead);
	free(name);
}

/* Said only of what has been looked at. */
static void judge_armed(struct verdict *verdict)
{
	FILE *file = open_under(DEBUGFS "listeners");
	struct table table = { };

	verdict->answer = YES;
	if (!file) {
		strcpy(verdict->text,
		       "listeners report EPOLLHUP when their last task exits; whether their holders close them is not looked at, as only root with debugfs can");
		return;
	}
	strcpy(verdict->text,
	       "listeners report EPOLLHUP when their last task exits, and their holders close them");
	if (table_parse(file, &table)) {
		judge_holders(&table, verdict);
	} else {
		verdict->answer = FAILED;
		strcpy(verdict->text,
		       "the table of listeners cannot be read: is this command older than the module?");
	}
	table_free(&table);
	fclose(file);
}

static void judge(const struct status *status, struct verdict *verdict)
{
	verdict->answer = YES;
	if (!strcmp(status->state, "armed")) {
		judge_armed(verdict);
	} else if (!strcmp(status->state, "idle") && !strcmp(status->level, "native")) {
		strcpy(verdict->text,
		       "this kernel's listeners report EPOLLHUP by themselves when their last task exits; the module has nothing to do");
	} else if (!strcmp(status->state, "idle")) {
		strcpy(verdict->text, "this kernel has no seccomp listeners; the module has nothing to do");
	} else if (!strcmp(status->state, "refused")) {
		verdict->answer = NO;
		strcpy(verdict->text,
		       "the module has refused this kernel, and hooks nothing: 'dmesg | grep seccomp_hup' says why; report the kernel's version");
	} else {
		verdict->answer = FAILED;
		strcpy(verdict->text,
		       "the module is in a state that this command does not know: is the command older than the module?");
	}
}

/* Without a status, too. */
static void judge_without(struct verdict *verdict)
{
	verdict->answer = FAILED;
	switch (module_presence()) {
	case NOT_LOADED:
		verdict->answer = NO;
		strcpy(verdict->text,
		       "the module is not loaded: 'seccomp-hup check' says whether this kernel needs it: then "
		       NOT_LOADED_ADVICE);
		return;
	case UNTOLD:
		strcpy(verdict->text, UNTOLD_ADVICE);
		return;
	case LOADED:
		strcpy(verdict->text,
		       "cannot read " SYSFS "state and level: is the module being unloaded?");
	}
}

static void print_verdict(const struct verdict *verdict)
{
	static const char * const words[] = {
		[YES] = "All is well: ",
		[NO] = "Not well: ",
		[FAILED] = "It cannot be told: ",
	};

	printf("%s%s%s%s\n", bold(), words[verdict->answer], plain(), verdict->text);
}

static void print_status(const struct status *status, const struct utsname *name)
{
	size_t i;

	printf("\n%-14s %s%s%s\n", "state", bold(), status->state, plain());
	printf("%-14s %s\n", "level", status->level);
	printf("%-14s %s\n", "kernel", name->release);
	if (*status->version)
		printf("%-14s %s\n", "version", status->version);
	for (i = 0; i < COUNTS; i++)
		if (status->values[i] >= 0)
			printf("%-14s %-10lld %s\n", counts[i].name, status->values[i],
			       counts[i].text);
	print_hooks();
}

static void print_member(const char *name, const char *text)
{
	printf(",\"%s\":", name);
	if (*text)
		json_string(stdout, text);
	else
		printf("null");
}

static void print_json(const struct verdict *verdict, const struct status *status,
		       const struct utsname *name)
{
	static const char * const words[] = {
		[YES] = "true",
		[NO] = "false",
		[FAILED] = "null",
	};
	size_t i;

	printf("{\"well\":%s,\"reason\":", words[verdict->answer]);
	json_string(stdout, verdict->text);
	print_member("state", status ? status->state :
		     module_presence() == NOT_LOADED ? "not-loaded" : "");
	print_member("kernel", name->release);
	if (status) {
		print_member("level", status->level);
		print_member("version", status->version);
		for (i = 0; i < COUNTS; i++)
			if (status->values[i] >= 0)
				printf(",\"%s\":%lld", counts[i].name, status->values[i]);
		printf(",\"hooks\":");
		print_hooks_json();
	}
	puts("}");
}

/* Yes: all is well, as the first line says. */
int verb_status(int count, char **words)
{
	struct verdict verdict;
	struct status status;
	struct utsname name;
	bool is_there;

	uname(&name);
	is_there = status_read(&status);
	if (is_there)
		judge(&status, &verdict);
	else
		judge_without(&verdict);
	if (opts.json) {
		print_json(&verdict, is_there ? &status : NULL, &name);
	} else {
		print_verdict(&verdict);
		if (is_there)
			print_status(&status, &name);
	}
	return verdict.answer;
}
