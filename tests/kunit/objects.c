// SPDX-License-Identifier: GPL-2.0-only
#include "objects.h"

/* A program that names itself, as a filter's does. */
struct bpf_prog *new_prog(struct kunit *test)
{
	struct bpf_prog_aux *aux = kunit_kzalloc(test, sizeof(*aux), GFP_KERNEL);
	struct bpf_prog *prog = kunit_kzalloc(test, sizeof(*prog), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, aux);
	KUNIT_ASSERT_NOT_NULL(test, prog);
	prog->aux = aux;
	aux->prog = prog;
	return prog;
}

/* prev, prog and notif as they lie in a filter with prog at @offset. */
void *new_filter_with(struct kunit *test, size_t offset, const void *prev)
{
	void *filter = kunit_kzalloc(test, FILTER_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, filter);
	set_word(filter, offset - sizeof(void *), (unsigned long)prev);
	set_word(filter, offset, (unsigned long)new_prog(test));
	set_word(filter, offset + sizeof(void *), (unsigned long)filter);
	return filter;
}

/* Each has a pid and a start time of its own. */
struct task_struct *new_task(struct kunit *test)
{
	static pid_t last_pid;
	struct task_struct *task;

	task = kunit_kzalloc(test, sizeof(*task), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, task);
	task->pid = ++last_pid;
	task->start_time = 1000 + last_pid;
	return task;
}
