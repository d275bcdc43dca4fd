// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an actor does.  Threads are made without libc's knowledge and share its
 * thread-local data, so nothing here uses errno or libc's state.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>

#include "torture.h"

#define STACK_BYTES (64 * 1024)

struct slot *slots;

/* A system call; its sixth argument is 0. */
#if defined(__x86_64__)
static long call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = 0;
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static long call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;
	register long x5 asm("x5") = 0;

	asm volatile("svc #0" : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}
#else
#error "a system call of this architecture"
#endif

void map_slots(void)
{
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
		     MAP_SHARED, SHARED_FD, 0);
}

/* With an fd, unless that is -1. */
static void say(enum word word, int slot, int result, int fd)
{
	struct message message = { word, slot, result };
	struct iovec iov = { &message, sizeof(message) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = fd < 0 ? NULL : &control,
		.msg_controllen = fd < 0 ? 0 : sizeof(control.space),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	while (call(SYS_sendmsg, SOCKET_FD, (long)&msg, 0, 0, 0) == -EINTR)
		;
}

static void leave(long how)
{
	for (;;)
		call(how, 0, 0, 0, 0, 0);
}

static long do_fork(int flags)
{
	return call(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static int thread_main(void *arg)
{
	actor((intptr_t)arg);
}

static int do_thread(int slot)
{
	long stack = call(SYS_mmap, 0, STACK_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (stack < 0 && stack > -4096)
		return stack;
	if (clone(thread_main, (char *)stack + STACK_BYTES,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		  CLONE_THREAD | CLONE_SYSVSEM, (void *)(intptr_t)slot) < 0)
		return -EAGAIN;
	return 0;
}

/* Refused late, by a bad pointer; before 5.2 it is a fork like others. */
static int do_failing_fork(void)
{
	long pid = call(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, 8, 0, 0);

	if (!pid)
		leave(SYS_exit_group);
	return pid;
}

static void do_exec(int slot)
{
	char number[16];
	char *const argv[] = { "torture", "--actor", number, NULL };
	char *const envp[] = { NULL };

	snprintf(number, sizeof(number), "%d", slot);
	call(SYS_execveat, PROGRAM_FD, (long)"", (long)argv, (long)envp,
	     AT_EMPTY_PATH);
}

/* Filter N makes getppid(N) fail, and nothing else. */
static int do_attach(int id, int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return call(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    flags & ~KEEP_LISTENER, (long)&prog, 0, 0);
}

static void attach(int slot, int id, int flags)
{
	int ret = do_attach(id, flags);

	if (ret < 0 || !(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
		say(DONE, slot, ret, -1);
		return;
	}
	say(DONE, slot, 0, ret);
	if (!(flags & KEEP_LISTENER))
		call(SYS_close, ret, 0, 0, 0, 0);
}

static int do_reap(void)
{
	int count = 0;

	while (call(SYS_wait4, -1, 0, WNOHANG, 0, 0) > 0)
		count++;
	return count;
}

/* Return: the slot to go on as; the child of a fork is in another. */
static int obey(int slot, int order, int arg, int arg2)
{
	long pid;

	switch (order) {
	case FORK:
	case BATON:
		pid = do_fork(arg2);
		if (!pid)
			return arg;
		say(DONE, slot, pid, -1);
		if (order == BATON)
			leave(SYS_exit_group);
		break;
	case THREAD:
		say(DONE, slot, do_thread(arg), -1);
		break;
	case FAILING_FORK:
		say(DONE, slot, do_failing_fork(), -1);
		break;
	case EXIT:
		say(DONE, slot, 0, -1);
		leave(SYS_exit);
		break;
	case EXIT_GROUP:
		say(DONE, slot, 0, -1);
		leave(SYS_exit_group);
		break;
	case EXEC:
		do_exec(slot);
		break;
	case ATTACH:
		attach(slot, arg, arg2);
		break;
	case REAP:
		say(DONE, slot, do_reap(), -1);
		break;
	case PROBE:
		say(DONE, slot, call(SYS_getppid, arg, 0, 0, 0, 0) == -EXDEV, -1);
		break;
	}
	return slot;
}

void actor(int slot)
{
	int order, next;

	say(HELLO, slot, 0, -1);
	for (;;) {
		order = __atomic_exchange_n(&slots[slot].order, NOTHING, __ATOMIC_ACQ_REL);
		if (order == NOTHING) {
			call(SYS_futex, (long)&slots[slot].order, FUTEX_WAIT, NOTHING, 0, 0);
			continue;
		}
		next = obey(slot, order, slots[slot].arg, slots[slot].arg2);
		if (next == slot)
			continue;
		slot = next;
		say(HELLO, slot, 0, -1);
	}
}
