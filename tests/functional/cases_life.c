// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lives of processes under a filter: zombies, orphans, generations, exec, vfork, odd
 * clones, namespaces. Threads are in cases_thread.c.
 */
#define _GNU_SOURCE
#include <sched.h>

#include <sys/mman.h>
#include <sys/resource.h>

#include <linux/io_uring.h>

#include "harness.h"

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#endif

enum { LEAVE, STAY, READY, NAMED };

static struct box leaving_box(void)
{
	return box_start(body_gate, GATE_ARG(LEAVE));
}

/* ---- the end of one process ------------------------------------------------------------ */

static void zombie_counts_as_gone(void)
{
	struct box box = leaving_box();

	expect_no_hup(box.fd, "the box lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box is a zombie");
	nap_ms(opt.settle_ms);
	expect_hup(box.fd, "the box still is a zombie");
	reap(box.pid);
	expect_hup(box.fd, "the box was reaped");
}

static void sigkill(void)
{
	struct box box = leaving_box();

	expect_no_hup(box.fd, "the box lives");
	box_kill(&box);
	expect_hup(box.fd, "the box was killed");
}

static void body_crashes(void *arg __maybe_unused)
{
	struct rlimit no_core = { 0 };

	must(setrlimit(RLIMIT_CORE, &no_core));
	gate_wait(LEAVE);
	abort();
}

static void crash(void)
{
	struct box box = box_start(body_crashes, NULL);

	expect_no_hup(box.fd, "the box lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box has aborted");
}

/* A second filter which kills: the task leaves from inside a system call. */
static void body_killed_by_filter(void *arg __maybe_unused)
{
	if (try_install(0, SECCOMP_RET_KILL_PROCESS))
		fail("cannot install a killing filter");
	gate_wait(LEAVE);
	call_notified();
}

static void killed_by_a_filter(void)
{
	struct box box = box_start(body_killed_by_filter, NULL);

	expect_no_hup(box.fd, "the box lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box was killed by a filter");
}

static void stop_is_not_exit(void)
{
	struct box box = leaving_box();

	must(kill(box.pid, SIGSTOP));
	expect_no_hup(box.fd, "the box is stopped");
	must(kill(box.pid, SIGCONT));
	expect_no_hup(box.fd, "the box goes on");
	must(kill(box.pid, SIGSTOP));
	box_kill(&box);
	expect_hup(box.fd, "the box was killed while stopped");
}

/* ---- children -------------------------------------------------------------------------- */

static void body_child_stays(void *arg __maybe_unused)
{
	if (!fork_or_fail()) {
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void child_outlives_parent(void)
{
	struct box box = box_start(body_child_stays, NULL);

	expect_no_hup(box.fd, "parent and child live");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the parent is a zombie, the child lives");
	reap(box.pid);
	expect_no_hup(box.fd, "the parent was reaped, the child lives");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}

static void parent_outlives_child(void)
{
	struct box box = box_start(body_child_stays, NULL);

	gate_open(STAY);
	expect_no_hup(box.fd, "the parent lives, the child is its zombie");
	gate_open(LEAVE);
	expect_hup(box.fd, "the parent has exited");
}

#define TREE_FANOUT 3
#define TREE_TASKS (TREE_FANOUT + TREE_FANOUT * TREE_FANOUT)
#define TREE_GATE 20

static void tree_task(int n)
{
	gate_open(TREE_GATE + TREE_TASKS + n);
	gate_wait(TREE_GATE + n);
	_exit(0);
}

static void body_tree(void *arg __maybe_unused)
{
	int i, j;

	for (i = 0; i < TREE_FANOUT; i++) {
		if (fork_or_fail())
			continue;
		for (j = 0; j < TREE_FANOUT; j++)
			if (!fork_or_fail())
				tree_task(TREE_FANOUT + i * TREE_FANOUT + j);
		tree_task(i);
	}
	gate_wait(LEAVE);
}

static void tree_leaves_in_mixed_order(void)
{
	struct box box = box_start(body_tree, NULL);
	int i;

	for (i = 0; i < TREE_TASKS; i++)
		gate_reach(TREE_GATE + TREE_TASKS + i, "the start of a task of the tree");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	/* 5 has no factor in common with 12, so this visits each task once. */
	for (i = 0; i < TREE_TASKS; i++) {
		expect_no_hup_now(box.fd, "tasks of the tree live");
		nap_ms(30);
		expect_no_hup_now(box.fd, "tasks of the tree live, a moment later");
		gate_open(TREE_GATE + i * 5 % TREE_TASKS);
	}
	expect_hup(box.fd, "the last task of the tree has exited");
}

/* Each generation forks the next and exits at once: mostly one task or two are alive. */
static void body_generations(void *arg)
{
	int left = (intptr_t)arg;

	while (left-- > 0)
		if (fork_or_fail())
			_exit(0);
	gate_open(READY);
	gate_wait(LEAVE);
}

static void generations(void)
{
	struct box box = box_start(body_generations, GATE_ARG(opt.quick ? 200 : 1000));
	int64_t deadline = now_ms() + 5 * patience_ms();

	while (!shm->gate[READY]) {
		expect_no_hup_now(box.fd, "one generation begets the next");
		if (now_ms() > deadline)
			fail("the test itself got stuck: generations do not end");
	}
	expect_no_hup(box.fd, "the last generation lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the last generation has exited");
}

/* ---- exec ------------------------------------------------------------------------------ */

static void body_execs(void *arg)
{
	exec_helper((intptr_t)arg);
}

static void exec_keeps_the_filter(void)
{
	struct box box = box_start(body_execs, NULL);

	box_hear_ready(&box);
	expect_no_hup(box.fd, "the program after exec lives");
	box_tell(&box);
	expect_hup(box.fd, "the program after exec has exited");
}

static void exec_many_times(void)
{
	struct box box = box_start(body_execs, GATE_ARG(30));

	box_hear_ready(&box);
	expect_no_hup(box.fd, "the program after 31 execs lives");
	box_tell(&box);
	expect_hup(box.fd, "the program after 31 execs has exited");
}

/* ---- vfork ----------------------------------------------------------------------------- */

static void body_vforks(void *arg __maybe_unused)
{
	pid_t pid = vfork();

	if (!pid) {
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void vfork_child_exits(void)
{
	struct box box = box_start(body_vforks, NULL);

	expect_no_hup(box.fd, "the vfork child holds its parent");
	gate_open(STAY);
	expect_no_hup(box.fd, "the vfork child has exited, the parent goes on");
	gate_open(LEAVE);
	expect_hup(box.fd, "the parent has exited");
}

static void vfork_parent_killed(void)
{
	struct box box = box_start(body_vforks, NULL);

	expect_no_hup(box.fd, "the vfork child holds its parent");
	box_kill(&box);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the parent was killed, its vfork child lives");
	reap(box.pid);
	expect_no_hup(box.fd, "the parent was reaped, its vfork child lives");
	gate_open(STAY);
	expect_hup(box.fd, "the vfork child has exited");
}

static void body_vfork_execs(void *arg __maybe_unused)
{
	if (!vfork())
		exec_helper(0);
	gate_wait(LEAVE);
}

static void vfork_child_execs(void)
{
	struct box box = box_start(body_vfork_execs, NULL);

	box_hear_ready(&box);
	expect_no_hup(box.fd, "parent and vfork child live");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the parent has exited, the vfork child runs another program");
	box_tell(&box);
	expect_hup(box.fd, "the vfork child has exited");
}

/* ---- odd clones ------------------------------------------------------------------------ */

static void body_clones(void *arg)
{
	if (!must(fork_raw((uintptr_t)arg))) {
		note_tid(READY);
		gate_open(READY);
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void check_clone(unsigned long flags)
{
	struct box box = box_start(body_clones, (void *)flags);

	gate_reach(READY, "the start of the cloned child");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	reap(box.pid);
	expect_no_hup(box.fd, "the cloned child lives, its creator does not");
	gate_open(STAY);
	expect_hup(box.fd, "the cloned child has exited");
}

/* The child becomes a child of this case, and stays a zombie here. */
static void clone_parent(void)
{
	check_clone(CLONE_PARENT | SIGCHLD);
	reap(shm->tid[READY]);
}

static void clone_without_signal(void)
{
	check_clone(0);
}

static void clone_namespaces(void)
{
	check_clone(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | SIGCHLD);
}

static int child_on_stack(void *arg __maybe_unused)
{
	gate_open(READY);
	gate_wait(STAY);
	_exit(0);
}

static void body_clones_sharing(void *arg)
{
	clone_on_stack(child_on_stack, (intptr_t)arg, NULL);
	gate_wait(LEAVE);
}

static void check_sharing_clone(int flags)
{
	struct box box = box_start(body_clones_sharing, GATE_ARG(flags));

	gate_reach(READY, "the start of the cloned child");
	expect_no_hup(box.fd, "creator and clone live");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the clone lives, its creator does not");
	gate_open(STAY);
	expect_hup(box.fd, "the clone has exited");
}

static void clone_vm_files(void)
{
	check_sharing_clone(CLONE_VM | CLONE_FILES | SIGCHLD);
}

static void clone_vm_fs_sighand(void)
{
	check_sharing_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND);
}

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static void body_clone3(void *arg __maybe_unused)
{
	struct clone3_args args = { .exit_signal = SIGCHLD };
	pid_t pid = syscall(__NR_clone3, &args, sizeof(args));

	if (pid < 0 && errno == ENOSYS)
		skip("this kernel has no clone3 (Linux 5.3)");
	if (!must(pid)) {
		gate_open(READY);
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void clone3_fork(void)
{
	struct box box = box_start(body_clone3, NULL);

	gate_reach(READY, "the start of the cloned child");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the cloned child lives, its creator does not");
	gate_open(STAY);
	expect_hup(box.fd, "the cloned child has exited");
}

/* ---- pid namespaces -------------------------------------------------------------------- */

#define NS_TASKS 5

static void unshare_pidns(void)
{
	if (unshare(CLONE_NEWPID))
		skip("unshare(CLONE_NEWPID): %s", strerror(errno));
}

static void sleep_until_killed(void)
{
	for (;;)
		pause();
}

/* Returns in init only; the case finds its pid, as seen from outside, in shm->tid[READY]. */
static void fork_init_of_new_pidns(void)
{
	pid_t init;

	unshare_pidns();
	init = fork_or_fail();
	if (!init)
		return;
	shm->tid[READY] = init;
	gate_open(NAMED);
	sleep_until_killed();
}

static void kill_init(void)
{
	gate_reach(NAMED, "the fork of init");
	must(kill(shm->tid[READY], SIGKILL));
}

/* This task, not under the filter, stays outside; the init in the namespace is. */
static void body_pidns(void *arg __maybe_unused)
{
	int i;

	fork_init_of_new_pidns();
	hand_over(install_listener());
	for (i = 0; i < NS_TASKS; i++)
		if (!fork_or_fail())
			sleep_until_killed();
	gate_open(READY);
	sleep_until_killed();
}

static void pidns_dies_at_once(void)
{
	struct box box = bare_start(body_pidns, NULL);

	take_listener(&box);
	gate_reach(READY, "the start of the tasks in the pid namespace");
	expect_no_hup(box.fd, "the pid namespace lives");
	kill_init();
	expect_hup(box.fd, "the init of the pid namespace was killed");
}

/* Here init is not under the filter, and only its grandchild is left to be. */
static void body_pidns_grandchild(void *arg __maybe_unused)
{
	fork_init_of_new_pidns();
	if (fork_or_fail())
		sleep_until_killed();
	hand_over(install_listener());
	if (fork_or_fail())
		_exit(0);
	gate_open(READY);
	sleep_until_killed();
}

static void pidns_grandchild_dies_with_init(void)
{
	struct box box = bare_start(body_pidns_grandchild, NULL);

	take_listener(&box);
	gate_reach(READY, "the start of the grandchild in the pid namespace");
	expect_no_hup(box.fd, "the grandchild lives");
	kill_init();
	expect_hup(box.fd, "the init of the pid namespace was killed");
}

/* The box outside forks into a namespace, leaves, and init keeps the filter alive. */
static void body_forks_into_pidns(void *arg __maybe_unused)
{
	unshare_pidns();
	if (!fork_or_fail()) {
		gate_open(READY);
		gate_wait(STAY);
		_exit(0);
	}
	gate_wait(LEAVE);
}

static void pidns_init_outlives_creator(void)
{
	struct box box = box_start(body_forks_into_pidns, NULL);

	gate_reach(READY, "the start of init in the pid namespace");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "init of the new pid namespace lives");
	gate_open(STAY);
	expect_hup(box.fd, "init has exited");
}

/* ---- a worker thread of the kernel ----------------------------------------------------- */

#ifndef IOSQE_ASYNC
#define IOSQE_ASYNC (1U << 4)
#endif

/* From Linux 5.12 on io_uring's workers are threads of the task that made them. */
static void start_io_worker(void)
{
	struct io_uring_params p = { 0 };
	struct io_uring_sqe *sqe;
	static char byte;
	int fd, pipe_ends[2];
	unsigned int *tail, *array;
	char *sq;

	fd = syscall(__NR_io_uring_setup, 4, &p);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip("io_uring_setup: %s", strerror(errno));
	must(fd);
	must(pipe(pipe_ends));
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   IORING_OFF_SQES);
	if (sq == MAP_FAILED || (void *)sqe == MAP_FAILED)
		fail("mmap of the io_uring: %s", strerror(errno));
	tail = (unsigned int *)(sq + p.sq_off.tail);
	array = (unsigned int *)(sq + p.sq_off.array);
	sqe->opcode = IORING_OP_READ;
	sqe->flags = IOSQE_ASYNC;
	sqe->fd = pipe_ends[0];
	sqe->addr = (uintptr_t)&byte;
	sqe->len = 1;
	array[0] = 0;
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	must(syscall(__NR_io_uring_enter, fd, 1, 0, 0, NULL, 0));
}

static void body_with_io_worker(void *arg __maybe_unused)
{
	start_io_worker();
	gate_open(READY);
	gate_wait(LEAVE);
}

static void io_worker_leaves_with_its_task(void)
{
	struct box box = box_start(body_with_io_worker, NULL);

	gate_reach(READY, "the start of the io worker");
	expect_no_hup(box.fd, "the box with an io worker lives");
	gate_open(LEAVE);
	expect_hup(box.fd, "the box with an io worker has exited");
}

/* ---- 32-bit callers -------------------------------------------------------------------- */

#ifdef __x86_64__
#define I386_NR_seccomp 354

static long int80_seccomp(unsigned int op, unsigned int flags, void *args)
{
	long ret = I386_NR_seccomp;

	asm volatile("int $0x80"
		     : "+a"(ret)
		     : "b"(op), "c"(flags), "d"(args)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

/* The same filter again, with its program where 32 bits can point to. */
static int int80_install_listener(void)
{
	struct {
		struct {
			uint16_t len;
			uint32_t filter;
		} prog;
		struct sock_filter allow;
	} *low;

	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		fail("mmap below 4 GiB: %s", strerror(errno));
	low->allow = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	low->prog.len = 1;
	low->prog.filter = (uintptr_t)&low->allow;
	return int80_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, low);
}

static void no_int80(int sig __maybe_unused)
{
	skip("this kernel runs no 32-bit system calls");
}

static void body_int80(void *arg __maybe_unused)
{
	int fd;

	signal(SIGSEGV, no_int80);
	fd = int80_install_listener();
	if (fd == -ENOSYS)
		skip("this kernel runs no 32-bit system calls");
	if (fd < 0)
		fail("seccomp by int 0x80: %s", strerror(-fd));
	hand_over(fd);
	body_child_stays(NULL);
}

static void listener_made_by_32_bit_call(void)
{
	struct box box = bare_start(body_int80, NULL);

	take_listener(&box);
	expect_no_hup(box.fd, "parent and child live");
	gate_open(LEAVE);
	wait_process_gone(box.pid);
	expect_no_hup(box.fd, "the child lives");
	gate_open(STAY);
	expect_hup(box.fd, "the child has exited");
}
#else
static void listener_made_by_32_bit_call(void)
{
	skip("made for x86_64");
}
#endif

const struct test_case life_cases[] = {
	CASE(zombie_counts_as_gone),
	CASE(sigkill),
	CASE(crash),
	CASE(killed_by_a_filter),
	CASE(stop_is_not_exit),
	CASE(child_outlives_parent),
	CASE(parent_outlives_child),
	CASE(tree_leaves_in_mixed_order),
	CASE(generations, .deadline_ms = 30000),
	CASE(exec_keeps_the_filter),
	CASE(exec_many_times),
	CASE(vfork_child_exits),
	CASE(vfork_parent_killed),
	CASE(vfork_child_execs),
	CASE(clone_parent),
	CASE(clone_without_signal),
	CASE(clone_namespaces),
	CASE(clone_vm_files),
	CASE(clone_vm_fs_sighand),
	CASE(clone3_fork),
	CASE(pidns_dies_at_once),
	CASE(pidns_grandchild_dies_with_init),
	CASE(pidns_init_outlives_creator),
	CASE(io_worker_leaves_with_its_task),
	CASE(listener_made_by_32_bit_call),
	{ 0 },
};
