// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding prev, prog and notif in struct seccomp_filter, and walking a chain.
 *
 * prog points to a struct bpf_prog, a public type, for which
 * prog->aux->prog == prog.  The one word of a live filter with that property
 * is prog; prev stands before it in every known kernel.  What is found must be
 * what the kernel's version makes one expect, and what its BTF says, where it
 * has any: all witnesses agree, or no arming.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "btf.h"
#include "layout.h"

/* prog lies further in than this in no known kernel (6.1: 136). */
#define SEARCH_BYTES 256

static int expect_prog = offsetof(struct shup_filter_head, prog);
module_param(expect_prog, int, 0400);
MODULE_PARM_DESC(expect_prog,
		 "offset of prog in struct seccomp_filter to insist on (default: by kernel version); for tests");

static_assert(offsetof(struct shup_filter_head, prog) ==
	      offsetof(struct shup_filter_head, prev) + sizeof(void *));
static_assert(offsetof(struct shup_filter_head, prog) + sizeof(void *) <= SEARCH_BYTES);

/* 0 until proved; then never changes.  Written with a release. */
static unsigned int prog_offset;

/* Where BTF has prog, or -ENOENT.  Written before anything is hooked. */
static int btf_prog = -ENOENT;

/*
 * Any word may come here.  Below the kernel's own addresses the kernel warns of
 * those that are not canonical, since it looks at what the CPU could do and not
 * at the number of page table levels in use.
 */
static const void *read_pointer(const void *address)
{
	void *value;

	if ((unsigned long)address < SHUP_KERNEL_START ||
	    !IS_ALIGNED((unsigned long)address, sizeof(value)) ||
	    copy_from_kernel_nofault(&value, address, sizeof(value)))
		return NULL;
	return value;
}

static bool is_prog(const struct bpf_prog *prog)
{
	const struct bpf_prog_aux *aux = read_pointer(&prog->aux);

	return aux && read_pointer(&aux->prog) == prog;
}

/**
 * shup_layout_find() - find prog in a filter by what it points to
 * @filter: a live filter; read without risk of a fault
 * @size: bytes of it that may be read
 *
 * Context: any.
 * Return: the offset of prog; -ENOENT if no word will do; -EEXIST if more than
 * one will.
 */
int shup_layout_find(const void *filter, size_t size)
{
	size_t offset;
	int found = -ENOENT;

	for (offset = sizeof(void *); offset + sizeof(void *) <= size;
	     offset += sizeof(void *)) {
		if (!is_prog(read_pointer(filter + offset)))
			continue;
		if (found >= 0)
			return -EEXIST;
		found = offset;
	}
	return found;
}

static int refuse(int found)
{
	pr_err_once("not armed: struct seccomp_filter of this kernel is not known: prog expected at %d, found at %d, in BTF at %d (negative: not there); report this kernel's version\n",
		    expect_prog, found, btf_prog);
	return -ENOEXEC;
}

/**
 * shup_layout_hear() - let BTF say where a filter's fields are
 * @btf: BTF; any bytes will do
 * @size: bytes of it
 *
 * BTF that is damaged, or lacks the structure, is no witness.
 *
 * Context: before anything is hooked.
 * Return: 0, also if it says nothing; -ENOEXEC, with a message in the log, if
 * it contradicts what the kernel's version makes one expect.
 */
int shup_layout_hear(const void *btf, size_t size)
{
	int prev = shup_btf_offset(btf, size, "seccomp_filter", "prev");
	int prog = shup_btf_offset(btf, size, "seccomp_filter", "prog");
	int notif = shup_btf_offset(btf, size, "seccomp_filter", "notif");

	if (prog == -ENOENT || prog == -EINVAL)
		return 0;
	btf_prog = prog;
	if (prog != expect_prog || prev != prog - (int)sizeof(void *) ||
	    notif != prog + (int)sizeof(void *))
		return refuse(-ENOENT);
	return 0;
}

/**
 * shup_layout_init() - hear the running kernel's BTF, if it has any
 *
 * Context: may sleep; before anything is hooked.
 * Return: as shup_layout_hear().
 */
int shup_layout_init(void)
{
	size_t size;
	void *btf = shup_btf_read(&size);
	int ret;

	if (IS_ERR(btf))
		return 0;
	ret = shup_layout_hear(btf, size);
	kvfree(btf);
	return ret;
}

/* prev must be nothing, or a filter whose prog is at the same place. */
static bool is_prev(const void *prev, size_t offset)
{
	return !prev || is_prog(read_pointer(prev + offset));
}

/**
 * shup_layout_check() - make sure that this kernel's filters are as expected
 * @filter: a live filter
 *
 * The first success settles it for good.
 *
 * Context: any.
 * Return: 0; or -ENOEXEC, with a message in the log.
 */
int shup_layout_check(const void *filter)
{
	size_t size;
	int found;

	if (shup_layout_known())
		return 0;

	size = min_t(size_t, ksize(filter), SEARCH_BYTES);
	found = shup_layout_find(filter, size);
	if (found < 0)
		return refuse(found);
	if (found == expect_prog && (btf_prog < 0 || found == btf_prog) &&
	    is_prev(read_pointer(filter + found - sizeof(void *)), found)) {
		/* Pairs with shup_layout_known(). */
		smp_store_release(&prog_offset, found);
		return 0;
	}

	return refuse(found);
}

/**
 * shup_layout_known() - whether chains can be walked
 *
 * Context: any.
 */
bool shup_layout_known(void)
{
	/* Pairs with shup_layout_check(). */
	return smp_load_acquire(&prog_offset);
}

/**
 * shup_layout_prev() - the next older filter of a chain
 * @filter: a filter; see shup_for_each_filter() for what keeps it alive
 *
 * Context: any, once shup_layout_known().
 * Return: the filter, or NULL if @filter is the oldest.  @filter itself if the
 * layout is not known, for a chain that does not end decides nothing.
 */
const void *shup_layout_prev(const void *filter)
{
	if (WARN_ON_ONCE(!prog_offset))
		return filter;
	return READ_ONCE(*(void **)(filter + prog_offset - sizeof(void *)));
}

/**
 * shup_layout_notif() - what a filter keeps for its listener
 * @filter: a filter whose listener the caller keeps open
 *
 * Context: any, once shup_layout_known().
 * Return: its struct notification, private to the kernel.
 */
void *shup_layout_notif(const void *filter)
{
	return READ_ONCE(*(void **)(filter + prog_offset + sizeof(void *)));
}
