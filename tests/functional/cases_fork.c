// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forks that fail. A child which never ran has taken the filter and given it back without
 * ever exiting: nothing of it may stay behind, and nothing of its parent may be lost.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "harness.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

/* Any uid will do that runs no process but ours. */
#define LONELY_UID 54321

enum { LEAVE, READY, GO };

typedef pid_t fork_fn(void);

static void fail_often(fork_fn *failing_fork)
{
	int i, times = opt.quick ? 500 : 3000;
	pid_t pid;

	for (i = 0; i < times; i++) {
		pid = failing_fork();
		if (!pid)
			_exit(0);
		if (pid > 0)
			fail("a fork that has to fail does not");
	}
	gate_open(READY);
	gate_wait(LEAVE);
}

static void check_failing_forks(struct box *box)
{
	int64_t deadline = now_ms() + 5 * patience_ms();

	while (!shm->gate[READY]) {
		expect_no_hup_now(box->fd, "the box tries to fork in vain");
		if (now_ms() > deadline)
			fail("the test itself got stuck: failing forks do not end");
		nap_ms(1);
	}
	expect_no_hup(box->fd, "the box lives after failed forks");
	gate_open(LEAVE);
	expect_hup(box->fd, "the box has exited after failed forks");
}

/* ---- limits ---------------------------------------------------------------------------- */

static void body_nproc(void *arg __maybe_unused)
{
	struct rlimit one = { 1, 1 };

	must(setgroups(0, NULL));
	must(setresgid(LONELY_UID, LONELY_UID, LONELY_UID));
	must(setresuid(LONELY_UID, LONELY_UID, LONELY_UID));
	must(setrlimit(RLIMIT_NPROC, &one));
	fail_often(fork);
}

static void fork_fails_rlimit_nproc(void)
{
	struct box box = box_start(body_nproc, NULL);

	check_failing_forks(&box);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

#define CGROUP_ROOT "/tmp"
#define CGROUP CGROUP_ROOT "/hup_test"

/* In a mount namespace of our own, so nothing of it shows outside but the group itself. */
static void make_pids_cgroup(void)
{
	if (unshare(CLONE_NEWNS))
		skip("unshare(CLONE_NEWNS): %s", strerror(errno));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (mkdir(CGROUP_ROOT, 0755) && errno != EEXIST)
		skip("mkdir %s: %s", CGROUP_ROOT, strerror(errno));
	if (mount("hup_test", CGROUP_ROOT, "cgroup", 0, "pids")) {
		if (mount("hup_test", CGROUP_ROOT, "cgroup2", 0, NULL))
			skip("no cgroups here: %s", strerror(errno));
		if (!write_file(CGROUP_ROOT "/cgroup.subtree_control", "+pids"))
			skip("no pids controller here");
	}
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		skip("mkdir of a cgroup: %s", strerror(errno));
	if (!write_file(CGROUP "/pids.max", "1"))
		skip("no pids.max here");
}

static void body_pids_limit(void *arg __maybe_unused)
{
	gate_wait(GO);
	fail_often(fork);
}

static void fork_fails_pids_cgroup(void)
{
	struct box box;
	char pid[16];

	make_pids_cgroup();
	box = box_start(body_pids_limit, NULL);
	snprintf(pid, sizeof(pid), "%d", box.pid);
	if (!write_file(CGROUP "/cgroup.procs", pid))
		skip("cannot move a process to a cgroup: %s", strerror(errno));
	gate_open(GO);
	check_failing_forks(&box);
	reap(box.pid);
	rmdir(CGROUP);
}

/* ---- flags ----------------------------------------------------------------------------- */

/* Refused at the door. */
static pid_t clone_thread_without_vm(void)
{
	return fork_raw(CLONE_THREAD | SIGCHLD);
}

static void body_bad_flags(void *arg __maybe_unused)
{
	fail_often(clone_thread_without_vm);
}

static void fork_fails_bad_flags(void)
{
	struct box box = box_start(body_bad_flags, NULL);

	check_failing_forks(&box);
}

/* Refused when most of the child has been made. */
static pid_t clone_pidfd_nowhere(void)
{
	return syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, 1, NULL, 0);
}

static void body_pidfd(void *arg __maybe_unused)
{
	pid_t pid = clone_pidfd_nowhere();

	if (!pid)
		_exit(0);
	if (pid > 0)
		skip("this kernel has no CLONE_PIDFD (Linux 5.2)");
	fail_often(clone_pidfd_nowhere);
}

static void fork_fails_pidfd(void)
{
	struct box box = box_start(body_pidfd, NULL);

	check_failing_forks(&box);
}

/* ---- a dead pid namespace -------------------------------------------------------------- */

/* When init is gone, further forks into its namespace fail with ENOMEM. */
static void body_dead_pidns(void *arg __maybe_unused)
{
	pid_t init;

	if (unshare(CLONE_NEWPID))
		skip("unshare(CLONE_NEWPID): %s", strerror(errno));
	init = fork_or_fail();
	if (!init)
		_exit(0);
	reap(init);
	fail_often(fork);
}

static void fork_fails_dead_pidns(void)
{
	struct box box = box_start(body_dead_pidns, NULL);

	check_failing_forks(&box);
}

/* ---- killed in the middle -------------------------------------------------------------- */

static void __attribute__((noreturn)) *fork_for_ever(void *arg __maybe_unused)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void *leave_at_once(void *arg)
{
	return arg;
}

static void __attribute__((noreturn)) *make_threads_for_ever(void *arg __maybe_unused)
{
	pthread_t thread;

	for (;;)
		if (!pthread_create(&thread, NULL, leave_at_once, NULL))
			pthread_join(thread, NULL);
}

static void body_forks_for_ever(void *arg)
{
	start_thread(make_threads_for_ever, NULL);
	start_thread(arg ? fork_for_ever : make_threads_for_ever, NULL);
	make_threads_for_ever(NULL);
}

/*
 * A fatal signal that arrives while the child is being made lets the fork fail at its very
 * end. One try seldom hits that moment, so there are many.
 */
static void killed_in_the_middle_of_fork(void)
{
	int i, rounds = opt.quick ? 30 : 150;
	struct box box;

	srand(1);
	for (i = 0; i < rounds; i++) {
		box = box_start(body_forks_for_ever, GATE_ARG(i & 1));
		nap_ms(rand() % 4);
		expect_no_hup_now(box.fd, "the box forks all the time");
		box_kill(&box);
		expect_hup(box.fd, "the box was killed while it forked");
		box_drop(&box);
	}
}

const struct test_case fork_cases[] = {
	CASE(fork_fails_rlimit_nproc, .deadline_ms = 30000),
	CASE(fork_fails_pids_cgroup, .deadline_ms = 30000),
	CASE(fork_fails_bad_flags, .deadline_ms = 30000),
	CASE(fork_fails_pidfd, .deadline_ms = 30000),
	CASE(fork_fails_dead_pidns, .deadline_ms = 30000),
	CASE(killed_in_the_middle_of_fork, .deadline_ms = 60000),
	{ 0 },
};
