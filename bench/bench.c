// SPDX-License-Identifier: GPL-2.0-only
/* bench MODE ARGUMENT...: what is measured; bench/run says how. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const struct mode {
	const char *name;
	void (*run)(int argc, char **argv);
} modes[] = {
	{ "cost", mode_cost },
	{ "growth", mode_growth },
	{ "latency", mode_latency },
	{ "mass", mode_mass },
	{ "hostile", mode_hostile },
	{ "memory", mode_memory },
	{ "procfs", mode_procfs },
	{ "storm", mode_storm },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, argv[1]))
			continue;
		modes[i].run(argc - 1, argv + 1);
		return 0;
	}
	fprintf(stderr, "usage: bench cost|growth|latency|mass|hostile|memory|procfs|storm ARGUMENT...\n");
	return 2;
}
