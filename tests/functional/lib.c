// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes, gates and expectations: see harness.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <time.h>

#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define HARNESS_ITSELF
#include "harness.h"

struct options opt = {
	.seconds = 10,
	.scale = 1,
	.settle_ms = 300,
	.reload_count = 5,
};

struct shared *shm;
__thread struct place here;

/* The box's end of its control socket; inherited by whatever the box starts. */
static int box_ctl = -1;

/* ---- the verdict ----------------------------------------------------------------------- */

/* The first verdict stands: what fails after it is mostly its consequence. */
static void settle_verdict(enum verdict verdict, const char *fmt, va_list args)
{
	char reason[sizeof(shm->reason)];
	int running = RUNNING;
	size_t length;

	vsnprintf(reason, sizeof(reason), fmt, args);
	length = strlen(reason);
	if (verdict == FAILED && here.file)
		snprintf(reason + length, sizeof(reason) - length, " (%s:%d)",
			 here.file, here.line);
	if (__atomic_compare_exchange_n(&shm->verdict, &running, verdict, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		memcpy(shm->reason, reason, sizeof(reason));
}

void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	settle_verdict(FAILED, fmt, args);
	va_end(args);
	_exit(1);
}

void skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	settle_verdict(SKIPPED, fmt, args);
	va_end(args);
	_exit(1);
}

long must_be_done(long ret, const char *what)
{
	if (ret == -1)
		fail("%s: %s", what, strerror(errno));
	return ret;
}

/* ---- time ------------------------------------------------------------------------------ */

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void nap_ms(int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int patience_ms(void)
{
	return 4000 * opt.scale;
}

/* ---- gates and counters ---------------------------------------------------------------- */

void gate_open(int gate)
{
	__atomic_store_n(&shm->gate[gate], 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &shm->gate[gate], FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static bool gate_wait_until(int gate, int64_t deadline)
{
	struct timespec tick = { .tv_nsec = 100 * 1000000L };

	while (!__atomic_load_n(&shm->gate[gate], __ATOMIC_SEQ_CST)) {
		if (now_ms() > deadline)
			return false;
		syscall(SYS_futex, &shm->gate[gate], FUTEX_WAIT, 0, &tick, NULL, 0);
	}
	return true;
}

void gate_wait(int gate)
{
	gate_wait_until(gate, INT64_MAX);
}

void gate_reach(int gate, const char *what)
{
	if (!gate_wait_until(gate, now_ms() + patience_ms()))
		fail("%s did not happen within %d ms", what, patience_ms());
}

void count_up(int counter)
{
	__atomic_add_fetch(&shm->count[counter], 1, __ATOMIC_SEQ_CST);
}

long count_of(int counter)
{
	return __atomic_load_n(&shm->count[counter], __ATOMIC_SEQ_CST);
}

bool stopped(void)
{
	return __atomic_load_n(&shm->stop, __ATOMIC_SEQ_CST);
}

void stop_all(void)
{
	__atomic_store_n(&shm->stop, 1, __ATOMIC_SEQ_CST);
}

/* ---- tasks ----------------------------------------------------------------------------- */

pid_t gettid_raw(void)
{
	return syscall(SYS_gettid);
}

void note_tid(int slot)
{
	__atomic_store_n(&shm->tid[slot], gettid_raw(), __ATOMIC_SEQ_CST);
}

/* The state letter in /proc, or 0 if there is no such task any more. */
static char task_state(pid_t pid, pid_t tid)
{
	char path[64], stat[512], *name_end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	stat[n] = '\0';
	name_end = strrchr(stat, ')');
	return name_end ? name_end[2] : 0;
}

void wait_gone(pid_t pid, pid_t tid)
{
	int64_t deadline = now_ms() + patience_ms();
	char state;

	for (;;) {
		state = task_state(pid, tid);
		if (!state || state == 'Z' || state == 'X')
			return;
		if (now_ms() > deadline)
			fail("the test itself got stuck: task %d/%d does not exit (state %c)",
			     pid, tid, state);
		nap_ms(1);
	}
}

void wait_process_gone(pid_t pid)
{
	wait_gone(pid, pid);
}

void reap(pid_t pid)
{
	int64_t deadline = now_ms() + patience_ms();

	while (!must(waitpid(pid, NULL, WNOHANG | __WALL))) {
		if (now_ms() > deadline)
			fail("the test itself got stuck: process %d cannot be reaped", pid);
		nap_ms(1);
	}
}

void exit_thread(void)
{
	for (;;)
		syscall(SYS_exit, 0);
}

/*
 * A thread that blocks SIGCHLD, for pthread_create() or system(), has the kernel give it to
 * another, and that one's RECV ends with EINTR. So no thread takes it.
 */
static void block_sigchld(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	must(sigprocmask(SIG_BLOCK, &child, NULL));
}

pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	int err;

	block_sigchld();
	err = pthread_create(&thread, NULL, fn, arg);
	if (err)
		fail("pthread_create: %s", strerror(err));
	return thread;
}

pid_t fork_or_fail(void)
{
	return must(fork());
}

/* A fork with flags of one's own; the child goes on with a copy of the stack. */
pid_t fork_raw(unsigned long clone_flags)
{
	return syscall(SYS_clone, clone_flags, NULL, NULL, NULL, 0);
}

pid_t clone_on_stack(int (*fn)(void *), int clone_flags, void *arg)
{
	const size_t size = 256 * 1024;
	char *stack;

	stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		fail("mmap of a stack: %s", strerror(errno));
	return must(clone(fn, stack + size, clone_flags, arg));
}

/* ---- filters --------------------------------------------------------------------------- */

/*
 * No look at seccomp_data.arch: the filter is a tool of these tests, not a defence, and 32-bit
 * callers are allowed to hit another system call of the same number.
 */
int try_install(unsigned int flags, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NOTIFIED_SYSCALL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };
	long ret;

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	return ret < 0 ? -errno : ret;
}

int install_listener(void)
{
	int fd = try_install(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);

	if (fd < 0)
		fail("cannot install a filter with a listener: %s", strerror(-fd));
	return fd;
}

void install_plain_filter(void)
{
	int err = try_install(0, SECCOMP_RET_ALLOW);

	if (err)
		fail("cannot install a plain filter: %s", strerror(-err));
}

/* ---- boxes ----------------------------------------------------------------------------- */

void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	char byte = 'F';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	must(sendmsg(sock, &msg, 0));
}

int recv_fd(int sock)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int fd;

	if (must(poll(&pfd, 1, patience_ms())) == 0)
		fail("the test itself got stuck: no fd came over the socket");
	if (must(recvmsg(sock, &msg, 0)) != 1 || msg.msg_controllen < CMSG_LEN(sizeof(int)))
		fail("a message without an fd came over the socket");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

struct box bare_start(body_fn *body, void *arg)
{
	struct box box = { .fd = -1 };
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	box.pid = fork_or_fail();
	if (!box.pid) {
		close(ends[0]);
		box_ctl = ends[1];
		body(arg);
		_exit(0);
	}
	close(ends[1]);
	box.ctl = ends[0];
	return box;
}

struct listening_body {
	body_fn *body;
	void *arg;
};

static void body_listening(void *arg)
{
	struct listening_body *inner = arg;

	hand_over(install_listener());
	inner->body(inner->arg);
}

struct box box_start(body_fn *body, void *arg)
{
	struct listening_body inner = { .body = body, .arg = arg };
	struct box box = bare_start(body_listening, &inner);

	take_listener(&box);
	return box;
}

void hand_over(int listener)
{
	send_fd(box_ctl, listener);
	close(listener);
}

void take_listener(struct box *box)
{
	box->fd = recv_fd(box->ctl);
}

void box_kill(struct box *box)
{
	must(kill(box->pid, SIGKILL));
}

void box_drop(struct box *box)
{
	close(box->fd);
	close(box->ctl);
	reap(box->pid);
}

void box_tell(struct box *box)
{
	must(write(box->ctl, "x", 1));
}

void box_wait_tell(void)
{
	char byte;

	while (read(box_ctl, &byte, 1) < 0 && errno == EINTR)
		;
}

void body_ctl(void *arg __maybe_unused)
{
	box_wait_tell();
}

void body_gate(void *arg)
{
	gate_wait((intptr_t)arg);
}

/* ---- a module built for tests -------------------------------------------------------------- */

static void set_parameter(const char *name, int value)
{
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/seccomp_hup/parameters/%s", name);
	file = fopen(path, "we");
	if (!file)
		return;
	fprintf(file, "%d", value);
	fclose(file);
}

void look_away(bool away)
{
	set_parameter("drop_every", away);
}

void starve(bool starved)
{
	set_parameter("starve_every", starved);
}

void hold_scan_at(pid_t pid)
{
	set_parameter("hold_scan_at", pid);
}

/* ---- exec ------------------------------------------------------------------------------ */

static void exec_self(int ctl, int rounds)
{
	char ctl_arg[16], rounds_arg[16];
	char *argv[] = { "hup_test", "--helper", "pause", ctl_arg, rounds_arg, NULL };
	char *envp[] = { NULL };

	snprintf(ctl_arg, sizeof(ctl_arg), "%d", ctl);
	snprintf(rounds_arg, sizeof(rounds_arg), "%d", rounds);
	/* Not /proc/self: with a dead leader it has no exe. */
	execve("/proc/thread-self/exe", argv, envp);
	_exit(127);
}

void exec_helper(int rounds)
{
	exec_self(box_ctl, rounds);
	_exit(127);
}

/*
 * hup_test --helper quit, or --helper pause FD ROUNDS: there is no shared memory here, only
 * the socket.
 */
int helper_main(int argc, char **argv)
{
	int rounds;

	if (argc == 1 && !strcmp(argv[0], "quit"))
		return 0;
	if (argc != 3 || strcmp(argv[0], "pause"))
		return 2;
	box_ctl = atoi(argv[1]);
	rounds = atoi(argv[2]);
	if (rounds > 0)
		exec_self(box_ctl, rounds - 1);
	if (write(box_ctl, "R", 1) != 1)
		return 1;
	box_wait_tell();
	return 0;
}

void box_hear_ready(struct box *box)
{
	struct pollfd pfd = { .fd = box->ctl, .events = POLLIN };
	char byte = 0;

	if (must(poll(&pfd, 1, patience_ms())) == 0)
		fail("the test itself got stuck: the program after exec is not ready");
	if (must(read(box->ctl, &byte, 1)) != 1 || byte != 'R')
		fail("the program after exec did not start (is /proc mounted?)");
}

/* ---- what is expected of a listener ---------------------------------------------------- */

/* Asks for no event at all, so a pending notification does not end the wait. */
static short wait_hup(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd };
	int64_t deadline = now_ms() + ms;
	int ret;

	do {
		ret = poll(&pfd, 1, ms > 0 ? ms : 0);
		ms = deadline - now_ms();
	} while (ret < 0 && errno == EINTR);
	must(ret);
	if (pfd.revents & POLLNVAL)
		fail("the listener fd %d is not open: the test is wrong", fd);
	return pfd.revents & POLLHUP;
}

static short poll_now(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	must(poll(&pfd, 1, 0));
	return pfd.revents;
}

void expect_hup(int fd, const char *when)
{
	if (!wait_hup(fd, patience_ms()))
		fail("no HUP within %d ms: %s", patience_ms(), when);
	if (!(poll_now(fd) & POLLHUP))
		fail("HUP came and then went away: %s", when);
}

void expect_no_hup_now(int fd, const char *when)
{
	if (wait_hup(fd, 0) || poll_now(fd) & POLLHUP)
		fail("HUP though a live task is under the filter: %s", when);
}

void expect_no_hup(int fd, const char *when)
{
	if (wait_hup(fd, opt.settle_ms))
		fail("HUP though a live task is under the filter: %s", when);
	expect_no_hup_now(fd, when);
}

/* Two kinds of waiter, so that a wake-up which is not seen by a later poll shows as well. */
void watch_no_hup(const struct box *boxes, int n, int ms, const char *when)
{
	int64_t deadline = now_ms() + ms;
	struct epoll_event ev = { .events = 0 };
	int epfd = must(epoll_create1(EPOLL_CLOEXEC));
	int i, left;

	for (i = 0; i < n; i++) {
		ev.data.u32 = i;
		must(epoll_ctl(epfd, EPOLL_CTL_ADD, boxes[i].fd, &ev));
	}
	while ((left = deadline - now_ms()) > 0) {
		if (epoll_wait(epfd, &ev, 1, left > 50 ? 50 : left) > 0)
			fail("epoll reports 0x%x for listener %u though a live task is under the filter: %s",
			     ev.events, ev.data.u32, when);
		for (i = 0; i < n; i++)
			expect_no_hup_now(boxes[i].fd, when);
	}
	close(epfd);
}

/* ---- user notifications ---------------------------------------------------------------- */

long call_notified(void)
{
	long ret = syscall(NOTIFIED_SYSCALL);

	return ret < 0 ? -errno : ret;
}

int try_recv(int fd, struct seccomp_notif *req)
{
	memset(req, 0, sizeof(*req));
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, req) ? -errno : 0;
}

int try_send(int fd, uint64_t id, int64_t val, int error, uint32_t flags)
{
	struct seccomp_notif_resp resp = { .id = id, .val = val, .error = error, .flags = flags };

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) ? -errno : 0;
}

void expect_pollin(int fd, const char *when)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (must(poll(&pfd, 1, patience_ms())) == 0)
		fail("no POLLIN: %s", when);
	if (pfd.revents & POLLHUP)
		fail("HUP though a live task is under the filter: %s", when);
	if (!(pfd.revents & POLLIN))
		fail("poll reports 0x%x and no POLLIN: %s", pfd.revents, when);
}

/* ---- threads in RECV ------------------------------------------------------------------- */

static void *receive_in_thread(void *arg)
{
	struct receiver *r = arg;
	struct seccomp_notif req;

	gate_open(RECV_BEGUN + r->n);
	shm->count[RECV_DONE + r->n] = try_recv(r->fd, &req);
	gate_open(RECV_DONE + r->n);
	return NULL;
}

void start_receivers(struct receiver *receivers, int n, int fd)
{
	int i;

	for (i = 0; i < n; i++) {
		receivers[i] = (struct receiver){ .fd = fd, .n = i };
		start_thread(receive_in_thread, &receivers[i]);
		gate_reach(RECV_BEGUN + i, "the start of a thread");
	}
	nap_ms(100);
}

void expect_receivers_blocked(int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (shm->gate[RECV_DONE + i])
			fail("RECV returned %ld though the box lives", shm->count[RECV_DONE + i]);
}

void expect_receivers_told(int n)
{
	long err;
	int i;

	for (i = 0; i < n; i++) {
		gate_reach(RECV_DONE + i, "the return of a blocked RECV");
		err = shm->count[RECV_DONE + i];
		if (err != -ENOENT)
			fail("RECV: %s instead of ENOENT", err ? strerror(-err) : "success");
	}
}
