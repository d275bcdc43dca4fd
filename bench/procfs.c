// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a manager does on a kernel that does not tell it: it looks through /proc
 * for tasks that are still under a filter.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 15

static bool is_filtered(int proc, const char *pid)
{
	char path[300], text[4096];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/status", pid);
	fd = openat(proc, path, O_RDONLY);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	return strstr(text, "\nSeccomp:\t2");
}

static int64_t look_through(void)
{
	int64_t start = now_ns();
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	if (!proc)
		die("/proc");
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			found += is_filtered(dirfd(proc), entry->d_name);
	closedir(proc);
	if (!found)
		die("no task under a filter");
	return now_ns() - start;
}

/* procfs TASKS: one of them under a listener */
void mode_procfs(int argc, char **argv)
{
	int64_t values[ROUNDS];
	char what[64];
	int round;

	if (argc != 2)
		exit(2);
	raise_limits();
	crowd_tasks(atoi(argv[1]));
	crowd_listeners(1);
	for (round = 0; round < ROUNDS; round++)
		values[round] = look_through();
	snprintf(what, sizeof(what), "/proc among %s tasks", argv[1]);
	report(what, "ns", values, ROUNDS);
	crowd_end();
}
