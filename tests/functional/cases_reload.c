// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes: reload_* unload and load it again in the middle of churn; adopt_*
 * load it beside listeners, waiters and dead boxes that were there before.
 *
 * These cases need --load and --unload, and leave the module loaded.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "harness.h"

static void run_command(const char *command)
{
	int status;

	if (!command)
		skip("needs --load and --unload");
	status = must(system(command));
	if (status)
		fail("'%s' ends with wait status 0x%x", command, status);
}

static void load(void)
{
	run_command(opt.load);
}

static void unload(void)
{
	run_command(opt.unload);
}

/* ---- reloads --------------------------------------------------------------------------- */

struct watch {
	const struct box *boxes;
	int n;
};

static void *watch_until_stopped(void *arg)
{
	struct watch *watch = arg;

	while (!stopped())
		watch_no_hup(watch->boxes, watch->n, 500, "the module is reloaded");
	return NULL;
}

static void reload_under_watch(const struct box *boxes, int n)
{
	struct watch watch = { boxes, n };
	pthread_t watcher = start_thread(watch_until_stopped, &watch);
	int i;

	for (i = 0; i < opt.reload_count; i++) {
		nap_ms(opt.seconds * 1000 / opt.reload_count);
		unload();
		load();
	}
	nap_ms(opt.settle_ms);
	stop_all();
	pthread_join(watcher, NULL);
}

static void check_reload_churn(body_fn *body)
{
	struct box box = box_start(body, GATE_ARG(0));

	reload_under_watch(&box, 1);
	wait_churn_done(0);
	expect_no_hup(box.fd, "the churn is over, one task lives");
	gate_open(KEEP);
	expect_hup(box.fd, "the last task has exited after the reloads");
}

static void reload_fork_churn(void)
{
	check_reload_churn(body_fork_churn);
}

static void reload_thread_churn(void)
{
	check_reload_churn(body_thread_churn);
}

static void reload_baton_churn(void)
{
	check_reload_churn(body_baton);
}

/*
 * Tasks have filters, but there was none at the load, nor a listener since: the module has not
 * seen yet how a filter is laid out. A write to audit_ms has its worker run all the same.
 */
static void reload_before_any_filter(void)
{
	struct box box;
	pid_t pid;

	unload();
	load();
	pid = fork_or_fail();
	if (!pid) {
		install_plain_filter();
		install_plain_filter();
		gate_open(0);
		gate_wait(1);
		_exit(0);
	}
	gate_reach(0, "the filters are installed");
	run_command("f=/sys/module/seccomp_hup/parameters/audit_ms; v=$(cat $f) && echo $v >$f");
	nap_ms(opt.settle_ms);
	box = box_start(body_ctl, NULL);
	box_tell(&box);
	expect_hup(box.fd, "the first listener's task has exited");
	gate_open(1);
	reap(pid);
}

/* ---- who waited before the load -------------------------------------------------------- */

/* From here on nobody calls poll or an ioctl on the listener, but who waits already. */
static int epoll_on(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev));
	return epfd;
}

static void expect_epoll_silent(int epfd, const char *when)
{
	struct epoll_event ev;

	if (must(epoll_wait(epfd, &ev, 1, opt.settle_ms)))
		fail("epoll reports 0x%x: %s", ev.events, when);
}

static void expect_epoll_hup(int epfd, const char *when)
{
	struct epoll_event ev;

	if (!must(epoll_wait(epfd, &ev, 1, patience_ms())))
		fail("epoll is silent: %s", when);
	if (!(ev.events & EPOLLHUP))
		fail("epoll reports 0x%x instead of HUP: %s", ev.events, when);
}

static void check_adopt_epoll(uint32_t events)
{
	struct box box;
	int epfd;

	unload();
	box = box_start(body_ctl, NULL);
	epfd = epoll_on(box.fd, events);
	load();
	expect_epoll_silent(epfd, "the box lives after the load");
	box_tell(&box);
	expect_epoll_hup(epfd, "a box older than the module has exited");
}

static void adopt_epoll(void)
{
	check_adopt_epoll(EPOLLIN);
}

static void adopt_epoll_edge(void)
{
	check_adopt_epoll(EPOLLIN | EPOLLET);
}

static void adopt_epoll_oneshot(void)
{
	check_adopt_epoll(EPOLLIN | EPOLLONESHOT);
}

static void adopt_recv(void)
{
	struct receiver receivers[4];
	struct box box;

	unload();
	box = box_start(body_ctl, NULL);
	start_receivers(receivers, 4, box.fd);
	load();
	nap_ms(opt.settle_ms);
	expect_receivers_blocked(4);
	box_tell(&box);
	expect_receivers_told(4);
}

/* ---- boxes that were dead before the load ---------------------------------------------- */

/* Its zombie stays, so that no kernel before 6.11 reports HUP by itself. */
static struct box dead_box(void)
{
	struct box box = box_start(body_ctl, NULL);

	box_tell(&box);
	wait_process_gone(box.pid);
	return box;
}

static void adopt_dead_box(void)
{
	struct box box;

	unload();
	box = dead_box();
	load();
	expect_hup(box.fd, "the box had exited before the load");
}

static void adopt_dead_box_in_epoll(void)
{
	struct box box;
	int epfd;

	unload();
	box = box_start(body_ctl, NULL);
	epfd = epoll_on(box.fd, EPOLLIN | EPOLLET);
	box_tell(&box);
	wait_process_gone(box.pid);
	expect_epoll_silent(epfd, "the module is not loaded");
	load();
	expect_epoll_hup(epfd, "the box had exited before the load");
}

static void adopt_dead_box_in_recv(void)
{
	struct receiver receivers[4];
	struct box box;

	unload();
	box = box_start(body_ctl, NULL);
	start_receivers(receivers, 4, box.fd);
	box_tell(&box);
	wait_process_gone(box.pid);
	nap_ms(100);
	expect_receivers_blocked(4);
	load();
	expect_receivers_told(4);
}

/* ---- listeners in odd places ----------------------------------------------------------- */

enum { WAITING = 101, TOLD = 102 };

static void wait_in_epoll(int fd)
{
	int epfd = epoll_on(fd, EPOLLIN);

	gate_open(WAITING);
	expect_epoll_hup(epfd, "the waiter is in an odd place");
	gate_open(TOLD);
}

/* The manager is in a pid namespace of its own, and nobody else has the listener. */
static void adopt_other_pid_namespace(void)
{
	struct box box;

	unload();
	box = box_start(body_ctl, NULL);
	must(unshare(CLONE_NEWPID));
	if (!fork_or_fail()) {
		wait_in_epoll(box.fd);
		_exit(0);
	}
	close(box.fd);
	gate_reach(WAITING, "the waiter's epoll_wait()");
	load();
	box_tell(&box);
	gate_reach(TOLD, "HUP in the other pid namespace");
}

static void *wait_with_own_table(void *arg)
{
	must(unshare(CLONE_FILES));
	gate_open(WAITING);
	gate_wait(WAITING + 10);
	wait_in_epoll((intptr_t)arg);
	return NULL;
}

/* The listener is in the fd table of a thread, which is not that of its leader. */
static void adopt_table_of_a_thread(void)
{
	struct box box;

	unload();
	box = box_start(body_ctl, NULL);
	start_thread(wait_with_own_table, GATE_ARG(box.fd));
	gate_reach(WAITING, "the thread's own fd table");
	close(box.fd);
	gate_open(WAITING + 10);
	nap_ms(100);
	load();
	box_tell(&box);
	gate_reach(TOLD, "HUP in a thread with an fd table of its own");
}

static void *thread_waits(void *arg __maybe_unused)
{
	count_up(WAITING);
	gate_wait(TOLD);
	return NULL;
}

static int rows_of_listeners(void)
{
	FILE *list = fopen("/sys/kernel/debug/seccomp_hup/listeners", "re");
	int rows = -1;
	char row[256];

	if (!list)
		fail("the module lists no listeners: %s", strerror(errno));
	while (fgets(row, sizeof(row), list))
		rows++;
	fclose(list);
	return rows;
}

/* A leader that has exited has no table; its threads have one, which is looked at once. */
static void adopt_table_of_a_dead_leader(void)
{
	struct box box;
	pid_t holder;
	int i, rows;

	unload();
	box = box_start(body_ctl, NULL);
	holder = fork_or_fail();
	if (!holder) {
		for (i = 0; i < 5; i++)
			start_thread(thread_waits, NULL);
		while (count_of(WAITING) < 5)
			nap_ms(1);
		exit_thread();
	}
	close(box.fd);
	wait_gone(holder, holder);
	load();
	rows = rows_of_listeners();
	if (rows != 1)
		fail("%d rows for one listener in one table", rows);
	gate_open(TOLD);
	box_tell(&box);
}

/*
 * One process whose threads have chains of their own, which branch off one long chain: there is
 * a listener in each branch, a thread right under it, and one under one more filter.
 */
#define BRANCHES 12
#define BETWEEN_BRANCHES 8
enum { LOWER = 0, UPPER = BRANCHES, STARTED = 2 * BRANCHES };

static void *upper_thread(void *arg)
{
	int i = (intptr_t)arg;

	install_plain_filter();
	note_tid(UPPER + i);
	gate_open(STARTED + i);
	gate_wait(UPPER + i);
	return NULL;
}

static void *lower_thread(void *arg)
{
	int i = (intptr_t)arg;

	hand_over(install_listener());
	note_tid(LOWER + i);
	start_thread(upper_thread, arg);
	gate_wait(LOWER + i);
	return NULL;
}

static void body_branches(void *arg __maybe_unused)
{
	int i, j;

	for (i = 0; i < BRANCHES; i++) {
		for (j = 0; j < BETWEEN_BRANCHES; j++)
			install_plain_filter();
		start_thread(lower_thread, GATE_ARG(i));
		gate_wait(STARTED + i);
	}
	gate_wait(STARTED + BRANCHES);
}

static void thread_leaves(const struct box *box, int which)
{
	gate_open(which);
	wait_gone(box->pid, shm->tid[which]);
}

static void adopt_branches_of_a_chain(void)
{
	int fd[BRANCHES], i;
	struct box box;

	unload();
	box = bare_start(body_branches, NULL);
	for (i = 0; i < BRANCHES; i++) {
		take_listener(&box);
		fd[i] = box.fd;
	}
	gate_reach(STARTED + BRANCHES - 1, "the last branch");
	/* Of three branches, one has no thread, one the upper one, one both. */
	for (i = 0; i < BRANCHES; i++) {
		if (i % 3 < 2)
			thread_leaves(&box, LOWER + i);
		if (i % 3 < 1)
			thread_leaves(&box, UPPER + i);
	}
	load();
	nap_ms(opt.settle_ms);
	for (i = 0; i < BRANCHES; i++) {
		if (i % 3 < 1)
			expect_hup(fd[i], "both threads had left before the load");
		else
			expect_no_hup_now(fd[i], "a thread of the branch lives");
	}
	for (i = 0; i < BRANCHES; i++) {
		if (i % 3 < 1)
			continue;
		gate_open(LOWER + i);
		expect_no_hup(fd[i], "the upper thread of the branch lives");
		thread_leaves(&box, UPPER + i);
		expect_hup(fd[i], "both threads of the branch have left");
	}
}

/* In no fd table: sent, and not received.  Return: where to receive it. */
static int post_listener(struct box *box)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	send_fd(pair[0], box->fd);
	close(box->fd);
	return pair[1];
}

static void adopt_in_flight_at_poll(void)
{
	struct box box;
	int sock;

	unload();
	box = dead_box();
	sock = post_listener(&box);
	load();
	nap_ms(opt.settle_ms);
	expect_hup(recv_fd(sock), "a listener in flight at the load was received");
}

static void adopt_in_flight_at_epoll(void)
{
	struct box box;
	int sock;

	unload();
	box = box_start(body_ctl, NULL);
	sock = post_listener(&box);
	load();
	box_tell(&box);
	nap_ms(opt.settle_ms);
	expect_epoll_hup(epoll_on(recv_fd(sock), EPOLLIN | EPOLLET),
			 "a listener in flight at the load was received");
}

static void adopt_in_flight_at_recv(void)
{
	struct receiver receivers[2];
	struct box box;
	int sock;

	unload();
	box = dead_box();
	sock = post_listener(&box);
	load();
	start_receivers(receivers, 2, recv_fd(sock));
	expect_receivers_told(2);
}

/* ---- many ------------------------------------------------------------------------------ */

/* Listeners and epoll sets made before the reloads; none is waited for while they happen. */
static void reload_idle_boxes(void)
{
	struct box boxes[20];
	int i, n = ARRAY_SIZE(boxes);
	int epfd[ARRAY_SIZE(boxes)];

	start_many(boxes, n);
	for (i = 0; i < n; i++)
		epfd[i] = epoll_on(boxes[i].fd, EPOLLIN);
	for (i = 0; i < opt.reload_count; i++) {
		unload();
		load();
	}
	for (i = 0; i < n; i++) {
		expect_epoll_silent(epfd[i], "an idle box lives after the reloads");
		box_kill(&boxes[i]);
		expect_epoll_hup(epfd[i], "an idle box was killed after the reloads");
		expect_none_early(boxes + i + 1, n - i - 1);
	}
}

/*
 * Orphans that were told, and are closed, reaped, or both, before or after the unload. None of
 * it may meet anything of the module's on a queue.
 */
static void finish(struct box *box, int how)
{
	if (how & 1)
		close(box->fd);
	if (how & 2)
		reap(box->pid);
}

static void reload_told_orphans(void)
{
	struct box boxes[16];
	int i, n = ARRAY_SIZE(boxes);

	for (i = 0; i < n; i++) {
		boxes[i] = dead_box();
		epoll_on(boxes[i].fd, EPOLLIN | EPOLLET);
		expect_hup(boxes[i].fd, "the box has exited");
	}
	for (i = 0; i < n; i++)
		finish(&boxes[i], i & 3);
	unload();
	for (i = 0; i < n; i++)
		finish(&boxes[i], ~i & (i >> 2) & 3);
	load();
	for (i = 0; i < n; i++)
		if (!((i | (~i & (i >> 2))) & 1))
			expect_hup(boxes[i].fd, "the box had exited before the load");
}

/*
 * A box of the crowd: a task that stays, and two parents of one child each, replaced again and
 * again: 2,500 tasks, and 200 forks a second. A quarter of the boxes is dead before the load, a
 * quarter is killed during it, and half of them live until they are told.
 */
#define MANY 500
#define REPLACED 2

static void keep_replacing(void)
{
	while (!stopped()) {
		pid_t pid = fork_or_fail();

		if (!pid) {
			nap_ms(5000);
			_exit(0);
		}
		must(waitpid(pid, NULL, 0));
	}
}

static void body_crowd(void *arg)
{
	int i;

	for (i = 0; i < REPLACED; i++) {
		if (fork_or_fail())
			continue;
		keep_replacing();
		_exit(0);
	}
	body_ctl(arg);
	for (i = 0; i < REPLACED; i++)
		must(wait(NULL));
}

struct crowd {
	struct box boxes[MANY];
	int n, started;
};

/* The crowd's process groups, as each box has many processes. */
static void kill_quarter(const struct crowd *crowd, int from)
{
	int i;

	for (i = from; i < crowd->n; i += 4)
		must(kill(-crowd->boxes[i].pid, SIGKILL));
}

/* Its own process group, and none of the fds of boxes before it. */
static void body_apart(void *arg)
{
	struct crowd *crowd = arg;
	int i;

	must(setpgid(0, 0));
	for (i = 0; i < crowd->started; i++) {
		close(crowd->boxes[i].fd);
		close(crowd->boxes[i].ctl);
	}
	body_crowd(NULL);
}

static void *kill_second_quarter(void *arg)
{
	kill_quarter(arg, 1);
	return NULL;
}

static void expect_quarter_hup(const struct crowd *crowd, int from, const char *when)
{
	int i;

	for (i = from; i < crowd->n; i += 4)
		expect_hup(crowd->boxes[i].fd, when);
}

static void expect_half_silent(const struct crowd *crowd, const char *when)
{
	int i;

	for (i = 0; i < crowd->n; i++)
		if (i % 4 > 1)
			expect_no_hup_now(crowd->boxes[i].fd, when);
}

static void adopt_amid_crowd(void)
{
	static struct crowd crowd;
	pthread_t killer;
	int i;

	unload();
	crowd.n = MANY;
	for (; crowd.started < crowd.n; crowd.started++)
		crowd.boxes[crowd.started] = box_start(body_apart, &crowd);
	kill_quarter(&crowd, 0);
	killer = start_thread(kill_second_quarter, &crowd);
	load();
	pthread_join(killer, NULL);
	expect_quarter_hup(&crowd, 0, "the box was killed before the load");
	expect_quarter_hup(&crowd, 1, "the box was killed during the load");
	nap_ms(opt.settle_ms);
	expect_half_silent(&crowd, "the box lives beside the load");
	kill_quarter(&crowd, 2);
	expect_quarter_hup(&crowd, 2, "the box was killed after the load");
	stop_all();
	for (i = 3; i < crowd.n; i += 4)
		box_tell(&crowd.boxes[i]);
	expect_quarter_hup(&crowd, 3, "the box has ended by itself");
}

const struct test_case reload_cases[] = {
	CASE(reload_fork_churn, .deadline_ms = 20000, .churns = true, .reloads = true),
	CASE(reload_thread_churn, .deadline_ms = 20000, .churns = true, .reloads = true),
	CASE(reload_baton_churn, .deadline_ms = 20000, .churns = true, .reloads = true),
	CASE(reload_idle_boxes, .deadline_ms = 30000, .reloads = true),
	CASE(reload_told_orphans, .deadline_ms = 20000),
	CASE(reload_before_any_filter, .deadline_ms = 20000),
	CASE(adopt_epoll, .deadline_ms = 20000),
	CASE(adopt_epoll_edge, .deadline_ms = 20000),
	CASE(adopt_epoll_oneshot, .deadline_ms = 20000),
	CASE(adopt_recv, .deadline_ms = 20000),
	CASE(adopt_dead_box, .deadline_ms = 20000),
	CASE(adopt_dead_box_in_epoll, .deadline_ms = 20000),
	CASE(adopt_dead_box_in_recv, .deadline_ms = 20000),
	CASE(adopt_other_pid_namespace, .deadline_ms = 20000),
	CASE(adopt_table_of_a_thread, .deadline_ms = 20000),
	CASE(adopt_table_of_a_dead_leader, .deadline_ms = 20000),
	CASE(adopt_branches_of_a_chain, .deadline_ms = 20000),
	CASE(adopt_in_flight_at_poll, .deadline_ms = 20000),
	CASE(adopt_in_flight_at_epoll, .deadline_ms = 20000),
	CASE(adopt_in_flight_at_recv, .deadline_ms = 20000),
	CASE(adopt_amid_crowd, .deadline_ms = 120000),
	{ 0 },
};
