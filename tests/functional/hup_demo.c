// SPDX-License-Identifier: GPL-2.0-only
/*
 * hup_demo: a container manager with a plain epoll loop, and one container. Shows whether the
 * manager is told when the container's last process exits, and how long that takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALLS 2
#define ANSWER 4711
#define LIFE_MS 300

static int64_t start_ns;
static volatile int64_t *exit_ns;	/* shared: written by the container as its last deed */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void say_at(int64_t when_ns, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say_at(int64_t when_ns, const char *fmt, ...)
{
	va_list args;

	printf("  +%.3f s ", (when_ns - start_ns) / 1e9);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void die(const char *what)
{
	fprintf(stderr, "hup_demo: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- the container --------------------------------------------------------------------- */

static int install_listener(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("no_new_privs");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &prog);
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int sock, int fd)
{
	union fd_message control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { .iov_base = "F", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		die("sendmsg");
}

static int recv_fd(int sock)
{
	union fd_message control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || msg.msg_controllen < CMSG_LEN(sizeof(int))) {
		fprintf(stderr, "hup_demo: the container gave no listener\n");
		exit(2);
	}
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void run_container(int sock)
{
	int i, listener = install_listener();

	if (listener < 0)
		die("installing a filter with a listener");
	send_fd(sock, listener);
	close(listener);
	close(sock);
	for (i = 0; i < CALLS; i++)
		if (syscall(__NR_getppid) != ANSWER)
			die("the manager's answer did not arrive");
	usleep(LIFE_MS * 1000);
	*exit_ns = now_ns();
	_exit(0);
}

/* ---- the manager ----------------------------------------------------------------------- */

struct manager {
	int listener, children, epfd;
	bool told;		/* HUP came */
	bool told_early;	/* HUP came while the container lived */
	bool exited;
};

static void watch(int epfd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
}

/* Zombies are left alone: Linux 5.9 to 6.10 speaks when the last one is reaped. */
static void container_exited(struct manager *m)
{
	struct signalfd_siginfo info;

	if (read(m->children, &info, sizeof(info)) != sizeof(info))
		die("signalfd");
	m->exited = true;
	if (!*exit_ns) {
		fprintf(stderr, "hup_demo: the container has failed\n");
		exit(2);
	}
	say_at(*exit_ns, "container's last process has exited");
}

static void answer_call(struct manager *m)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp = { .val = ANSWER };

	memset(&req, 0, sizeof(req));
	if (ioctl(m->listener, SECCOMP_IOCTL_NOTIF_RECV, &req))
		die("SECCOMP_IOCTL_NOTIF_RECV");
	resp.id = req.id;
	if (ioctl(m->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp))
		die("SECCOMP_IOCTL_NOTIF_SEND");
	say_at(now_ns(), "container asked for a system call, manager has answered it");
}

static void hung_up(struct manager *m, int64_t when_ns)
{
	m->told = true;
	if (!*exit_ns) {
		m->told_early = true;
		say_at(when_ns, "epoll: EPOLLHUP while the container lives: THIS IS WRONG");
		return;
	}
	if (!m->exited)
		container_exited(m);
	say_at(when_ns, "epoll: EPOLLHUP %.2f ms after the exit: listener closed",
	       (when_ns - *exit_ns) / 1e6);
	close(m->listener);
}

static int64_t ms_left(struct manager *m, int patience_s)
{
	int64_t from = m->exited ? *exit_ns : start_ns;
	int64_t left = from + patience_s * 1000000000LL - now_ns();

	return left > 0 ? left / 1000000 + 1 : 0;
}

static void manage(struct manager *m, int patience_s)
{
	struct epoll_event ev;
	int64_t when_ns, left;
	int n;

	while (!m->told && (left = ms_left(m, patience_s)) > 0) {
		n = epoll_wait(m->epfd, &ev, 1, left);
		when_ns = now_ns();
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		if (n <= 0)
			continue;
		if (ev.data.fd == m->children)
			container_exited(m);
		else if (ev.events & EPOLLHUP)
			hung_up(m, when_ns);
		else if (ev.events & EPOLLIN)
			answer_call(m);
	}
	if (!m->told)
		say_at(now_ns(), "epoll: still silent after %d s; the fd would be kept for ever",
		       patience_s);
}

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: hup_demo --expect none|hup [--wait SECONDS]\n"
		"Starts a container, lets it exit, and waits SECONDS (5) for EPOLLHUP. The exit\n"
		"status is 0 if what happened is what was expected, 1 if not.\n");
}

static bool parse_options(int argc, char **argv, int *patience_s)
{
	static const struct option longopts[] = {
		{ "expect", required_argument, NULL, 'e' },
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *expect = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		if (o == 'h') {
			usage(stdout);
			exit(0);
		}
		if (o == 'e')
			expect = optarg;
		else if (o == 'w')
			*patience_s = atoi(optarg);
		else
			expect = "";
	}
	if (!expect || (strcmp(expect, "none") && strcmp(expect, "hup")) || *patience_s < 1) {
		usage(stderr);
		exit(2);
	}
	return !strcmp(expect, "hup");
}

int main(int argc, char **argv)
{
	struct manager m = { 0 };
	int ends[2], patience_s = 5;
	bool expected = parse_options(argc, argv, &patience_s);
	sigset_t chld;
	pid_t pid;

	exit_ns = mmap(NULL, sizeof(*exit_ns), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (exit_ns == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		die("cannot set up");
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	m.children = signalfd(-1, &chld, SFD_CLOEXEC);
	m.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (m.children < 0 || m.epfd < 0)
		die("cannot set up");

	start_ns = now_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(ends[0]);
		run_container(ends[1]);
	}
	close(ends[1]);
	m.listener = recv_fd(ends[0]);
	say_at(now_ns(), "container started, manager has its listener in an epoll set");
	watch(m.epfd, m.listener);
	watch(m.epfd, m.children);
	manage(&m, patience_s);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return m.told == expected && !m.told_early ? 0 : 1;
}
