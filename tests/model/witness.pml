/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The witness: it decides that a filter F with a listener is unused, by the
 * kernel's own count of references to F, without a scan.
 *
 * The count is 1 for the listener's file, 1 for each task whose head is F, 1
 * for each filter whose prev is F, and some that come and go.  A dead task is
 * one of them for a while.  The witness works in one RCU read-side section:
 *
 *   A    It visits processes that hints name.  Each visit is made under the
 *        process's siglock.  A process with a live thread is passed over.  Of
 *        the others it counts the ties: threads whose head is F.
 *   t    It reads F's count.  The count must be the file and the ties of A.
 *   B    It visits the processes taken in A again.  Each must have as many
 *        ties as in A.
 *   open It sees that the listener is not closed.  Then it decides "unused".
 *
 * A task is dead if it is PF_EXITING, or if a departed membership names it.
 *
 * LEVEL 0 is 5.0 to 5.8: free_task() cuts a tie, a grace period after the reap.
 * LEVEL 1 is 5.9 to 6.10.9: release_task() cuts it after the task has left the
 *	thread list: it stores NULL, and then decrements the count.
 * LEVEL 2 is 6.10.10 and later: do_exit() cuts it: it stores NULL under the
 *	siglock, and then decrements the count.
 *
 * Each hook may miss each event, but for the hook on the release of a listener,
 * which the module cannot do without.  The witness may run at any time, from
 * the start to the end, and its hints may name any processes in any order.  It
 * keeps nothing from one run to the next, so one run stands for all.
 *
 * Variants:
 *   HELD	before 5.9: tasks that are reaped and not freed are counted, too,
 *		by their departed memberships: same identity, no sighand, usage
 *		not 0, head F.  They are recorded before A, and the same ones
 *		are checked again after t.
 *   TREE	filters on top of F are accounted for, each like F: its count must
 *		be the ties to it and the filters on it.  TREE_DOWN: F's count is
 *		read last, not first.
 *   CLOSES	the listener is closed at some time.
 *
 * Properties:
 *   never-false	when the witness decides "unused", no live task is under F
 *   never-again	from then on, none ever is (FOR_EVER)
 *   in-bounds		no filter's count is read after the filter is freed (TREE)
 *   decides-CASE	the witness does decide in that case (REACH: spin finds it)
 *
 * Planted mistakes, each of which spin must refute:
 *   MEMBERSHIPS	departed memberships, and a number that hooks increase, in
 *			place of A and B; refuted even if each hook hears each event
 *   NO_SECOND_COUNT	no B (LEVEL 1 and 2: before 5.9 the read-side section keeps the
 *			ties of a dead process)
 *   LIVE_THREADS	a process with a live thread is not passed over (LEVEL 0: with
 *			NO_SECOND_COUNT)
 *   ANY_HEAD		a thread is a tie if its head is F or is on top of F
 *   TWICE		a process that two hints name is counted twice
 *   IDENTITY		a departed membership is believed of whatever task is in
 *			the memory now
 *   OTHER_LOCK		a process is visited thread by thread, under a lock that is
 *			not its siglock; with TREE: a filter's count is read so
 *   NO_RCU		no read-side section
 *   COUNT_FIRST	t before A
 *   CLOSED_FIRST	the listener was open before t, not after it
 *   USERS_ALONE	no dead task is counted, as the kernel's own users == 0:
 *			not false, but it never decides before the reap
 *   HELD_ANYONE	HELD: any task in the memory will do for the second check
 *   HELD_ONCE		HELD: no second check
 *   HELD_LAST		HELD: recorded after A, not before (with NO_SECOND_COUNT:
 *			B finds it out, too)
 *   HELD_NO_USAGE	HELD: the task's usage is not looked at
 *
 * What the model leaves out: exec by a thread, which keeps a live thread in its
 * process; io workers that a departed task makes, which make no system calls;
 * oopses; identities that are not unique.  Memory orders are those of the text:
 * a full barrier before t, a read barrier after it.
 */
#ifndef LEVEL
#define LEVEL 1
#endif
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef THREADS		/* of a process, at the most: 1 or 2 */
#define THREADS 2
#endif
#ifndef FORKS
#define FORKS 1
#endif
#ifndef ATTACHES	/* new filters, with and without TSYNC: 0 to 2 */
#define ATTACHES 0
#endif
#ifndef STRAYS		/* references that come and go */
#define STRAYS 0
#endif

#define SLOTS (PROCESSES * THREADS)
#define PROCESS(t) ((t) / THREADS)
#define LEADER(p) ((p) * THREADS)
#if THREADS == 2
#define OTHER(t) ((t) ^ 1)
#define MAY_BE_REAPED(t) (t != LEADER(PROCESS(t)) || OFF_LIST(OTHER(t)))
#define OF_PROCESS(test, p) (test(LEADER(p)) + test(LEADER(p) + 1))
#else
#define OF_PROCESS(test, p) test(p)
#define MAY_BE_REAPED(t) true
#endif
#define ALL_OF_PROCESS(test, p) (OF_PROCESS(test, p) == THREADS)

/* A filter is a number.  F is 1, and 0 is none.  A later one has a higher number. */
#define F 1
#define NUMBERS 4

/* The kernel's side. */
mtype = {
	FREE,		/* no task in this memory */
	RUNS,
	ENTERED,	/* in do_exit() past the hook, not PF_EXITING yet */
	EXITING,	/* PF_EXITING, on the thread list, has a sighand */
	REAPED,		/* off the thread list, no sighand */
	UNUSED		/* its usage is 0; not freed yet */
};

mtype task[SLOTS];
byte head[SLOTS];	/* task->seccomp.filter; stale in freed memory */
byte identity[SLOTS];	/* start time and pid: another for each task in a slot */
bool waits[SLOTS];	/* to be freed, for the end of the read-side section */
bool siglock[PROCESSES];
byte refs[NUMBERS];
byte prev[NUMBERS];
byte newest = F;
byte forks = FORKS, strays = STRAYS;

/* The module's side. */
byte departed[SLOTS];	/* the identity in a departed membership, plus 1; 0: none */
bool closed;		/* the listener, as the release hook has it */
bool section;		/* the witness is in its read-side section */
bool over;		/* the witness has finished */
bool unused;		/* it has decided so */
#ifdef MISTAKE_MEMBERSHIPS
bool changed;		/* a hook has heard something */
#define HEARD changed = true
#else
#define HEARD skip
#endif

/* What follows a decision is of interest for FOR_EVER only. */
#ifdef FOR_EVER
#define WHILE_UNDECIDED
#else
#define WHILE_UNDECIDED provided (!over)
#endif

#define IS_FREE(t) (task[t] == FREE)
#define ON_LIST(t) (task[t] == RUNS || task[t] == ENTERED || task[t] == EXITING)
#define OFF_LIST(t) (!ON_LIST(t))
/* Filter @a is @b, or below it. */
#define BELOW(a, b) ((a) == (b) || (a) == prev[b] || (a) == prev[prev[b]])
#define UNDER(t) (BELOW(F, head[t]))
#define LIVE_UNDER(t) (task[t] == RUNS && UNDER(t))
#if SLOTS == 4
#define ANY_LIVE (LIVE_UNDER(0) || LIVE_UNDER(1) || LIVE_UNDER(2) || LIVE_UNDER(3))
#elif SLOTS == 3
#define ANY_LIVE (LIVE_UNDER(0) || LIVE_UNDER(1) || LIVE_UNDER(2))
#elif SLOTS == 2
#define ANY_LIVE (LIVE_UNDER(0) || LIVE_UNDER(1))
#else
#error "ANY_LIVE is written out for 2, 3 and 4 slots"
#endif

/* seccomp_sync_threads() passes over PF_EXITING threads from 6.10.10 on. */
#if LEVEL == 2
#define SYNCABLE(t) (task[t] == RUNS || task[t] == ENTERED)
#else
#define SYNCABLE(t) ON_LIST(t)
#endif

/* __put_seccomp_filter(): up the chain, one decrement after the other. */
inline put(filter) {
	do
	:: atomic {
		filter ->
		refs[filter]--;
		if
		:: refs[filter] == 0 -> filter = prev[filter]
		:: else -> filter = 0
		fi
	   }
	:: atomic { !filter -> break }
	od
}

/* The hook on do_exit(), and that on the cut of a tie. */
inline exit_heard_or_not(t) {
	if
	:: departed[t] = identity[t] + 1; HEARD
#ifndef ALL_HEARD
	:: skip
#endif
	fi
}
inline cut_heard_or_not(t) {
	if
	:: departed[t] = 0; HEARD
#ifndef ALL_HEARD
	:: skip
#endif
	fi
}

/* copy_process(): the reference first; then the child, which is on the list. */
inline fork_into(t, c) {
	forks--;
	siglock[PROCESS(t)] = true;
	refs[head[t]]++
}
inline fork_ends(t, c) {
	atomic {
		head[c] = head[t]; identity[c]++; task[c] = RUNS;
		siglock[PROCESS(t)] = false;
		c = 0;
		HEARD
	}
}

/* What happens in and to the task in slot @t. */
proctype kernel(byte t) WHILE_UNDECIDED {
	byte c, old, new;

	do
	:: atomic {
		/* A child process, in memory that may have been another's. */
		task[t] == RUNS && UNDER(t) && forks > 0 && !siglock[PROCESS(t)] ->
		c = 0;
		do
		:: c < PROCESSES && !ALL_OF_PROCESS(IS_FREE, c) -> c++
		:: else -> break
		od;
		c < PROCESSES;
		c = LEADER(c);
		fork_into(t, c)
	   }
	   fork_ends(t, c)
#if THREADS == 2
	:: atomic {
		/* A thread, the same. */
		task[t] == RUNS && UNDER(t) && forks > 0 && !siglock[PROCESS(t)] &&
		task[OTHER(t)] == FREE ->
		c = OTHER(t);
		fork_into(t, c)
	   }
	   fork_ends(t, c)
#endif
#if ATTACHES > 0
	:: atomic {
		/* seccomp_attach_filter(): the task's tie becomes that of the new filter. */
		task[t] == RUNS && UNDER(t) && newest <= ATTACHES && !siglock[PROCESS(t)] ->
		newest++;
		prev[newest] = head[t]; refs[newest] = 1; head[t] = newest
	   }
#if THREADS == 2
	:: atomic {
		/* The same, and then seccomp_sync_threads() for the other thread: */
		task[t] == RUNS && UNDER(t) && newest <= ATTACHES && !siglock[PROCESS(t)] &&
		SYNCABLE(OTHER(t)) && (!head[OTHER(t)] || BELOW(head[OTHER(t)], head[t])) ->
		siglock[PROCESS(t)] = true;
		newest++; new = newest;
		prev[new] = head[t]; refs[new] = 1; head[t] = new
	   }
	   /* a reference to the new filter is taken, */
	   refs[new]++;
	   atomic {
		/* that to the old one is put, which the new one keeps, */
		if
		:: head[OTHER(t)] -> refs[head[OTHER(t)]]--
		:: else
		fi;
#if LEVEL == 0
		/* (put_seccomp_filter() may be inlined here, or be hooked) */
		if
		:: task[OTHER(t)] == EXITING -> cut_heard_or_not(OTHER(t))
		:: else
		fi
#endif
	   }
	   atomic {
		/* and the pointer is stored last. */
		head[OTHER(t)] = new; siglock[PROCESS(t)] = false; new = 0
	   }
	   /* do_seccomp() returns. */
#ifdef MISTAKE_MEMBERSHIPS
	   HEARD
#endif
#endif
#endif
	:: atomic { task[t] == RUNS -> exit_heard_or_not(t); task[t] = ENTERED }
	   task[t] = EXITING;
#if LEVEL == 2
	   /* do_exit(): seccomp_filter_release() */
	   atomic {
		!siglock[PROCESS(t)] ->
		cut_heard_or_not(t); old = head[t]; head[t] = 0
	   }
	   put(old);
#endif
	   atomic {
		/* release_task(): __exit_signal(); a leader is the last */
		!siglock[PROCESS(t)] && MAY_BE_REAPED(t) ->
		task[t] = REAPED
#if LEVEL != 1
		; waits[t] = section
#endif
	   }
#if LEVEL == 1
	   /* release_task(): seccomp_filter_release() */
	   atomic { cut_heard_or_not(t); old = head[t]; head[t] = 0 }
	   put(old);
	   waits[t] = section;
#endif
#if LEVEL == 0
	   /* put_task_struct(), a grace period later, and free_task() */
	   atomic { !waits[t] -> task[t] = UNUSED }
	   atomic { cut_heard_or_not(t); old = head[t] }
	   put(old);
	   task[t] = FREE
#else
	   atomic { !waits[t] -> task[t] = FREE }
#endif
	od
}

/*
 * References that come and go: PTRACE_SECCOMP_GET_FILTER, a fork that fails
 * late, LKRG.  One that never goes is one that goes late.
 */
proctype stray() WHILE_UNDECIDED {
	do
	:: atomic { strays > 0 && refs[F] > 0 -> strays--; refs[F]++ };
	   refs[F]--
	od
}

/* __fput(): the release hook, and then what the kernel does. */
proctype closer() WHILE_UNDECIDED {
	byte filter = F;

	closed = true;
	put(filter)
}

/* What the witness can see of a task under its siglock. */
#if defined(MISTAKE_OTHER_LOCK) && !defined(TREE)
#define VISITS_UNLOCKED
#define LOCKED(p) false
#else
#define LOCKED(p) siglock[p]
#endif
#ifdef MISTAKE_IDENTITY
#define DEPARTED(t) (departed[t] != 0)
#else
#define DEPARTED(t) (departed[t] == identity[t] + 1)
#endif
#define DEAD(t) (task[t] == EXITING || (ON_LIST(t) && DEPARTED(t)))
#define DEAD_OR_OFF(t) (DEAD(t) || OFF_LIST(t))
#ifdef MISTAKE_LIVE_THREADS
#define PASSED_OVER(p) false
#else
#define PASSED_OVER(p) (!ALL_OF_PROCESS(DEAD_OR_OFF, p))
#endif
#ifdef MISTAKE_ANY_HEAD
#define TIED_1(t) (DEAD(t) && UNDER(t))
#else
#define TIED_1(t) (DEAD(t) && head[t] == F)
#endif
#define TIED_2(t) (DEAD(t) && head[t] == 2)
#define TIED_3(t) (DEAD(t) && head[t] == 3)
#define TIES_1(p) OF_PROCESS(TIED_1, p)
#define TIES_2(p) OF_PROCESS(TIED_2, p)
#define TIES_3(p) OF_PROCESS(TIED_3, p)
#ifdef TREE
#define TIES(p) (TIES_1(p) + TIES_2(p) + TIES_3(p))
#else
#define TIES(p) TIES_1(p)
#endif

/*
 * Cases in which the witness must decide; "refuted" then means that it does.
 * 1: a dead task keeps its tie.  2: zombies of two processes do.  3: a task has
 * entered do_exit() and is not PF_EXITING.  4: two tasks are reaped and not
 * freed.  5: one task is at F, and one at a filter on top of F.
 */
#if REACH == 1
#define REACHED (refs[F] > 1)
#elif REACH == 2
#define REACHED (task[0] == EXITING && task[THREADS] == EXITING && \
		 head[0] == F && head[THREADS] == F)
#elif REACH == 3
#define REACHED (task[0] == ENTERED && head[0] == F)
#elif REACH == 4
#define REACHED (task[0] == REAPED && task[1] == REAPED && refs[F] == 3)
#elif REACH == 5
#define REACHED (task[0] == EXITING && task[1] == EXITING && head[0] == F && head[1] == 2)
#endif

inline section_begins() {
	section = true
}

inline section_ends() {
	section = false;
	for (i : 0 .. SLOTS - 1) {
		waits[i] = false
	}
	i = 0
}

inline decide() {
	atomic {
		if
#ifdef MISTAKE_CLOSED_FIRST
		:: was_open ->
#else
		:: !closed ->
#endif
			unused = true;
#ifdef REACH
			assert(!REACHED)
#else
			assert(!ANY_LIVE)
#endif
		:: else
		fi
	}
}

/* Called in an atomic sequence: @p is taken. */
inline take(p) {
	ties1[p] = TIES_1(p); sum1 = sum1 + ties1[p];
#ifdef TREE
	ties2[p] = TIES_2(p); sum2 = sum2 + ties2[p];
	ties3[p] = TIES_3(p); sum3 = sum3 + ties3[p];
#endif
#ifdef MISTAKE_TWICE
	if
	:: sum1 = sum1 + ties1[p]
	:: skip
	fi;
#endif
	taken[p] = true
}

#ifdef TREE
#define SAME_TIES(p) (TIES_1(p) == ties1[p] && TIES_2(p) == ties2[p] && TIES_3(p) == ties3[p])
#else
#define SAME_TIES(p) (TIES_1(p) == ties1[p])
#endif

/* Filters on top of F that A has come by: heads of ties, and what is below those. */
#define KNOWN_3 (sum3 > 0)
#define KNOWN_2 (sum2 > 0 || (KNOWN_3 && prev[3] == 2))
#define ON_TOP_OF(n) ((KNOWN_2 && prev[2] == (n)) + (KNOWN_3 && prev[3] == (n)))

/*
 * The count of filter @n must be @expected.  It is read under the siglock of a
 * process taken, and such a one has a tie to @n, or to a filter on top of it.
 */
#define HOLDS_2(t) (DEAD(t) && BELOW(2, head[t]))
#define HOLDS_3(t) (DEAD(t) && BELOW(3, head[t]))
inline read_count(n, held_by_0, held_by_1, expected) {
	if
#ifdef MISTAKE_OTHER_LOCK
	:: atomic {
		true ->
		assert(refs[n] > 0);
		if
		:: refs[n] != (expected) -> goto undecided
		:: else
		fi
	   }
#else
	:: atomic {
		taken[0] && !LOCKED(0) && held_by_0 > 0 ->
		assert(refs[n] > 0);
		if
		:: refs[n] != (expected) -> goto undecided
		:: else
		fi
	   }
	:: atomic {
		taken[1] && !LOCKED(1) && held_by_1 > 0 ->
		assert(refs[n] > 0);
		if
		:: refs[n] != (expected) -> goto undecided
		:: else
		fi
	   }
	:: goto undecided
#endif
	fi
}

inline read_f() {
	atomic {
		if
		:: refs[F] != sum1 + ON_TOP_OF(F) + 1 -> goto undecided
		:: else
		fi
	}
}
inline read_others() {
	if
	:: KNOWN_2 -> read_count(2, OF_PROCESS(HOLDS_2, 0), OF_PROCESS(HOLDS_2, 1), sum2 + ON_TOP_OF(2))
	:: else
	fi;
	if
	:: KNOWN_3 -> read_count(3, OF_PROCESS(HOLDS_3, 0), OF_PROCESS(HOLDS_3, 1), sum3)
	:: else
	fi
}

#ifdef HELD
#ifdef MISTAKE_HELD_NO_USAGE
#define IS_HELD(t) (DEPARTED(t) && OFF_LIST(t) && head[t] == F)
#else
#define IS_HELD(t) (DEPARTED(t) && task[t] == REAPED && head[t] == F)
#endif
#ifdef MISTAKE_HELD_ANYONE
#define SAME_AS_HELD(t) true
#else
#define SAME_AS_HELD(t) (identity[t] + 1 == held[t])
#endif
/* Any departed memberships, each under its bucket's lock. */
inline record_held() {
	do
	:: atomic { i < SLOTS && IS_HELD(i) -> held[i] = identity[i] + 1; sum1++; i++ }
	:: i < SLOTS -> i++
	:: atomic { i == SLOTS -> i = 0; break }
	od
}
inline check_held() {
	do
	:: atomic {
		i < SLOTS ->
		if
		:: held[i] && !(IS_HELD(i) && SAME_AS_HELD(i)) -> goto undecided
		:: else
		fi;
		i++
	   }
	:: atomic { i == SLOTS -> i = 0; break }
	od
}
#endif

#ifdef MISTAKE_MEMBERSHIPS
/*
 * In place of A and B: the departed memberships of tasks whose head is F, the
 * same ones again after t, and no hook that has heard anything meanwhile.
 */
#define MEMBER(t) (DEPARTED(t) && head[t] == F)
proctype witness() {
	byte i, sum1;
	bool member[SLOTS];

	atomic { section_begins(); changed = false }
	do
	:: atomic { i < SLOTS -> member[i] = MEMBER(i); sum1 = sum1 + MEMBER(i); i++ }
	:: atomic { i == SLOTS -> i = 0; break }
	od;
	atomic {
		if
		:: refs[F] != sum1 + 1 -> goto undecided
		:: else
		fi
	}
	do
	:: atomic {
		i < SLOTS ->
		if
		:: member[i] != MEMBER(i) -> goto undecided
		:: else
		fi;
		i++
	   }
	:: atomic { i == SLOTS -> i = 0; break }
	od;
	atomic {
		if
		:: changed -> goto undecided
		:: else
		fi
	}
	decide();
undecided:
	atomic { section_ends(); over = true }
}
#else
proctype witness() {
	byte i;
	byte sum1, ties1[PROCESSES];
	bool taken[PROCESSES];
#ifdef TREE
	byte sum2, ties2[PROCESSES], sum3, ties3[PROCESSES];
#endif
#ifdef HELD
	byte held[SLOTS];	/* the identity, plus 1 */
#endif
#ifdef MISTAKE_COUNT_FIRST
	byte count;
#endif
#ifdef MISTAKE_CLOSED_FIRST
	bool was_open;
#endif

	section_begins();
#ifdef MISTAKE_CLOSED_FIRST
	was_open = !closed;
#endif
#ifdef MISTAKE_COUNT_FIRST
	count = refs[F];
#endif
#if defined(HELD) && !defined(MISTAKE_HELD_LAST)
	record_held();
#endif
	/* A */
#ifndef MISTAKE_USERS_ALONE
	do
#ifdef VISITS_UNLOCKED
	/* One thread after the other: a new one may be linked behind the visitor. */
	:: atomic {
		i < PROCESSES && !taken[i] && DEAD_OR_OFF(LEADER(i) + 1) ->
		ties1[i] = TIED_1(LEADER(i) + 1)
	   }
	   if
	   :: atomic {
		DEAD_OR_OFF(LEADER(i)) ->
		ties1[i] = ties1[i] + TIED_1(LEADER(i));
		sum1 = sum1 + ties1[i]; taken[i] = true; i++
	      }
	   :: else -> goto undecided
	   fi
	:: atomic { i < PROCESSES -> i++ }
	:: atomic { i == PROCESSES -> i = 0; break }
#else
	:: atomic { !taken[0] && !LOCKED(0) && !PASSED_OVER(0) && TIES(0) > 0 -> take(0) }
	:: atomic { !taken[1] && !LOCKED(1) && !PASSED_OVER(1) && TIES(1) > 0 -> take(1) }
#if PROCESSES == 3
	:: atomic { !taken[2] && !LOCKED(2) && !PASSED_OVER(2) && TIES(2) > 0 -> take(2) }
#endif
	:: break
#endif
	od;
#endif
#if defined(HELD) && defined(MISTAKE_HELD_LAST)
	record_held();
#endif
#ifdef MISTAKE_NO_RCU
	atomic { section_ends() };
#endif
	/* t */
#if defined(TREE) && defined(TREE_DOWN)
	read_others();
	read_f();
#elif defined(TREE)
	read_f();
	read_others();
#else
	atomic {
		if
#ifdef MISTAKE_COUNT_FIRST
		:: count != sum1 + 1 -> goto undecided
#else
		:: refs[F] != sum1 + 1 -> goto undecided
#endif
		:: else
		fi
	}
#endif
	/* B */
#ifdef HELD
#ifndef MISTAKE_HELD_ONCE
	check_held();
#endif
#endif
#ifndef MISTAKE_NO_SECOND_COUNT
	do
	:: atomic {
		i < PROCESSES && taken[i] && !LOCKED(i) ->
		if
		:: !SAME_TIES(i) -> goto undecided
		:: else -> i++
		fi
	   }
	:: atomic { i < PROCESSES && !taken[i] -> i++ }
	:: atomic { i == PROCESSES -> i = 0; break }
	od;
#endif
	decide();
undecided:
	atomic { i = 0; section_ends(); over = true }
}
#endif

#ifdef FOR_EVER
proctype never_again() {
	atomic { unused && ANY_LIVE -> assert(false) }
}
#endif

/* One process; of its threads one has F for a head, or the other, or both. */
init {
	byte t;

	atomic {
		for (t : 0 .. SLOTS - 1) {
			task[t] = FREE
		}
		refs[F] = 2;
		task[0] = RUNS;
#if THREADS == 1
		head[0] = F;
#else
		task[1] = RUNS;
		if
		:: head[0] = F
		:: head[1] = F
		:: head[0] = F; head[1] = F; refs[F] = 3
		fi;
#endif
		for (t : 0 .. SLOTS - 1) {
			run kernel(t)
		}
#if STRAYS > 0
		run stray();
#endif
#ifdef CLOSES
		run closer();
#endif
#ifdef FOR_EVER
		run never_again();
#endif
		run witness();
		t = 0
	}
}
