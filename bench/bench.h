/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* lib.c */
void die(const char *what) __attribute__((noreturn));
#define must(call) must_be_done((call), #call)
long must_be_done(long ret, const char *what);
int64_t now_ns(void);
int install_filter(bool listener);	/* the listener's fd, or -1 without */
pid_t fork_sharing_fds(void);
void start_thread(void *(*run)(void *arg));	/* of this process, with a small stack */
void raise_limits(void);
long read_count(const char *name);	/* an attribute of the module; 0 without it */

/* The kernel's tracing: a file of it, and what it has recorded. */
#define TRACING "/sys/kernel/tracing/"
void trace_set(const char *file, const char *value);
FILE *trace_open(void);
int64_t trace_pass_ns(const char *line);	/* of the module's event; -1: another line */
/* "... 1234567: irq_disable: ...": when ": irq_disable:" was, by the clock; -1: another line. */
int64_t trace_time(const char *line, const char *event);
/* The time from the last begin to the end that the line tells of; *since: -1 before; -1: no end. */
int64_t trace_stretch(const char *line, const char *begin, const char *end, int64_t *since);
void trace_by_tsc(void);	/* with room for much, and nothing recorded yet */

/* Prints a line of JSON: what was measured, and the sorted values' quantiles. */
void report(const char *what, const char *unit, int64_t *values, int count);
/* The same, and more of them: pairs of a percentage and the value. */
void report_distribution(const char *what, const char *unit, int64_t *values, int count);
void report_one(const char *what, const char *unit, int64_t value);

/* bench.c: runs a mode by its name, argv[0]; or in a process of its own, its lines not told. */
void run_mode(int argc, char **argv);
void run_quietly(int argc, char **argv);

/* crowd.c: tasks, threads and listeners that are merely there. */
void crowd_tasks(int count);
/* Of one process, under a listener; so many of them have chains of their own. */
void crowd_threads(int count, int filters);
void crowd_listeners(int count);
void crowd_end(void);

/* modes; argv[0] is the mode */
void mode_cost(int argc, char **argv);
void mode_repeat(int argc, char **argv);
void mode_growth(int argc, char **argv);
void mode_latency(int argc, char **argv);
void mode_passes(int argc, char **argv);
void mode_mass(int argc, char **argv);
void mode_hostile(int argc, char **argv);
void mode_memory(int argc, char **argv);
void mode_procfs(int argc, char **argv);
void mode_storm(int argc, char **argv);
void mode_contended(int argc, char **argv);
void mode_threads(int argc, char **argv);
void mode_departed(int argc, char **argv);
void mode_held(int argc, char **argv);
void mode_unscheduled(int argc, char **argv);

#endif /* BENCH_H */
