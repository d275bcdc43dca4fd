// SPDX-License-Identifier: GPL-2.0-only
/*
 * agent: what a container runtime hands its seccomp listeners to. It keeps them in one epoll set,
 * answers the calls, and closes a listener when, and only when, epoll says EPOLLHUP. It counts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define MAX_LISTENERS 480	/* each with a pidfd, below the usual limit of 1024 files */
#define MAX_STATE 65536
#define MAX_FDS 8
#define PATIENCE_S 5

enum source { SERVER, SIGNALS, LISTENER, PROCESS, PROXY };

struct listener {
	int fd, pidfd;		/* -1: closed */
	int64_t exit_ns, hup_ns;
};

/* What lxc's monitor sends ahead of struct seccomp_notif and struct seccomp_notif_resp. */
struct proxy_header {
	uint64_t reserved;
	int32_t monitor_pid, init_pid;
	struct seccomp_notif_sizes sizes;
	uint64_t cookie_len;
};

struct proxy_message {
	struct proxy_header header;
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;
};

struct options {
	const char *path;
	bool proxy;		/* of lxc: it keeps the listeners to itself */
	bool recv_on_hup;
	int settle_s;
};

static struct options options;
static struct listener listeners[MAX_LISTENERS];
static int received, answered, hups, blocked, failed;
static int epfd, server;
static int64_t settled_ns;	/* when to end; 0: not asked to */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* What must not happen, but must not end the other containers' service either. */
static void complain(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	failed++;
}

static void watch(int fd, enum source source, int value)
{
	struct epoll_event ev = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)source << 32 | (uint32_t)value,
	};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
}

static int still_open(void)
{
	int i, count = 0;

	for (i = 0; i < received; i++)
		count += listeners[i].fd >= 0;
	return count;
}

/* ---- the report ------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report(void)
{
	int64_t delays[MAX_LISTENERS];
	int i, count = 0;

	for (i = 0; i < received; i++)
		if (listeners[i].exit_ns && listeners[i].hup_ns)
			delays[count++] = listeners[i].hup_ns - listeners[i].exit_ns;
	qsort(delays, count, sizeof(delays[0]), compare);
	printf("received %d, closed on HUP %d, still open %d, answered %d, ",
	       received, hups, still_open(), answered);
	printf("RECV blocked %d, failed %d", blocked, failed);
	if (count)
		printf(", HUP after %.1f/%.1f/%.1f ms", delays[0] / 1e6, delays[count / 2] / 1e6,
		       delays[count - 1] / 1e6);
	putchar('\n');
	fflush(stdout);
}

/* ---- a runtime arrives ----------------------------------------------------------------- */

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

/* Return: what recvmsg says; *count descriptors are in fds. */
static ssize_t recv_fds(int sock, void *data, size_t size, int *fds, int *count)
{
	union fd_message control;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *cmsg;

	*count = 0;
	if (len < 0)
		return len;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS) {
		*count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(cmsg), *count * sizeof(int));
	}
	return len;
}

static bool complete(const char *json)
{
	int depth = 0;

	for (; *json; json++)
		depth += (*json == '{') - (*json == '}');
	return depth == 0;
}

/*
 * The runtime sends one JSON object with the descriptors, and need not close until it exits.
 * Return: the listener.
 */
static int recv_state(int sock, char *state, size_t size)
{
	int fds[MAX_FDS], count, fd = -1;
	size_t used = 0;
	ssize_t len;

	do {
		len = recv_fds(sock, state + used, size - 1 - used, fds, &count);
		if (len <= 0)
			break;
		used += len;
		state[used] = '\0';
		while (count > 0) {
			if (fd >= 0)
				close(fd);
			fd = fds[--count];
		}
	} while (!complete(state));
	state[used] = '\0';
	if (len < 0)
		complain("receiving the container's state");
	return fd;
}

static int pid_of(const char *state)
{
	const char *at = strstr(state, "\"pid\"");

	if (!at || !strstr(state, "\"seccompFd\""))
		return -1;
	at += strlen("\"pid\"");
	return atoi(at + strspn(at, " \t\r\n:"));
}

static void adopt(int fd, int pid)
{
	struct listener *l = &listeners[received];

	*l = (struct listener){ .fd = fd, .pidfd = syscall(SYS_pidfd_open, pid, 0) };
	watch(fd, LISTENER, received);
	if (l->pidfd >= 0)
		watch(l->pidfd, PROCESS, received);
	received++;
}

static void accept_runtime(void)
{
	static char state[MAX_STATE];
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd, sock = accept4(server, NULL, NULL, SOCK_CLOEXEC);

	if (sock < 0)
		die("accept");
	if (options.proxy) {
		watch(sock, PROXY, sock);
		return;
	}
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fd = recv_state(sock, state, sizeof(state));
	close(sock);
	errno = EPROTO;
	if (fd >= 0 && received < MAX_LISTENERS && pid_of(state) > 0) {
		adopt(fd, pid_of(state));
		return;
	}
	complain("a runtime gave no listener, or one too many, or no valid state");
	if (fd >= 0)
		close(fd);
}

/* ---- listeners ------------------------------------------------------------------------- */

/* Return: RECV gave a call. The alarm ends one that blocks, and that nothing else would. */
static bool recv_call(int fd, struct seccomp_notif *req)
{
	int ret;

	memset(req, 0, sizeof(*req));
	alarm(PATIENCE_S);
	ret = ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, req);
	alarm(0);
	if (!ret)
		return true;
	if (errno == EINTR)
		blocked++;
	else if (errno != ENOENT)
		complain("SECCOMP_IOCTL_NOTIF_RECV");
	return false;
}

static void answer_call(int fd)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	int ret;

	if (!recv_call(fd, &req))
		return;
	resp.id = req.id;
	ret = ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	if (ret && errno == EINVAL) {
		/* Older than 5.5: pretend that the call was made. */
		resp.flags = 0;
		ret = ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	if (ret)
		complain("SECCOMP_IOCTL_NOTIF_SEND");
	else
		answered++;
}

static void hung_up(struct listener *l, int64_t when_ns)
{
	struct seccomp_notif req;

	hups++;
	l->hup_ns = when_ns;
	if (options.recv_on_hup && recv_call(l->fd, &req)) {
		errno = EPROTO;
		complain("a call came from an unused filter");
	}
	/* The runtime may keep the file open, and so in the set. */
	epoll_ctl(epfd, EPOLL_CTL_DEL, l->fd, NULL);
	close(l->fd);
	l->fd = -1;
}

static void listener_event(struct listener *l, uint32_t events, int64_t when_ns)
{
	if (events & EPOLLHUP)
		hung_up(l, when_ns);
	else if (events & EPOLLIN)
		answer_call(l->fd);
}

static void process_exited(struct listener *l, int64_t when_ns)
{
	l->exit_ns = when_ns;
	close(l->pidfd);
	l->pidfd = -1;
}

/* A call that lxc's monitor forwards, and answers with what it gets back. */
static void proxy_event(int sock)
{
	struct proxy_message msg = { 0 };
	int fds[MAX_FDS], count;
	ssize_t len = recv_fds(sock, &msg, sizeof(msg), fds, &count);

	if (len <= 0) {
		close(sock);
		return;
	}
	while (count > 0)
		close(fds[--count]);
	errno = EPROTO;
	if (len != sizeof(msg) || msg.header.sizes.seccomp_notif != sizeof(msg.req) ||
	    msg.header.sizes.seccomp_notif_resp != sizeof(msg.resp)) {
		complain("a message not known to be lxc's");
		return;
	}
	msg.resp = (struct seccomp_notif_resp){
		.id = msg.req.id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
	if (send(sock, &msg, sizeof(msg), MSG_NOSIGNAL) != sizeof(msg))
		complain("answering lxc's monitor");
	else
		answered++;
}

/* ---- the loop -------------------------------------------------------------------------- */

static void asked(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		die("signalfd");
	if (info.ssi_signo == SIGUSR1)
		report();
	else
		settled_ns = now_ns() + options.settle_s * 1000000000LL;
}

static void dispatch(const struct epoll_event *ev, int64_t when_ns)
{
	enum source source = ev->data.u64 >> 32;
	int value = (uint32_t)ev->data.u64;

	switch (source) {
	case SERVER:
		accept_runtime();
		break;
	case SIGNALS:
		asked(value);
		break;
	case LISTENER:
		listener_event(&listeners[value], ev->events, when_ns);
		break;
	case PROCESS:
		process_exited(&listeners[value], when_ns);
		break;
	case PROXY:
		proxy_event(value);
		break;
	}
}

static void serve(void)
{
	struct epoll_event ev;
	int n;

	while (!settled_ns || (still_open() && now_ns() < settled_ns)) {
		n = epoll_wait(epfd, &ev, 1, 100);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		if (n > 0)
			dispatch(&ev, now_ns());
	}
	report();
}

static void listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int type = options.proxy ? SOCK_SEQPACKET : SOCK_STREAM;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(server, 64))
		die(path);
	watch(server, SERVER, 0);
}

static void interrupt(int signo)
{
	(void)signo;
}

static void take_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt };	/* no SA_RESTART */
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGALRM, &action, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	watch(fd, SIGNALS, fd);
}

static void usage(void)
{
	fprintf(stderr,
		"Usage: agent [--recv-on-hup] [--settle SECONDS] [--proxy] SOCKET\n"
		"Serves the runtimes that are given SOCKET as linux.seccomp.listenerPath, or, with\n"
		"--proxy, lxc's lxc.seccomp.notify.proxy. SIGUSR1: report. SIGTERM: end when no\n"
		"listener is left open, but after SECONDS (0) in any case, and report.\n"
		"--recv-on-hup: ask for a call before a listener is closed, as crun does.\n");
	exit(2);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "proxy", no_argument, NULL, 'p' },
		{ "recv-on-hup", no_argument, NULL, 'r' },
		{ "settle", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (o == 'p')
			options.proxy = true;
		else if (o == 'r')
			options.recv_on_hup = true;
		else if (o == 's')
			options.settle_s = atoi(optarg);
		else
			usage();
	}
	if (optind != argc - 1)
		usage();
	options.path = argv[optind];
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		die("epoll_create1");
	take_signals();
	listen_at(options.path);
	serve();
	return 0;
}
