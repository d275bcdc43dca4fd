// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup wait: block until listeners are unused.  Holds none of them
 * open: it reads the module's table, again whenever the module says that it
 * has found one unused, and now and then, as one may be closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seccomp-hup.h"

/* Between two looks at the table that nothing has called for. */
#define LOOK_MS 1000

/**
 * struct wish - whose listeners are waited for
 * @all: everybody's
 * @pids: or those of these processes
 * @count: how many
 * @deadline: until when; 0: for ever
 */
struct wish {
	bool all;
	long *pids;
	int count;
	long long deadline;
};

static bool is_wanted(const struct wish *wish, const struct row *row)
{
	int i;

	if (wish->all)
		return true;
	for (i = 0; i < wish->count; i++)
		if (wish->pids[i] == row->pid)
			return true;
	return false;
}

/* Return: how many of them are in use; -1 if that is not known. */
static int count_used(const struct wish *wish, int *held)
{
	struct table table;
	int used = 0;
	size_t i;

	if (!table_read(&table))
		return -1;
	*held = 0;
	for (i = 0; i < table.count; i++) {
		if (!is_wanted(wish, &table.rows[i]))
			continue;
		++*held;
		used += table.rows[i].unused_ms < 0;
	}
	table_free(&table);
	return used;
}

/* sysfs reports a change by POLLPRI, once the old value has been read. */
static void wait_for_change(int hups, long long deadline)
{
	struct pollfd poller = { .fd = hups, .events = POLLPRI };
	long long left = LOOK_MS;
	char value[32];

	if (deadline && deadline - now_ms() < left)
		left = deadline - now_ms();
	if (left > 0)
		poll(&poller, 1, left);
	if (pread(hups, value, sizeof(value), 0) < 0)
		usleep(LOOK_MS * 100);
}

static int report(const char *outcome, int used)
{
	if (opt_json)
		printf("{\"outcome\":\"%s\",\"used\":%d}\n", outcome, used);
	else if (used)
		fprintf(stderr, "seccomp-hup: %s: %d listeners are in use\n", outcome, used);
	return used ? NO : YES;
}

static int wait_until_unused(const struct wish *wish)
{
	int hups = open(SYSFS "hups", O_RDONLY | O_CLOEXEC);
	int used, held, answer = FAILED;
	char value[32];

	/* Read before the table is: no change after that is missed. */
	if (hups >= 0 && read(hups, value, sizeof(value)) < 0)
		complain(SYSFS "hups: %s", strerror(errno));
	for (;;) {
		used = count_used(wish, &held);
		if (used < 0)
			break;
		if (!used) {
			answer = report("unused", 0);
			break;
		}
		if (wish->deadline && now_ms() >= wish->deadline) {
			answer = report("timeout", used);
			break;
		}
		wait_for_change(hups, wish->deadline);
	}
	if (hups >= 0)
		close(hups);
	return answer;
}

static bool parse(int argc, char **argv, struct wish *wish)
{
	long timeout_ms;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--all")) {
			wish->all = true;
		} else if (!strcmp(argv[i], "--timeout") && i + 1 < argc) {
			if (!parse_number(argv[++i], 0, 1L << 40, &timeout_ms))
				return false;
			wish->deadline = now_ms() + timeout_ms;
		} else if (parse_number(argv[i], 1, 1 << 22, &wish->pids[wish->count])) {
			wish->count++;
		} else {
			return false;
		}
	}
	return wish->all == !wish->count;
}

int verb_wait(int argc, char **argv)
{
	struct wish wish = { };
	int i, answer = USAGE;

	wish.pids = calloc(argc, sizeof(*wish.pids));
	if (!wish.pids)
		return FAILED;
	if (!parse(argc, argv, &wish)) {
		usage(argv[0]);
		goto out;
	}
	for (i = 0; i < wish.count; i++) {
		if (!kill(wish.pids[i], 0) || errno != ESRCH)
			continue;
		complain("no process %ld", wish.pids[i]);
		answer = FAILED;
		goto out;
	}
	answer = wait_until_unused(&wish);
out:
	free(wish.pids);
	return answer;
}
