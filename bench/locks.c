// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often one processor waits for another's lock while another mode runs; by
 * a kernel's statistics of lock contention.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define LOCK_STAT "/proc/lock_stat"

/* The module's: the table's buckets, and the listeners. */
static bool is_the_modules(const char *name)
{
	return !strcmp(name, "&buckets[i].lock") || !strcmp(name, "listeners_lock");
}

/* "   name:  bounces contentions min max total average bounces acquisitions ..." */
static void report_lock(char *line)
{
	char *numbers = strrchr(line, ':'), *name = line + strspn(line, " ");
	long contended, acquired;
	double waited_us;

	if (!numbers || sscanf(numbers, ": %*d %ld %*f %*f %lf %*f %*d %ld",
			       &contended, &waited_us, &acquired) != 3)
		return;
	*numbers = 0;
	if (contended || is_the_modules(name))
		printf("{\"what\":\"%s\",\"module\":%s,\"acquired\":%ld,\"contended\":%ld,\"waited_us\":%.0f}\n",
		       name, is_the_modules(name) ? "true" : "false", acquired, contended,
		       waited_us);
}

/* contended MODE ARGUMENT...: locks that were, of all processors and all of the machine */
void mode_contended(int argc, char **argv)
{
	int64_t began, took_us;
	char line[512];
	FILE *stat;

	if (argc < 2)
		exit(2);
	stat = fopen(LOCK_STAT, "we");
	if (!stat || fputs("0", stat) < 0 || fclose(stat))
		die(LOCK_STAT);
	began = now_ns();
	run_quietly(argc - 1, argv + 1);
	took_us = (now_ns() - began) / 1000;
	report_one("all processors", "us", took_us * sysconf(_SC_NPROCESSORS_ONLN));
	stat = fopen(LOCK_STAT, "re");
	if (!stat)
		die(LOCK_STAT);
	while (fgets(line, sizeof(line), stat))
		report_lock(line);
	fclose(stat);
	fflush(stdout);
}
