// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several filters in one chain, and several chains with a listener each. F is always the
 * filter with the listener, G one without.
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "harness.h"

enum { LEAVE, STAY, READY, MORE, FIRST, SECOND, DO };

/* ---- G above F ------------------------------------------------------------------------- */

static void body_stacks(void *arg __maybe_unused)
{
	install_plain_filter();
	gate_wait(LEAVE);
}

static void filter_on_top(void)
{
	struct box box = box_start(body_stacks, NULL);

	expect_no_hup(box.fd, "the box is under F and G");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box has exited");
}

static void body_child_stacks(void *arg __maybe_unused)
{
	if (!fork_or_fail()) {
		install_plain_filter();
		gate_open(READY);
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void child_with_filter_on_top_stays(void)
{
	struct box box = box_start(body_child_stacks, NULL);

	gate_reach(READY, "the child's second filter");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "a child under F and G lives, none under F alone");
	reap(box.pid);
	expect_no_hup(box.fd, "the one under F alone was reaped");
	gate_open(STAY);
	expect_hup(box.fd, "the child under F and G has exited");
}

static void child_with_filter_on_top_leaves(void)
{
	struct box box = box_start(body_child_stacks, NULL);

	gate_reach(READY, "the child's second filter");
	gate_open(STAY);
	expect_no_hup(box.fd, "the one under F alone lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the one under F alone has exited");
}

/* Each generation adds a filter of its own and leaves. */
static void body_deepens(void *arg)
{
	int depth = (intptr_t)arg;

	while (depth-- > 0) {
		install_plain_filter();
		if (fork_or_fail())
			_exit(0);
	}
	gate_open(READY);
	gate_wait(LEAVE);
}

static void deep_chain(void)
{
	struct box box = box_start(body_deepens, GATE_ARG(40));

	gate_reach(READY, "the last of 40 generations");
	expect_no_hup(box.fd, "one task lives, with 40 filters above F");
	gate_open(LEAVE);
	expect_hup(box.fd, "the last task has exited");
}

/* ---- G below F ------------------------------------------------------------------------- */

static void body_branches(void *arg __maybe_unused)
{
	install_plain_filter();
	if (!fork_or_fail()) {
		hand_over(install_listener());
		gate_wait(LEAVE);
		_exit(0);
	}
	gate_wait(STAY);
}

static void filter_below_is_no_member(void)
{
	struct box box = bare_start(body_branches, NULL);

	take_listener(&box);
	expect_no_hup(box.fd, "a task under G and F lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "only a task under G lives, none under F");
	gate_open(STAY);
}

/* ---- more than one listener ------------------------------------------------------------ */

static void two_boxes(void)
{
	struct box first = box_start(body_gate, GATE_ARG(FIRST));
	struct box second = box_start(body_gate, GATE_ARG(SECOND));

	expect_no_hup(first.fd, "both boxes live");
	expect_no_hup(second.fd, "both boxes live");
	gate_open(FIRST);
	expect_hup(first.fd, "the first box has exited");
	expect_no_hup(second.fd, "the second box lives");
	reap(first.pid);
	expect_no_hup(second.fd, "the second box lives, the first was reaped");
	gate_open(SECOND);
	expect_hup(second.fd, "the second box has exited");
	expect_hup(first.fd, "both boxes have exited");
}

/* Two listeners above one common G, the second handed over after the first was taken. */
static void body_two_subtrees(void *arg __maybe_unused)
{
	install_plain_filter();
	if (!fork_or_fail()) {
		hand_over(install_listener());
		gate_wait(FIRST);
		_exit(0);
	}
	if (!fork_or_fail()) {
		gate_wait(MORE);
		hand_over(install_listener());
		gate_wait(SECOND);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void two_subtrees_of_one_filter(void)
{
	struct box box = bare_start(body_two_subtrees, NULL);
	int first, second;

	take_listener(&box);
	first = box.fd;
	gate_open(MORE);
	take_listener(&box);
	second = box.fd;
	expect_no_hup(first, "both subtrees live");
	expect_no_hup(second, "both subtrees live");
	gate_open(SECOND);
	expect_hup(second, "the second subtree has exited");
	expect_no_hup(first, "the first subtree lives");
	gate_open(FIRST);
	expect_hup(first, "the first subtree has exited");
}

/* Two threads of one process, each under a listener of its own. */
static void *thread_with_listener(void *arg)
{
	hand_over(install_listener());
	gate_wait((intptr_t)arg);
	return NULL;
}

static void body_two_threads(void *arg __maybe_unused)
{
	start_thread(thread_with_listener, GATE_ARG(FIRST));
	gate_wait(MORE);
	start_thread(thread_with_listener, GATE_ARG(SECOND));
	gate_wait(LEAVE);
}

static void two_threads_two_listeners(void)
{
	struct box box = bare_start(body_two_threads, NULL);
	int first, second;

	take_listener(&box);
	first = box.fd;
	gate_open(MORE);
	take_listener(&box);
	second = box.fd;
	expect_no_hup(second, "both threads live");
	gate_open(FIRST);
	expect_hup(first, "the first thread has exited");
	expect_no_hup(second, "the second thread lives");
	gate_open(SECOND);
	expect_hup(second, "the second thread has exited");
}

static void expect_refused(void)
{
	int ret = try_install(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);

	if (ret >= 0)
		fail("a second listener in one chain is accepted");
	if (ret != -EBUSY)
		fail("a second listener in one chain: %s instead of EBUSY", strerror(-ret));
}

static void body_asks_for_second(void *arg __maybe_unused)
{
	expect_refused();
	if (!fork_or_fail()) {
		install_plain_filter();
		expect_refused();
		gate_open(READY);
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void second_listener_is_refused(void)
{
	struct box box = box_start(body_asks_for_second, NULL);

	gate_reach(READY, "the child's attempt to get a listener");
	expect_no_hup(box.fd, "both tasks live after the refusal");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the child lives after the refusal");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}

/* ---- installations that fail ----------------------------------------------------------- */

static void body_fails_to_install(void *arg __maybe_unused)
{
	struct rlimit none = { 0 }, before;
	int i;

	must(getrlimit(RLIMIT_NOFILE, &before));
	none.rlim_max = before.rlim_max;
	for (i = 0; i < 300; i++) {
		expect_refused();
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, 1) != -1)
			fail("a filter at a bad address is accepted");
		must(setrlimit(RLIMIT_NOFILE, &none));
		if (try_install(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF) >= 0)
			fail("a listener is made although no fd is to be had");
		must(setrlimit(RLIMIT_NOFILE, &before));
	}
	gate_open(READY);
	gate_wait(LEAVE);
}

static void failed_installs(void)
{
	struct box box = box_start(body_fails_to_install, NULL);

	gate_reach(READY, "the last of the failing installations");
	expect_no_hup(box.fd, "the box lives after failed installations");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box has exited");
}

/*
 * A thread with a filter of its own makes TSYNC fail after the listener file was made. The
 * caller must not come under a filter whose listener nobody got.
 */
static void *thread_diverges(void *arg __maybe_unused)
{
	install_plain_filter();
	gate_open(MORE);
	gate_wait(STAY);
	return NULL;
}

static void body_tsync_fails(void *arg __maybe_unused)
{
	unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC |
			     SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	int i, ret;

	start_thread(thread_diverges, NULL);
	gate_wait(MORE);
	for (i = 0; i < 100; i++) {
		ret = try_install(flags, SECCOMP_RET_USER_NOTIF);
		if (ret == -EINVAL)
			skip("this kernel has no SECCOMP_FILTER_FLAG_TSYNC_ESRCH (Linux 5.7)");
		if (ret != -ESRCH)
			fail("TSYNC with a diverged thread returns %d instead of ESRCH", ret);
	}
	hand_over(install_listener());
	gate_wait(LEAVE);
	exit_thread();
}

static void failed_tsync_installs(void)
{
	struct box box = bare_start(body_tsync_fails, NULL);

	take_listener(&box);
	expect_no_hup(box.fd, "the box lives after failed installations");
	gate_open(LEAVE);
	expect_hup(box.fd, "the leader, alone under F, has exited");
	gate_open(STAY);
}

const struct test_case stack_cases[] = {
	CASE(filter_on_top),
	CASE(child_with_filter_on_top_stays),
	CASE(child_with_filter_on_top_leaves),
	CASE(deep_chain),
	CASE(filter_below_is_no_member),
	CASE(two_boxes),
	CASE(two_subtrees_of_one_filter),
	CASE(two_threads_two_listeners),
	CASE(second_listener_is_refused),
	CASE(failed_installs),
	CASE(failed_tsync_installs),
	{ 0 },
};
