// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads: leaders that go first, exec by a thread, whole groups killed, and TSYNC.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "harness.h"

/* Gates of task N are at N + one of these; slot N of shm->tid is its thread id. */
enum { LEAVE = 0, READY = 20, DO = 40 };
enum { LEADER, A, B };

static void reach(int task, const char *what)
{
	gate_reach(READY + task, what);
}

static void *thread_waits(void *arg)
{
	int n = (intptr_t)arg;

	note_tid(n);
	gate_open(READY + n);
	gate_wait(LEAVE + n);
	return NULL;
}

static void thread_leaves(struct box *box, int n)
{
	gate_open(LEAVE + n);
	wait_gone(box->pid, shm->tid[n]);
}

/* The leader goes by the bare system call: the process is a zombie leader with live threads. */
static void leader_leaves(struct box *box)
{
	gate_open(LEAVE + LEADER);
	wait_process_gone(box->pid);
}

static void leader_waits_and_goes(void)
{
	gate_open(READY + LEADER);
	gate_wait(LEAVE + LEADER);
	exit_thread();
}

/* ---- who goes first -------------------------------------------------------------------- */

static void body_thread_stays(void *arg)
{
	bool politely = arg;

	start_thread(thread_waits, GATE_ARG(A));
	if (!politely)
		leader_waits_and_goes();
	gate_wait(LEAVE + LEADER);
	pthread_exit(NULL);
}

static void check_leader_first(void *politely)
{
	struct box box = box_start(body_thread_stays, politely);

	reach(A, "the start of the thread");
	expect_no_hup(box.fd, "leader and thread live");
	leader_leaves(&box);
	expect_no_hup(box.fd, "the leader is gone, the thread lives");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the thread has exited");
	reap(box.pid);
	expect_hup(box.fd, "the process was reaped");
}

static void thread_outlives_leader(void)
{
	check_leader_first(NULL);
}

static void thread_outlives_leader_pthread_exit(void)
{
	check_leader_first((void *)1);
}

static void leader_outlives_thread(void)
{
	struct box box = box_start(body_thread_stays, NULL);

	reach(A, "the start of the thread");
	thread_leaves(&box, A);
	expect_no_hup(box.fd, "the thread is gone, the leader lives");
	leader_leaves(&box);
	expect_hup(box.fd, "the leader has exited");
}

#define THREADS 12

static void body_many_threads(void *arg __maybe_unused)
{
	int i;

	for (i = 1; i <= THREADS; i++)
		start_thread(thread_waits, GATE_ARG(i));
	leader_waits_and_goes();
}

static struct box many_threads(void)
{
	struct box box = box_start(body_many_threads, NULL);
	int i;

	for (i = 1; i <= THREADS; i++)
		reach(i, "the start of a thread");
	return box;
}

static void threads_leave_one_by_one(void)
{
	struct box box = many_threads();
	int i;

	leader_leaves(&box);
	for (i = 1; i <= THREADS; i++) {
		expect_no_hup_now(box.fd, "threads live");
		nap_ms(30);
		expect_no_hup_now(box.fd, "threads live, a moment later");
		thread_leaves(&box, 1 + i * 5 % THREADS);
	}
	expect_hup(box.fd, "the last thread has exited");
}

static void thread_group_killed(void)
{
	struct box box = many_threads();

	expect_no_hup(box.fd, "all threads live");
	box_kill(&box);
	expect_hup(box.fd, "the process was killed");
}

static void thread_group_killed_without_leader(void)
{
	struct box box = many_threads();

	leader_leaves(&box);
	expect_no_hup(box.fd, "all threads but the leader live");
	must(kill(box.pid, SIGKILL));
	expect_hup(box.fd, "the process was killed");
}

/* exit_group by one of the threads ends all of them */
static void *thread_ends_all(void *arg __maybe_unused)
{
	gate_open(READY + B);
	gate_wait(DO);
	_exit(0);
}

static void body_ended_by_thread(void *arg __maybe_unused)
{
	start_thread(thread_waits, GATE_ARG(A));
	start_thread(thread_ends_all, NULL);
	leader_waits_and_goes();
}

static void thread_ends_the_process(void)
{
	struct box box = box_start(body_ended_by_thread, NULL);

	reach(A, "the start of the first thread");
	reach(B, "the start of the second thread");
	expect_no_hup(box.fd, "all threads live");
	gate_open(DO);
	expect_hup(box.fd, "a thread has ended the process");
}

/* ---- only some threads are under the filter -------------------------------------------- */

static void *thread_installs(void *arg)
{
	hand_over(install_listener());
	return thread_waits(arg);
}

static void body_only_thread_filtered(void *arg __maybe_unused)
{
	start_thread(thread_installs, GATE_ARG(A));
	leader_waits_and_goes();
}

static void process_outlives_filtered_thread(void)
{
	struct box box = bare_start(body_only_thread_filtered, NULL);

	take_listener(&box);
	reach(A, "the start of the thread");
	expect_no_hup(box.fd, "the thread lives");
	thread_leaves(&box, A);
	expect_hup(box.fd, "the only thread under the filter has exited, the process lives");
	leader_leaves(&box);
}

static void filtered_thread_outlives_leader(void)
{
	struct box box = bare_start(body_only_thread_filtered, NULL);

	take_listener(&box);
	reach(A, "the start of the thread");
	leader_leaves(&box);
	expect_no_hup(box.fd, "the leader, never under the filter, is gone");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the thread has exited");
}

static void body_only_leader_filtered(void *arg __maybe_unused)
{
	start_thread(thread_waits, GATE_ARG(A));
	hand_over(install_listener());
	leader_waits_and_goes();
}

static void dead_leader_was_the_only_one(void)
{
	struct box box = bare_start(body_only_leader_filtered, NULL);

	take_listener(&box);
	reach(A, "the start of the thread");
	expect_no_hup(box.fd, "the leader lives");
	leader_leaves(&box);
	expect_hup(box.fd, "the leader, alone under the filter, is a zombie; its thread lives");
	gate_open(LEAVE + A);
	reap(box.pid);
}

/* ---- exec by a thread ------------------------------------------------------------------ */

static void *thread_execs(void *arg __maybe_unused)
{
	gate_open(READY + B);
	gate_wait(DO);
	exec_helper(0);
}

static void body_thread_execs(void *arg __maybe_unused)
{
	start_thread(thread_waits, GATE_ARG(A));
	start_thread(thread_execs, NULL);
	leader_waits_and_goes();
}

static void check_exec_by_thread(bool leader_goes_first)
{
	struct box box = box_start(body_thread_execs, NULL);

	reach(A, "the start of the first thread");
	reach(B, "the start of the thread that will exec");
	if (leader_goes_first)
		leader_leaves(&box);
	expect_no_hup(box.fd, "threads live");
	gate_open(DO);
	box_hear_ready(&box);
	expect_no_hup(box.fd, "a thread has run another program and lives");
	box_tell(&box);
	expect_hup(box.fd, "the program after exec has exited");
}

static void exec_by_thread(void)
{
	check_exec_by_thread(false);
}

static void exec_by_thread_of_dead_leader(void)
{
	check_exec_by_thread(true);
}

static void *thread_installs_and_execs(void *arg)
{
	hand_over(install_listener());
	return thread_execs(arg);
}

static void body_filtered_thread_execs(void *arg __maybe_unused)
{
	start_thread(thread_installs_and_execs, NULL);
	leader_waits_and_goes();
}

/* The thread takes the leader's pid, and its own filter with it. */
static void exec_by_only_filtered_thread(void)
{
	struct box box = bare_start(body_filtered_thread_execs, NULL);

	take_listener(&box);
	expect_no_hup(box.fd, "the thread lives");
	gate_open(DO);
	box_hear_ready(&box);
	expect_no_hup(box.fd, "the thread has become the leader");
	box_tell(&box);
	expect_hup(box.fd, "the program after exec has exited");
}

static void body_unfiltered_thread_execs(void *arg __maybe_unused)
{
	start_thread(thread_execs, NULL);
	hand_over(install_listener());
	leader_waits_and_goes();
}

static void exec_kills_only_filtered_leader(void)
{
	struct box box = bare_start(body_unfiltered_thread_execs, NULL);

	take_listener(&box);
	expect_no_hup(box.fd, "the leader lives");
	gate_open(DO);
	box_hear_ready(&box);
	expect_hup(box.fd, "exec by a thread without the filter has ended the leader");
	box_tell(&box);
}

/* ---- TSYNC ----------------------------------------------------------------------------- */

/* 0, or the thread that could not be synchronised */
static int tsync(void)
{
	int ret = try_install(SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_RET_ALLOW);

	if (ret < 0)
		fail("TSYNC: %s", strerror(-ret));
	return ret;
}

static void *thread_installs_and_syncs(void *arg)
{
	hand_over(install_listener());
	gate_wait(DO);
	if (tsync())
		fail("TSYNC is refused because of a thread without filters");
	return thread_waits(arg);
}

static void body_tsync(void *arg __maybe_unused)
{
	start_thread(thread_waits, GATE_ARG(B));
	start_thread(thread_installs_and_syncs, GATE_ARG(A));
	leader_waits_and_goes();
}

static struct box tsync_box(void)
{
	struct box box = bare_start(body_tsync, NULL);

	take_listener(&box);
	reach(B, "the start of the thread without a filter");
	expect_no_hup(box.fd, "one thread is under the filter");
	gate_open(DO);
	reach(A, "TSYNC");
	expect_no_hup(box.fd, "TSYNC has put all threads under the filter");
	return box;
}

static void tsync_caller_leaves_first(void)
{
	struct box box = tsync_box();

	thread_leaves(&box, A);
	expect_no_hup(box.fd, "the caller of TSYNC is gone, thread and leader live");
	leader_leaves(&box);
	expect_no_hup(box.fd, "only the synchronised thread lives");
	gate_open(LEAVE + B);
	expect_hup(box.fd, "the synchronised thread has exited");
}

static void tsync_caller_leaves_last(void)
{
	struct box box = tsync_box();

	leader_leaves(&box);
	thread_leaves(&box, B);
	expect_no_hup(box.fd, "the caller of TSYNC lives");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the caller of TSYNC has exited");
}

static void tsync_leader_leaves_last(void)
{
	struct box box = tsync_box();

	thread_leaves(&box, A);
	thread_leaves(&box, B);
	expect_no_hup(box.fd, "the synchronised leader lives");
	leader_leaves(&box);
	expect_hup(box.fd, "the synchronised leader has exited");
}

/* A child forked by a synchronised thread is under the filter as well. */
static void *thread_forks(void *arg)
{
	gate_open(READY + B);
	gate_wait(DO + 1);
	if (!fork_or_fail()) {
		gate_open(READY + 5);
		gate_wait(LEAVE + 5);
		_exit(0);
	}
	return arg;
}

static void body_tsync_then_fork(void *arg __maybe_unused)
{
	start_thread(thread_forks, NULL);
	start_thread(thread_installs_and_syncs, GATE_ARG(A));
	leader_waits_and_goes();
}

static void tsync_then_fork(void)
{
	struct box box = bare_start(body_tsync_then_fork, NULL);

	take_listener(&box);
	reach(B, "the start of the thread that will fork");
	gate_open(DO);
	reach(A, "TSYNC");
	gate_open(DO + 1);
	gate_reach(READY + 5, "the fork of a synchronised thread");
	box_kill(&box);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "only the child of a synchronised thread lives");
	gate_open(LEAVE + 5);
	expect_hup(box.fd, "the child of a synchronised thread has exited");
}

/* One call makes the listener and puts all threads under it. */
static void *thread_installs_for_all(void *arg)
{
	int fd;

	gate_wait(DO);
	fd = try_install(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC |
			 SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_RET_USER_NOTIF);
	if (fd == -EINVAL)
		skip("this kernel has no SECCOMP_FILTER_FLAG_TSYNC_ESRCH (Linux 5.7)");
	if (fd < 0)
		fail("NEW_LISTENER with TSYNC: %s", strerror(-fd));
	hand_over(fd);
	return thread_waits(arg);
}

static void body_tsync_new_listener(void *arg __maybe_unused)
{
	start_thread(thread_waits, GATE_ARG(B));
	start_thread(thread_installs_for_all, GATE_ARG(A));
	leader_waits_and_goes();
}

static void tsync_new_listener(void)
{
	struct box box = bare_start(body_tsync_new_listener, NULL);

	reach(B, "the start of the thread without a filter");
	gate_open(DO);
	take_listener(&box);
	reach(A, "the installation");
	expect_no_hup(box.fd, "all threads are under the filter");
	thread_leaves(&box, A);
	expect_no_hup(box.fd, "the caller is gone, thread and leader live");
	leader_leaves(&box);
	expect_no_hup(box.fd, "caller and leader are gone, the thread lives");
	gate_open(LEAVE + B);
	expect_hup(box.fd, "the last synchronised thread has exited");
}

/*
 * The leader is dead, but not reaped, when a thread calls TSYNC. Kernels differ in whether
 * TSYNC then moves the dead leader to the filter, leaves it out, or refuses with its id. The
 * dead leader must not keep the filter alive in any of them.
 */
static void *thread_syncs_with_dead_leader(void *arg)
{
	hand_over(install_listener());
	gate_open(READY + LEADER);
	gate_wait(DO);
	tsync();
	return thread_waits(arg);
}

static void body_tsync_dead_leader(void *arg)
{
	bool with_another = arg;

	if (with_another)
		start_thread(thread_waits, GATE_ARG(B));
	start_thread(thread_syncs_with_dead_leader, GATE_ARG(A));
	gate_wait(LEAVE + LEADER);
	exit_thread();
}

static void tsync_dead_leader(void)
{
	struct box box = bare_start(body_tsync_dead_leader, NULL);

	take_listener(&box);
	leader_leaves(&box);
	gate_open(DO);
	reach(A, "TSYNC with a dead leader");
	expect_no_hup(box.fd, "the thread lives");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the thread has exited; the leader was dead before TSYNC");
}

/* Whether B came under the filter depends on the kernel; only the end is sure. */
static void tsync_dead_leader_and_thread(void)
{
	struct box box = bare_start(body_tsync_dead_leader, (void *)1);

	take_listener(&box);
	reach(B, "the start of the thread without a filter");
	leader_leaves(&box);
	gate_open(DO);
	reach(A, "TSYNC with a dead leader");
	expect_no_hup(box.fd, "the caller lives");
	thread_leaves(&box, B);
	expect_no_hup(box.fd, "the caller still lives");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the caller has exited");
}

/* The leader was under the filter itself, died, and TSYNC comes after it. */
static void *thread_syncs_again(void *arg)
{
	gate_open(READY + LEADER);
	gate_wait(DO);
	tsync();
	return thread_waits(arg);
}

static void body_tsync_dead_filtered_leader(void *arg __maybe_unused)
{
	start_thread(thread_syncs_again, GATE_ARG(A));
	gate_wait(LEAVE + LEADER);
	exit_thread();
}

static void tsync_dead_filtered_leader(void)
{
	struct box box = box_start(body_tsync_dead_filtered_leader, NULL);

	gate_reach(READY + LEADER, "the start of the thread");
	leader_leaves(&box);
	expect_no_hup(box.fd, "the thread lives");
	gate_open(DO);
	reach(A, "TSYNC with a dead leader");
	expect_no_hup(box.fd, "the thread still lives");
	gate_open(LEAVE + A);
	expect_hup(box.fd, "the thread has exited");
}

#define SYNC_TRIES 4

/*
 * Amid a pass that the first poll has called for: TSYNC, and gone. It does not sleep, and each
 * has a processor of its own, as one of them may be the worker's.
 */
static void *thread_syncs_and_goes(void *arg)
{
	int64_t until;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((intptr_t)arg % sysconf(_SC_NPROCESSORS_ONLN), &set);
	must(sched_setaffinity(0, sizeof(set), &set));
	hand_over(install_listener());
	box_wait_tell();
	for (until = now_ms() + 100; now_ms() < until;)
		cpu_relax();
	tsync();
	return arg;
}

static void body_is_synced(void *arg)
{
	start_thread(thread_syncs_and_goes, arg);
	for (;;)
		pause();
}

/*
 * Nobody is counted under the listener, as nothing was seen of its making, so the first pass
 * after the first poll decides by what it sees. Amid it the filter moves from the only thread
 * that had it to the leader, which the pass may have found without it.
 */
static void tsync_amid_a_pass(void)
{
	struct pollfd pfd = { .events = POLLIN };
	struct box box;
	int i;

	look_away(true);
	for (i = 0; i < SYNC_TRIES; i++) {
		box = bare_start(body_is_synced, GATE_ARG(i));
		take_listener(&box);
		hold_scan_at(box.pid);
		pfd.fd = box.fd;
		box_tell(&box);
		must(poll(&pfd, 1, 0));
		nap_ms(500);
		expect_no_hup_now(box.fd, "TSYNC has put the leader under the filter");
		box_kill(&box);
		box_drop(&box);
		/* Until the pass is paid for, which was held up. */
		nap_ms(1100);
	}
	hold_scan_at(0);
	look_away(false);
}

const struct test_case thread_cases[] = {
	CASE(thread_outlives_leader),
	CASE(thread_outlives_leader_pthread_exit),
	CASE(leader_outlives_thread),
	CASE(threads_leave_one_by_one),
	CASE(thread_group_killed),
	CASE(thread_group_killed_without_leader),
	CASE(thread_ends_the_process),
	CASE(process_outlives_filtered_thread),
	CASE(filtered_thread_outlives_leader),
	CASE(dead_leader_was_the_only_one),
	CASE(exec_by_thread),
	CASE(exec_by_thread_of_dead_leader),
	CASE(exec_by_only_filtered_thread),
	CASE(exec_kills_only_filtered_leader),
	CASE(tsync_caller_leaves_first),
	CASE(tsync_caller_leaves_last),
	CASE(tsync_leader_leaves_last),
	CASE(tsync_then_fork),
	CASE(tsync_new_listener),
	CASE(tsync_dead_leader),
	CASE(tsync_dead_leader_and_thread),
	CASE(tsync_dead_filtered_leader),
	CASE(tsync_amid_a_pass, .deadline_ms = 30000),
	{ 0 },
};
