/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of src/table.c, src/scan.c and src/orphan.c for one filter F with one listener:
 * tasks fork, make threads, TSYNC, exit and get reaped while a worker counts and decides.
 *
 * P2: who is told "unused" is told the truth, for ever (the assertions).
 * P1: once no live task is under F, the listener is told, or closed (ltl told).
 *
 * A process is PER_PROCESS slots, the order of processes that of the task list; a fork puts its
 * child at the tail. A thread's slot can be used again, as a task_struct can. At most LOST events
 * do not reach the module. The module may be loaded late: its table is empty then (adoption).
 *
 * The census that TSYNC calls for is left out: it sets counts right sooner than an audit.
 *
 * Where the code does more than the model: exec by a thread, and with it a scan that stands on a
 * released leader (the code starts again; here INCOMPLETE stands for a scan that gave up); many
 * listeners; the pacing of passes; memory that cannot be had, which is a lost event.
 */
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef LOST
#define LOST 1
#endif
#ifndef BIRTHS
#define BIRTHS 2
#endif
#ifndef AUDITS
#define AUDITS true
#endif
#ifndef INCOMPLETE
#define INCOMPLETE true
#endif

#define PER_PROCESS 2
#define SLOTS (PROCESSES * PER_PROCESS)
#define PROCESS(slot) ((slot) / PER_PROCESS)
#define SIBLING(slot) ((slot) ^ 1)
#define LEADER(p) ((p) * PER_PROCESS)

/* The kernel's side of a task: the steps of kernel/fork.c, kernel/exit.c, kernel/seccomp.c. */
mtype = {
	FREE,		/* no task */
	RUNS,
	LINKED,		/* a new one that has not run: before wake_up_new_task() */
	FORKS,		/* the one that makes it */
	ATTACHES,	/* in do_seccomp(), TSYNC done, not returned */
	ENTERED,	/* in do_exit() past the hook, not PF_EXITING yet */
	EXITING		/* PF_EXITING, tie to the filter not cut */
};

/* The module's side: struct membership. */
mtype = { NONE, LIVE, DEPARTED };

mtype task[SLOTS];
bool under[SLOTS];		/* F is in the task's chain */
bool used[SLOTS];		/* generation: start time and pid */
byte child[SLOTS];		/* of a task in FORKS */

mtype member[SLOTS];
bool born[SLOTS];		/* a departed membership's generation */
bool stamped[SLOTS];		/* by the pass under way */

byte live;			/* listener->live */
bool candidate, orphan, closed, loaded;
byte processes = 1;		/* in the task list */
byte lost = LOST;
byte births = BIRTHS, syncs = 1;

/* "Live" is what P1 and P2 mean by it: a task that has not entered do_exit(). */
#define LIVE_UNDER(slot) (under[slot] && task[slot] != FREE && task[slot] != ENTERED && \
			  task[slot] != EXITING)
#if PROCESSES == 2
#define ANY_LIVE (LIVE_UNDER(0) || LIVE_UNDER(1) || LIVE_UNDER(2) || LIVE_UNDER(3))
#else
#define ANY_LIVE (LIVE_UNDER(0) || LIVE_UNDER(1) || LIVE_UNDER(2) || LIVE_UNDER(3) || \
		  LIVE_UNDER(4) || LIVE_UNDER(5))
#endif

/* shup_orphan_ask() */
inline ask() { candidate = true }

/* uncount() */
inline uncount() {
	live--;
	if
	:: live == 0 -> ask()
	:: else
	fi
}

/* shup_table_join() */
inline join(t) {
	stamped[t] = true;
	if
	:: member[t] != LIVE -> member[t] = LIVE; live++
	:: else
	fi
}

/* shup_table_leave() */
inline leave(t) {
	if
	:: member[t] == LIVE -> member[t] = DEPARTED; born[t] = used[t]; uncount()
	:: else
	fi
}

/* drop() */
inline drop(t) {
	if
	:: member[t] == LIVE -> uncount()
	:: else
	fi;
	member[t] = NONE; born[t] = false; stamped[t] = false
}

/* Whether the module hears of an event. */
inline heard(yes) {
	yes = loaded;
	if
	:: yes = yes
	:: lost > 0 && loaded -> lost--; yes = false
	fi
}

/* copy_process(): the child is linked, and visible to the scan, before the hook. */
inline copy(t, c) {
	task[c] = LINKED;
	under[c] = under[t];
	used[c] = !used[c];
	task[t] = FORKS;
	child[t] = c;
	births--
}

/* What happens in and to the task in slot t. */
proctype kernel(byte t) {
	bool yes;

	do
	:: atomic {
		/* A child process, at the tail of the task list. */
		task[t] == RUNS && births > 0 && processes < PROCESSES ->
		copy(t, processes * PER_PROCESS); processes++
	   }
	:: atomic {
		/* A thread; its slot may be one that was used before. */
		task[t] == RUNS && births > 0 && task[SIBLING(t)] == FREE ->
		copy(t, SIBLING(t))
	   }
	:: atomic {
		/* wake_up_new_task(): shup_table_fork() */
		task[t] == FORKS ->
		heard(yes);
		if
		:: yes && member[t] == LIVE -> join(child[t])
		:: else
		fi;
		task[child[t]] = RUNS;
		task[t] = RUNS;
		child[t] = 0; yes = false
	   }
	:: atomic {
		/* seccomp_sync_threads(), under the siglock */
		task[t] == RUNS && under[t] && syncs > 0 && task[SIBLING(t)] != FREE ->
		syncs--;
		under[SIBLING(t)] = true;
		task[t] = ATTACHES
	   }
	:: atomic {
		/* do_seccomp() returns: caller_attached() */
		task[t] == ATTACHES ->
		heard(yes);
		if
		:: yes -> join(t)
		:: else
		fi;
		task[t] = RUNS; yes = false
	   }
	:: atomic {
		/* do_exit(): exit_observed() */
		task[t] == RUNS ->
		heard(yes);
		if
		:: yes -> leave(t)
		:: else
		fi;
		task[t] = ENTERED; yes = false
	   }
	:: task[t] == ENTERED -> task[t] = EXITING
	:: atomic {
		/* release_task() or free_task(): cut_observed(); a leader is the last */
		task[t] == EXITING && (t == SIBLING(LEADER(PROCESS(t))) || task[SIBLING(t)] == FREE) ->
		heard(yes);
		if
		:: yes -> drop(t)
		:: else
		fi;
		task[t] = FREE; under[t] = false; yes = false
	   }
	od
}

/* Loading: hooks in place, nothing in the table; adopt_file() asks for a first look. */
proctype operator() {
	atomic { loaded = true; ask() }
#ifdef CLOSES
	closed = true
#endif
}

/* count_task(), shup_table_found(): of one that is not PF_EXITING, under F */
inline count(t) {
	if
	:: task[t] != FREE && task[t] != EXITING && under[t] ->
		if
#ifdef MISTAKE_REUSE
		:: member[t] == DEPARTED -> stamped[t] = true
#else
		:: member[t] == DEPARTED && born[t] == used[t] -> stamped[t] = true
#endif
		:: else -> seen = true; join(t)
		fi
	:: else
	fi
}

/* visit_for_candidates(): one live task is enough, for a process and for the pass */
inline visit(t) {
	if
#ifdef MISTAKE_SETTLED
	:: !seen && !settled -> count(t); settled = under[t] && member[t] == DEPARTED
#else
	:: !seen -> count(t)
#endif
	:: else
	fi
}

/* has_no_filter(): of a process's leader, without the siglock, one after the other */
#define ALONE(p) (task[SIBLING(LEADER(p))] == FREE)
#define BARE(p) (!under[LEADER(p)])
#define LIVES(p) (task[LEADER(p)] != FREE && task[LEADER(p)] != EXITING)
#ifdef MISTAKE_FILTER_FIRST
#define FIRST(p) BARE(p)
#define SECOND(p) ALONE(p)
#else
#define FIRST(p) ALONE(p)
#define SECOND(p) BARE(p)
#endif

/* orphan_work(): run_pass(), again and again; an audit is always due. */
proctype worker() {
	byte p, t;
	bool asked, seen, complete, over;
#ifdef MISTAKE_SETTLED
	bool settled;
#endif

	loaded;
	do
	:: atomic {
		(candidate || AUDITS) && !orphan && !closed ->
		/* take_candidates() */
		asked = candidate;
#ifndef MISTAKE_CLEAR_LATE
		candidate = false;
#endif
		/* shup_table_pass(): older stamps count no more. */
		t = 0;
		do
		:: t < SLOTS -> stamped[t] = false; t++
		:: else -> break
		od;
		t = 0; p = 0; seen = false; complete = true
	   }
	   if
	   :: asked ->
		/* shup_scan(): passed over, or in one piece, under its siglock */
		do
		:: atomic { p < processes -> over = FIRST(p) };
		   over = over && SECOND(p);
		   atomic {
			over = over && LIVES(p);
			if
			:: over
			:: else -> visit(LEADER(p))
			fi
#ifdef MISTAKE_NO_SIGLOCK
		   };
		   atomic {
#endif
			if
			:: over
			:: else -> visit(SIBLING(LEADER(p)))
			fi;
			over = false; p++
#ifdef MISTAKE_SETTLED
			; settled = false
#endif
		   }
		:: atomic { p < processes && INCOMPLETE -> complete = false; break }
		:: atomic { p >= processes -> break }
		od
	   :: else
	   fi;
	   /* decide() */
	   atomic {
		if
#ifdef MISTAKE_COUNT_ALONE
		:: asked && live == 0 && !closed -> orphan = true
#endif
#ifdef MISTAKE_INCOMPLETE
		:: asked && !seen && live == 0 && !closed -> orphan = true
#endif
		:: asked && !complete -> ask()
		:: asked && complete && !seen && live == 0 && !closed -> orphan = true
		:: else
		fi;
		assert(!orphan || !ANY_LIVE);
#ifdef MISTAKE_CLEAR_LATE
		candidate = false;
#endif
		t = 0; p = 0; asked = false; complete = true
	   }
	   /* take_census(): shup_scan_filters(), task by task */
	   if
	   :: AUDITS ->
		do
		:: atomic { p < processes * PER_PROCESS -> count(p); p++ }
		:: atomic { p < processes * PER_PROCESS && INCOMPLETE -> complete = false; break }
		:: atomic { p >= processes * PER_PROCESS -> break }
		od;
		atomic {
			/* shup_table_sweep(): what it did not come by is of no live task, mostly */
			t = 0;
			do
			:: t < SLOTS ->
				if
				:: complete && member[t] != NONE && !stamped[t] -> drop(t)
				:: else
				fi;
				t++
			:: else -> break
			od;
			if
			:: complete && live == 0 && !orphan -> ask()
			:: else
			fi;
			t = 0; p = 0
		}
	   :: else
	   fi;
	   seen = false; complete = false
	od
}

/* P2 between the worker's looks: nobody comes back under the filter of an orphan. */
proctype watcher() {
	atomic { orphan && ANY_LIVE -> assert(false) }
}

/* One task has F, and its sibling has not; either may be the leader. */
init {
	byte t;

	atomic {
		for (t : 0 .. SLOTS - 1) {
			task[t] = FREE; member[t] = NONE
		}
		task[0] = RUNS; task[1] = RUNS;
		if
		:: under[0] = true
		:: under[1] = true
		fi;
		for (t : 0 .. SLOTS - 1) {
			run kernel(t)
		}
		run operator();
		run worker();
#ifndef LIVENESS
		run watcher()
#endif
	}
}

#ifdef LIVENESS
ltl told { [] ([] (loaded && !ANY_LIVE) -> <> (orphan || closed)) }
#endif
