// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a processor is held at a stretch while another mode runs: with
 * interrupts or preemption off, and in a pass of the module's worker without a
 * look at the scheduler.  For one processor whose clock counts instructions.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/wait.h>

#include "bench.h"

/* Where modules are, as the events tell of addresses: from the kernel's text. */
#define IN_MODULES "caller_offs > 0x10000000 || parent_offs > 0x10000000"

/* "=> started at: one_function\n": where a stretch began, or ended. */
static void copy_place(const char *line, const char *label, char *place, size_t size)
{
	const char *found = strstr(line, label);

	if (!found)
		return;
	found += strlen(label);
	snprintf(place, size, "%.*s", (int)strcspn(found, "\n"), found);
}

static void report_held(const char *what)
{
	char line[512], began[128] = "?", ended[128] = "?";
	FILE *trace = trace_open();

	while (fgets(line, sizeof(line), trace)) {
		copy_place(line, "=> started at: ", began, sizeof(began));
		copy_place(line, "=> ended at:   ", ended, sizeof(ended));
	}
	fclose(trace);
	trace = fopen(TRACING "tracing_max_latency", "re");
	if (!trace || !fgets(line, sizeof(line), trace))
		die(TRACING "tracing_max_latency");
	fclose(trace);
	printf("{\"what\":\"%s: held\",\"unit\":\"us\",\"n\":1,\"p50\":%d,\"from\":\"%s\",\"to\":\"%s\"}\n",
	       what, atoi(line), began, ended);
	fflush(stdout);
}

/* On one processor: the module's stretches do not overlap. */
static void report_module(const char *what)
{
	int64_t since = -1, longest = 0, count = 0, ns;
	FILE *trace = trace_open();
	char line[512], name[128];

	while (fgets(line, sizeof(line), trace)) {
		ns = trace_stretch(line, ": irq_disable:", ": irq_enable:", &since);
		if (ns < 0)
			continue;
		count++;
		if (ns > longest)
			longest = ns;
	}
	fclose(trace);
	snprintf(name, sizeof(name), "%s: held by the module", what);
	report_one(name, "ns", longest);
	snprintf(name, sizeof(name), "%s: times held by the module", what);
	report_one(name, "times", count);
}

/*
 * held NAME MODE ARGUMENT...: the longest that interrupts or preemption were
 * off, whoever had them so; and that the module had interrupts off.
 */
void mode_held(int argc, char **argv)
{
	if (argc < 3)
		exit(2);
	trace_set("options/function-trace", "0");
	trace_set("current_tracer", "preemptirqsoff");
	trace_set("tracing_max_latency", "0");
	run_quietly(argc - 2, argv + 2);
	trace_set("tracing_on", "0");
	report_held(argv[1]);
	trace_set("current_tracer", "nop");

	trace_by_tsc();
	trace_set("events/preemptirq/irq_disable/filter", IN_MODULES);
	trace_set("events/preemptirq/irq_enable/filter", IN_MODULES);
	trace_set("trace", "");
	trace_set("events/preemptirq/irq_disable/enable", "1");
	trace_set("events/preemptirq/irq_enable/enable", "1");
	trace_set("tracing_on", "1");
	run_quietly(argc - 2, argv + 2);
	trace_set("events/preemptirq/irq_disable/enable", "0");
	trace_set("events/preemptirq/irq_enable/enable", "0");
	report_module(argv[1]);
}

/* The times at which the worker looked at the scheduler, in order. */
#define LOOKS 65536
static int64_t looks[LOOKS];

static int64_t longest_between(int64_t began, int64_t ended, int count)
{
	int64_t longest = 0, since = began;
	int i;

	for (i = 0; i < count; i++) {
		if (looks[i] < since || looks[i] > ended)
			continue;
		if (looks[i] - since > longest)
			longest = looks[i] - since;
		since = looks[i];
	}
	return ended - since > longest ? ended - since : longest;
}

/*
 * unscheduled NAME MODE ARGUMENT...: the longest part of a pass without a call
 * of cond_resched().
 */
void mode_unscheduled(int argc, char **argv)
{
	int64_t longest = 0, at, between, ns;
	int count = 0, passes = 0;
	char line[512];
	FILE *trace;

	if (argc < 3)
		exit(2);
	trace_by_tsc();
	trace_set("set_ftrace_filter", "__cond_resched");
	trace_set("current_tracer", "function");
	trace_set("events/seccomp_hup/pass/enable", "1");
	trace_set("trace", "");
	run_quietly(argc - 2, argv + 2);
	trace_set("tracing_on", "0");

	trace = trace_open();
	while (fgets(line, sizeof(line), trace)) {
		if (!strstr(line, "kworker"))
			continue;
		at = trace_time(line, ": __cond_resched");
		if (at >= 0 && count < LOOKS)
			looks[count++] = at;
		ns = trace_pass_ns(line);
		if (ns < 0)
			continue;
		at = trace_time(line, ": pass:");
		between = longest_between(at - ns, at, count);
		if (between > longest)
			longest = between;
		count = 0;
		passes++;
	}
	fclose(trace);
	trace_set("current_tracer", "nop");
	trace_set("set_ftrace_filter", "");
	trace_set("events/seccomp_hup/pass/enable", "0");
	trace_set("tracing_on", "1");
	snprintf(line, sizeof(line), "%s: without a look at the scheduler", argv[1]);
	report_one(line, "ns", longest);
	snprintf(line, sizeof(line), "%s: passes", argv[1]);
	report_one(line, "passes", passes);
}
