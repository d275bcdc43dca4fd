// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where prev, prog, notif and the wait queue lie in struct seccomp_filter, and
 * walking a chain.
 *
 * Three witnesses must agree, or the module does not arm: the kernel's version
 * (compat.h); the kernel's BTF, where it has any; and live objects.  prog must
 * point to a struct bpf_prog, a public type, for which prog->aux->prog == prog.
 * prev must point to nothing or to another such filter.  The list of the wait
 * queue must be a list.
 *
 * No other word of a filter is followed: user space shapes some of them.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "btf.h"
#include "layout.h"
#include "state.h"

static int expect_prog = offsetof(struct shup_filter, prog);
module_param(expect_prog, int, 0400);
MODULE_PARM_DESC(expect_prog,
		 "offset of prog in struct seccomp_filter to insist on (default: by kernel version); for tests");

static_assert(offsetof(struct shup_filter, prog) ==
	      offsetof(struct shup_filter, prev) + sizeof(void *));
static_assert(offsetof(struct shup_filter, notif) ==
	      offsetof(struct shup_filter, prog) + sizeof(void *));

unsigned int shup_layout_prog;

/* Where BTF has prog, or -ENOENT.  Written before anything is hooked. */
static int btf_prog = -ENOENT;

/*
 * @address can be any value.  Values below the kernel's addresses are not read:
 * user space is mapped for the caller and not for the module, and for addresses
 * that are not canonical the kernel warns.
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

static int refuse(void)
{
	pr_err_once("not armed: struct seccomp_filter of this kernel is not known: prog is not at %d, where this kernel's version has it; in BTF it is at %d (negative: not there)"
		    SHUP_REPORT "\n",
		    expect_prog, btf_prog);
	return -ENOEXEC;
}

static int refuse_queue(int found)
{
	pr_err_once("not armed: the wait queue of a listener is not where this kernel's version says: expected at %zu of struct %s, in BTF at %d (negative: not there)"
		    SHUP_REPORT "\n",
		    offsetof(struct shup_queue_holder, wqh), SHUP_QUEUE_STRUCT,
		    found);
	return -ENOEXEC;
}

static int hear_queue(const void *btf, size_t size)
{
	int found = shup_btf_offset(btf, size, SHUP_QUEUE_STRUCT, "wqh");

	return found == offsetof(struct shup_queue_holder, wqh) ?
		0 : refuse_queue(found);
}

/**
 * shup_layout_hear() - let BTF say where a filter's fields are
 * @btf: BTF; any bytes will do
 * @size: bytes of it
 *
 * BTF that is damaged, or lacks the structure, is no witness.
 *
 * Context: before anything is hooked.
 * Return: 0, also if BTF is no witness; -ENOEXEC, with a message in the log, if
 * it contradicts the kernel's version.
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
		return refuse();
	return hear_queue(btf, size);
}

/**
 * shup_layout_check() - make sure that this kernel's filters are as expected
 * @filter: a live filter
 *
 * The first success is for good.
 *
 * Context: any.
 * Return: 0; or -ENOEXEC, with a message in the log.
 */
int shup_layout_check(const void *filter)
{
	const void *prev;

	if (shup_layout_known())
		return 0;

	if ((btf_prog >= 0 && btf_prog != expect_prog) ||
	    expect_prog < (int)sizeof(void *) ||
	    expect_prog + 2 * sizeof(void *) > ksize(filter) ||
	    !is_prog(read_pointer(filter + expect_prog)))
		return refuse();
	prev = read_pointer(filter + expect_prog - sizeof(void *));
	if (prev && !is_prog(read_pointer(prev + expect_prog)))
		return refuse();
	/* The checks, then their result.  Pairs with shup_layout_known(). */
	smp_store_release(&shup_layout_prog, expect_prog);
	return 0;
}

/**
 * shup_layout_known() - whether chains can be walked
 *
 * Context: any.
 */
bool shup_layout_known(void)
{
	/* Pairs with shup_layout_check(). */
	return smp_load_acquire(&shup_layout_prog);
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
	return READ_ONCE(*(void **)(filter + shup_layout_prog + sizeof(void *)));
}

/**
 * shup_layout_queue() - the wait queue of a filter's listener
 * @filter: a filter whose listener is open, and stays open as long as the
 *	result is used
 *
 * Context: any, once shup_layout_known().
 * Return: the queue; shup_layout_check_queue() says whether it is one.
 */
wait_queue_head_t *shup_layout_queue(const void *filter)
{
	const void *holder = SHUP_QUEUE_IN_NOTIF ? shup_layout_notif(filter) :
						   filter;

	return (void *)holder + offsetof(struct shup_queue_holder, wqh);
}

static bool is_list(const struct list_head *head)
{
	const struct list_head *next = read_pointer(&head->next);
	const struct list_head *prev = read_pointer(&head->prev);

	return next && prev && read_pointer(&next->prev) == head &&
	       read_pointer(&prev->next) == head;
}

/* Waiters come and go meanwhile, so that one look can be at a list in between. */
#define QUEUE_LOOKS 1000

/**
 * shup_layout_check_queue() - make sure that a listener's wait queue is one
 * @filter: a filter whose listener is open
 *
 * Its list must be a list: the neighbours of its head point back to the head.
 *
 * Context: any, once shup_layout_known().
 * Return: 0; or -ENOEXEC, with a message in the log.
 */
int shup_layout_check_queue(const void *filter)
{
	const wait_queue_head_t *queue = shup_layout_queue(filter);
	unsigned int left;

	for (left = QUEUE_LOOKS; left; left--) {
		if (is_list(&queue->head))
			return 0;
		cpu_relax();
	}
	return refuse_queue(-ENOENT);
}
