// SPDX-License-Identifier: GPL-2.0-only
/* seccomp-hup metrics: the module's attributes, and the kernels, for Prometheus. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status.h"

/* By Prometheus' rules: _total for what only grows, and seconds. */
static void print_count(FILE *to, const struct count *count, long long value)
{
	const char *suffix = count->kind == COUNTER ? "_total" : "";

	if (count->kind == LONGEST_US) {
		fprintf(to, "# HELP seccomp_hup_scan_max_seconds The longest scan of all tasks.\n"
			"# TYPE seccomp_hup_scan_max_seconds gauge\n"
			"seccomp_hup_scan_max_seconds %lld.%06lld\n",
			value / 1000000, value % 1000000);
		return;
	}
	fprintf(to, "# HELP seccomp_hup_%s%s Number of %s.\n", count->name, suffix, count->text);
	fprintf(to, "# TYPE seccomp_hup_%s%s %s\n", count->name, suffix,
		count->kind == COUNTER ? "counter" : "gauge");
	fprintf(to, "seccomp_hup_%s%s %lld\n", count->name, suffix, value);
}

/* A count that this module does not have is left out, as if it were not known. */
static void print_status(FILE *to, const struct status *status)
{
	size_t i;

	fputs("# HELP seccomp_hup_info What the module is doing here.\n"
	      "# TYPE seccomp_hup_info gauge\n"
	      "seccomp_hup_info{state=", to);
	label_value(to, status->state);
	fputs(",level=", to);
	label_value(to, status->level);
	fputs(",version=", to);
	label_value(to, status->version);
	fputs("} 1\n", to);
	for (i = 0; i < COUNTS; i++)
		if (status->values[i] >= 0)
			print_count(to, &counts[i], status->values[i]);
}

/*
 * How many listeners are dead, that is, kept open by holders that do not act
 * on EPOLLHUP.  Only root can tell.
 */
static void print_dead(FILE *to)
{
	FILE *file = open_under(DEBUGFS "listeners");
	struct table table = { };

	if (!file)
		return;
	if (table_parse(file, &table))
		fprintf(to, "# HELP seccomp_hup_dead_listeners Number of listeners unused for 10 s that a process keeps open.\n"
			"# TYPE seccomp_hup_dead_listeners gauge\n"
			"seccomp_hup_dead_listeners %zu\n", table_count_dead(&table));
	table_free(&table);
	fclose(file);
}

/* Always an answer, so that a machine without the module shows as such. */
static int print_all(FILE *to)
{
	struct status status;
	bool loaded = status_read(&status);

	if (!loaded && module_presence() != NOT_LOADED) {
		complain("whether the module is loaded cannot be told: %s",
			 module_presence() == UNTOLD ? UNTOLD_ADVICE : "is it being unloaded?");
		return FAILED;
	}
	fprintf(to, "# HELP seccomp_hup_loaded Whether the module is loaded.\n"
		"# TYPE seccomp_hup_loaded gauge\n"
		"seccomp_hup_loaded %d\n", loaded);
	if (loaded) {
		print_status(to, &status);
		print_dead(to);
	}
	kernels_metrics(to);
	return loaded ? YES : NO;
}

/* Beside the file, and so on its file system; no collector reads that name. */
static FILE *make_beside(const char *path, char *made, size_t size)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? slash + 1 - path : 0;
	FILE *file;
	int fd;

	if ((size_t)snprintf(made, size, "%.*s.seccomp_hup.XXXXXX", directory, path) >= size) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = mkostemp(made, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	file = fchmod(fd, 0644) ? NULL : fdopen(fd, "w");
	if (!file) {
		close(fd);
		unlink(made);
	}
	return file;
}

/* The old file stays as it is until all of the new one is on the disk. */
static int write_file(const char *path)
{
	char made[PATH_MAX];
	FILE *file = make_beside(path, made, sizeof(made));
	int answer, error = 0;

	if (!file) {
		complain("cannot make a file beside %s: %s", path, strerror(errno));
		return FAILED;
	}
	answer = print_all(file);
	if (ferror(file) || fflush(file) || fsync(fileno(file)))
		error = errno;
	if (fclose(file) && !error)
		error = errno;
	if (answer != FAILED && !error && rename(made, path))
		error = errno;
	if (error)
		complain("cannot write %s: %s: the old one is left as it was", path,
			 strerror(error));
	if (error || answer == FAILED) {
		unlink(made);
		return FAILED;
	}
	return answer;
}

int verb_metrics(int count, char **words)
{
	return opts.file ? write_file(opts.file) : print_all(stdout);
}
