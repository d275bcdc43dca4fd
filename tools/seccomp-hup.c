// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup: an operator's view of seccomp listeners and of the module that
 * has them report EPOLLHUP.  See seccomp-hup(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seccomp-hup.h"

const struct verb verbs[] = {
	{ "check", verb_check, "ktJnor", "",
	  "find out what this kernel's listeners do, by trying it", kernels_columns },
	{ "status", verb_status, "J", "",
	  "say whether all is well; show the module's state and its counts", NULL },
	{ "list", verb_list, "wJnor", "",
	  "show each listener: who holds it, who is under it", list_columns },
	{ "wait", verb_wait, "atJ", "PID...|--all",
	  "block until the listeners a process holds are unused", NULL },
	{ "metrics", verb_metrics, "W", "", "print the counts for Prometheus", NULL },
};

const size_t verb_count = ARRAY_SIZE(verbs);

/*
 * Nothing that the parent leaves behind may change what is found out: with
 * SIGCHLD ignored children are reaped by themselves; a listener that becomes
 * standard output is written to.
 */
static void start_afresh(void)
{
	sigset_t none;
	int fd;

	signal(SIGCHLD, SIG_DFL);
	/* A file that may not grow is one that cannot be written. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Opened the wrong way round: what is written or read there fails. */
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd ? O_RDONLY : O_WRONLY);
	setlocale(LC_CTYPE, "");
}

/* What could not be written has not been answered. */
static int finish(int answer)
{
	bool failed = ferror(stdout);

	if (fclose(stdout) || failed) {
		complain("cannot write to standard output: is the disk full, or the reader gone?");
		return FAILED;
	}
	return answer;
}

/* Options before the verb: those that every verb may get, or none needs. */
static bool parse_first(int argc, char **argv, int *answer)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "sysroot", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	int key;

	*answer = YES;
	while ((key = getopt_long(argc, argv, "+JR:hV", longs, NULL)) != -1) {
		switch (key) {
		case 'J':
			opts.json = true;
			break;
		case 'R':
			opts.sysroot = optarg;
			break;
		case 'V':
			puts("seccomp-hup " SHUP_VERSION);
			return false;
		case 'h':
			options_help(stdout);
			return false;
		default:
			options_help(stderr);
			*answer = USAGE;
			return false;
		}
	}
	return true;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	int answer;

	if (!options_parse(verb, argc, argv, &answer))
		return answer;
	if (opts.json && !strchr(verb->takes, 'J')) {
		complain("%s prints no JSON", verb->name);
		return options_usage(verb);
	}
	if (optind < argc && !*verb->words) {
		complain("%s takes no word '%s'", verb->name, argv[optind]);
		return options_usage(verb);
	}
	return verb->run(argc - optind, argv + optind);
}

const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < verb_count; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* "seccomp-hup help" and "seccomp-hup help VERB", as people try that. */
static int help(int argc, char **argv)
{
	char *words[] = { argv[0], "--help", NULL };
	const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
	int answer = YES;

	if (verb)
		options_parse(verb, 2, words, &answer);
	else
		options_help(stdout);
	return answer;
}

static int run_named(int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[0]);
	char *name;

	if (verb)
		return run(verb, argc, argv);
	if (!strcmp(argv[0], "help"))
		return help(argc, argv);
	name = for_terminal(argv[0]);
	complain("no verb '%s'; 'seccomp-hup --help' lists them", name);
	free(name);
	return USAGE;
}

int main(int argc, char **argv)
{
	int answer;

	start_afresh();
	if (!parse_first(argc, argv, &answer))
		return finish(answer);
	if (optind >= argc) {
		options_help(stderr);
		return USAGE;
	}
	return finish(run_named(argc - optind, argv + optind));
}
