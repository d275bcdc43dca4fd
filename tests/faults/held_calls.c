// SPDX-License-Identifier: GPL-2.0-only
/*
 * held_calls COUNT: a user who has so many calls of seccomp() under way, each of
 * which is to make a listener.  They wait for the page that their filter is in,
 * and the userfaultfd that is to provide it never does.  Runs until it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static long must(long ret, const char *what)
{
	if (ret < 0) {
		perror(what);
		exit(1);
	}
	return ret;
}

/* Return: a page that nobody provides. */
static void *missing_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = must(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");
	long size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(page == MAP_FAILED ? -1 : 0, "mmap");
	range.range.start = (unsigned long)page;
	range.range.len = size;
	must(ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	must(ioctl(fd, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
	return page;
}

static void *call(void *page)
{
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     SECCOMP_FILTER_FLAG_NEW_LISTENER, page), "seccomp");
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *page;
	int left;

	if (argc != 2)
		return 2;
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	page = missing_page();
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	for (left = atoi(argv[1]); left; left--)
		must(-pthread_create(&thread, &attributes, call, page), "pthread_create");
	pause();
	return 1;
}
