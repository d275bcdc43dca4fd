// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold SECONDS SECONDS: a manager that holds a listener, whose only task lives
 * for the first time, itself for the second.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void live(int seconds)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		    &program) < 0) {
		perror("hold");
		_exit(1);
	}
	sleep(seconds);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	/* One fd table for both, so that the listener is the manager's, too. */
	if (!syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0))
		live(atoi(argv[1]));
	sleep(atoi(argv[2]));
	return 0;
}
