// SPDX-License-Identifier: GPL-2.0-only
/*
 * silent_fuse DIRECTORY: a user who holds a listener's notify_lock for as long
 * as a file server of the user's own likes.
 *
 * The server serves one file on DIRECTORY, and does not answer its FLUSH before
 * SIGUSR1.  A task under a listener has that file open.  An ADDFD of the
 * listener replaces the task's fd, so the task closes the file: it waits for the
 * server, with the listener's notify_lock held.  A poll() and an epoll_wait() of
 * the listener then wait for the lock.  A notification of the task's child has
 * been there since before that.
 *
 * Prints a line "server PID", "poll PID" and "epoll PID" each, and "held" when
 * the lock is.  Ends with 0 once both callers have got EPOLLIN, and nothing
 * else, for the child's notification.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/fuse.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define FILE_NODE 2

static void die(const char *what)
{
	fprintf(stderr, "silent_fuse: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long must(long ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

/* ---- the server ---------------------------------------------------------- */

static volatile sig_atomic_t answers;

static void let_answer(int signal)
{
	(void)signal;
	answers = 1;
}

static void reply(int fuse, uint64_t unique, int error, const void *body,
		  size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + (error ? 0 : size),
		.error = error,
		.unique = unique,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)body, error ? 0 : size },
	};

	must(writev(fuse, parts, 2), "reply");
}

static void describe(struct fuse_attr *attr, uint64_t node)
{
	attr->ino = node;
	attr->mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700;
	attr->nlink = 1;
}

static void answer(int fuse, const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_entry_out entry = { .nodeid = FILE_NODE };
	struct fuse_attr_out attr = { };
	struct fuse_open_out open = { };

	switch (in->opcode) {
	case FUSE_INIT:
		reply(fuse, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		describe(&entry.attr, FILE_NODE);
		reply(fuse, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		describe(&attr.attr, in->nodeid);
		reply(fuse, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		reply(fuse, in->unique, 0, &open, sizeof(open));
		break;
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		reply(fuse, in->unique, -ENOSYS, NULL, 0);
		break;
	}
}

/* Say on @told when the FLUSH has come that is not answered yet. */
static void serve(int fuse, int told)
{
	static char request[1 << 17];
	const struct fuse_in_header *in = (void *)request;
	uint64_t flush = 0;

	for (;;) {
		if (answers && flush) {
			reply(fuse, flush, 0, NULL, 0);
			flush = 0;
		}
		if (read(fuse, request, sizeof(request)) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			exit(errno != ENODEV);
		}
		if (in->opcode == FUSE_FLUSH && !answers) {
			flush = in->unique;
			must(write(told, "", 1), "telling of FLUSH");
		} else {
			answer(fuse, in);
		}
	}
}

static pid_t start_server(const char *directory, int told)
{
	struct sigaction action = { .sa_handler = let_answer };
	int fuse = must(open("/dev/fuse", O_RDWR), "/dev/fuse");
	char options[100];
	pid_t pid;

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	must(mount("silent", directory, "fuse", MS_NOSUID | MS_NODEV, options), "mount");
	pid = must(fork(), "fork");
	if (!pid) {
		must(sigaction(SIGUSR1, &action, NULL), "sigaction");
		serve(fuse, told);
	}
	close(fuse);
	return pid;
}

/* ---- the task ------------------------------------------------------------ */

struct handed {
	int listener;
	int file;
};

/* The child's notification comes when @go does, the parent's at once. */
static void call(int go)
{
	pid_t child = must(fork(), "fork");
	char byte;

	if (!child) {
		must(read(go, &byte, 1), "waiting to call");
		syscall(SYS_getppid);
		_exit(0);
	}
	syscall(SYS_getppid);
	waitpid(child, NULL, 0);
	_exit(0);
}

static void live(const char *directory, int told, int go)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };
	struct handed handed;
	char path[200];

	snprintf(path, sizeof(path), "%s/file", directory);
	handed.file = must(open(path, O_RDWR), path);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	handed.listener = must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				       SECCOMP_FILTER_FLAG_NEW_LISTENER, &program), "seccomp");
	must(write(told, &handed, sizeof(handed)), "handing over");
	call(go);
}

/* ---- those who wait for the listener -------------------------------------- */

static void poll_it(int listener)
{
	struct pollfd pollfd = { .fd = listener, .events = POLLIN };
	int ret = poll(&pollfd, 1, -1);

	if (ret == 1 && pollfd.revents == POLLIN)
		_exit(0);
	fprintf(stderr, "silent_fuse: poll: %d (%s), events %#x\n", ret,
		ret < 0 ? strerror(errno) : "no error", pollfd.revents);
	_exit(1);
}

static void epoll_it(int epoll)
{
	struct epoll_event event = { };
	int ret = epoll_wait(epoll, &event, 1, -1);

	if (ret == 1 && event.events == EPOLLIN)
		_exit(0);
	fprintf(stderr, "silent_fuse: epoll_wait: %d (%s), events %#x\n", ret,
		ret < 0 ? strerror(errno) : "no error", event.events);
	_exit(1);
}

static pid_t start_caller(const char *name, void (*call)(int fd), int fd)
{
	pid_t pid = must(fork(), "fork");

	if (!pid)
		call(fd);
	printf("%s %d\n", name, pid);
	return pid;
}

static void expect_good_end(pid_t pid, const char *who)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	if (!status)
		return;
	fprintf(stderr, "silent_fuse: %s has ended with status %#x\n", who, status);
	exit(1);
}

/* ---- the manager --------------------------------------------------------- */

static uint64_t receive(int listener)
{
	struct seccomp_notif request = { };

	must(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request), "RECV");
	return request.id;
}

static void respond(int listener, uint64_t id)
{
	struct seccomp_notif_resp response = { .id = id };

	must(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), "SEND");
}

static pid_t start_addfd(int listener, uint64_t id, int number)
{
	struct seccomp_notif_addfd addfd = {
		.id = id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = STDERR_FILENO,
		.newfd = number,
	};
	pid_t pid = must(fork(), "fork");

	if (!pid) {
		must(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd), "ADDFD");
		_exit(0);
	}
	return pid;
}

static void wait_for_notification(int listener)
{
	struct pollfd pollfd = { .fd = listener, .events = POLLIN };

	must(poll(&pollfd, 1, -1), "poll");
}

static int watch(int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = must(epoll_create1(0), "epoll_create1");

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
	return epoll;
}

int main(int argc, char **argv)
{
	pid_t server, task, addfd, poller, epoller;
	int pidfd, listener, epoll, flushed[2], made[2], go[2];
	struct handed handed;
	uint64_t id;
	char byte;

	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	must(pipe(flushed), "pipe");
	must(pipe(made), "pipe");
	must(pipe(go), "pipe");
	server = start_server(argv[1], flushed[1]);
	printf("server %d\n", server);
	task = must(fork(), "fork");
	if (!task)
		live(argv[1], made[1], go[0]);
	if (read(made[0], &handed, sizeof(handed)) != sizeof(handed))
		die("no listener");
	pidfd = must(syscall(SYS_pidfd_open, task, 0), "pidfd_open");
	listener = must(syscall(SYS_pidfd_getfd, pidfd, handed.listener, 0), "pidfd_getfd");

	id = receive(listener);
	must(write(go[1], "", 1), "letting the child call");
	wait_for_notification(listener);
	epoll = watch(listener);
	addfd = start_addfd(listener, id, handed.file);
	must(read(flushed[0], &byte, 1), "waiting for FLUSH");
	poller = start_caller("poll", poll_it, listener);
	epoller = start_caller("epoll", epoll_it, epoll);
	printf("held\n");

	expect_good_end(addfd, "ADDFD");
	expect_good_end(poller, "poll");
	expect_good_end(epoller, "epoll_wait");
	respond(listener, id);
	respond(listener, receive(listener));
	expect_good_end(task, "the task");
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return umount2(argv[1], MNT_DETACH);
}
