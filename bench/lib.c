// SPDX-License-Identifier: GPL-2.0-only
/* What the benchmarks have in common. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "bench.h"

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

long must_be_done(long ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* As container managers have them: one system call is notified, the rest allowed. */
int install_filter(bool listener)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	unsigned long flags = listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	long fd;

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	fd = must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
	return listener ? (int)fd : -1;
}

pid_t fork_sharing_fds(void)
{
	return must(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
}

void start_thread(void *(*run)(void *arg))
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	errno = pthread_create(&thread, &small, run, NULL);
	if (errno) {
		perror("bench: a thread");
		_exit(1);
	}
	pthread_attr_destroy(&small);
}

void raise_limits(void)
{
	struct rlimit limit = { .rlim_cur = 70000, .rlim_max = 70000 };

	must(setrlimit(RLIMIT_NOFILE, &limit));
}

long read_count(const char *name)
{
	char path[128];
	long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/seccomp_hup/%s", name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%ld", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

void trace_set(const char *file, const char *value)
{
	char path[128];
	FILE *stream;

	snprintf(path, sizeof(path), TRACING "%s", file);
	stream = fopen(path, "we");
	if (!stream || fputs(value, stream) < 0 || fclose(stream))
		die(path);
}

FILE *trace_open(void)
{
	FILE *trace = fopen(TRACING "trace", "re");

	if (!trace)
		die(TRACING "trace");
	return trace;
}

int64_t trace_pass_ns(const char *line)
{
	const char *ns = strstr(line, " ns=");

	return strstr(line, " pass: ") && ns ? atoll(ns + 4) : -1;
}

int64_t trace_time(const char *line, const char *event)
{
	const char *found = strstr(line, event);

	if (!found)
		return -1;
	while (found > line && found[-1] != ' ')
		found--;
	return strtoll(found, NULL, 10);
}

int64_t trace_stretch(const char *line, const char *begin, const char *end, int64_t *since)
{
	int64_t at = trace_time(line, begin), began;

	if (at >= 0)
		*since = at;
	at = trace_time(line, end);
	if (at < 0 || *since < 0)
		return -1;
	began = *since;
	*since = -1;
	return at - began;
}

void trace_by_tsc(void)
{
	trace_set("trace_clock", "x86-tsc");
	trace_set("buffer_size_kb", "65536");
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_quantiles(const char *what, const char *unit, int64_t *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	printf("{\"what\":\"%s\",\"unit\":\"%s\",\"n\":%d,\"min\":%lld,\"p25\":%lld,\"p50\":%lld,\"p75\":%lld,\"p99\":%lld,\"max\":%lld",
	       what, unit, count, (long long)values[0], (long long)values[count / 4],
	       (long long)values[count / 2], (long long)values[count * 3 / 4],
	       (long long)values[count * 99 / 100], (long long)values[count - 1]);
}

void report(const char *what, const char *unit, int64_t *values, int count)
{
	print_quantiles(what, unit, values, count);
	printf("}\n");
	fflush(stdout);
}

void report_distribution(const char *what, const char *unit, int64_t *values, int count)
{
	static const double percents[] = {
		0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9
	};
	size_t i;

	print_quantiles(what, unit, values, count);
	printf(",\"distribution\":[");
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		printf("[%g,%lld],", percents[i],
		       (long long)values[(int)(count * percents[i] / 100)]);
	printf("[100,%lld]]}\n", (long long)values[count - 1]);
	fflush(stdout);
}

void report_one(const char *what, const char *unit, int64_t value)
{
	printf("{\"what\":\"%s\",\"unit\":\"%s\",\"n\":1,\"p50\":%lld}\n", what, unit,
	       (long long)value);
	fflush(stdout);
}
