/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver, which is under no filter, has *actors* do what it draws by lot:
 * tasks, each with a slot in shared memory, where it is given an order, and a
 * socket, on which it says what came of it.  Orders are given in rounds, some
 * at once, so that they race; after a round the driver knows again which
 * actors live, and under which filters.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define SLOTS 256

enum order {
	NOTHING,
	FORK,		/* a process in slot arg; flags for clone() in arg2 */
	BATON,		/* the same, and exit at once */
	THREAD,		/* a thread in slot arg */
	FAILING_FORK,
	EXIT,		/* this task only */
	EXIT_GROUP,
	EXEC,
	ATTACH,		/* filter arg, with flags arg2 */
	REAP,
	PROBE,		/* whether it is under filter arg */
};

/* Of ATTACH, beside the kernel's flags: keep the listener open, too. */
#define KEEP_LISTENER (1 << 16)

enum word {
	HELLO,		/* a new actor, or one after its exec */
	DONE,		/* what was ordered, or as good as */
};

struct message {
	enum word word;
	int slot;
	int result;
};

struct slot {
	int order;	/* a futex; written by the driver, cleared by the actor */
	int arg;
	int arg2;
};

/* What every actor has at these fds. */
enum {
	SHARED_FD = 100,
	SOCKET_FD = 101,
	PROGRAM_FD = 102,
};

extern struct slot *slots;

void actor(int slot) __attribute__((noreturn));
void map_slots(void);

/* ---- model.c: what there ought to be ---- */

struct filter {
	int id;
	const struct filter *prev;
	struct listener *listener;	/* NULL: none, or not the driver's */
};

struct space {				/* a pid namespace */
	struct space *parent;
	struct process *init;		/* NULL: the machine's own */
};

struct process {
	pid_t pid;
	struct space *space;
	bool doomed;			/* all its actors die, or have died */
	bool gone;			/* and have: it can say nothing more */
	bool traced;
	bool held;			/* stopped by its tracer, in do_exit() */
	int attaching;			/* the slot of one that attaches, or -1 */
	bool leaving;			/* one executes, or exits with all */
	struct process *next;
};

struct actor {
	bool used;			/* until the end of its last round */
	bool live;
	bool coming;			/* ordered to be born, not heard of yet */
	bool busy;			/* has not said what came of its order */
	bool dead;
	bool fresh;			/* born, or to be born, in this round */
	bool is_thread;
	int parent;			/* its creator's slot, while fresh */
	int order, arg, arg2;
	unsigned long serial;		/* of its life; no two are the same */
	struct process *process;
	const struct filter *chain;
	const struct filter *maybe;	/* what it may be under instead, or NULL */
};

#define MEMBER_BITS 4096

struct listener {
	int fd;				/* -1: closed */
	int dup;			/* the same again, or -1 */
	const struct filter *filter;
	int live;
	int64_t empty_since;		/* ms; 0: not empty */
	bool told;
	struct listener *next;
	uint64_t members[MEMBER_BITS / 64]; /* serials that were ever under it */
};

extern struct actor actors[SLOTS];
extern struct listener *listeners;
extern struct process *processes;

struct filter *new_filter(const struct filter *prev);
struct process *new_process(pid_t pid, struct space *space, bool is_init);
void count_live(void);
bool was_under(const struct listener *listener, unsigned long serial);
int new_slot(void);
int live_actors(void);
int live_in(const struct process *process);
bool space_is_dead(const struct space *space);
void spread_doom(void);
void bury(void);

#endif
