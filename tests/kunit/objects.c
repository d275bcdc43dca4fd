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
	init_queue(filter);
	return filter;
}

/* Where this kernel's filters have it; also for a copy of a filter. */
void init_queue(void *filter)
{
	struct shup_filter *layout = filter;

	init_waitqueue_head(&layout->wqh);
}

/* Without types, and with the empty name that all BTF begins with. */
struct btf_blob *new_btf(struct kunit *test)
{
	struct btf_blob *btf = kunit_kzalloc(test, sizeof(*btf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, btf);
	btf->header.magic = BTF_MAGIC;
	btf->header.version = BTF_VERSION;
	btf->header.hdr_len = sizeof(btf->header);
	btf->header.str_off = sizeof(btf->types);
	btf->header.str_len = 1;
	return btf;
}

void add_btf_word(struct btf_blob *btf, u32 word)
{
	btf->types[btf->header.type_len / sizeof(word)] = word;
	btf->header.type_len += sizeof(word);
}

static u32 add_btf_name(struct btf_blob *btf, const char *name)
{
	u32 offset = btf->header.str_len;

	strcpy(btf->strings + offset, name);
	btf->header.str_len += strlen(name) + 1;
	return offset;
}

/* What the kind of @info has besides is for the caller to add. */
void add_btf_type(struct btf_blob *btf, const char *name, u32 info)
{
	add_btf_word(btf, add_btf_name(btf, name));
	add_btf_word(btf, info);
	add_btf_word(btf, 0);
}

void add_btf_member(struct btf_blob *btf, const char *name, u32 offset)
{
	add_btf_word(btf, add_btf_name(btf, name));
	add_btf_word(btf, 0);
	add_btf_word(btf, offset);
}

void add_btf_filter(struct btf_blob *btf, size_t prev, size_t prog,
		    size_t notif, size_t queue)
{
	add_btf_type(btf, "seccomp_filter", BTF_INFO(BTF_KIND_STRUCT, 0, 4));
	add_btf_member(btf, "prev", prev * BITS_PER_BYTE);
	add_btf_member(btf, "prog", prog * BITS_PER_BYTE);
	add_btf_member(btf, "notif", notif * BITS_PER_BYTE);
	add_btf_member(btf, "wqh", queue * BITS_PER_BYTE);
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
