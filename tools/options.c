// SPDX-License-Identifier: GPL-2.0-only
/* The command line: one table for getopt_long(), for each verb and for help. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp-hup.h"

struct options opts = { .sysroot = "", .timeout_ms = -1 };

/* Every verb has these. */
#define COMMON "RhV"

static const struct choice {
	int key;
	const char *name;
	const char *value;
	const char *text;
} choices[] = {
	{ 'k', "kernels", NULL,
	  "look at each installed kernel instead: is the module there, would it load" },
	{ 'a', "all", NULL, "wait for everybody's listeners" },
	{ 't', "timeout", "MS", "how many milliseconds to wait" },
	{ 'w', "watch", "SECONDS", "show it again every so many seconds" },
	{ 'W', "write", "FILE", "replace FILE by it, whole or not at all" },
	{ 'J', "json", NULL, "print JSON" },
	{ 'n', "noheadings", NULL, "no line of column names" },
	{ 'o', "output", "LIST", "these columns; '+LIST': these, too" },
	{ 'r', "raw", NULL, "columns parted by one space, for programs" },
	{ 'R', "sysroot", "DIR", "look at the files under DIR instead of /" },
	{ 'h', "help", NULL, "show this" },
	{ 'V', "version", NULL, "show the version of this command" },
};

static bool takes(const struct verb *verb, int key)
{
	return strchr(COMMON, key) || strchr(verb->takes, key);
}

void options_help(FILE *to)
{
	size_t i;

	fputs("usage: seccomp-hup VERB [OPTION]...\n\n", to);
	for (i = 0; i < verb_count; i++)
		fprintf(to, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n'seccomp-hup VERB --help' shows the options of each.\n"
	      "Exit status: 0 yes, or done; 1 no; 2 usage; 3 it cannot be found out.\n"
	      "See seccomp-hup(8).\n", to);
}

static void print_choice(FILE *to, const struct choice *choice)
{
	char words[64];

	snprintf(words, sizeof(words), "--%s%s%s", choice->name, choice->value ? "=" : "",
		 choice->value ? choice->value : "");
	fprintf(to, "  -%c, %-18s %s\n", choice->key, words, choice->text);
}

static void print_usage(const struct verb *verb, FILE *to)
{
	fprintf(to, "usage: seccomp-hup %s [OPTION]...%s%s\n", verb->name, *verb->words ? " " : "",
		verb->words);
}

static void print_help(const struct verb *verb)
{
	size_t i;

	print_usage(verb, stdout);
	printf("%c%s.\n\n", verb->summary[0] & ~0x20, verb->summary + 1);
	for (i = 0; i < ARRAY_SIZE(choices); i++)
		if (takes(verb, choices[i].key))
			print_choice(stdout, &choices[i]);
	if (verb->columns)
		verb->columns(stdout);
}

/* Say how a verb is called. */
int options_usage(const struct verb *verb)
{
	print_usage(verb, stderr);
	fprintf(stderr, "'seccomp-hup %s --help' shows its options.\n", verb->name);
	return USAGE;
}

static bool take_number(const char *name, long min, long max, long *number)
{
	long long value;

	if (parse_number(optarg, min, max, &value)) {
		*number = value;
		return true;
	}
	complain("--%s: '%s' is no whole number from %ld to %ld", name, optarg, min, max);
	return false;
}

/* Return: it is one, and its value can be. */
static bool take(int key)
{
	switch (key) {
	case 'J':
		opts.json = true;
		return true;
	case 'n':
		opts.noheadings = true;
		return true;
	case 'r':
		opts.raw = true;
		return true;
	case 'a':
		opts.all = true;
		return true;
	case 'k':
		opts.kernels = true;
		return true;
	case 'o':
		opts.columns = optarg;
		return true;
	case 'W':
		opts.file = optarg;
		return true;
	case 'R':
		opts.sysroot = optarg;
		return true;
	case 't':
		return take_number("timeout", 0, 1L << 40, &opts.timeout_ms);
	case 'w':
		return take_number("watch", 1, 3600, &opts.watch);
	}
	return false;
}

/* What getopt_long() wants to know, for one verb. */
static void describe(const struct verb *verb, struct option *longs, char *shorts)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(choices); i++) {
		if (!takes(verb, choices[i].key))
			continue;
		longs->name = choices[i].name;
		longs->has_arg = choices[i].value ? required_argument : no_argument;
		longs->val = choices[i].key;
		longs++;
		*shorts++ = choices[i].key;
		if (choices[i].value)
			*shorts++ = ':';
	}
}

/**
 * options_parse() - put a verb's options into opts
 * @verb: whose
 * @argc: how many words
 * @argv: the words; the first is the verb
 * @answer: the exit status, if that is all there is to do
 *
 * The words that are no options begin at optind then.
 *
 * Return: the verb is to be run.
 */
bool options_parse(const struct verb *verb, int argc, char **argv, int *answer)
{
	struct option longs[ARRAY_SIZE(choices) + 1] = { };
	char shorts[2 * ARRAY_SIZE(choices) + 1] = "", name[64];
	int key;

	describe(verb, longs, shorts);
	snprintf(name, sizeof(name), "seccomp-hup %s", verb->name);
	argv[0] = name;
	/* 0: anew; this is getopt_long()'s second list of words. */
	optind = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		*answer = YES;
		if (key == 'h') {
			print_help(verb);
			return false;
		}
		if (key == 'V') {
			puts("seccomp-hup " SHUP_VERSION);
			return false;
		}
		if (!take(key)) {
			*answer = options_usage(verb);
			return false;
		}
	}
	return true;
}
