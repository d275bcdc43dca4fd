/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every case of hup_test builds on.
 *
 * A *case* runs in a process of its own, which plays the manager: it is never under a filter
 * with a listener itself. A *box* is a child of the case that has put itself under such a
 * filter F and handed the listener fd to the case; its body then forks, execs, makes threads
 * and leaves as the case wants. The two sides meet at *gates* in shared memory, which work
 * across fork, vfork and threads (but not across exec, see exec_helper()).
 */
#ifndef HUP_TEST_HARNESS_H
#define HUP_TEST_HARNESS_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE (1UL << 0)
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __maybe_unused __attribute__((unused))

/* For a loop that must not sleep: leaves more of the core to its other threads. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	asm volatile("yield" ::: "memory");
#else
	asm volatile("" ::: "memory");
#endif
}

/* The one system call that filter F sends to the listener. Nothing else here makes it. */
#define NOTIFIED_SYSCALL __NR_getppid

/* ---- the table of cases ---------------------------------------------------------------- */

struct test_case {
	const char *name;
	void (*run)(void);
	int deadline_ms;	/* 0: the default; multiplied by --timeout-scale */
	bool churns;		/* runs for --seconds on top of its deadline */
	bool reloads;		/* unloads and loads --reload-count times on top of that */
};

#define CASE(fn, ...) { .name = #fn, .run = fn, ##__VA_ARGS__ }

extern const struct test_case poll_cases[], notify_cases[], life_cases[], thread_cases[];
extern const struct test_case stack_cases[], fork_cases[], ptrace_cases[], fd_cases[];
extern const struct test_case churn_cases[], reload_cases[], order_cases[];

/* ---- options --------------------------------------------------------------------------- */

struct options {
	int seconds;		/* length of one churn */
	int scale;		/* how much slower than real hardware this machine may be */
	int settle_ms;		/* how long "no HUP" is watched for after each step */
	bool quick;
	const char *load, *unload;
	int reload_count;
};

extern struct options opt;

/* ---- the verdict ----------------------------------------------------------------------- */

enum verdict { RUNNING, FAILED, SKIPPED };

#define GATES 128

/* One page shared by the runner, the case and everything the case starts. */
struct shared {
	int verdict;
	char reason[400];
	int gate[GATES];
	long count[GATES];
	pid_t tid[GATES];
	int stop;
};

extern struct shared *shm;

/* Both end the calling process and, soon after, the whole case. Any process may call them. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* For calls that return -1 and set errno. */
#define must(call) (HERE, must_be_done((call), #call))
long must_be_done(long ret, const char *what);

/* The line of the case that this thread is at, for what fails; see the end of this file. */
extern __thread struct place {
	const char *file;
	int line;
} here;

/* ---- time ------------------------------------------------------------------------------ */

int64_t now_ms(void);
void nap_ms(int ms);
int patience_ms(void);		/* how long anything expected may take, HUP included */

/* ---- gates and counters ---------------------------------------------------------------- */

void gate_open(int gate);
void gate_wait(int gate);				/* for as long as it takes */
void gate_reach(int gate, const char *what);		/* fails the case if it takes too long */
void count_up(int counter);
long count_of(int counter);
bool stopped(void);
void stop_all(void);

/* ---- tasks ----------------------------------------------------------------------------- */

pid_t gettid_raw(void);
void note_tid(int slot);				/* remember the caller as shm->tid[slot] */
void wait_gone(pid_t pid, pid_t tid);			/* a zombie is gone, too */
void wait_process_gone(pid_t pid);
void reap(pid_t pid);
void exit_thread(void) __attribute__((noreturn));	/* this thread only, leader or not */
pthread_t start_thread(void *(*fn)(void *), void *arg);
pid_t fork_or_fail(void);
pid_t fork_raw(unsigned long clone_flags);		/* -1 and errno as clone() would */
pid_t clone_on_stack(int (*fn)(void *), int clone_flags, void *arg);

/* ---- filters --------------------------------------------------------------------------- */

int try_install(unsigned int flags, unsigned int action);	/* fd, 0, a tid, or -errno */
int install_listener(void);
void install_plain_filter(void);		/* allows all, has no listener */

/* ---- boxes ----------------------------------------------------------------------------- */

struct box {
	pid_t pid;
	int fd;			/* the listener, or -1 if not yet handed over */
	int ctl;		/* the case's end of the control socket */
};

typedef void body_fn(void *arg);

/* The body runs under F; when it returns the process exits. */
struct box box_start(body_fn *body, void *arg);
/* The body runs without a filter; it, or a task it starts, calls hand_over(install_listener()). */
struct box bare_start(body_fn *body, void *arg);
void hand_over(int listener);			/* in the box: give it to the case and close it */
void take_listener(struct box *box);		/* in the case: receive it */
void box_kill(struct box *box);
void box_drop(struct box *box);			/* close both fds and reap */

/* Bodies of general use. Each box has its own control socket, so many boxes can use body_ctl. */
void body_ctl(void *arg);			/* live until box_tell() */
void box_tell(struct box *box);
void box_wait_tell(void);
void body_gate(void *arg);			/* live until the gate (an int in arg) opens */
#define GATE_ARG(gate) ((void *)(intptr_t)(gate))

/*
 * Bodies of boxes that churn until stop_all(), with one task that stays until its gate opens.
 * Box N, given as GATE_ARG(N), uses gates KEEP + N and DONE + N * WORKERS .., and counter N.
 */
enum { KEEP = 0, DONE = 20 };
#define WORKERS 3
void body_fork_churn(void *arg);
void body_thread_churn(void *arg);
void body_baton(void *arg);
void wait_churn_done(int box);

void start_many(struct box *boxes, int n);	/* each lives until box_tell() */
void expect_none_early(const struct box *boxes, int n);

void send_fd(int sock, int fd);
int recv_fd(int sock);

/*
 * Replace the calling task's program by this one again, in which it says 'R' on the box's
 * control socket and lives until box_tell(). Further rounds of exec come before that.
 */
void exec_helper(int rounds) __attribute__((noreturn));
int helper_main(int argc, char **argv);
void box_hear_ready(struct box *box);

/* ---- what is expected of a listener ---------------------------------------------------- */

void expect_hup(int fd, const char *when);
void expect_no_hup(int fd, const char *when);
void expect_no_hup_now(int fd, const char *when);
void watch_no_hup(const struct box *boxes, int n, int ms, const char *when);

/*
 * In a module that was built for it: see nothing of what happens until told otherwise; have no
 * memory until told otherwise; stop each scan for 300 ms between two looks at a process.
 */
void look_away(bool away);
void starve(bool starved);
void hold_scan_at(pid_t pid);

/* ---- user notifications ---------------------------------------------------------------- */

long call_notified(void);			/* in the box: the system call; -errno on error */
int try_recv(int fd, struct seccomp_notif *req);	/* 0 or -errno */
int try_send(int fd, uint64_t id, int64_t val, int error, uint32_t flags);
void expect_pollin(int fd, const char *when);

/* ---- threads in RECV ------------------------------------------------------------------- */

enum { RECV_BEGUN = 40, RECV_DONE = 60 };	/* one gate and counter for each thread */

struct receiver {
	int fd;
	int n;
};

void start_receivers(struct receiver *receivers, int n, int fd);
void expect_receivers_blocked(int n);
void expect_receivers_told(int n);		/* ENOENT, all of them */

/* ---- where a case fails ------------------------------------------------------------------ */

/*
 * A failure is of use with the line of the case, not with that of the function here which
 * found it: so each call from a case notes its own first.
 */
#ifdef HARNESS_ITSELF
#define HERE ((void)0)
#else
#define HERE ((void)(here = (struct place){ __FILE__, __LINE__ }))
#define fail(...) (HERE, fail(__VA_ARGS__))
#define gate_reach(...) (HERE, gate_reach(__VA_ARGS__))
#define wait_gone(...) (HERE, wait_gone(__VA_ARGS__))
#define wait_process_gone(...) (HERE, wait_process_gone(__VA_ARGS__))
#define reap(...) (HERE, reap(__VA_ARGS__))
#define install_listener() (HERE, install_listener())
#define install_plain_filter() (HERE, install_plain_filter())
#define box_start(...) (HERE, box_start(__VA_ARGS__))
#define take_listener(...) (HERE, take_listener(__VA_ARGS__))
#define box_drop(...) (HERE, box_drop(__VA_ARGS__))
#define recv_fd(...) (HERE, recv_fd(__VA_ARGS__))
#define box_hear_ready(...) (HERE, box_hear_ready(__VA_ARGS__))
#define expect_hup(...) (HERE, expect_hup(__VA_ARGS__))
#define expect_no_hup(...) (HERE, expect_no_hup(__VA_ARGS__))
#define expect_no_hup_now(...) (HERE, expect_no_hup_now(__VA_ARGS__))
#define watch_no_hup(...) (HERE, watch_no_hup(__VA_ARGS__))
#define expect_pollin(...) (HERE, expect_pollin(__VA_ARGS__))
#define start_receivers(...) (HERE, start_receivers(__VA_ARGS__))
#define expect_receivers_blocked(...) (HERE, expect_receivers_blocked(__VA_ARGS__))
#define expect_receivers_told(...) (HERE, expect_receivers_told(__VA_ARGS__))
#endif

#endif
