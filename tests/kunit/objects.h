/* SPDX-License-Identifier: GPL-2.0-only */
/* What the suites build their objects from: memory that looks like the kernel's. */
#ifndef SHUP_KUNIT_OBJECTS_H
#define SHUP_KUNIT_OBJECTS_H

#include <kunit/test.h>
#include <linux/sched.h>
#include <uapi/linux/btf.h>

#include "compat.h"
#include "fault.h"

#define FILTER_BYTES 512
static_assert(sizeof(struct shup_filter) <= FILTER_BYTES);

/* Where this kernel's filters have prog. */
#define EXPECTED offsetof(struct shup_filter, prog)
#define EXPECTED_QUEUE offsetof(struct shup_filter, wqh)

static inline void set_word(void *object, size_t offset, unsigned long value)
{
	*(unsigned long *)(object + offset) = value;
}

struct bpf_prog *new_prog(struct kunit *test);
void init_queue(void *filter);
void *new_filter_with(struct kunit *test, size_t offset, const void *prev);
struct task_struct *new_task(struct kunit *test);

/* BTF as the kernel has it; the words of @types that are in use come first. */
struct btf_blob {
	struct btf_header header;
	u32 types[64];
	char strings[128];
};

struct btf_blob *new_btf(struct kunit *test);
void add_btf_word(struct btf_blob *btf, u32 word);
void add_btf_type(struct btf_blob *btf, const char *name, u32 info);
void add_btf_member(struct btf_blob *btf, const char *name, u32 offset);
void add_btf_filter(struct btf_blob *btf, size_t prev, size_t prog,
		    size_t notif, size_t queue);

/* The second word of a type. */
#define BTF_INFO(kind, kind_flag, count) \
	((kind_flag) << 31 | (kind) << 24 | (count))

/**
 * struct stub_scan - what scans find here instead of the machine's tasks
 * @tasks: each is visited that is not NULL
 * @ret: what it returns
 * @hold: it does not end while this is set
 * @scans: how many have begun
 */
struct stub_scan {
	struct task_struct *tasks[32];
	int ret;
	bool hold;
	unsigned int scans;
};

extern struct stub_scan stub_scan;

/**
 * struct stub_adoption - what shup_adopt_all() does here
 * @ret: what it returns
 * @hold: it does not end while this is set
 * @begun: how often it was asked
 */
struct stub_adoption {
	int ret;
	bool hold;
	unsigned int begun;
};

extern struct stub_adoption stub_adoption;

/* Called where src/ opens the window of a race; NULL: nothing happens there. */
extern void (*stub_fault)(enum shup_point point);

#endif /* SHUP_KUNIT_OBJECTS_H */
