// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle, for tests only: debugfs's seccomp_hup/oracle.
 *
 * A reader of the file stops all processors.  The oracle then works out from the
 * tasks what the table must contain, and prints a line for each difference.  An
 * orphan with a live task is a mistake at once.  Any other difference can be an
 * event that is under way, so it is printed only if it lasts.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/stop_machine.h>

#include "compat.h"
#include "layout.h"
#include "listener.h"
#include "oracle.h"
#include "table.h"

enum fault {
	FALSE_HUP,	/* the only one that no event under way explains */
	NO_MEMBER,
	LIVE_AFTER_EXIT,
	WRONG_LIVE,
	WRONG_MEMBERS,
};

/**
 * struct finding - a difference between the table and the tasks
 * @fault: its kind
 * @id: the listener's number
 * @task: the task, or NULL; compared, never followed
 * @pid: the task's pid, if the task is listed; or 0
 * @counted: the listener's count; or 0
 * @found: the count that the oracle has found; or 0
 */
struct finding {
	enum fault fault;
	u64 id;
	const struct task_struct *task;
	pid_t pid;
	int counted;
	int found;
};

#define FINDINGS 64

/* A finding lasts if it is there in this many looks, at this distance. */
#define LOOKS 50
#define LOOK_MS 40

/* More listeners than this are not looked at. */
#define TALLIES 1024

struct tally {
	const struct shup_listener *listener;
	int live;
	int members;
};

/* One look; too large for a stack. */
struct look {
	unsigned int count;
	struct finding findings[FINDINGS];
	unsigned int tallied;
	struct tally tallies[TALLIES];
};

static DEFINE_MUTEX(oracle_lock);

static void note(struct look *look, const struct finding *finding)
{
	if (look->count < FINDINGS)
		look->findings[look->count++] = *finding;
}

/* @pid: 0 if the task may be freed. */
static void note_task_fault(struct look *look, enum fault fault,
			    const struct shup_listener *listener,
			    const struct task_struct *task, pid_t pid)
{
	const struct finding finding = {
		.fault = fault,
		.id = listener->id,
		.task = task,
		.pid = pid,
	};

	note(look, &finding);
}

static void note_count_fault(struct look *look, enum fault fault,
			     const struct shup_listener *listener, int counted,
			     int found)
{
	const struct finding finding = {
		.fault = fault,
		.id = listener->id,
		.counted = counted,
		.found = found,
	};

	if (counted != found)
		note(look, &finding);
}

static void check_task(struct task_struct *task, struct look *look)
{
	struct shup_listener *listener;
	enum shup_membership state;
	const void *filter;
	unsigned int left;

	shup_for_each_filter(filter, shup_task_filter(task), left) {
		listener = shup_listener_of_filter(filter);
		if (!listener)
			continue;
		state = shup_table_peek(task, listener);
		if (state == SHUP_IS_DEPARTED)
			continue;
		/* A ring's owner that exits may start one after its departure. */
		if (shup_listener_test(listener, SHUP_ORPHAN) &&
		    shup_is_io_worker(task))
			continue;
		if (shup_listener_test(listener, SHUP_ORPHAN))
			note_task_fault(look, FALSE_HUP, listener, task, task->pid);
		else if (state == SHUP_IS_NONE)
			note_task_fault(look, NO_MEMBER, listener, task, task->pid);
	}
}

/* Tasks that are not live have no chain that may be walked. */
static void check_tasks(struct look *look)
{
	struct task_struct *process, *task;

	for_each_process_thread(process, task)
		if (shup_task_filter(task) && !(task->flags & PF_EXITING))
			check_task(task, look);
}

static struct tally *tally_of(struct look *look,
			      const struct shup_listener *listener)
{
	unsigned int i;

	for (i = 0; i < look->tallied; i++)
		if (look->tallies[i].listener == listener)
			return &look->tallies[i];
	return NULL;
}

static bool is_listed(const struct task_struct *wanted)
{
	struct task_struct *process, *task;

	for_each_process_thread(process, task)
		if (task == wanted)
			return true;
	return false;
}

static void check_member(const struct task_struct *task,
			 const struct shup_listener *listener, bool departed,
			 void *arg)
{
	struct look *look = arg;
	struct tally *tally = tally_of(look, listener);

	if (!tally)
		return;
	tally->members++;
	if (departed)
		return;
	tally->live++;
	/* The task may be freed: it is followed only if it is listed. */
	if (!is_listed(task))
		note_task_fault(look, LIVE_AFTER_EXIT, listener, task, 0);
	else if (task->flags & PF_EXITING)
		note_task_fault(look, LIVE_AFTER_EXIT, listener, task, task->pid);
}

static void begin_tally(struct shup_listener *listener, void *arg)
{
	struct look *look = arg;

	if (look->tallied < TALLIES)
		look->tallies[look->tallied++] =
			(struct tally){ .listener = listener };
}

static void check_tallies(struct look *look)
{
	unsigned int i;

	for (i = 0; i < look->tallied; i++) {
		const struct tally *tally = &look->tallies[i];

		note_count_fault(look, WRONG_LIVE, tally->listener,
				 atomic_read(&tally->listener->live), tally->live);
		note_count_fault(look, WRONG_MEMBERS, tally->listener,
				 atomic_read(&tally->listener->members),
				 tally->members);
	}
}

/*
 * Called by stop_machine(): all processors have interrupts off.  The module
 * holds its locks with interrupts off only, so none of them is held.
 */
static int look_closely(void *arg)
{
	struct look *look = arg;

	look->count = 0;
	look->tallied = 0;
	if (!shup_layout_known())
		return 0;
	rcu_read_lock();
	check_tasks(look);
	shup_listener_for_each(begin_tally, look);
	shup_table_for_each(check_member, look);
	check_tallies(look);
	rcu_read_unlock();
	return 0;
}

static bool has(const struct look *look, const struct finding *wanted)
{
	unsigned int i;

	for (i = 0; i < look->count; i++)
		if (look->findings[i].fault == wanted->fault &&
		    look->findings[i].id == wanted->id &&
		    look->findings[i].task == wanted->task &&
		    look->findings[i].pid == wanted->pid)
			return true;
	return false;
}

/* Keep the findings in @first that are in @next, too, or are mistakes at once. */
static void keep_lasting(struct look *first, const struct look *next)
{
	unsigned int i, kept = 0;

	for (i = 0; i < first->count; i++)
		if (first->findings[i].fault == FALSE_HUP ||
		    has(next, &first->findings[i]))
			first->findings[kept++] = first->findings[i];
	first->count = kept;
}

static bool only_false_hups(const struct look *look)
{
	unsigned int i;

	for (i = 0; i < look->count; i++)
		if (look->findings[i].fault != FALSE_HUP)
			return false;
	return true;
}

static void print_finding(struct seq_file *seq, const struct finding *finding)
{
	static const char * const texts[] = {
		[FALSE_HUP] = "was notified, and has a live task",
		[NO_MEMBER] = "has a live task that is no member",
		[LIVE_AFTER_EXIT] = "has a live member that has exited",
		[WRONG_LIVE] = "counts live members wrongly",
		[WRONG_MEMBERS] = "counts members wrongly",
	};

	seq_printf(seq, "listener %llu %s: task %d, counted %d, found %d\n",
		   finding->id, texts[finding->fault], finding->pid,
		   finding->counted, finding->found);
}

static int oracle_show(struct seq_file *seq, void *unused)
{
	struct look *first = kvmalloc(sizeof(*first), GFP_KERNEL);
	struct look *next = kvmalloc(sizeof(*next), GFP_KERNEL);
	unsigned int i;
	int ret = -ENOMEM;

	if (!first || !next)
		goto out;

	mutex_lock(&oracle_lock);
	ret = stop_machine(look_closely, first, NULL);
	for (i = 1; !ret && i < LOOKS && !only_false_hups(first); i++) {
		msleep(LOOK_MS);
		ret = stop_machine(look_closely, next, NULL);
		keep_lasting(first, next);
	}
	for (i = 0; !ret && i < first->count; i++)
		print_finding(seq, &first->findings[i]);
	mutex_unlock(&oracle_lock);
out:
	kvfree(next);
	kvfree(first);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(oracle);

/**
 * shup_oracle_init() - show the oracle to tests
 * @directory: the module's directory in debugfs; listing.c removes it with all
 *	files
 *
 * Context: may sleep; at load.
 */
void shup_oracle_init(struct dentry *directory)
{
	debugfs_create_file("oracle", 0400, directory, NULL, &oracle_fops);
}
