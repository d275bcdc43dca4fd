// SPDX-License-Identifier: GPL-2.0-only
/*
 * sandbox ANSWER COMMAND...: run COMMAND where a filter answers some system
 * calls: enosys, einval, eperm: seccomp() fails so; kill: it ends the caller;
 * norecv: ioctl() fails with EINVAL.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const struct answer {
	const char *name;
	int call;
	unsigned int action;
} answers[] = {
	{ "enosys", SYS_seccomp, SECCOMP_RET_ERRNO | ENOSYS },
	{ "einval", SYS_seccomp, SECCOMP_RET_ERRNO | EINVAL },
	{ "eperm", SYS_seccomp, SECCOMP_RET_ERRNO | EPERM },
	{ "kill", SYS_seccomp, SECCOMP_RET_KILL_PROCESS },
	{ "norecv", SYS_ioctl, SECCOMP_RET_ERRNO | EINVAL },
};

static int install(const struct answer *answer)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)answer->call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer->action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 2 && i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(argv[1], answers[i].name))
			continue;
		if (install(&answers[i])) {
			perror("sandbox: cannot install a filter");
			return 125;
		}
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 126;
	}
	fputs("usage: sandbox enosys|einval|eperm|kill|norecv COMMAND...\n", stderr);
	return 125;
}
