// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp-hup check: what the running kernel's listeners do, found out by
 * making one and letting its only task exit.  Needs neither the module nor
 * root, but a kernel and a sandbox that let a task install a filter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seccomp-hup.h"

/* From 5.0 on; a header may be older than the kernel. */
#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_RECV
#define SECCOMP_IOCTL_NOTIF_RECV 0xc0502100UL
#endif

/* Larger than any kernel's struct seccomp_notif, which must be all zero. */
#define NOTIF_BYTES 4096

enum told {
	NEVER,
	AT_REAP,
	AT_EXIT,
	TOO_EARLY,
};

static const char * const told_words[] = {
	[NEVER] = "never",
	[AT_REAP] = "at-reap",
	[AT_EXIT] = "at-exit",
	[TOO_EARLY] = "too-early",
};

/**
 * struct finding - what the listener did
 * @told: when it reported EPOLLHUP
 * @recv_ends: whether a blocked RECV returned
 */
struct finding {
	enum told told;
	bool recv_ends;
};

/* A listener's number in the table that both share; or a negative errno. */
static int make_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };
	long fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd < 0 ? -errno : (int)fd;
}

static void be_the_task(int answer)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = make_listener();
	if (write(answer, &fd, sizeof(fd)) != sizeof(fd))
		_exit(1);
	for (;;)
		pause();
}

/* Sharing its fd table, so that the listener needs no socket to get here. */
static pid_t start_task(int *listener)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		be_the_task(ends[1]);
	if (pid > 0 && read(ends[0], listener, sizeof(*listener)) != sizeof(*listener))
		*listener = -EIO;
	close(ends[0]);
	close(ends[1]);
	return pid;
}

/* Exits with 0 if RECV returns as it should. */
static pid_t start_receiver(int listener)
{
	pid_t pid = fork();
	char *notif;
	int ret;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	notif = calloc(1, NOTIF_BYTES);
	if (!notif)
		_exit(2);
	ret = ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notif);
	_exit(ret == -1 && errno == ENOENT ? 0 : 1);
}

static bool is_told(int listener, int timeout_ms)
{
	struct pollfd poller = { .fd = listener, .events = POLLIN };

	return poll(&poller, 1, timeout_ms) == 1 && (poller.revents & POLLHUP);
}

static bool ends_well(pid_t receiver, long timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;
	int status;

	do {
		if (waitpid(receiver, &status, WNOHANG) == receiver)
			return WIFEXITED(status) && !WEXITSTATUS(status);
		usleep(5000);
	} while (now_ms() < deadline);
	kill(receiver, SIGKILL);
	waitpid(receiver, &status, 0);
	return false;
}

/* The task is killed and then reaped; the listener is asked at each step. */
static struct finding watch_the_end(pid_t task, int listener, long timeout_ms)
{
	struct finding finding = { .told = NEVER };
	pid_t receiver = start_receiver(listener);
	siginfo_t info;

	if (is_told(listener, 0))
		finding.told = TOO_EARLY;
	kill(task, SIGKILL);
	waitid(P_PID, task, &info, WEXITED | WNOWAIT);
	if (finding.told == NEVER && is_told(listener, timeout_ms))
		finding.told = AT_EXIT;
	waitid(P_PID, task, &info, WEXITED);
	if (finding.told == NEVER && is_told(listener, timeout_ms))
		finding.told = AT_REAP;
	if (receiver > 0)
		finding.recv_ends = ends_well(receiver, timeout_ms);
	return finding;
}

static bool find_out(long timeout_ms, struct finding *finding)
{
	int listener = -EIO;
	pid_t task = start_task(&listener);

	if (task < 0) {
		complain("cannot start a task to try it with: %s", strerror(errno));
		return false;
	}
	if (listener < 0) {
		kill(task, SIGKILL);
		waitpid(task, NULL, 0);
		if (listener == -EINVAL || listener == -ENOSYS)
			complain("this kernel has no seccomp listeners (5.0 and later have them): nothing can be said, and nothing needs to be done");
		else
			complain("cannot make a seccomp listener: %s; a sandbox around this program may forbid it: run it outside of containers",
				 strerror(-listener));
		return false;
	}
	*finding = watch_the_end(task, listener, timeout_ms);
	close(listener);
	return true;
}

static const char *advice(const struct finding *finding, const char *state)
{
	if (finding->told == TOO_EARLY)
		return "That must never be: 'rmmod seccomp_hup', and report this kernel's version.";
	if (finding->told == AT_EXIT && finding->recv_ends)
		return "Nothing to do.";
	if (!*state)
		return "Install and load seccomp_hup: 'modprobe seccomp_hup'.";
	if (!strcmp(state, "armed"))
		return "Armed, yet not told in time: try a longer --timeout; then see dmesg.";
	return "The module is loaded and does nothing here: 'dmesg | grep seccomp_hup' says why.";
}

static void print_finding(const struct finding *finding, const char *state)
{
	static const char * const sentences[] = {
		[NEVER] = "never",
		[AT_REAP] = "when the last task has been reaped",
		[AT_EXIT] = "when the last task exits",
		[TOO_EARLY] = "while a task was still under the filter",
	};
	struct utsname name;

	uname(&name);
	if (opt_json) {
		printf("{\"kernel\":");
		print_json_string(name.release);
		printf(",\"hup\":\"%s\",\"recv\":\"%s\",\"module\":", told_words[finding->told],
		       finding->recv_ends ? "returns" : "blocks");
		if (*state)
			print_json_string(state);
		else
			printf("null");
		puts("}");
		return;
	}
	printf("%skernel%s    %s\n", bold(), plain(), name.release);
	printf("%sEPOLLHUP%s  %s\n", bold(), plain(), sentences[finding->told]);
	printf("%sRECV%s      %s\n", bold(), plain(),
	       finding->recv_ends ? "returns ENOENT then" : "blocks for ever then");
	printf("%smodule%s    %s\n\n", bold(), plain(), *state ? state : "not loaded");
	puts(advice(finding, state));
}

int verb_check(int argc, char **argv)
{
	long timeout_ms = 2000;
	struct finding finding;
	char state[32] = "";

	if (argc == 3 && !strcmp(argv[1], "--timeout")) {
		if (!parse_number(argv[2], 1, 600000, &timeout_ms))
			return usage(argv[0]);
	} else if (argc != 1) {
		return usage(argv[0]);
	}
	if (!find_out(timeout_ms, &finding))
		return FAILED;
	read_value("state", state, sizeof(state));
	print_finding(&finding, state);
	if (finding.told == TOO_EARLY)
		return FAILED;
	return finding.told == AT_EXIT && finding.recv_ends ? YES : NO;
}
