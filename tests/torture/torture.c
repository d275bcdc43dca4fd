// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver.  usage: torture [--seconds N] [--seed S] [--actors N]
 *	[--scale N] [--unload COMMAND --load COMMAND] [--oracle FILE]
 *
 * It fails, with the seed and the history of the listener at issue, if one is
 * told of that has a live task, or one is not told of in time that has none.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "torture.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif

#define ORDERS_AT_ONCE 6
#define TRACED_MOST 3

static struct {
	int seconds;
	unsigned long seed;
	int actors;
	int scale;
	const char *unload, *load, *oracle;
} opt = { .seconds = 20, .seed = 1, .actors = 100, .scale = 1 };

static struct {
	long orders, rounds, listeners, told, early_closed, reloads, oracles;
	long late_ms_sum, late_ms_max;
} sum;

static int events;		/* epoll: the listeners that are open */
static int ears;		/* the driver's end of the actors' socket */
static long round_number;
static bool ending;

/* ---- chance ---- */

static uint64_t chance_state;

static unsigned int chance(unsigned int n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (chance_state >> 11) % n;
}

/* ---- history and verdict ---- */

#define HISTORY 65536

static struct past {
	long round;
	unsigned long serial, other;
	char text[48];
} history[HISTORY];
static unsigned long history_length;

__attribute__((format(printf, 3, 4)))
static void record(unsigned long serial, unsigned long other, const char *fmt, ...)
{
	struct past *past = &history[history_length++ % HISTORY];
	va_list args;

	past->round = round_number;
	past->serial = serial;
	past->other = other;
	va_start(args, fmt);
	vsnprintf(past->text, sizeof(past->text), fmt, args);
	va_end(args);
}

/* Only what was done by, or to, tasks that were ever under the listener. */
static void print_history(const struct listener *listener)
{
	unsigned long i = history_length > HISTORY ? history_length - HISTORY : 0;

	for (; i < history_length; i++) {
		const struct past *past = &history[i % HISTORY];

		if (listener && !was_under(listener, past->serial))
			continue;
		printf("# round %ld, task %lu: %s", past->round, past->serial, past->text);
		if (past->other)
			printf(" %lu", past->other);
		printf("\n");
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t patience_ms(void)
{
	return 4000 * opt.scale;
}

static bool is_ours(const char *pid)
{
	char path[300], comm[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, comm, sizeof(comm) - 1) < 0)
		comm[0] = '\0';
	close(fd);
	/* After execveat(PROGRAM_FD) a task is called by that number. */
	return !strcmp(comm, "torture\n") || !strcmp(comm, "102\n");
}

static void kill_all(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid;

	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid && pid != getpid() && is_ours(entry->d_name))
			kill(pid, SIGKILL);
	}
	closedir(dir);
}

__attribute__((noreturn, format(printf, 2, 3)))
static void fail(const struct listener *listener, const char *fmt, ...)
{
	va_list args;

	if (listener)
		print_history(listener);
	printf("FAIL torture: seed %lu, round %ld: ", opt.seed, round_number);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n0 passed, 1 failed, 0 skipped\n");
	kill_all();
	exit(1);
}

#define must(call) must_be_done((call), #call)
static long must_be_done(long ret, const char *what)
{
	if (ret == -1)
		fail(NULL, "the test itself: %s: %s", what, strerror(errno));
	return ret;
}

/* ---- processes as /proc has them ---- */

static bool is_corpse(const char *path)
{
	char stat[512], *name_end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return true;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return true;
	stat[n] = '\0';
	name_end = strrchr(stat, ')');
	return !name_end || name_end[2] == 'Z' || name_end[2] == 'X';
}

/* All its threads; a leader can be a zombie long before. */
static bool all_corpses(pid_t pid)
{
	struct dirent *entry;
	char path[300];
	bool all = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return true;
	while (all && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, entry->d_name);
		all = is_corpse(path);
	}
	closedir(dir);
	return all;
}

static bool is_known(pid_t pid)
{
	const struct process *process;

	if (pid == getpid())
		return true;
	for (process = processes; process; process = process->next)
		if (process->pid == pid)
			return true;
	return false;
}

/* Whether an actor's process lives that has not said HELLO yet. */
static bool any_unknown(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (!found && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		found = pid && !is_known(pid) && is_ours(entry->d_name) && !all_corpses(pid);
	}
	closedir(dir);
	return found;
}

/* ---- the tracer: tasks are held in do_exit() for some rounds ---- */

static void release(struct process *process)
{
	ptrace(PTRACE_CONT, process->pid, 0, 0);
	process->held = false;
}

/* @status: what wait says of it */
static void note_traced(struct process *process, int status)
{
	if (!WIFSTOPPED(status)) {
		process->traced = false;
		process->held = false;
	} else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
		process->held = true;
	} else {
		ptrace(PTRACE_CONT, process->pid, 0, status >> 16 ? 0 : WSTOPSIG(status));
	}
}

static void serve_traced(struct process *process)
{
	int status;

	if (waitpid(process->pid, &status, WNOHANG | __WALL) > 0)
		note_traced(process, status);
}

static void serve_all_traced(void)
{
	struct process *process;

	for (process = processes; process; process = process->next) {
		if (process->traced && !process->held)
			serve_traced(process);
		/*
		 * The end of a pid namespace waits for each task in it, and an
		 * exec for the leader.
		 */
		if (process->held &&
		    (ending || !process->doomed || space_is_dead(process->space)))
			release(process);
	}
}

static void trace_some(void)
{
	struct process *process;
	int traced = 0;

	for (process = processes; process; process = process->next)
		traced += process->traced;
	for (process = processes; process; process = process->next) {
		if (process->held && !chance(8))
			release(process);
		if (traced >= TRACED_MOST || process->doomed || process->traced ||
		    live_in(process) != 1 || chance(60) ||
		    (process->space && process->space->init == process))
			continue;
		if (ptrace(PTRACE_SEIZE, process->pid, 0, PTRACE_O_TRACEEXIT))
			continue;
		process->traced = true;
		traced++;
	}
}

/* ---- what actors say ---- */

static struct listener *new_listener(int fd, const struct filter *filter)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };

	if (chance(2))
		event.events |= EPOLLET;
	listener->fd = fd;
	listener->dup = chance(4) ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	listener->filter = filter;
	listener->next = listeners;
	listeners = listener;
	must(epoll_ctl(events, EPOLL_CTL_ADD, fd, &event));
	sum.listeners++;
	return listener;
}

/* Its threads are, and the children they make just now may be, under it. */
static void synced(struct process *process, const struct filter *filter, bool surely)
{
	int i;

	for (i = 0; i < SLOTS; i++) {
		struct actor *actor = &actors[i];
		bool born_there = actor->used && actor->fresh && actor->parent >= 0 &&
				  actors[actor->parent].process == process;

		if (surely && ((actor->live && actor->process == process) ||
			       (born_there && actor->is_thread)))
			actor->chain = filter;
		else if (born_there || (actor->live && actor->process == process))
			actor->maybe = filter;
	}
}

static void attached(struct actor *actor, int result, int fd)
{
	/* Made when the order was given; nobody is under it yet. */
	struct filter *filter = (struct filter *)actor->maybe;

	actor->maybe = NULL;
	if (result) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fd >= 0)
		filter->listener = new_listener(fd, filter);
	if (actor->live)
		actor->chain = filter;
	if (actor->arg2 & SECCOMP_FILTER_FLAG_TSYNC)
		synced(actor->process, filter, true);
}

static void forget_child(int slot)
{
	actors[slot].used = false;
	actors[slot].coming = false;
}

static void heard_done(int slot, int result, int fd)
{
	struct actor *actor = &actors[slot];

	if (!actor->busy)
		fail(NULL, "the test itself: task %lu speaks unasked", actor->serial);
	actor->busy = false;
	switch (actor->order) {
	case FORK:
	case BATON:
	case THREAD:
		if (result < 0)
			forget_child(actor->arg);
		if (actor->order == BATON)
			actor->process->doomed = true;
		break;
	case EXIT:
		actor->live = false;
		break;
	case EXIT_GROUP:
		actor->process->doomed = true;
		break;
	case ATTACH:
		attached(actor, result, fd);
		break;
	case PROBE:
		if (result)
			actor->chain = actor->maybe;
		actor->maybe = NULL;
		break;
	}
}

/* The others in its process have died, and said before what they had to. */
static void executed(struct actor *survivor)
{
	int i;

	survivor->busy = false;
	for (i = 0; i < SLOTS; i++) {
		struct actor *actor = &actors[i];

		if (actor == survivor || actor->process != survivor->process)
			continue;
		if (actor->busy && actor->order == ATTACH &&
		    (actor->arg2 & SECCOMP_FILTER_FLAG_TSYNC))
			synced(survivor->process, actor->maybe, false);
		if (actor->live)
			actor->dead = true;
		actor->live = false;
		actor->busy = false;
	}
}

static void heard_hello(int slot, pid_t pid)
{
	struct actor *actor = &actors[slot];
	struct actor *parent = actor->parent < 0 ? NULL : &actors[actor->parent];

	if (actor->busy && actor->order == EXEC) {
		executed(actor);
		return;
	}
	if (!actor->coming)
		fail(NULL, "the test itself: task %lu, pid %d, comes unexpected",
		     actor->serial, pid);
	actor->coming = false;
	actor->live = true;
	if (actor->is_thread)
		actor->process = parent->process;
	else
		actor->process = new_process(pid, parent ? parent->process->space : NULL,
					     actor->arg2 & CLONE_NEWPID);
	if (actor->process->doomed)
		actor->live = false;
}

/* Return: whether there was a message. */
static bool listen_once(void)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct message message;
	struct iovec iov = { &message, sizeof(message) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ucred cred = { 0 };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(ears, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(message))
		return false;
	for (header = CMSG_FIRSTHDR(&msg); header; header = CMSG_NXTHDR(&msg, header)) {
		if (header->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		if (header->cmsg_type == SCM_CREDENTIALS)
			memcpy(&cred, CMSG_DATA(header), sizeof(cred));
	}
	if (message.word == HELLO)
		heard_hello(message.slot, cred.pid);
	else
		heard_done(message.slot, message.result, fd);
	return true;
}

/* ---- what the listeners say ---- */

static void forget_fds(struct listener *listener)
{
	if (listener->fd >= 0) {
		/* An actor may keep the file open, and it in the epoll set. */
		epoll_ctl(events, EPOLL_CTL_DEL, listener->fd, NULL);
		close(listener->fd);
	}
	if (listener->dup >= 0)
		close(listener->dup);
	listener->fd = -1;
	listener->dup = -1;
}

static void expect_recv_ends(const struct listener *listener)
{
	char notification[1024] = { 0 };

	if (!ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, notification) || errno != ENOENT)
		fail(listener, "RECV on an unused listener: %s", strerror(errno));
}

static void told(struct listener *listener)
{
	int64_t late;

	if (listener->told || listener->fd < 0)
		return;
	listener->told = true;
	sum.told++;
	expect_recv_ends(listener);
	epoll_ctl(events, EPOLL_CTL_DEL, listener->fd, NULL);
	if (!listener->empty_since)
		return;
	late = now_ms() - listener->empty_since;
	sum.late_ms_sum += late;
	if (late > sum.late_ms_max)
		sum.late_ms_max = late;
}

static void hear_listeners(void)
{
	struct epoll_event ready[32];
	int i, n = epoll_wait(events, ready, 32, 0);

	for (i = 0; i < n; i++)
		if (ready[i].events & EPOLLHUP)
			told(ready[i].data.ptr);
}

/* ---- a round ---- */

static int random_actor(void)
{
	int i, tries;

	for (tries = 0; tries < 1000; tries++) {
		i = chance(SLOTS);
		if (actors[i].live && !actors[i].busy)
			return i;
	}
	return -1;
}

static void order(int slot, int what, int arg, int arg2)
{
	struct actor *actor = &actors[slot];

	actor->order = what;
	actor->arg = arg;
	actor->arg2 = arg2;
	actor->busy = true;
	slots[slot].arg = arg;
	slots[slot].arg2 = arg2;
	sum.orders++;
}

/* All of a round's at once. */
static void send_orders(void)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (actors[i].busy)
			__atomic_store_n(&slots[i].order, actors[i].order, __ATOMIC_RELEASE);
	for (i = 0; i < SLOTS; i++)
		if (actors[i].busy)
			syscall(SYS_futex, &slots[i].order, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
}

/* Of two at once that would end the others in a process, either may win. */
static bool may_end_process(struct process *process)
{
	if (process->leaving)
		return false;
	process->leaving = true;
	return true;
}

static void order_child(int slot, int what)
{
	static const int flags[] = { 0, 0, 0, CLONE_PARENT, CLONE_FILES, CLONE_FS, CLONE_NEWPID };
	struct actor *parent = &actors[slot];
	int child;

	if (what == BATON && !may_end_process(parent->process))
		return;
	child = new_slot();
	if (child < 0)
		return;
	actors[child].parent = slot;
	actors[child].is_thread = what == THREAD;
	actors[child].chain = parent->chain;
	actors[child].arg2 = what == THREAD ? 0 : flags[chance(ARRAY_SIZE(flags))];
	record(parent->serial, actors[child].serial, what == THREAD ? "threads" :
	       what == BATON ? "forks (%#x) and exits" : "forks (%#x)", actors[child].arg2);
	order(slot, what, child, actors[child].arg2);
}

static void order_attach(int slot)
{
	static const int flags[] = {
		0,
		SECCOMP_FILTER_FLAG_TSYNC,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | KEEP_LISTENER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC |
			SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
	};
	struct actor *actor = &actors[slot];
	int flag = flags[chance(ARRAY_SIZE(flags))];
	struct filter *filter;

	if (actor->process->attaching >= 0)
		return;
	actor->process->attaching = slot;
	filter = new_filter(actor->chain);
	record(actor->serial, 0, "attaches filter %d (%#x)", filter->id, flag);
	order(slot, ATTACH, filter->id, flag);
	actor->maybe = filter;
}

static void order_end(int slot, int what)
{
	struct actor *actor = &actors[slot];

	if (what != EXIT && !may_end_process(actor->process))
		return;
	record(actor->serial, 0, what == EXIT ? "exits" : what == EXEC ? "executes" : "exits, all");
	order(slot, what, 0, 0);
}

static void order_kill(int slot)
{
	struct actor *actor = &actors[slot];

	if (actor->process->traced && actor->busy)
		return;
	record(actor->serial, 0, "is killed, pid %d", actor->process->pid);
	actor->process->doomed = true;
	sum.orders++;
}

static void order_something(int slot)
{
	bool few = live_actors() < opt.actors;

	switch (chance(20)) {
	case 0 ... 4:
		order_child(slot, few ? FORK : BATON);
		break;
	case 5 ... 7:
		if (few)
			order_child(slot, THREAD);
		break;
	case 8 ... 10:
		order_attach(slot);
		break;
	case 11:
		order_child(slot, BATON);
		break;
	case 12:
		order_end(slot, EXEC);
		break;
	case 13 ... 14:
		order_end(slot, EXIT);
		break;
	case 15:
		order_end(slot, EXIT_GROUP);
		break;
	case 16 ... 17:
		order_kill(slot);
		break;
	case 18:
		order(slot, FAILING_FORK, 0, 0);
		break;
	case 19:
		order(slot, REAP, 0, 0);
		break;
	}
}

static void kill_doomed(void)
{
	struct process *process;

	for (process = processes; process; process = process->next)
		if (process->doomed && !process->gone && !process->held)
			kill(process->pid, SIGKILL);
}

/* One that its tracer holds is past do_exit()'s beginning: as good as gone. */
static bool is_gone(struct process *process)
{
	if (!process->gone)
		process->gone = process->held || all_corpses(process->pid);
	return process->gone;
}

/* What those in processes that are gone have not said, they will not say. */
static void give_up(struct actor *actor)
{
	if (actor->order == ATTACH && (actor->arg2 & SECCOMP_FILTER_FLAG_TSYNC))
		synced(actor->process, actor->maybe, false);
	actor->busy = false;
}

/* Return: whether there is nothing left to come in this round. */
static bool settled(void)
{
	struct process *process;
	bool all_gone = true;
	int i;

	spread_doom();
	for (process = processes; process; process = process->next)
		if (process->doomed && !is_gone(process))
			all_gone = false;
	while (listen_once())
		all_gone = false;
	if (!all_gone)
		return false;

	for (i = 0; i < SLOTS; i++) {
		if (actors[i].busy && actors[i].process->gone)
			give_up(&actors[i]);
		if (actors[i].busy)
			return false;
	}
	for (i = 0; i < SLOTS; i++) {
		struct actor *actor = &actors[i], *parent;

		if (!actor->used || !actor->coming)
			continue;
		parent = actor->parent < 0 ? NULL : &actors[actor->parent];
		if (parent && (parent->process->gone || parent->dead) &&
		    (actor->is_thread || space_is_dead(parent->process->space) ||
		     (!any_unknown() && !listen_once()))) {
			forget_child(i);
			continue;
		}
		return false;
	}
	return true;
}

static void print_unsettled(void)
{
	struct process *process;
	int i;

	for (process = processes; process; process = process->next)
		if (process->doomed && !process->gone)
			printf("# pid %d does not die, traced %d\n", process->pid, process->traced);
	for (i = 0; i < SLOTS; i++) {
		const struct actor *actor = &actors[i];

		if (actor->busy || actor->coming)
			printf("# task %lu: busy %d, order %d, coming %d, flags %#x, parent %d, pid %d\n",
			       actor->serial, actor->busy, actor->order, actor->coming, actor->arg2,
			       actor->parent, actor->process ? actor->process->pid : 0);
		if (actor->coming && actor->parent >= 0)
			printf("#   its parent: live %d, dead %d, order %d, pid %d, doomed %d, gone %d, any unknown %d\n",
			       actors[actor->parent].live, actors[actor->parent].dead,
			       actors[actor->parent].order, actors[actor->parent].process->pid,
			       actors[actor->parent].process->doomed,
			       actors[actor->parent].process->gone, any_unknown());
	}
}

static void settle(void)
{
	int64_t deadline = now_ms() + 4 * patience_ms();
	struct pollfd pfd = { .fd = ears, .events = POLLIN };

	while (!settled()) {
		serve_all_traced();
		hear_listeners();
		if (now_ms() > deadline) {
			print_unsettled();
			fail(NULL, "the test itself: the round does not end");
		}
		poll(&pfd, 1, 1);
	}
}

static void probe_doubtful(void)
{
	bool any = false;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (!actors[i].live || !actors[i].maybe)
			continue;
		order(i, PROBE, actors[i].maybe->id, 0);
		any = true;
	}
	if (!any)
		return;
	send_orders();
	settle();
}

static void new_root(void)
{
	int slot = new_slot();
	pid_t pid;

	if (slot < 0)
		return;
	pid = must(fork());
	if (!pid) {
		int fd;

		for (fd = 3; fd < 1024; fd++)
			if (fd < SHARED_FD || fd > PROGRAM_FD)
				close(fd);
		actor(slot);
	}
	record(actors[slot].serial, 0, "is a new root");
}

/* ---- between rounds ---- */

/* The model can be wrong; the filter itself is not. */
static void print_who_is_under(const struct listener *listener)
{
	struct process *process;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (!actors[i].live)
			continue;
		order(i, PROBE, listener->filter->id, 0);
		actors[i].maybe = listener->filter;
	}
	send_orders();
	settle();
	for (i = 0; i < SLOTS; i++)
		if (actors[i].live && actors[i].chain == listener->filter)
			printf("# task %lu, pid %d, is under it\n", actors[i].serial,
			       actors[i].process->pid);
	for (process = processes; process; process = process->next)
		if (process->doomed)
			printf("# pid %d: gone %d, traced %d, held %d\n", process->pid,
			       process->gone, process->traced, process->held);
}

static void late(const struct listener *listener)
{
	print_who_is_under(listener);
	fail(listener, "LATE: the listener of filter %d is unused for %lld ms and not told of",
	     listener->filter->id, (long long)(now_ms() - listener->empty_since));
}

static void check_listener(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	if (listener->told && listener->live)
		fail(listener, "FALSE HUP: the listener of filter %d has %d live tasks",
		     listener->filter->id, listener->live);
	if (listener->live)
		return;
	if (!listener->empty_since)
		listener->empty_since = now_ms();
	else if (!listener->told && now_ms() - listener->empty_since > patience_ms())
		late(listener);
}

static void check_listeners(void)
{
	struct listener *listener;

	hear_listeners();
	count_live();
	for (listener = listeners; listener; listener = listener->next)
		check_listener(listener);
}

/* Most are closed soon after they are told of, some before, some much later. */
static void close_some(void)
{
	struct listener **link = &listeners, *listener;

	while ((listener = *link)) {
		if (listener->told ? !chance(4) : !chance(3000)) {
			sum.early_closed += !listener->told;
			forget_fds(listener);
		} else if (!chance(500) && listener->dup >= 0) {
			close(listener->dup);
			listener->dup = -1;
		}
		/* Its filter may be in use, and names it. */
		if (listener->fd < 0 && !listener->live) {
			((struct filter *)listener->filter)->listener = NULL;
			*link = listener->next;
			free(listener);
			continue;
		}
		link = &listener->next;
	}
}

static void reap_some(void)
{
	struct process *process;
	int status;
	pid_t pid;

	if (chance(3))
		return;
	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		for (process = processes; process; process = process->next)
			if (process->pid == pid && process->traced)
				note_traced(process, status);
}

static void ask_oracle(void)
{
	char text[4096];
	int fd = open(opt.oracle, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		fail(NULL, "no oracle: %s: %s", opt.oracle, strerror(errno));
	n = must(read(fd, text, sizeof(text) - 1));
	close(fd);
	text[n] = '\0';
	if (n)
		fail(NULL, "the oracle says:\n%s", text);
	sum.oracles++;
}

static void reload(void)
{
	struct listener *listener;

	if (system(opt.unload) || system(opt.load))
		fail(NULL, "the module cannot be unloaded or loaded");
	/* Nobody could have been told meanwhile. */
	for (listener = listeners; listener; listener = listener->next)
		listener->empty_since = 0;
	sum.reloads++;
}

static void one_round(void)
{
	int i, slot, n = 1 + chance(ORDERS_AT_ONCE);

	round_number++;
	sum.rounds++;
	if (live_actors() < 8 || !chance(6))
		new_root();
	for (i = 0; i < n; i++) {
		slot = random_actor();
		if (slot >= 0)
			order_something(slot);
	}
	trace_some();
	send_orders();
	kill_doomed();
	/* At times while the orders are carried out. */
	if (opt.load && !chance(400))
		reload();
	settle();
	probe_doubtful();
	bury();
	check_listeners();
	close_some();
	reap_some();
	if (opt.oracle && !chance(100))
		ask_oracle();
}

static void end_all(void)
{
	struct process *process;
	struct listener *listener;
	int64_t deadline = now_ms() + patience_ms();
	bool open;

	ending = true;
	for (process = processes; process; process = process->next)
		process->doomed = true;
	kill_doomed();
	settle();
	bury();
	do {
		serve_all_traced();
		check_listeners();
		open = false;
		for (listener = listeners; listener; listener = listener->next)
			open |= listener->fd >= 0 && !listener->told;
	} while (open && now_ms() < deadline + patience_ms());
}

/* ---- the beginning ---- */

static void make_channel(void)
{
	int ends[2], on = 1;
	int shared = must(syscall(SYS_memfd_create, "torture", 0));

	must(ftruncate(shared, SLOTS * sizeof(struct slot)));
	must(dup2(shared, SHARED_FD));
	map_slots();
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	must(dup2(ends[1], SOCKET_FD));
	ears = ends[0];
	must(fcntl(ears, F_SETFD, FD_CLOEXEC));
	must(setsockopt(ears, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	must(dup2(must(open("/proc/self/exe", O_RDONLY)), PROGRAM_FD));
	events = must(epoll_create1(EPOLL_CLOEXEC));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

static void parse(int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seconds"))
			opt.seconds = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			opt.seed = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--actors"))
			opt.actors = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--scale"))
			opt.scale = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--unload"))
			opt.unload = argv[i + 1];
		else if (!strcmp(argv[i], "--load"))
			opt.load = argv[i + 1];
		else if (!strcmp(argv[i], "--oracle"))
			opt.oracle = argv[i + 1];
		else
			break;
	}
	if (i != argc || !opt.load != !opt.unload || opt.actors > SLOTS / 2) {
		fprintf(stderr, "usage: torture [--seconds N] [--seed S] [--actors 1..%d] [--scale N] [--unload COMMAND --load COMMAND] [--oracle FILE]\n",
			SLOTS / 2);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int64_t end;

	if (argc == 3 && !strcmp(argv[1], "--actor")) {
		map_slots();
		actor(atoi(argv[2]));
	}
	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	chance_state = opt.seed * 0x9e3779b97f4a7c15ULL + 1;
	make_channel();
	end = now_ms() + 1000LL * opt.seconds;
	while (now_ms() < end)
		one_round();
	end_all();
	printf("# seed %lu: %ld orders in %ld rounds; %ld listeners, %ld told of, %ld closed before; %ld reloads; the oracle asked %ld times\n",
	       opt.seed, sum.orders, sum.rounds, sum.listeners, sum.told, sum.early_closed,
	       sum.reloads, sum.oracles);
	printf("# 0 false HUPs, 0 late; after the round in which the last task died: %ld ms on average, %ld at most\n",
	       sum.told ? sum.late_ms_sum / sum.told : 0, sum.late_ms_max);
	printf("PASS torture\n1 passed, 0 failed, 0 skipped\n");
	return 0;
}
