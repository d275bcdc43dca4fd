/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a listener's waiters are notified without a reference to its file, and
 * without a wrapper under a call that can block.
 *
 * One listener, and its last live task.  That task exits; its death can be
 * waited for later.  Whoever decides "unused" notifies: the witness, in the
 * irq_work of the exit, before the task goes on; or a scan, by the worker or by
 * a poll or a RECV of a candidate.  The decisions are taken for true here:
 * witness.pml and hup.pml have the argument for them.
 *
 *   notify	takes the listener's lock.  If the listener is neither closed nor
 *		an orphan: it marks the orphan, posts a request for each RECV that
 *		there can be, and wakes the queue.
 *   release	the hook on it takes the same lock and sets "closed", before the
 *		kernel frees the queue and the filter.
 *   poll	the hook on its entry looks at the mark.  Polls of orphans are
 *		redirected, and those of candidates, for a scan.  All others run
 *		undisturbed.  Such a poll can have looked before the mark, and
 *		queue after the wake.  So the worker wakes again after a grace
 *		period of RCU-tasks.  That does not reach all: a poll may sleep for
 *		memory between its entry and the queue (poll_get_entry(),
 *		ep_ptable_queue_proc()), and RCU-tasks does not wait for a task
 *		that sleeps.  So each audit wakes again, too.  A later wake is for
 *		those that have queued since the one before.
 *   RECV	the hook on its entry looks at the mark, and posts a request if it
 *		is there.
 *
 * Each hook may miss each event, but for that on the release.
 *
 * Variants:
 *   LOOKS_LAST	a poll queues first, and looks at the mark then: no later wake
 *		is needed
 *   SLEEPLESS	no poll sleeps for memory: the one later wake is enough
 *   WORKER_DECIDES	a poll or RECV of a candidate waits for the worker, and
 *		at-the-death is not searched for
 *   RECV_QUEUES	RECV waits on the queue, as from 6.6 on; else for a semaphore
 *
 * Properties, all of them searched for in each run:
 *   silent		after the close of a listener nothing is reported of it (P9)
 *   in-bounds		the queue is not touched after the kernel has freed it
 *   told		every waiter is notified in the end (no invalid end state)
 *   once		an item in an epoll set is woken once
 *   at-the-death	(P1') a poll or RECV that begins when the death can be waited
 *			for does not sleep, if the exit was heard; an item that
 *			was in its epoll set before the exit is ready then, if the
 *			witness decided
 *
 * Planted mistakes, each of which spin must refute:
 *   PIN		notify holds a reference to the file (silent)
 *   NO_LOCK		notify looks at "closed" without the lock (in-bounds)
 *   CLOSED_LATE	"closed" is set when release returns (in-bounds)
 *   WAKE_FIRST		the queue is woken before the mark (told, WORKER_DECIDES)
 *   POST_FIRST		requests are posted before the mark (told)
 *   POST_LAST		requests are posted after the wake: RECV_QUEUES (told)
 *   MARKS_AGAIN	notify does not look whether there is an orphan (once)
 *   NO_LATER_WAKE	(told)
 *   NO_GRACE_PERIOD	the one later wake comes at once (told, SLEEPLESS)
 *   NO_AUDIT_WAKE	the one later wake comes after the grace period (told)
 *   LATER_UNCHECKED	a later wake does not look at "closed" (in-bounds)
 *   LATER_WAKES_ALL	a later wake is for all on the queue (once)
 *   IRQ_LATE		the irq_work does not run before the task goes on, as if
 *			all processors shared one (at-the-death)
 *   NO_DECIDING_POLL	a poll or RECV of a candidate waits for the worker
 *			(at-the-death)
 *   PASS_UNSEEN	a candidate that a pass has taken looks like none
 *			(at-the-death)
 */
#define WAITERS 3
#define POLL 0		/* a poll() */
#define ITEM 1		/* an item in an epoll set */
#define RECV 2

/* The kernel's side. */
bool exited;		/* the task has entered do_exit() */
bool waitable;		/* its death can be waited for */
bool there = true;	/* the queue and the filter */
byte users = 1;		/* the file's references: the fd, and calls under way */
byte pins;		/* those of the module */
bool fd_closed;
bool silent;		/* the last close() has returned */
bool in_set;		/* the item is in the epoll set */
bool set_locked;	/* the set's mutex */
bool ready;		/* the item is on the ready list */
bool in_set_at_exit;
byte requests;		/* posted for RECV */
bool queued[WAITERS], woken[WAITERS];
bool between[WAITERS];	/* entry and queue, and has not slept: RCU-tasks waits */
bool held_up[WAITERS];	/* the grace period under way waits for it */

/* The module's side. */
bool locked;		/* the listener's lock */
bool candidate, orphan, closed;
byte deciding;		/* scans under way that have taken the candidate */
bool heard;		/* the hook on do_exit() was called */
bool witnessed;		/* the witness decides at the exit */
bool reached[WAITERS];	/* was on the queue at a wake */
bool entry;		/* the module's own on the queue; newcomers are ahead of it */
bool later;		/* a later wake is due */

inline lock() {
	atomic { !locked -> locked = true }
}
inline unlock() {
	locked = false
}

/* Called in an atomic sequence. */
inline wake_one(w, all) {
	if
	:: queued[w] && (all || !reached[w]) ->
		assert(w != ITEM || !reached[w]);
		woken[w] = true; reached[w] = true;
		if
		:: w == ITEM -> ready = true
		:: else
		fi
	:: else
	fi
}
inline wake(all) {
	atomic {
		assert(there);
		entry = true;
		wake_one(POLL, all); wake_one(ITEM, all); wake_one(RECV, all)
	}
}

/* A RECV that has missed the mark holds one of the references to the file. */
inline post() {
	atomic { assert(there); requests = requests + users }
}
inline mark() {
	orphan = true
}

#ifdef MISTAKE_MARKS_AGAIN
#define SILENCED closed
#else
#define SILENCED (closed || orphan)
#endif

inline notify() {
#ifdef MISTAKE_PIN
	atomic {
		if
		:: users + pins > 0 -> pins++; pinned = true
		:: else
		fi
	};
#endif
#ifndef MISTAKE_NO_LOCK
	lock();
#endif
	if
	:: SILENCED
#ifdef MISTAKE_PIN
	:: !pinned
#endif
	:: else ->
#if defined(MISTAKE_WAKE_FIRST)
		post(); wake(true); mark();
#elif defined(MISTAKE_POST_FIRST)
		post(); mark(); wake(true);
#elif defined(MISTAKE_POST_LAST)
		mark(); wake(true); post();
#else
		mark(); post(); wake(true);
#endif
		later = true
	fi;
#ifndef MISTAKE_NO_LOCK
	unlock();
#endif
#ifdef MISTAKE_PIN
	if
	:: pinned -> pinned = false; unpin()
	:: else
	fi
#endif
}

/* __fput() of the last reference. */
inline release() {
	/* eventpoll_release() */
	atomic { !set_locked -> in_set = false; queued[ITEM] = false; ready = false };
#ifdef MISTAKE_CLOSED_LATE
	there = false;
	lock(); closed = true; unlock()
#else
	/* The hook on seccomp_notify_release(), and then the function. */
	lock(); closed = true; unlock();
	there = false
#endif
}
inline drop() {
	atomic { users--; ends = (users == 0); last = (users + pins == 0) };
	if
	:: last -> release()
	:: else
	fi;
	/* The call returns. */
	atomic { silent = silent || ends; ends = false; last = false }
}
inline unpin() {
	atomic { pins--; last = (users + pins == 0) };
	if
	:: last -> release(); last = false
	:: else
	fi
}

/* A scan finds the live task, or notifies. */
inline decide_by_scan() {
	atomic { candidate = false; deciding++ };
	if
	:: atomic { exited -> skip }; notify()
	:: atomic { !exited -> skip }
	fi;
	atomic { deciding-- }
}

/* The last live task. */
proctype container() {
#ifdef MISTAKE_PIN
	bool pinned, last;
#endif
	atomic {
		exited = true; in_set_at_exit = in_set;
		if
		:: heard = true; candidate = true
		:: skip
		fi
	};
	/* The irq_work; or the witness is not asked, or cannot decide. */
	if
	:: heard -> witnessed = true
	:: skip
	fi;
#ifdef MISTAKE_IRQ_LATE
	waitable = true;
#endif
	if
	:: witnessed -> notify()
	:: else
	fi;
	waitable = true
}

/* Somebody has queued since the last wake, and sleeps. */
#define NEWCOMER(w) (queued[w] && !woken[w] && !reached[w])
#define NEWCOMERS (NEWCOMER(POLL) || NEWCOMER(ITEM) || NEWCOMER(RECV))

inline wake_again() {
	lock();
	if
#ifndef MISTAKE_LATER_UNCHECKED
	:: closed
#endif
#ifdef MISTAKE_LATER_WAKES_ALL
	:: else -> wake(true)
#else
	:: else -> wake(false)
#endif
	fi;
	unlock()
}

/* Passes; the later wake; and audits, of which some are to come at any time. */
proctype worker() {
#ifdef MISTAKE_PIN
	bool pinned, last;
#endif
end:
	do
	:: candidate && !orphan -> decide_by_scan()
	:: exited && !orphan && !closed && !candidate && !deciding -> decide_by_scan()
#if !defined(LOOKS_LAST) && !defined(MISTAKE_NO_LATER_WAKE)
	:: atomic {
		later ->
		later = false;
#ifndef MISTAKE_NO_GRACE_PERIOD
		held_up[POLL] = between[POLL]; held_up[ITEM] = between[ITEM]
#endif
	   }
	   !held_up[POLL] && !held_up[ITEM];
	   wake_again()
#if !defined(MISTAKE_NO_AUDIT_WAKE) && !defined(MISTAKE_NO_GRACE_PERIOD)
	:: orphan && !closed && NEWCOMERS -> wake_again()
#endif
#endif
	od
}

/* From here on the grace period does not wait for the call. */
inline quiescent(w) {
	between[w] = false; held_up[w] = false
}

#if defined(MISTAKE_NO_DECIDING_POLL) || defined(WORKER_DECIDES)
#define UNDECIDED false
#elif defined(MISTAKE_PASS_UNSEEN)
#define UNDECIDED candidate
#else
#define UNDECIDED (candidate || deciding > 0)
#endif

/*
 * The hook on the entry of a call: @hup, or nobody is known to have to decide.
 * A call that has decided, or has waited for whoever does, enters again.
 */
inline look(w) {
	do
	:: atomic { orphan -> hup = true; break }
	:: atomic { !orphan && !UNDECIDED -> between[w] = true; break }
	:: !orphan && UNDECIDED -> decide_by_scan()
	:: !orphan && deciding > 0 && UNDECIDED -> deciding == 0
	od
}

/* The kernel's poll, of waiter @w. */
inline queue(w) {
#if !defined(LOOKS_LAST) && !defined(SLEEPLESS)
	if
	:: atomic { quiescent(w) }	/* sleeps for memory */
	:: skip
	fi;
#endif
	atomic { quiescent(w); queued[w] = true }
}

#ifdef WORKER_DECIDES
#define IN_TIME true
#else
#define IN_TIME !late
#endif

/* A call begins, if the fd is open.  @late: its caller has waited for the death. */
inline enter() {
	atomic {
		if
		:: users > 0 && !fd_closed -> users++; late = waitable && heard
		:: else -> goto done
		fi
	}
}

proctype poller() {
	bool hup, late, last, ends;
#ifdef MISTAKE_PIN
	bool pinned;
#endif

	enter();
#ifdef LOOKS_LAST
	queue(POLL);
#endif
	do
	:: look(POLL);
	   if
	   :: hup -> break
	   :: else
	   fi;
	   assert(IN_TIME);
	   if
	   :: queued[POLL]
	   :: else -> queue(POLL)
	   fi;
	   /* Asleep.  Another look does not queue again. */
	   atomic { woken[POLL] -> woken[POLL] = false }
	od;
	atomic { quiescent(POLL); queued[POLL] = false }
	drop();
done:	skip
}

proctype epoll() {
	bool hup, late, last, ends;
#ifdef MISTAKE_PIN
	bool pinned;
#endif

	/* EPOLL_CTL_ADD */
	enter();
#ifdef LOOKS_LAST
	queue(ITEM);
#endif
	look(ITEM);
	if
	:: hup -> atomic {
		/* The redirected poll queues, and moves the module's entry ahead. */
		queued[ITEM] = true; reached[ITEM] = entry;
		in_set = true; ready = true
	   }
	:: else ->
		assert(IN_TIME);
#ifndef LOOKS_LAST
		queue(ITEM);
#endif
		in_set = true
	fi;
	atomic { quiescent(ITEM); hup = false }
	drop();
	/* epoll_wait() */
	do
	:: atomic {
		ready && !set_locked -> ready = false;
		assert(!silent);
		set_locked = true
	   }
	   look(ITEM);
	   atomic { between[ITEM] = false; set_locked = false };
	   if
	   :: hup -> break
	   :: else
	   fi
	:: atomic {
		waitable && witnessed && in_set && in_set_at_exit && !fd_closed ->
		assert(ready)
	   }
	   ready || closed
	/* A closed listener is in no set any more. */
	:: closed && !ready -> break
	od;
done:	skip
}

proctype recv() {
	bool hup, late, last, ends;
#ifdef MISTAKE_PIN
	bool pinned;
#endif

	enter();
	look(RECV);
	between[RECV] = false;
	if
	:: hup -> atomic { assert(there); requests++ }
	:: else -> assert(IN_TIME)
	fi;
#ifdef RECV_QUEUES
	queued[RECV] = true;
	do
	:: atomic { requests > 0 -> requests--; break }
	:: atomic { requests == 0 -> skip };
	   atomic { woken[RECV] -> woken[RECV] = false }
	od;
	queued[RECV] = false;
#else
	atomic { requests > 0 -> requests-- }
#endif
	/* No notification: ENOENT. */
	assert(exited);
	drop();
done:	skip
}

/* Closes the fd at some time, or does not. */
proctype closer() {
	bool last, ends;

	if
	:: atomic { fd_closed = true }; drop()
	:: skip
	fi
}

init {
	atomic {
		run container();
		run worker();
#ifdef POLLS
		run poller();
#endif
#ifdef ITEMS
		run epoll();
#endif
#ifdef RECVS
		run recv();
#if RECVS == 2
		run recv();
#endif
#endif
		run closer()
	}
}
