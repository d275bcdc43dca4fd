// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a 6.1 tree treat seccomp listeners as 5.0 to 5.8 do: no EPOLLHUP at
// all, and a task keeps its filter until free_task().
//
//   spatch --sp-file level0.cocci --in-place kernel/seccomp.c kernel/exit.c \
//          kernel/fork.c include/linux/seccomp.h

// Undoes "seccomp: notify about unused filter" (5.9), the poll side...
@poll@
identifier fn = seccomp_notify_poll;
expression ret;
@@
fn(...)
{
	<...
-	if (refcount_read(...) == 0)
-		ret |= EPOLLHUP;
	...>
}

// ...and the waking side.
@orphan@
identifier fn = __seccomp_filter_orphan;
@@
fn(...)
{
	<...
-	if (waitqueue_active(...))
-		wake_up_poll(..., EPOLLHUP);
	...>
}

// Undoes "seccomp: release filter after task is fully dead" (5.9).
@release@
identifier tsk;
@@
-void seccomp_filter_release(struct task_struct *tsk)
+void put_seccomp_filter(struct task_struct *tsk)
{
	...
-	WARN_ON(tsk->sighand != NULL);
-	tsk->seccomp.filter = NULL;
	...
}

@prototype@
identifier tsk;
@@
-extern void seccomp_filter_release(struct task_struct *tsk);
+extern void put_seccomp_filter(struct task_struct *tsk);

@reap@
expression p;
@@
release_task(...)
{
	...
-	seccomp_filter_release(p);
	...
}

// 6.1 warns about a filter that is still there, where 5.8 dropped it.
@free@
identifier tsk;
@@
free_task(struct task_struct *tsk)
{
	<...
-	WARN_ON_ONCE(tsk->seccomp.filter);
+	put_seccomp_filter(tsk);
	...>
}

// Undoes "seccomp: Move copy_seccomp() to no failure path" (6.2, stable 6.1):
// a fork that fails late has taken the filter and must drop it.
@copy@
expression p;
@@
copy_process(...)
{
	...
	spin_lock(&current->sighand->siglock);
+	copy_seccomp(p);
	...
-	copy_seccomp(p);
	...
}
