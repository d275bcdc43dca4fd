// SPDX-License-Identifier: GPL-2.0-only
/*
 * The listener fd itself: closed at bad moments, passed on, held in odd places.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/socket.h>

#include "harness.h"

enum { LEAVE, STAY, READY, GO, HELD, TOLD, OTHER };

/* A second box which must feel nothing of what happens to the first. */
static struct box other_box(void)
{
	return box_start(body_gate, GATE_ARG(OTHER));
}

static void check_other(struct box *other)
{
	expect_no_hup(other->fd, "the other box lives");
	gate_open(OTHER);
	expect_hup(other->fd, "the other box has exited");
}

/* ---- closed ---------------------------------------------------------------------------- */

static void closed_before_exit(void)
{
	struct box other = other_box();
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));

	expect_no_hup(box.fd, "the box lives");
	close(box.fd);
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	reap(box.pid);
	check_other(&other);
}

/* The box goes on without its listener: its system calls now fail with ENOSYS. */
static void body_calls_late(void *arg __maybe_unused)
{
	gate_wait(GO);
	shm->count[0] = call_notified();
	gate_open(TOLD);
}

static void closed_and_called(void)
{
	struct box other = other_box();
	struct box box = box_start(body_calls_late, NULL);

	close(box.fd);
	gate_open(GO);
	gate_reach(TOLD, "the return of a system call without listener");
	if (shm->count[0] != -ENOSYS)
		fail("a notified system call without listener returns %ld", shm->count[0]);
	check_other(&other);
}

static void closed_after_exit(void)
{
	struct box other = other_box();
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));

	gate_open(LEAVE);
	expect_hup(box.fd, "the box has exited");
	close(box.fd);
	reap(box.pid);
	check_other(&other);
}

struct closer {
	int fd;
	pthread_barrier_t start;
};

static void *close_at_start(void *arg)
{
	struct closer *closer = arg;

	pthread_barrier_wait(&closer->start);
	close(closer->fd);
	return NULL;
}

/* Which comes first is left to chance: kill then close, or close then kill, or both at once. */
static void close_races_exit(void)
{
	int i, rounds = opt.quick ? 100 : 500;
	struct box other = other_box(), box;
	struct closer closer;
	pthread_t thread;

	pthread_barrier_init(&closer.start, NULL, 2);
	for (i = 0; i < rounds; i++) {
		box = box_start(body_ctl, NULL);
		closer.fd = box.fd;
		thread = start_thread(close_at_start, &closer);
		if (i & 1) {
			box_tell(&box);
			pthread_barrier_wait(&closer.start);
		} else {
			pthread_barrier_wait(&closer.start);
			box_kill(&box);
		}
		pthread_join(thread, NULL);
		close(box.ctl);
		reap(box.pid);
		expect_no_hup_now(other.fd, "the other box lives");
	}
	check_other(&other);
}

static void *poll_until_woken(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg };

	gate_open(READY);
	must(poll(&pfd, 1, -1));
	if (!(pfd.revents & (POLLHUP | POLLNVAL)))
		fail("poll reports 0x%x after its fd was closed", pfd.revents);
	gate_open(TOLD);
	return NULL;
}

/*
 * A blocked poll holds the file open on its own. Once woken it looks the fd up again, and so
 * mostly says POLLNVAL: what counts is that it is woken, and when.
 */
static void closed_while_polled(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	int fd = box.fd;
	pthread_t thread = start_thread(poll_until_woken, &fd);

	gate_reach(READY, "the start of the polling thread");
	nap_ms(200);
	close(box.fd);
	nap_ms(opt.settle_ms);
	if (shm->gate[TOLD])
		fail("poll was woken though the box lives");
	gate_open(LEAVE);
	gate_reach(TOLD, "the end of a poll whose fd was closed meanwhile");
	pthread_join(thread, NULL);
}

/* ---- passed on ------------------------------------------------------------------------- */

static void receive_and_wait(int sock)
{
	int fd = recv_fd(sock);

	gate_open(HELD);
	expect_no_hup(fd, "the box lives, in the process the fd was sent to");
	gate_open(READY);
	expect_hup(fd, "the box has exited, in the process the fd was sent to");
	gate_open(TOLD);
	_exit(0);
}

static void passed_to_another_process(void)
{
	int ends[2];
	struct box box;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	if (!fork_or_fail())
		receive_and_wait(ends[1]);
	box = box_start(body_gate, GATE_ARG(LEAVE));
	send_fd(ends[0], box.fd);
	gate_reach(HELD, "the passing of the fd");
	close(box.fd);
	gate_reach(READY, "the silence at the receiver");
	gate_open(LEAVE);
	gate_reach(TOLD, "HUP at the process the fd was sent to");
}

static void in_flight_at_exit(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	expect_no_hup(box.fd, "the box lives");
	send_fd(ends[0], box.fd);
	close(box.fd);
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	box.fd = recv_fd(ends[1]);
	expect_hup(box.fd, "the box has exited while the fd was in flight");
}

static void in_flight_for_a_while(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	send_fd(ends[0], box.fd);
	close(box.fd);
	nap_ms(opt.settle_ms);
	box.fd = recv_fd(ends[1]);
	expect_no_hup(box.fd, "the box lives, the fd was in flight");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box has exited");
}

/* An fd queued to its own box's socket, which nobody will read. */
static void lost_in_flight(void)
{
	struct box other = other_box();
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));

	send_fd(box.ctl, box.fd);
	close(box.fd);
	close(box.ctl);
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	reap(box.pid);
	check_other(&other);
}

/* ---- held in odd places ---------------------------------------------------------------- */

/* The file stays open in a process that does nothing; here only the epoll set knows it. */
static void only_in_an_epoll_set(void)
{
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 4711 };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));
	int copy = must(dup(box.fd));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, copy, &ev));
	if (!fork_or_fail()) {
		close(epfd);
		for (;;)
			pause();
	}
	close(copy);
	close(box.fd);
	if (must(epoll_wait(epfd, &ev, 1, opt.settle_ms)))
		fail("epoll reports 0x%x though the box lives", ev.events);
	gate_open(LEAVE);
	if (must(epoll_wait(epfd, &ev, 1, patience_ms())) == 0)
		fail("epoll_wait timed out for an fd closed here, open elsewhere");
	if (!(ev.events & EPOLLHUP) || ev.data.u32 != 4711)
		fail("epoll reports 0x%x for an fd closed here, open elsewhere", ev.events);
}

/* When the last fd goes, the file leaves the epoll set, and there is nothing to report. */
static void epoll_set_outlives_the_file(void)
{
	struct box other = other_box();
	struct box box = box_start(body_gate, GATE_ARG(LEAVE));
	struct epoll_event ev = { .events = EPOLLIN };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, box.fd, &ev));
	close(box.fd);
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	if (must(epoll_wait(epfd, &ev, 1, opt.settle_ms)))
		fail("epoll reports 0x%x for a file that is gone", ev.events);
	check_other(&other);
}

/* A task that keeps the listener of its own filter, and asks it. */
static void body_keeps_own(void *arg __maybe_unused)
{
	int fd = install_listener();
	int copy = must(dup(fd));

	hand_over(copy);
	expect_no_hup(fd, "asked by the task under the filter itself");
	gate_open(READY);
	gate_wait(LEAVE);
	expect_no_hup_now(fd, "asked by the task under the filter itself, later");
}

static void held_by_its_own_task(void)
{
	struct box box = bare_start(body_keeps_own, NULL);

	take_listener(&box);
	gate_reach(READY, "the silence inside the box");
	expect_no_hup(box.fd, "the box lives, with its listener open");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box has exited, with its listener open");
}

/* Nobody else has the fd: it goes with its box, and there is no one to tell. */
static void body_keeps_it_all(void *arg __maybe_unused)
{
	int fd = install_listener();

	expect_no_hup(fd, "asked by the task under the filter itself");
	gate_open(READY);
	gate_wait(LEAVE);
}

static void held_only_by_its_own_task(void)
{
	struct box other = other_box();
	struct box box = bare_start(body_keeps_it_all, NULL);

	gate_reach(READY, "the silence inside the box");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	reap(box.pid);
	check_other(&other);
}

/* The manager of the inner box is in a box itself; it has inherited the inner listener. */
static void body_manages(void *arg)
{
	int fd = (intptr_t)arg;
	struct epoll_event ev = { .events = EPOLLIN };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev));
	if (must(epoll_wait(epfd, &ev, 1, opt.settle_ms)))
		fail("epoll reports 0x%x to a manager in a box", ev.events);
	gate_open(READY);
	if (must(epoll_wait(epfd, &ev, 1, 2 * patience_ms())) == 0)
		fail("no HUP for a manager in a box");
	gate_open(TOLD);
	gate_wait(STAY);
}

static void manager_in_a_box(void)
{
	struct box inner = box_start(body_gate, GATE_ARG(LEAVE));
	struct box outer = box_start(body_manages, GATE_ARG(inner.fd));

	gate_reach(READY, "the silence at the manager in a box");
	gate_open(LEAVE);
	gate_reach(TOLD, "HUP for a manager in a box");
	expect_no_hup(outer.fd, "the manager in a box lives");
	gate_open(STAY);
	expect_hup(outer.fd, "the manager in a box has exited");
}

const struct test_case fd_cases[] = {
	CASE(closed_before_exit),
	CASE(closed_and_called),
	CASE(closed_after_exit),
	CASE(close_races_exit, .deadline_ms = 30000),
	CASE(closed_while_polled),
	CASE(passed_to_another_process),
	CASE(in_flight_at_exit),
	CASE(in_flight_for_a_while),
	CASE(lost_in_flight),
	CASE(only_in_an_epoll_set),
	CASE(epoll_set_outlives_the_file),
	CASE(held_by_its_own_task),
	CASE(held_only_by_its_own_task),
	CASE(manager_in_a_box),
	{ 0 },
};
