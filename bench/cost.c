// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process, a thread, a system call and the attaching of a filter cost,
 * for a task without a filter, with one, and under a listener.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>
#include <sys/wait.h>

#include "bench.h"

/* Rounds whose median is reported, and operations in each. */
#define ROUNDS 15
#define PROCESSES 30
#define THREADS 30
#define CALLS 3000

static int64_t one_process(void)
{
	int64_t start = now_ns();
	pid_t pid = must(fork());

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0));
	return now_ns() - start;
}

static void *nothing(void *arg)
{
	return arg;
}

static int64_t one_thread(void)
{
	int64_t start = now_ns();
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		die("a thread");
	return now_ns() - start;
}

static int64_t one_call(void)
{
	int64_t start = now_ns();

	syscall(SYS_getppid);
	return now_ns() - start;
}

/* Per operation; the least of a round is what no interrupt has disturbed. */
static void measure(const char *what, const char *operation, int64_t (*one)(void), int count)
{
	int64_t values[ROUNDS], least, value;
	char name[128];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		least = INT64_MAX;
		for (i = 0; i < count; i++) {
			value = one();
			if (value < least)
				least = value;
		}
		values[round] = least;
	}
	snprintf(name, sizeof(name), "%s %s", operation, what);
	report(name, "insn", values, ROUNDS);
}

static void measure_all(const char *what)
{
	measure(what, "process", one_process, PROCESSES);
	measure(what, "thread", one_thread, THREADS);
	measure(what, "syscall", one_call, CALLS);
}

/* Under so many filters, the oldest of which has a listener or not. */
static void under(const char *what, int depth, bool listener)
{
	pid_t pid = fork_sharing_fds();
	int i, fd = -1;

	if (!pid) {
		for (i = 0; i < depth; i++) {
			int made = install_filter(listener && !i);

			if (made >= 0)
				fd = made;
		}
		measure_all(what);
		if (fd >= 0)
			close(fd);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
}

static void attach(const char *what, bool listener)
{
	int64_t values[ROUNDS];
	int round, fd;
	char name[64];
	int ends[2];

	for (round = 0; round < ROUNDS; round++) {
		must(pipe(ends));
		if (!must(fork())) {
			int64_t start = now_ns();

			fd = install_filter(listener);
			start = now_ns() - start;
			if (write(ends[1], &start, sizeof(start)) != sizeof(start))
				_exit(1);
			if (fd >= 0)
				close(fd);
			_exit(0);
		}
		if (read(ends[0], &values[round], sizeof(values[0])) != sizeof(values[0]))
			die("a value");
		close(ends[0]);
		close(ends[1]);
		must(wait(NULL));
	}
	snprintf(name, sizeof(name), "attach %s", what);
	report(name, "insn", values, ROUNDS);
}

/*
 * repeat COUNT process|thread [listener]: so many, for who counts instructions himself; under a
 * listener or without a filter
 */
void mode_repeat(int argc, char **argv)
{
	int count;

	if (argc < 3)
		exit(2);
	if (argc > 3)
		install_filter(true);
	for (count = atoi(argv[1]); count; count--)
		strcmp(argv[2], "thread") ? one_process() : one_thread();
}

void mode_cost(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	measure_all("no filter");
	under("filter", 1, false);
	under("filter, depth 20", 20, false);
	under("filter, depth 100", 100, false);
	under("listener", 1, true);
	under("listener, depth 20", 20, true);
	under("listener, depth 100", 100, true);
	attach("filter", false);
	attach("listener", true);
}

/* The same in a crowd: growth TASKS LISTENERS. */
void mode_growth(int argc, char **argv)
{
	char what[64];
	pid_t pid;

	if (argc != 3)
		exit(2);
	raise_limits();
	crowd_tasks(atoi(argv[1]));
	crowd_listeners(atoi(argv[2]));
	snprintf(what, sizeof(what), "among %s tasks, %s listeners", argv[1], argv[2]);
	pid = must(fork());
	if (!pid) {
		int fd;

		/* The crowd's listeners are not to be copied with each fork. */
		closefrom(3);
		fd = install_filter(true);
		measure(what, "process", one_process, PROCESSES);
		measure(what, "thread", one_thread, THREADS);
		close(fd);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
	crowd_end();
}
