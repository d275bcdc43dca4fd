// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to wait for events on a listener, begun before and after the last exit.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

#include <linux/io_uring.h>

#include "harness.h"

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#endif

enum { LEAVE };

/* The pause leaves the case time to block in the call under test. */
static void body_leaves_late(void *arg __maybe_unused)
{
	gate_wait(LEAVE);
	nap_ms(200);
}

static struct box quiet_box(void)
{
	struct box box = box_start(body_leaves_late, NULL);

	expect_no_hup(box.fd, "the box has just started");
	return box;
}

static void leave(void)
{
	gate_open(LEAVE);
}

static void leave_and_wait(struct box *box)
{
	leave();
	wait_process_gone(box->pid);
}

/* ---- poll, ppoll ----------------------------------------------------------------------- */

static void poll_for_hup(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (must(poll(&pfd, 1, patience_ms())) == 0)
		fail("poll for events 0x%x timed out", events);
	if (!(pfd.revents & POLLHUP))
		fail("poll for events 0x%x reports 0x%x", events, pfd.revents);
}

static void poll_before_exit(void)
{
	struct box box = quiet_box();

	leave();
	poll_for_hup(box.fd, POLLIN);
	expect_hup(box.fd, "once more");
}

static void poll_after_exit(void)
{
	struct box box = quiet_box();

	leave_and_wait(&box);
	poll_for_hup(box.fd, POLLIN);
	poll_for_hup(box.fd, POLLIN | POLLOUT | POLLPRI);
}

static void poll_no_events(void)
{
	struct box box = quiet_box();

	leave();
	poll_for_hup(box.fd, 0);
	poll_for_hup(box.fd, 0);
}

static void poll_among_other_fds(void)
{
	struct box box = quiet_box();
	struct pollfd pfds[3] = { { .fd = -1, .events = POLLIN } };
	int pipe_ends[2];

	must(pipe(pipe_ends));
	pfds[1] = (struct pollfd){ .fd = box.fd, .events = POLLIN };
	pfds[2] = (struct pollfd){ .fd = pipe_ends[0], .events = POLLIN };
	leave();
	if (must(poll(pfds, 3, patience_ms())) != 1)
		fail("poll of three fds reports more or less than one of them");
	if (!(pfds[1].revents & POLLHUP))
		fail("poll of three fds reports 0x%x for the listener", pfds[1].revents);
}

static void ppoll_for_hup(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = patience_ms() / 1000 };
	sigset_t mask;

	sigfillset(&mask);
	if (must(ppoll(&pfd, 1, &timeout, &mask)) == 0)
		fail("ppoll timed out");
	if (!(pfd.revents & POLLHUP))
		fail("ppoll reports 0x%x", pfd.revents);
}

static void ppoll_before_exit(void)
{
	struct box box = quiet_box();

	leave();
	ppoll_for_hup(box.fd);
}

static void ppoll_after_exit(void)
{
	struct box box = quiet_box();

	leave_and_wait(&box);
	ppoll_for_hup(box.fd);
	ppoll_for_hup(box.fd);
}

static void poll_says_hup_for_ever(void)
{
	struct box box = quiet_box();
	int i;

	leave_and_wait(&box);
	expect_hup(box.fd, "the box has exited");
	for (i = 0; i < 20; i++) {
		nap_ms(25);
		poll_for_hup(box.fd, POLLIN);
		if (i == 10)
			reap(box.pid);
	}
}

/* ---- select ---------------------------------------------------------------------------- */

/* A HUP makes an fd readable; the exceptional set is watched too, and may stay empty. */
static void select_for_hup(int fd)
{
	struct timeval timeout = { .tv_sec = patience_ms() / 1000 };
	fd_set readable, exceptional;

	FD_ZERO(&readable);
	FD_ZERO(&exceptional);
	FD_SET(fd, &readable);
	FD_SET(fd, &exceptional);
	if (must(select(fd + 1, &readable, NULL, &exceptional, &timeout)) == 0)
		fail("select timed out");
	if (!FD_ISSET(fd, &readable))
		fail("select does not say the listener is readable");
}

static void select_before_exit(void)
{
	struct box box = quiet_box();

	leave();
	select_for_hup(box.fd);
}

static void select_after_exit(void)
{
	struct box box = quiet_box();

	leave_and_wait(&box);
	select_for_hup(box.fd);
	select_for_hup(box.fd);
}

static void select_silent_while_alive(void)
{
	struct box box = quiet_box();
	struct timeval timeout = { .tv_usec = 200 * 1000 };
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(box.fd, &readable);
	if (must(select(box.fd + 1, &readable, NULL, NULL, &timeout)))
		fail("select says the listener is readable though nothing has happened");
}

/* ---- epoll ----------------------------------------------------------------------------- */

static int epoll_on(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev));
	return epfd;
}

static void epoll_for(int epfd, uint32_t events, const char *when)
{
	struct epoll_event ev = { 0 };

	if (must(epoll_wait(epfd, &ev, 1, patience_ms())) == 0)
		fail("epoll_wait timed out: %s", when);
	if (!(ev.events & events))
		fail("epoll_wait reports 0x%x: %s", ev.events, when);
}

static void epoll_level(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, EPOLLIN);
	int i;

	leave();
	for (i = 0; i < 3; i++)
		epoll_for(epfd, EPOLLHUP, "level-triggered");
}

static void epoll_no_events(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, 0);

	leave();
	epoll_for(epfd, EPOLLHUP, "registered for no events");
	epoll_for(epfd, EPOLLHUP, "registered for no events, second time");
}

static void epoll_waited_for_after_exit(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, EPOLLIN);

	leave_and_wait(&box);
	epoll_for(epfd, EPOLLHUP, "registered before the exit, waited for after it");
}

static void epoll_added_after_exit(void)
{
	struct box box = quiet_box();

	leave_and_wait(&box);
	expect_hup(box.fd, "the box has exited");
	epoll_for(epoll_on(box.fd, EPOLLIN), EPOLLHUP, "level-triggered");
	epoll_for(epoll_on(box.fd, EPOLLIN | EPOLLET), EPOLLHUP, "edge-triggered");
	epoll_for(epoll_on(box.fd, EPOLLIN | EPOLLONESHOT), EPOLLHUP, "one shot");
}

static void epoll_edge(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, EPOLLIN | EPOLLOUT | EPOLLET);

	leave();
	epoll_for(epfd, EPOLLHUP, "edge-triggered");
}

static void epoll_edge_waited_for_after_exit(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, EPOLLIN | EPOLLET);

	leave_and_wait(&box);
	epoll_for(epfd, EPOLLHUP, "edge-triggered, waited for after the exit");
}

/* Neither the exit nor the reaping is told twice, nor one after the other. */
static void epoll_edge_only_once(void)
{
	struct box box = quiet_box();
	int before = epoll_on(box.fd, EPOLLIN | EPOLLET);
	struct epoll_event ev;
	int after;

	leave_and_wait(&box);
	epoll_for(before, EPOLLHUP, "edge-triggered, added before the exit");
	after = epoll_on(box.fd, EPOLLIN | EPOLLET);
	epoll_for(after, EPOLLHUP, "edge-triggered, added after the exit");
	reap(box.pid);
	if (must(epoll_wait(before, &ev, 1, opt.settle_ms)))
		fail("epoll_wait reports 0x%x again: added before the exit", ev.events);
	if (must(epoll_wait(after, &ev, 1, opt.settle_ms)))
		fail("epoll_wait reports 0x%x again: added after the exit", ev.events);
}

static void epoll_oneshot(void)
{
	struct box box = quiet_box();
	int epfd = epoll_on(box.fd, EPOLLIN | EPOLLONESHOT);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };

	leave();
	epoll_for(epfd, EPOLLHUP, "one shot");
	if (must(epoll_wait(epfd, &ev, 1, 100)))
		fail("epoll_wait reports 0x%x after its one shot", ev.events);
	ev.events = EPOLLIN | EPOLLONESHOT;
	must(epoll_ctl(epfd, EPOLL_CTL_MOD, box.fd, &ev));
	epoll_for(epfd, EPOLLHUP, "one shot, armed again");
}

static void epoll_nested(void)
{
	struct box box = quiet_box();
	int inner = epoll_on(box.fd, EPOLLIN);
	int middle = epoll_on(inner, EPOLLIN);
	int outer = epoll_on(middle, EPOLLIN);
	struct pollfd pfd = { .fd = outer, .events = POLLIN };

	leave();
	if (must(poll(&pfd, 1, patience_ms())) == 0)
		fail("poll of the outermost epoll fd timed out");
	epoll_for(outer, EPOLLIN, "outer epoll set");
	epoll_for(middle, EPOLLIN, "middle epoll set");
	epoll_for(inner, EPOLLHUP, "inner epoll set");
}

/* ---- many waiters ---------------------------------------------------------------------- */

struct waiter {
	pthread_t thread;
	int fd, epfd;
	int how;
};

static int epoll_in_time(int epfd, uint32_t *events)
{
	struct epoll_event ev = { 0 };
	int ret = must(epoll_wait(epfd, &ev, 1, patience_ms()));

	*events = ev.events;
	return ret;
}

static void *wait_somehow(void *arg)
{
	struct waiter *w = arg;

	switch (w->how) {
	case 0:
		poll_for_hup(w->fd, POLLIN);
		break;
	case 1:
		epoll_for(w->epfd, EPOLLHUP, "one of many waiters");
		break;
	case 2:
		select_for_hup(w->fd);
		break;
	default:
		ppoll_for_hup(w->fd);
	}
	return NULL;
}

static void all_waiters_are_told(void)
{
	struct box box = quiet_box();
	struct waiter waiters[24];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		waiters[i] = (struct waiter){ .fd = box.fd, .how = i % 4 };
		if (waiters[i].how == 1)
			waiters[i].epfd = epoll_on(box.fd, i & 4 ? EPOLLIN | EPOLLET : EPOLLIN);
		waiters[i].thread = start_thread(wait_somehow, &waiters[i]);
	}
	leave();
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		pthread_join(waiters[i].thread, NULL);
}

static void two_epolls_and_dups(void)
{
	struct box box = quiet_box();
	int copy = must(dup(box.fd));
	int first = epoll_on(box.fd, EPOLLIN), second = epoll_on(copy, EPOLLIN);
	int both = epoll_on(box.fd, EPOLLIN | EPOLLET);
	struct epoll_event evs[3], ev = { .events = EPOLLIN | EPOLLET, .data.fd = copy };

	must(epoll_ctl(both, EPOLL_CTL_ADD, copy, &ev));
	expect_no_hup(copy, "the box lives, asked through a dup");
	leave();
	epoll_for(first, EPOLLHUP, "first epoll set");
	epoll_for(second, EPOLLHUP, "second epoll set, by a dup");
	expect_hup(copy, "asked through a dup");
	if (must(epoll_wait(both, evs, 3, patience_ms())) != 2)
		fail("an epoll set with the fd and its dup does not report both");
}

static void *wait_exclusively(void *arg)
{
	struct waiter *w = arg;
	uint32_t events;

	if (epoll_in_time(w->epfd, &events) && events & EPOLLHUP)
		gate_open(LEAVE + 1);
	return NULL;
}

/* Exclusive waiters are there so that not all of them wake up: one has to. */
static void epoll_exclusive(void)
{
	struct box box = quiet_box();
	struct waiter waiters[3];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		waiters[i].epfd = epoll_on(box.fd, EPOLLIN | EPOLLEXCLUSIVE);
		waiters[i].thread = start_thread(wait_exclusively, &waiters[i]);
	}
	leave();
	gate_reach(LEAVE + 1, "a HUP for one of three exclusive epoll sets");
}

/* ---- io_uring -------------------------------------------------------------------------- */

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map_ring(int fd, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

	if (p == MAP_FAILED)
		fail("mmap of the io_uring: %s", strerror(errno));
	return p;
}

static struct ring ring_open(void)
{
	struct io_uring_params p = { 0 };
	struct ring r;
	char *sq, *cq;

	r.fd = syscall(__NR_io_uring_setup, 8, &p);
	if (r.fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip("io_uring_setup: %s", strerror(errno));
	must(r.fd);
	sq = map_ring(r.fd, p.sq_off.array + p.sq_entries * sizeof(unsigned int),
		      IORING_OFF_SQ_RING);
	cq = map_ring(r.fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		      IORING_OFF_CQ_RING);
	r.sqes = map_ring(r.fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	r.sq_tail = (unsigned int *)(sq + p.sq_off.tail);
	r.sq_mask = (unsigned int *)(sq + p.sq_off.ring_mask);
	r.sq_array = (unsigned int *)(sq + p.sq_off.array);
	r.cq_head = (unsigned int *)(cq + p.cq_off.head);
	r.cq_tail = (unsigned int *)(cq + p.cq_off.tail);
	r.cq_mask = (unsigned int *)(cq + p.cq_off.ring_mask);
	r.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return r;
}

static void ring_poll_add(struct ring *r, int fd, short events)
{
	unsigned int tail = *r->sq_tail, slot = tail & *r->sq_mask;
	struct io_uring_sqe *sqe = &r->sqes[slot];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = fd;
	sqe->poll_events = events;
	sqe->user_data = 4711;
	r->sq_array[slot] = slot;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (must(syscall(__NR_io_uring_enter, r->fd, 1, 0, 0, NULL, 0)) != 1)
		fail("io_uring_enter did not take the request");
}

static bool ring_wait(struct ring *r, int ms, int *res)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	unsigned int head = *r->cq_head;

	must(poll(&pfd, 1, ms));
	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*res = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

static void ring_for_hup(struct ring *r)
{
	int res;

	if (!ring_wait(r, patience_ms(), &res))
		fail("io_uring POLL_ADD did not complete");
	if (res < 0)
		fail("io_uring POLL_ADD completed with %s", strerror(-res));
	if (!(res & POLLHUP))
		fail("io_uring POLL_ADD completed with events 0x%x", res);
}

static void io_uring_poll_before_exit(void)
{
	struct ring r = ring_open();
	struct box box = quiet_box();
	int res;

	ring_poll_add(&r, box.fd, POLLIN | POLLHUP);
	if (ring_wait(&r, opt.settle_ms, &res))
		fail("io_uring POLL_ADD completed with 0x%x though the box lives", res);
	leave();
	ring_for_hup(&r);
}

static void io_uring_poll_after_exit(void)
{
	struct ring r = ring_open();
	struct box box = quiet_box();

	leave_and_wait(&box);
	expect_hup(box.fd, "the box has exited");
	ring_poll_add(&r, box.fd, POLLIN | POLLHUP);
	ring_for_hup(&r);
	ring_poll_add(&r, box.fd, POLLIN);
	ring_for_hup(&r);
}

const struct test_case poll_cases[] = {
	CASE(poll_before_exit),
	CASE(poll_after_exit),
	CASE(poll_no_events),
	CASE(poll_among_other_fds),
	CASE(ppoll_before_exit),
	CASE(ppoll_after_exit),
	CASE(poll_says_hup_for_ever),
	CASE(select_before_exit),
	CASE(select_after_exit),
	CASE(select_silent_while_alive),
	CASE(epoll_level),
	CASE(epoll_no_events),
	CASE(epoll_waited_for_after_exit),
	CASE(epoll_added_after_exit),
	CASE(epoll_edge),
	CASE(epoll_edge_waited_for_after_exit),
	CASE(epoll_edge_only_once),
	CASE(epoll_oneshot),
	CASE(epoll_exclusive),
	CASE(epoll_nested),
	CASE(two_epolls_and_dups),
	CASE(all_waiters_are_told),
	CASE(io_uring_poll_before_exit),
	CASE(io_uring_poll_after_exit),
	{ 0 },
};
