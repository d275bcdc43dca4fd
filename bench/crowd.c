// SPDX-License-Identifier: GPL-2.0-only
/* Tasks, threads and listeners that are merely there. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench.h"

static pid_t group;
static int members;

static void *be_there(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Each of the first @filters has a chain that is longer by one than the thread's before. */
static void add_threads(int count, int filters)
{
	while (count--) {
		if (filters-- > 0)
			install_filter(false);
		start_thread(be_there);
	}
}

/* A process of so many threads more than one, and so many filters more than its own. */
static void add_member(bool listener, int threads, int filters)
{
	pid_t pid = fork_sharing_fds();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, group);
		if (listener)
			install_filter(true);
		add_threads(threads, filters);
		be_there(NULL);
	}
	if (!group)
		group = pid;
	setpgid(pid, group);
	members++;
}

void crowd_tasks(int count)
{
	while (count--)
		add_member(false, 0, 0);
}

void crowd_threads(int count, int filters)
{
	add_member(true, count - 1, filters);
	/* Until they have been made: one takes some fifty microseconds. */
	usleep(count * 200);
}

/* Each with a live task under it. */
void crowd_listeners(int count)
{
	while (count--)
		add_member(true, 0, 0);
	/* Until all of them are at rest. */
	usleep(500000);
}

void crowd_end(void)
{
	if (group)
		kill(-group, SIGKILL);
	while (members--)
		wait(NULL);
	members = 0;
	group = 0;
	/* Those listeners are this task's, too. */
	closefrom(3);
}
