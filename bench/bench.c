// SPDX-License-Identifier: GPL-2.0-only
/* bench MODE ARGUMENT...: what is measured; bench/run says how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/wait.h>

#include "bench.h"

static const struct mode {
	const char *name;
	void (*run)(int argc, char **argv);
} modes[] = {
	{ "cost", mode_cost },
	{ "repeat", mode_repeat },
	{ "growth", mode_growth },
	{ "latency", mode_latency },
	{ "passes", mode_passes },
	{ "mass", mode_mass },
	{ "hostile", mode_hostile },
	{ "memory", mode_memory },
	{ "procfs", mode_procfs },
	{ "storm", mode_storm },
	{ "contended", mode_contended },
	{ "threads", mode_threads },
	{ "departed", mode_departed },
	{ "held", mode_held },
	{ "unscheduled", mode_unscheduled },
};

void run_mode(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, argv[0]))
			continue;
		modes[i].run(argc, argv);
		return;
	}
	fprintf(stderr, "bench: a mode is one of");
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, " %s", modes[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

void run_quietly(int argc, char **argv)
{
	int status;
	pid_t pid = must(fork());

	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			die("/dev/null");
		run_mode(argc, argv);
		_exit(0);
	}
	must(waitpid(pid, &status, 0));
	if (status) {
		fprintf(stderr, "bench: %s failed\n", argv[0]);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	run_mode(argc - 1, argv + 1);
	return 0;
}
