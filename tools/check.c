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
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U
#endif

/* Larger than any kernel's struct seccomp_notif, which must be all zero. */
#define NOTIF_BYTES 4096

/* What a receiver exits with that has received what nobody sent. */
#define RECEIVED 255

#define DEFAULT_TIMEOUT_MS 2000

enum hup {
	NEVER,
	AT_REAP,
	AT_EXIT,
	TOO_EARLY,
};

/**
 * struct finding - what the listener did
 * @hup: when it reported EPOLLHUP
 * @recv_ends: whether a blocked RECV returned
 */
struct finding {
	enum hup hup;
	bool recv_ends;
};

/**
 * struct trial - what it is found out with
 * @task: the only one under the filter
 * @receiver: one that is in RECV
 * @listener: the filter's
 * @timeout_ms: how long each event may take
 */
struct trial {
	pid_t task;
	pid_t receiver;
	int listener;
	long timeout_ms;
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

static bool has_ended(pid_t pid)
{
	siginfo_t info = { };

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * The task's answer, or -ECHILD: a filter that kills instead of refusing leaves
 * the pipe open, as both share the table of fds.
 */
static int hear(int from, pid_t task)
{
	struct pollfd poller = { .fd = from, .events = POLLIN };
	int fd;

	for (;;) {
		bool ended = has_ended(task);

		if (poll(&poller, 1, ended ? 0 : 20) == 1)
			return read(from, &fd, sizeof(fd)) == sizeof(fd) ? fd : -EIO;
		if (ended)
			return -ECHILD;
	}
}

/* Sharing its fd table, so that the listener needs no socket to get here. */
static bool start_task(struct trial *trial)
{
	int ends[2];

	if (pipe(ends))
		return false;
	trial->task = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!trial->task)
		be_the_task(ends[1]);
	if (trial->task > 0)
		trial->listener = hear(ends[0], trial->task);
	close(ends[0]);
	close(ends[1]);
	return trial->task > 0;
}

/* Exits with RECV's errno. */
static pid_t start_receiver(int listener)
{
	static char notif[NOTIF_BYTES];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notif) < 0 ? errno : RECEIVED);
}

/* Return: 1: it reports EPOLLHUP; 0: not in that time; -1: it cannot be polled. */
static int reports(int listener, long timeout_ms)
{
	struct pollfd poller = { .fd = listener, .events = POLLIN };
	long long deadline = now_ms() + timeout_ms, left = timeout_ms;
	int ret;

	do {
		ret = poll(&poller, 1, left);
		left = deadline - now_ms();
	} while (ret < 0 && errno == EINTR && left > 0);
	if (ret < 0 && errno == EINTR)
		return 0;
	return ret == 1 ? !!(poller.revents & POLLHUP) : ret;
}

/* Return: whether it could be found out. */
static bool watch_the_receiver(struct trial *trial, struct finding *finding)
{
	long long deadline = now_ms() + trial->timeout_ms;
	int status;

	while (!has_ended(trial->receiver) && now_ms() < deadline)
		usleep(5000);
	finding->recv_ends = has_ended(trial->receiver);
	if (!finding->recv_ends)
		return true;
	if (waitpid(trial->receiver, &status, 0) != trial->receiver)
		status = -1;
	trial->receiver = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOENT)
		return true;
	complain("RECV on the listener ended with %s instead of ENOENT: a sandbox around this program may forbid it: run it outside of containers",
		 WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "a signal");
	return false;
}

/* The task is killed and then reaped; the listener is polled at each step. */
static bool watch_the_end(struct trial *trial, struct finding *finding)
{
	static const enum hup steps[] = { TOO_EARLY, AT_EXIT, AT_REAP };
	siginfo_t info;
	size_t i;
	int ret;

	finding->hup = NEVER;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i] == AT_EXIT)
			kill(trial->task, SIGKILL);
		if (steps[i] != TOO_EARLY &&
		    waitid(P_PID, trial->task, &info,
			   WEXITED | (steps[i] == AT_EXIT ? WNOWAIT : 0)))
			return false;
		if (steps[i] == AT_REAP)
			trial->task = 0;
		if (finding->hup != NEVER)
			continue;
		ret = reports(trial->listener, steps[i] == TOO_EARLY ? 0 : trial->timeout_ms);
		/* Killed by others meanwhile, it proves nothing. */
		if (ret < 0 || (steps[i] == TOO_EARLY && has_ended(trial->task)))
			return false;
		if (ret)
			finding->hup = steps[i];
	}
	return true;
}

/* Another error than these says something of the sandbox, not of the kernel. */
static bool kernel_has_listeners(int error)
{
	unsigned int action = SECCOMP_RET_USER_NOTIF;

	if (error != EINVAL && error != ENOSYS)
		return true;
	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) || errno != EOPNOTSUPP;
}

static void complain_of_listener(int error)
{
	if (!kernel_has_listeners(error))
		complain("this kernel has no seccomp listeners (5.0 and later have them): there is nothing that could report EPOLLHUP");
	else if (error == ECHILD)
		complain("it cannot be told here: the task that was to make a seccomp listener has been killed, perhaps by a sandbox: run it outside of containers");
	else
		complain("it cannot be told here: no seccomp listener can be made: %s; a sandbox around this program may forbid it: run it outside of containers",
			 strerror(error));
}

static bool try_it(struct trial *trial, struct finding *finding)
{
	if (!start_task(trial)) {
		complain("it cannot be told here: no task can be started to try it with: %s: see 'ulimit -a' and the cgroup's pids.max",
			 strerror(errno));
		return false;
	}
	if (trial->listener < 0) {
		complain_of_listener(-trial->listener);
		return false;
	}
	trial->receiver = start_receiver(trial->listener);
	if (trial->receiver < 0) {
		complain("it cannot be told here: no task can be started for RECV: %s: see 'ulimit -a' and the cgroup's pids.max",
			 strerror(errno));
		return false;
	}
	if (!watch_the_end(trial, finding)) {
		complain("it cannot be told: the task under the filter, or the listener, went away: try again");
		return false;
	}
	return watch_the_receiver(trial, finding);
}

static bool find_out(struct finding *finding)
{
	struct trial trial = {
		.listener = -EIO,
		.timeout_ms = opts.timeout_ms > 0 ? opts.timeout_ms : DEFAULT_TIMEOUT_MS,
	};
	bool found = try_it(&trial, finding);

	end(trial.task);
	end(trial.receiver);
	if (trial.listener >= 0)
		close(trial.listener);
	return found;
}

static const char *advice(const struct finding *finding, const char *state)
{
	if (finding->hup == TOO_EARLY)
		return "That must never be: 'rmmod seccomp_hup', and report this kernel's version.";
	if (finding->hup == AT_EXIT && finding->recv_ends)
		return "Nothing to do.";
	switch (module_presence()) {
	case NOT_LOADED:
		return "Install and load seccomp_hup: 'modprobe seccomp_hup'.";
	case UNTOLD:
		return "Whether the module is loaded cannot be told: " UNTOLD_ADVICE ".";
	case LOADED:
		break;
	}
	if (!strcmp(state, "armed"))
		return "Armed, yet no EPOLLHUP in time: try a longer --timeout; then see dmesg.";
	return "The module is loaded and does nothing here: 'dmesg | grep seccomp_hup' says why.";
}

static void print_json(const struct finding *finding, const char *release, const char *state)
{
	static const char * const words[] = {
		[NEVER] = "never",
		[AT_REAP] = "at-reap",
		[AT_EXIT] = "at-exit",
		[TOO_EARLY] = "too-early",
	};

	printf("{\"kernel\":");
	json_string(stdout, release);
	printf(",\"hup\":\"%s\",\"recv\":\"%s\",\"module\":", words[finding->hup],
	       finding->recv_ends ? "returns" : "blocks");
	if (*state)
		json_string(stdout, state);
	else
		printf("null");
	puts("}");
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
	if (opts.json) {
		print_json(finding, name.release, state);
		return;
	}
	printf("%skernel%s    %s\n", bold(), plain(), name.release);
	printf("%sEPOLLHUP%s  %s\n", bold(), plain(), sentences[finding->hup]);
	printf("%sRECV%s      %s\n", bold(), plain(),
	       finding->recv_ends ? "returns ENOENT then" : "blocks for ever then");
	printf("%smodule%s    %s\n\n", bold(), plain(), *state ? state :
	       module_presence() == UNTOLD ? "it cannot be told" : "not loaded");
	puts(advice(finding, state));
}

int verb_check(int count, char **words)
{
	struct finding finding;
	char state[32] = "";

	if (opts.kernels)
		return check_kernels();
	if (opts.columns || opts.raw || opts.noheadings) {
		complain("only check --kernels prints a table");
		return options_usage(find_verb("check"));
	}
	if (!find_out(&finding))
		return FAILED;
	read_text(state, sizeof(state), SYSFS "state");
	print_finding(&finding, state);
	if (finding.hup == TOO_EARLY)
		return FAILED;
	return finding.hup == AT_EXIT && finding.recv_ends ? YES : NO;
}
