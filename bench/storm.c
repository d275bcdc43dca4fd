// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processors that fork in one container at once: whether they wait for
 * each other more than they do without the module.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "bench.h"

/* A cache line of its own for each. */
struct worker {
	volatile long forks;
	char rest[64 - sizeof(long)];
};

static struct {
	volatile bool stop;
	char rest[63];
	struct worker workers[64];
} *storm;

static void run_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

static void fork_and_fork(struct worker *worker)
{
	while (!storm->stop) {
		pid_t pid = must(fork());

		if (!pid)
			_exit(0);
		must(waitpid(pid, NULL, 0));
		worker->forks++;
	}
}

/* All of them under one listener, which is kept open. */
static void contain(int workers)
{
	int i, status;

	install_filter(true);
	for (i = 0; i < workers; i++) {
		if (must(fork()))
			continue;
		run_on(i);
		fork_and_fork(&storm->workers[i]);
		_exit(0);
	}
	while (wait(&status) > 0)
		if (status)
			_exit(1);
	_exit(0);
}

/* storm WORKERS MILLISECONDS: on a processor each */
void mode_storm(int argc, char **argv)
{
	int workers, ms, status, i;
	int64_t began, took;
	char what[64];
	long sum = 0;
	pid_t pid;

	if (argc != 3)
		exit(2);
	workers = atoi(argv[1]);
	ms = atoi(argv[2]);
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (storm == MAP_FAILED || workers > 64)
		die("storm");
	pid = fork_sharing_fds();
	if (!pid)
		contain(workers);
	began = now_ns();
	usleep(ms * 1000);
	storm->stop = true;
	must(waitpid(pid, &status, 0));
	if (status) {
		fprintf(stderr, "bench: storm: a worker failed: are there %d processors?\n",
			workers);
		exit(1);
	}
	took = now_ns() - began;
	for (i = 0; i < workers; i++)
		sum += storm->workers[i].forks;
	snprintf(what, sizeof(what), "storm on %d", workers);
	report_one(what, "forks a second", sum * 1000000000LL / took);
}
