// SPDX-License-Identifier: GPL-2.0-only
/* Bytes of the kernel's general caches, per watched task and per listener. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* What is in use of kmalloc's caches, from which the module has its memory. */
static long long in_use(void)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	long long sum = 0, active, all, size;
	char line[512], name[128];

	if (!file)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%127s %lld %lld %lld", name, &active, &all, &size) == 4 &&
		    !strncmp(name, "kmalloc-", 8) && !strstr(name, "cg"))
			sum += active * size;
	fclose(file);
	return sum;
}

/* memory COUNT listeners|tasks: to be compared with the same without the module */
void mode_memory(int argc, char **argv)
{
	bool tasks = argc == 3 && !strcmp(argv[2], "tasks");
	long long before;
	int count;

	if (argc != 3)
		exit(2);
	count = atoi(argv[1]);
	raise_limits();
	if (tasks)
		install_filter(true);
	before = in_use();
	if (tasks)
		crowd_tasks(count);
	else
		crowd_listeners(count);
	usleep(500000);
	report_one(tasks ? "memory per task under one listener" :
			   "memory per listener with a task",
		   "bytes", (in_use() - before) / count);
	crowd_end();
}
