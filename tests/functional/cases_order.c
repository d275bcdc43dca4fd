// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order: what a manager may conclude from what it has seen.  Once a death can be waited for, the
 * listener that it left unused reports HUP.  Once a listener is closed, nothing is reported of it.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/select.h>

#include "harness.h"

/* Counts the boxes whose tasks are all there. */
enum { READY };

static int rounds(void)
{
	return opt.quick ? 30 : 1000;
}

/* ---- ways for a box to die ------------------------------------------------------------- */

static void body_alone(void *arg __maybe_unused)
{
	count_up(READY);
	box_wait_tell();
}

static void *sleep_for_ever(void *arg __maybe_unused)
{
	for (;;)
		pause();
	return NULL;
}

static void body_threads(void *arg __maybe_unused)
{
	int i;

	for (i = 0; i < 8; i++)
		start_thread(sleep_for_ever, NULL);
	count_up(READY);
	box_wait_tell();
	_exit(0);
}

/* Its children stay zombies until somebody else gets them. */
static void body_zombies(void *arg __maybe_unused)
{
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++) {
		pid = fork_or_fail();
		if (!pid)
			_exit(0);
		wait_gone(pid, pid);
	}
	count_up(READY);
	box_wait_tell();
}

/* Its leader is gone first. */
static void *outlive_leader(void *arg __maybe_unused)
{
	count_up(READY);
	box_wait_tell();
	_exit(0);
}

static void body_without_leader(void *arg __maybe_unused)
{
	start_thread(outlive_leader, NULL);
	exit_thread();
}

static body_fn * const deaths[] = {
	body_alone, body_threads, body_zombies, body_without_leader,
};

/* Return: a box whose death can be waited for, and was not. */
static struct box dead_box(int round)
{
	struct box box = box_start(deaths[round % ARRAY_SIZE(deaths)], NULL);
	siginfo_t info;

	while (count_of(READY) <= round)
		nap_ms(1);
	if (round / ARRAY_SIZE(deaths) % 2)
		box_kill(&box);
	else
		box_tell(&box);
	must(waitid(P_PID, box.pid, &info, WEXITED | WNOWAIT));
	return box;
}

static void at_each_death(void (*look)(int fd))
{
	struct box box;
	int round;

	for (round = 0; round < rounds(); round++) {
		box = dead_box(round);
		look(box.fd);
		box_drop(&box);
	}
}

static void look_by_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	must(poll(&pfd, 1, 0));
	if (pfd.revents != POLLHUP)
		fail("poll reports 0x%x after the death was waited for", pfd.revents);
}

static void once_waitable_poll(void)
{
	at_each_death(look_by_poll);
}

static void look_by_select(int fd)
{
	struct timeval now = { };
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	if (must(select(fd + 1, &readable, NULL, NULL, &now)) != 1)
		fail("select reports nothing after the death was waited for");
}

static void once_waitable_select(void)
{
	at_each_death(look_by_select);
}

static void look_by_new_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epfd = must(epoll_create1(0));

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	if (must(epoll_wait(epfd, &event, 1, 0)) != 1 || event.events != EPOLLHUP)
		fail("a new epoll set reports no HUP after the death was waited for");
	close(epfd);
}

static void once_waitable_new_epoll(void)
{
	at_each_death(look_by_new_epoll);
}

static void look_by_recv(int fd)
{
	struct seccomp_notif request = { };
	int ret = try_recv(fd, &request);

	if (ret != -ENOENT)
		fail("RECV returns %d after the death was waited for", ret);
}

static void once_waitable_recv(void)
{
	at_each_death(look_by_recv);
}

/* ---- one event for one death ------------------------------------------------------------ */

static void expect_one_event(int epfd, const char *when)
{
	struct epoll_event event;

	if (must(epoll_wait(epfd, &event, 1, patience_ms())) != 1 || event.events != EPOLLHUP)
		fail("no HUP: %s", when);
	if (must(epoll_wait(epfd, &event, 1, 20)))
		fail("a second event, 0x%x: %s", event.events, when);
}

/* The reap is the kernel's own cause for a HUP, on some kernels. */
static void one_event_though_reaped_at_once(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct box box;
	int epfd, round;

	for (round = 0; round < rounds() / 2; round++) {
		box = box_start(body_alone, NULL);
		epfd = must(epoll_create1(0));
		must(epoll_ctl(epfd, EPOLL_CTL_ADD, box.fd, &event));
		box_tell(&box);
		reap(box.pid);
		expect_one_event(epfd, "reaped at once");
		close(epfd);
		close(box.fd);
		close(box.ctl);
	}
}

/* ---- nothing after the close ----------------------------------------------------------- */

/* It lets go of its copy of the manager's fd, or no close would be the last one. */
static void body_without(void *fd)
{
	close((intptr_t)fd);
	count_up(READY);
	box_wait_tell();
}

static void watch(int epfd, int fd, int round)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = round };

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
}

static void expect_event(int epfd, int round)
{
	struct epoll_event event;

	if (must(epoll_wait(epfd, &event, 1, patience_ms())) != 1)
		fail("no HUP in round %d", round);
	if (event.events != EPOLLHUP || event.data.u32 != (uint32_t)round)
		fail("round %d: event 0x%x of round %u", round, event.events, event.data.u32);
}

/* The next box is alive, so that any event is of a listener that is closed. */
static void expect_nothing(int epfd, int round)
{
	struct epoll_event event;

	if (must(epoll_wait(epfd, &event, 1, 5)))
		fail("round %d: event 0x%x of round %u, which is closed", round,
		     event.events, event.data.u32);
}

/*
 * A manager that closes on HUP gets the next listener under the same number, and must not hear
 * of the old one again.
 */
static void closed_on_hup_is_silent(void)
{
	struct box box = box_start(body_ctl, NULL), next;
	int epfd = must(epoll_create1(0));
	int fd = must(dup(box.fd));
	int round;

	close(box.fd);
	for (round = 0; round < rounds(); round++) {
		watch(epfd, fd, round);
		/* There already, so that nothing comes between the HUP and its use. */
		next = box_start(body_without, (void *)(intptr_t)fd);
		while (count_of(READY) <= round)
			nap_ms(1);
		box_tell(&box);
		expect_event(epfd, round);
		close(fd);
		must(dup2(next.fd, fd));
		watch(epfd, fd, round + 1);
		expect_nothing(epfd, round);
		must(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL));
		close(next.fd);
		close(box.ctl);
		reap(box.pid);
		box = next;
	}
	box_tell(&box);
	expect_hup(fd, "the last box has left");
	close(fd);
	close(box.ctl);
	reap(box.pid);
}

const struct test_case order_cases[] = {
	CASE(once_waitable_poll, .deadline_ms = 600000),
	CASE(once_waitable_select, .deadline_ms = 600000),
	CASE(once_waitable_new_epoll, .deadline_ms = 600000),
	CASE(once_waitable_recv, .deadline_ms = 600000),
	CASE(one_event_though_reaped_at_once, .deadline_ms = 600000),
	CASE(closed_on_hup_is_silent, .deadline_ms = 600000),
	{ }
};
