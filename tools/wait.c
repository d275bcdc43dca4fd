// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup wait: block until listeners are unused.  Holds none of them
 * open: it reads the module's table, again whenever the module says that it
 * has found one unused, and now and then, as one may be closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seccomp-hup.h"

/* Between two looks at the table that nothing has called for. */
#define LOOK_MS 1000

/**
 * struct wish - whose listeners are waited for; with --all everybody's
 * @pids: those of these processes
 * @count: how many
 * @deadline: until when; 0: for ever
 */
struct wish {
	long long *pids;
	int count;
	long long deadline;
};

static bool is_wanted(const struct wish *wish, const struct row *row)
{
	int i;

	if (opts.all)
		return true;
	for (i = 0; i < wish->count; i++)
		if (wish->pids[i] == row->pid)
			return true;
	return false;
}

/* Return: how many of the listeners are in use; -1 if that is not known. */
static int count_used(const struct wish *wish)
{
	struct table table;
	long long last = -1;
	int used = 0;
	size_t i;

	if (!table_read(&table))
		return -1;
	/* A listener that is held by several fds is one all the same. */
	table_sort(&table);
	for (i = 0; i < table.count; i++) {
		if (table.rows[i].unused_ms >= 0 || table.rows[i].id == last ||
		    !is_wanted(wish, &table.rows[i]))
			continue;
		last = table.rows[i].id;
		used++;
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
	if (left <= 0)
		return;
	/* No fd to be read: the time alone calls for a look. */
	poll(&poller, 1, left);
	if (hups >= 0 && pread(hups, value, sizeof(value), 0) < 0)
		usleep(LOOK_MS * 100);
}

static int report(const char *outcome, int used)
{
	if (opts.json)
		printf("{\"outcome\":\"%s\",\"used\":%d}\n", outcome, used);
	else if (used)
		complain("%s: %d listener%s in use", outcome, used, used == 1 ? " is" : "s are");
	return used ? NO : YES;
}

static int open_hups(void)
{
	char path[PATH_MAX], value[32];
	int hups;

	path_under(path, sizeof(path), SYSFS "hups");
	hups = open(path, O_RDONLY | O_CLOEXEC);
	/* Read before the table is: no change after that is missed. */
	if (hups >= 0 && read(hups, value, sizeof(value)) < 0)
		complain(SYSFS "hups: %s", strerror(errno));
	return hups;
}

static int wait_until_unused(const struct wish *wish)
{
	int hups = open_hups(), answer = FAILED, used;

	for (;;) {
		used = count_used(wish);
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

/* Return: an exit status, if there is nothing to wait for; else YES. */
static int take_words(struct wish *wish, int count, char **words)
{
	char *fit;
	int i;

	if (!opts.all == !count)
		return options_usage(find_verb("wait"));
	for (i = 0; i < count; i++) {
		if (!parse_number(words[i], 1, INT_MAX, &wish->pids[i])) {
			fit = for_terminal(words[i]);
			complain("'%s' is no process id", fit);
			free(fit);
			return options_usage(find_verb("wait"));
		}
		if (!exists_under("/proc/%lld", wish->pids[i])) {
			complain("no process %lld", wish->pids[i]);
			return FAILED;
		}
	}
	wish->count = count;
	return YES;
}

int verb_wait(int count, char **words)
{
	struct wish wish = { .pids = calloc(count + 1, sizeof(*wish.pids)) };
	int answer;

	must(wish.pids);
	if (opts.timeout_ms >= 0)
		wish.deadline = now_ms() + opts.timeout_ms;
	answer = take_words(&wish, count, words);
	if (answer == YES)
		answer = wait_until_unused(&wish);
	free(wish.pids);
	return answer;
}
