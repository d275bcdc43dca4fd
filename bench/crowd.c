// SPDX-License-Identifier: GPL-2.0-only
/* Tasks and listeners that are merely there. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench.h"

static pid_t group;
static int members;

static void add_member(bool listener)
{
	pid_t pid = fork_sharing_fds();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, group);
		if (listener)
			install_filter(true);
		for (;;)
			pause();
	}
	if (!group)
		group = pid;
	setpgid(pid, group);
	members++;
}

void crowd_tasks(int count)
{
	while (count--)
		add_member(false);
}

/* Each with a live task under it. */
void crowd_listeners(int count)
{
	while (count--)
		add_member(true);
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
