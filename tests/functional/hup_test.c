// SPDX-License-Identifier: GPL-2.0-only
/*
 * hup_test: does a seccomp listener report EPOLLHUP when, and only when, the last live task
 * under its filter has exited? Linux 6.11 and later pass by themselves; older kernels need
 * the module.
 *
 * Every case runs in a forked process in its own process group. The runner here adopts
 * whatever the case orphans, and kills all of it when the case is over or out of time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fnmatch.h>
#include <getopt.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "harness.h"

#define DEFAULT_DEADLINE_MS 10000
#define RELOAD_DEADLINE_MS 15000
#define MAX_GLOBS 64

static const struct test_case *const groups[] = {
	poll_cases, notify_cases, life_cases, thread_cases, stack_cases,
	fork_cases, ptrace_cases, fd_cases, order_cases, churn_cases, reload_cases,
};

struct globs {
	const char *glob[MAX_GLOBS];
	int n;
};

static struct globs wanted, unwanted;
static sigset_t runner_signals, original_signals;

static bool globs_match(const struct globs *globs, const char *name)
{
	int i;

	for (i = 0; i < globs->n; i++)
		if (!fnmatch(globs->glob[i], name, 0))
			return true;
	return false;
}

static bool selected(const struct test_case *c)
{
	if (wanted.n && !globs_match(&wanted, c->name))
		return false;
	return !globs_match(&unwanted, c->name);
}

static int deadline_of(const struct test_case *c)
{
	int ms = (c->deadline_ms ? c->deadline_ms : DEFAULT_DEADLINE_MS) * opt.scale;

	if (c->churns)
		ms += opt.seconds * 1000;
	if (c->reloads)
		ms += opt.reload_count * RELOAD_DEADLINE_MS * opt.scale;
	return ms;
}

/* ---- leave nothing behind -------------------------------------------------------------- */

static pid_t parent_of(const char *pid)
{
	char path[64], line[512], *name_end;
	pid_t parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (name_end = strrchr(line, ')')))
		sscanf(name_end + 1, " %*c %d", &parent);
	fclose(f);
	return parent;
}

static void kill_children(void)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		return;
	while ((entry = readdir(proc)))
		if (atoi(entry->d_name) > 0 && parent_of(entry->d_name) == getpid())
			kill(atoi(entry->d_name), SIGKILL);
	closedir(proc);
}

/* What dies hands its children to us, so this goes on until there is no one left. */
static bool clean_up(pid_t group)
{
	int64_t deadline = now_ms() + 10000 * opt.scale;
	pid_t pid;

	kill(-group, SIGKILL);
	for (;;) {
		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		if (now_ms() > deadline)
			return false;
		kill_children();
		nap_ms(2);
	}
}

/* ---- one case -------------------------------------------------------------------------- */

static void run_in_child(const struct test_case *c)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_SETMASK, &original_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	c->run();
	_exit(0);
}

/*
 * Wait for the case's own process, and reap what it has orphaned in the meantime. Returns its
 * wait status; -1 if it is out of time, or another process of the case has given a verdict.
 */
static int wait_case(pid_t pid, int deadline_ms)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000000L };
	int64_t deadline = now_ms() + deadline_ms;
	int sig, status;
	pid_t got;

	for (;;) {
		while ((got = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
			if (got == pid)
				return status;
		if (__atomic_load_n(&shm->verdict, __ATOMIC_SEQ_CST) != RUNNING)
			return -1;
		if (now_ms() > deadline)
			return -1;
		sig = sigtimedwait(&runner_signals, NULL, &tick);
		if (sig == SIGINT || sig == SIGTERM) {
			clean_up(pid);
			exit(128 + sig);
		}
	}
}

static const char *describe(int status, char *buf, size_t size)
{
	if (status == -1)
		snprintf(buf, size, "deadline");
	else if (WIFSIGNALED(status))
		snprintf(buf, size, "the case was killed by signal %d", WTERMSIG(status));
	else
		snprintf(buf, size, "the case exited with status %d", WEXITSTATUS(status));
	return buf;
}

enum outcome { PASS, FAIL, SKIP, OUTCOMES };

static enum outcome run_case(const struct test_case *c)
{
	char buf[80];
	int status;
	bool clean;
	pid_t pid;

	memset(shm, 0, sizeof(*shm));
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		printf("FAIL %s: fork: %s\n", c->name, strerror(errno));
		return FAIL;
	}
	if (!pid)
		run_in_child(c);
	setpgid(pid, pid);
	status = wait_case(pid, deadline_of(c));
	clean = clean_up(pid);

	if (shm->verdict == SKIPPED) {
		printf("SKIP %s: %s\n", c->name, shm->reason);
		return SKIP;
	}
	if (shm->verdict == FAILED) {
		printf("FAIL %s: %s\n", c->name, shm->reason);
		return FAIL;
	}
	if (status) {
		printf("FAIL %s: %s\n", c->name, describe(status, buf, sizeof(buf)));
		return FAIL;
	}
	if (!clean) {
		printf("FAIL %s: processes of the case cannot be killed\n", c->name);
		return FAIL;
	}
	printf("PASS %s\n", c->name);
	return PASS;
}

/* ---- the program ----------------------------------------------------------------------- */

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: hup_test [options]      (as root)\n"
		"  --list              print the names of the selected cases and stop\n"
		"  --case GLOB         run only what matches; may be given more than once\n"
		"  --exclude GLOB      do not run what matches; may be given more than once\n"
		"  --seconds N         length of each churn case (10)\n"
		"  --quick             churn for 2 seconds, with fewer listeners\n"
		"  --timeout-scale N   multiply all deadlines by N, for slow machines (1)\n"
		"  --settle MS         how long to watch for a HUP that must not come (300)\n"
		"  --load CMD          shell command that loads the module, for the reload_* and adopt_* cases\n"
		"  --unload CMD        shell command that unloads it\n"
		"  --reload-count N    how many times a reload_* case does both (5)\n"
		"The exit status is 0 if nothing failed, 1 if something did, 2 for wrong usage.\n");
}

static int number(const char *name, const char *text, int least)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < least || n > 1000000) {
		fprintf(stderr, "hup_test: --%s wants a number of at least %d, not \"%s\"\n",
			name, least, text);
		exit(2);
	}
	return n;
}

static void add_glob(struct globs *globs, const char *glob)
{
	if (globs->n == MAX_GLOBS) {
		fprintf(stderr, "hup_test: more than %d globs\n", MAX_GLOBS);
		exit(2);
	}
	globs->glob[globs->n++] = glob;
}

static bool parse_options(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "case", required_argument, NULL, 'c' },
		{ "exclude", required_argument, NULL, 'x' },
		{ "seconds", required_argument, NULL, 's' },
		{ "quick", no_argument, NULL, 'q' },
		{ "timeout-scale", required_argument, NULL, 't' },
		{ "settle", required_argument, NULL, 'e' },
		{ "load", required_argument, NULL, 'o' },
		{ "unload", required_argument, NULL, 'u' },
		{ "reload-count", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool list = false, seconds_given = false;
	int o;

	while ((o = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (o) {
		case 'l':
			list = true;
			break;
		case 'c':
			add_glob(&wanted, optarg);
			break;
		case 'x':
			add_glob(&unwanted, optarg);
			break;
		case 's':
			opt.seconds = number("seconds", optarg, 1);
			seconds_given = true;
			break;
		case 'q':
			opt.quick = true;
			break;
		case 't':
			opt.scale = number("timeout-scale", optarg, 1);
			break;
		case 'e':
			opt.settle_ms = number("settle", optarg, 0);
			break;
		case 'o':
			opt.load = optarg;
			break;
		case 'u':
			opt.unload = optarg;
			break;
		case 'n':
			opt.reload_count = number("reload-count", optarg, 1);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		usage(stderr);
		exit(2);
	}
	if (opt.quick && !seconds_given)
		opt.seconds = 2;
	return list;
}

static void prepare(void)
{
	struct rlimit files;

	shm = mmap(NULL, sizeof(*shm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shm == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		perror("hup_test: cannot set up");
		exit(2);
	}
	/* 200 listeners with a socket each; a hard limit below that shows in the case. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sigemptyset(&runner_signals);
	sigaddset(&runner_signals, SIGCHLD);
	sigaddset(&runner_signals, SIGINT);
	sigaddset(&runner_signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &runner_signals, &original_signals);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
	const struct test_case *c;
	int tally[OUTCOMES] = { 0 };
	bool list;
	size_t g;

	if (argc > 2 && !strcmp(argv[1], "--helper"))
		return helper_main(argc - 2, argv + 2);

	list = parse_options(argc, argv);
	if (!list && geteuid()) {
		fprintf(stderr, "hup_test: must run as root\n");
		return 2;
	}
	prepare();
	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		for (c = groups[g]; c->name; c++) {
			if (!selected(c))
				continue;
			if (list)
				puts(c->name);
			else
				tally[run_case(c)]++;
		}
	}
	if (list)
		return 0;
	if (!tally[PASS] && !tally[FAIL] && !tally[SKIP]) {
		fprintf(stderr, "hup_test: no case matches; see --list\n");
		return 2;
	}
	printf("%d passed, %d failed, %d skipped\n", tally[PASS], tally[FAIL], tally[SKIP]);
	return tally[FAIL] ? 1 : 0;
}
