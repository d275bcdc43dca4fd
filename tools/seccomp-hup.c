// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup: an operator's view of seccomp listeners and of the module that
 * has them report EPOLLHUP.  See seccomp-hup(8).
 */
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

bool opt_json;

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *summary;
} verbs[] = {
	{ "check", verb_check, "[--timeout MS]",
	  "find out what this kernel's listeners do, by trying it" },
	{ "status", verb_status, "", "show the module's state and its counts" },
	{ "list", verb_list, "[--watch SECONDS]",
	  "show each listener: who holds it, who is under it" },
	{ "wait", verb_wait, "[--timeout MS] PID...|--all",
	  "block until the listeners a process holds are unused" },
	{ "metrics", verb_metrics, "", "print the counts for Prometheus" },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *to)
{
	size_t i;

	fputs("usage: seccomp-hup VERB [--json] [OPTION]...\n\n", to);
	for (i = 0; i < VERBS; i++)
		fprintf(to, "  %-8s %-28s %s\n", verbs[i].name, verbs[i].arguments,
			verbs[i].summary);
	fputs("\nExit status: 0 yes, or done; 1 no; 2 usage; 3 it cannot be found out.\n"
	      "See seccomp-hup(8).\n", to);
}

/* Say how a verb is called. */
int usage(const char *verb)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, verb))
			fprintf(stderr, "usage: seccomp-hup %s [--json] %s\n", verb,
				verbs[i].arguments);
	return USAGE;
}

/* Take --json out of the words, wherever it stands. */
static int take_json(int argc, char **argv)
{
	int i, kept = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			opt_json = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

int main(int argc, char **argv)
{
	size_t i;
	int answer;

	argc = take_json(argc, argv);
	if (argc < 2) {
		help(stderr);
		return USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		help(stdout);
		return YES;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("seccomp-hup " SHUP_VERSION);
		return YES;
	}
	for (i = 0; i < VERBS; i++) {
		if (strcmp(verbs[i].name, argv[1]))
			continue;
		answer = verbs[i].run(argc - 1, argv + 1);
		if (!fflush(stdout))
			return answer;
		complain("cannot write to standard output");
		return FAILED;
	}
	complain("no verb '%s'; 'seccomp-hup --help' lists them", argv[1]);
	return USAGE;
}
