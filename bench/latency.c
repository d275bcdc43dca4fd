// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the last deed of a listener's last task to epoll_wait() returning: by
 * the listener's EPOLLHUP, and by what one would watch in its place.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bench.h"

#define GIVE_UP_MS 20000

/* Between two deaths of an idle machine. */
#define GAP_US 20000

/* Shared by the manager and the task whose end is timed. */
static volatile struct {
	int listener;
	int64_t end_ns;
} *shared;

static void add(int set, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	must(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
}

static int pidfd_of(pid_t pid)
{
	return must(syscall(SYS_pidfd_open, pid, 0));
}

/* A task under a listener of its own, that ends when told; with an eventfd it says so. */
static pid_t start_task(int go, int event)
{
	uint64_t one = 1;
	char byte;
	pid_t pid;

	shared->listener = -1;
	pid = fork_sharing_fds();
	if (pid) {
		while (shared->listener < 0)
			usleep(200);
		return pid;
	}
	shared->listener = install_filter(true);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	shared->end_ns = now_ns();
	if (event >= 0 && write(event, &one, sizeof(one)) != sizeof(one))
		_exit(1);
	_exit(0);
}

enum series { HUP, PIDFD, EVENTFD, HUP_AFTER_REAP };

/* Return: nanoseconds until the series' event; -1: it never came. */
static int64_t one_death(enum series series, int go[2])
{
	int set = must(epoll_create1(0)), event = -1, pidfd, wanted;
	struct epoll_event got;
	int64_t seen = -1;
	pid_t pid;

	if (series == EVENTFD)
		event = must(eventfd(0, 0));
	pid = start_task(go[0], event);
	pidfd = pidfd_of(pid);
	wanted = series == PIDFD ? pidfd : series == EVENTFD ? event : shared->listener;
	add(set, wanted);
	if (series == HUP_AFTER_REAP)
		add(set, pidfd);
	must(write(go[1], "", 1));
	while (epoll_wait(set, &got, 1, GIVE_UP_MS) == 1) {
		seen = now_ns();
		if (got.data.fd == wanted)
			break;
		must(epoll_ctl(set, EPOLL_CTL_DEL, pidfd, NULL));
		must(waitpid(pid, NULL, 0));
		pid = 0;
		seen = -1;
	}
	if (pid)
		must(waitpid(pid, NULL, 0));
	close(shared->listener);
	close(pidfd);
	close(set);
	if (event >= 0)
		close(event);
	return seen < 0 ? -1 : seen - shared->end_ns;
}

static void share(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
}

static void measure(const char *what, enum series series, int count, int gap_us)
{
	int64_t *values = calloc(count, sizeof(*values));
	int i, go[2];

	must(pipe(go));
	for (i = 0; i < count; i++) {
		if (gap_us)
			usleep(gap_us);
		values[i] = one_death(series, go);
		if (values[i] < 0)
			break;
	}
	if (i == count)
		report_distribution(what, "ns", values, count);
	else
		printf("{\"what\":\"%s\",\"unit\":\"ns\",\"n\":0}\n", what);
	free(values);
	close(go[0]);
	close(go[1]);
}

/*
 * latency DEATHS TASKS GAP WHAT...: hup, pidfd, eventfd, reap; among so many
 * tasks, with so many microseconds between two deaths
 */
void mode_latency(int argc, char **argv)
{
	static const char * const names[] = { "hup", "pidfd", "eventfd", "reap" };
	char what[64];
	size_t series;
	int i;

	if (argc < 5)
		exit(2);
	raise_limits();
	share();
	crowd_tasks(atoi(argv[2]));
	for (i = 4; i < argc; i++) {
		for (series = 0; series < 4; series++) {
			if (strcmp(argv[i], names[series]))
				continue;
			snprintf(what, sizeof(what), "%s among %s tasks%s", argv[i], argv[2],
				 atoi(argv[3]) ? "" : ", without a pause");
			measure(what, series, atoi(argv[1]), atoi(argv[3]));
		}
	}
	crowd_end();
}

/* Not more passes than these are looked at. */
#define PASSES 4096

/* passes NAME MODE ARGUMENT...: how long a pass takes while another mode runs */
void mode_passes(int argc, char **argv)
{
	static int64_t values[PASSES];
	int count = 0;
	char line[512];
	FILE *trace;
	int64_t ns;

	if (argc < 3)
		exit(2);
	trace_set("events/seccomp_hup/pass/enable", "1");
	trace_set("trace", "");
	run_quietly(argc - 2, argv + 2);
	trace_set("events/seccomp_hup/pass/enable", "0");
	trace = trace_open();
	while (fgets(line, sizeof(line), trace) && count < PASSES) {
		ns = trace_pass_ns(line);
		/* An audit's has none to decide on. */
		if (ns >= 0 && !strstr(line, "candidates=0 "))
			values[count++] = ns;
	}
	fclose(trace);
	if (!count) {
		fprintf(stderr, "bench: passes: there was none\n");
		exit(1);
	}
	report(argv[1], "ns", values, count);
}

/*
 * threads DEATHS THREADS [FILTERS]: beside a process of so many under one listener, so many of
 * which have a chain of their own
 */
void mode_threads(int argc, char **argv)
{
	char what[64];

	if (argc < 3 || argc > 4)
		exit(2);
	raise_limits();
	share();
	crowd_threads(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 0);
	snprintf(what, sizeof(what), "hup beside a process of %s threads", argv[2]);
	measure(what, HUP, atoi(argv[1]), GAP_US);
	crowd_end();
}

/* ---- held at their exit ---- */

/* A pipe; all exit when its writing end is closed, which is one for all processes. */
static int go[2];

static void *thread_exits(void *arg)
{
	char byte;

	if (read(go[0], &byte, 1))
		_exit(1);
	syscall(SYS_exit, 0);
	return arg;
}

static void add_exiting(int threads, int filters)
{
	shared->listener = install_filter(true);
	while (filters--)
		install_filter(false);
	while (threads--)
		start_thread(thread_exits);
	shared->end_ns = 1;
	thread_exits(NULL);
}

/* Return: how many threads the tracer, this process, now has. */
static int trace_threads(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	int count = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		must(ptrace(PTRACE_SEIZE, atoi(entry->d_name), NULL, PTRACE_O_TRACEEXIT));
		count++;
	}
	if (!count)
		die(path);
	closedir(tasks);
	return count;
}

/*
 * departed THREADS FILTERS: a process of so many, under a chain of so many, whom a tracer
 * holds at their exits: to a pass they look live, and are not
 */
void mode_departed(int argc, char **argv)
{
	struct pollfd unused = { .events = POLLIN };
	int left, status;
	pid_t pid;

	if (argc != 3)
		exit(2);
	share();
	must(pipe(go));
	pid = fork_sharing_fds();
	if (!pid)
		add_exiting(atoi(argv[1]) - 1, atoi(argv[2]));
	while (!shared->end_ns)
		usleep(10000);
	left = trace_threads(pid);
	must(close(go[1]));
	while (left--)
		must(waitpid(-1, &status, __WALL));
	unused.fd = shared->listener;
	if (poll(&unused, 1, GIVE_UP_MS) != 1 || !(unused.revents & POLLHUP))
		die("departed: no HUP");
	must(kill(pid, SIGKILL));
}

/* ---- many at once ---- */

static void live_under_a_listener(void)
{
	install_filter(true);
	for (;;)
		pause();
}

/* Every listener is this process's, too, and the first fd after those it had. */
static void add_listeners(int set, int first, int count)
{
	int fd;

	for (fd = first; fd < first + count; fd++)
		add(set, fd);
}

static int64_t until_all_told(int set, int count)
{
	struct epoll_event got[64];
	int i, n;

	while (count) {
		n = epoll_wait(set, got, 64, GIVE_UP_MS * 3);
		if (n < 1)
			return -1;
		for (i = 0; i < n; i++)
			epoll_ctl(set, EPOLL_CTL_DEL, got[i].data.fd, NULL);
		count -= n;
	}
	return now_ns();
}

static void mass(const char *what, int count, bool at_once)
{
	int set = must(epoll_create1(0)), first = must(dup(0)), i;
	long scans = read_count("scans");
	int64_t began, ended;
	char name[64];
	pid_t init;

	close(first);
	must(unshare(CLONE_NEWPID));
	shared->listener = 0;
	init = fork_sharing_fds();
	if (!init) {
		for (i = 0; i < count; i++)
			if (!fork_sharing_fds())
				live_under_a_listener();
		shared->listener = 1;
		while (at_once || shared->listener != 2)
			usleep(1000);
		for (i = 0; i < count; i++)
			kill(i + 2, SIGKILL);
		for (;;)
			pause();
	}
	while (!shared->listener)
		usleep(1000);
	/* Until each has made its own. */
	while (read_count("listeners") < count)
		usleep(10000);
	add_listeners(set, first, count);
	began = now_ns();
	if (at_once)
		kill(init, SIGKILL);
	else
		shared->listener = 2;
	ended = until_all_told(set, count);
	snprintf(name, sizeof(name), "%d %s: last HUP after", count, what);
	report_one(name, "ns", ended < 0 ? -1 : ended - began);
	snprintf(name, sizeof(name), "%d %s: scans", count, what);
	report_one(name, "scans", read_count("scans") - scans);
	kill(init, SIGKILL);
	must(waitpid(init, NULL, 0));
	closefrom(first);
}

/* mass COUNT */
void mode_mass(int argc, char **argv)
{
	int count;
	pid_t pid;

	if (argc != 2)
		exit(2);
	count = atoi(argv[1]);
	raise_limits();
	share();
	/* A process's children can be in one new pid namespace only. */
	pid = must(fork());
	if (!pid) {
		mass("die at once", count, true);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
	mass("die one by one", count, false);
	report_one("longest pass", "us", read_count("scan_max_us"));
}

/* ---- a hostile neighbour ---- */

/* As an ordinary user: a listener that is open when its last task dies, again and again. */
static void be_hostile(void)
{
	int first = must(dup(0));

	close(first);
	must(setgid(65534));
	must(setuid(65534));
	for (;;) {
		pid_t pid = fork_sharing_fds();

		if (!pid) {
			install_filter(true);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		close(first);
	}
}

/* The module's workers, from the start of a run to its end; one processor. */
static int64_t spent_by_workers(void)
{
	int64_t sum = 0, since = -1, ns;
	FILE *trace = trace_open();
	char line[512];

	while (fgets(line, sizeof(line), trace)) {
		if (!strstr(line, "function orphan_work") &&
		    !strstr(line, "function adoption_work"))
			continue;
		ns = trace_stretch(line, ": workqueue_execute_start:",
				   ": workqueue_execute_end:", &since);
		if (ns >= 0)
			sum += ns;
	}
	fclose(trace);
	return sum;
}

static void trace_workers(const char *enable)
{
	trace_set("events/workqueue/workqueue_execute_start/enable", enable);
	trace_set("events/workqueue/workqueue_execute_end/enable", enable);
}

/* hostile TASKS DEATHS: another container's HUPs, beside it, and what the workers take */
void mode_hostile(int argc, char **argv)
{
	int64_t began, took;
	char what[64];
	pid_t pid;

	if (argc != 3)
		exit(2);
	raise_limits();
	share();
	crowd_tasks(atoi(argv[1]));
	pid = must(fork());
	if (!pid)
		be_hostile();
	trace_by_tsc();
	trace_workers("1");
	began = now_ns();
	snprintf(what, sizeof(what), "hup beside a hostile user, among %s tasks", argv[1]);
	measure(what, HUP, atoi(argv[2]), GAP_US);
	took = now_ns() - began;
	trace_workers("0");
	snprintf(what, sizeof(what), "worker's share beside it, among %s tasks", argv[1]);
	report_one(what, "permille", spent_by_workers() * 1000 / took);
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0));
	crowd_end();
}
