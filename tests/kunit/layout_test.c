// SPDX-License-Identifier: GPL-2.0-only
/* Layout discovery, on objects made to look like filters. */
#include <kunit/test.h>

#include "layout.h"
#include "objects.h"

/* Addresses that are no memory; the last wraps around at a member's offset. */
#define NULL_PAGE 0x10UL
#define USER_SPACE 0x400000UL
#define NOT_CANONICAL 0xffff000000000000UL
#define HOLE 0xfffffffffe000000UL
#define LAST_WORD 0xfffffffffffffff8UL

static void *new_filter(struct kunit *test)
{
	void *filter = kunit_kzalloc(test, FILTER_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, filter);
	return filter;
}

/* A filter whose prog is @word, and where nothing else looks like one. */
static int check_prog(struct kunit *test, unsigned long word)
{
	void *filter = new_filter_with(test, EXPECTED, NULL);

	set_word(filter, EXPECTED, word);
	return shup_layout_check(filter);
}

static void words_that_fault_are_refused(struct kunit *test)
{
	static const unsigned long words[] = {
		0, NULL_PAGE, USER_SPACE, HOLE, ~0UL, NOT_CANONICAL, LAST_WORD,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		KUNIT_EXPECT_EQ(test, check_prog(test, words[i]), -ENOEXEC);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

/* Its aux is another prog's, or no memory. */
static void a_prog_must_name_itself(struct kunit *test)
{
	struct bpf_prog *prog = new_prog(test);

	prog->aux->prog = new_prog(test);
	KUNIT_EXPECT_EQ(test, check_prog(test, (unsigned long)prog), -ENOEXEC);
	prog->aux = (void *)HOLE;
	KUNIT_EXPECT_EQ(test, check_prog(test, (unsigned long)prog), -ENOEXEC);
	prog->aux = (void *)USER_SPACE;
	KUNIT_EXPECT_EQ(test, check_prog(test, (unsigned long)prog), -ENOEXEC);
	prog->aux = (void *)NOT_CANONICAL;
	KUNIT_EXPECT_EQ(test, check_prog(test, (unsigned long)prog), -ENOEXEC);
}

/* User space shapes the kernel's bitmap of allowed calls, before prev. */
static void no_other_word_is_followed(struct kunit *test)
{
	void *filter = new_filter_with(test, EXPECTED, NULL);

	set_word(filter, EXPECTED, 0);
	set_word(filter, EXPECTED - 2 * sizeof(void *), (unsigned long)new_prog(test));
	KUNIT_EXPECT_EQ(test, shup_layout_check(filter), -ENOEXEC);
}

/* From here on the order of the cases counts: the first success is for good. */
static void unexpected_place_is_refused(struct kunit *test)
{
	KUNIT_ASSERT_FALSE(test, shup_layout_known());
	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED + 8, NULL)),
			-ENOEXEC);
	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED - 8, NULL)),
			-ENOEXEC);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

static void strange_prev_is_refused(struct kunit *test)
{
	void *other = new_filter(test);

	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED, other)),
			-ENOEXEC);
	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED, (void *)HOLE)),
			-ENOEXEC);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

static int hear_btf(struct kunit *test, size_t prev, size_t prog, size_t notif)
{
	struct btf_blob *btf = new_btf(test);

	add_btf_filter(btf, prev, prog, notif, EXPECTED_QUEUE);
	return shup_layout_hear(btf, sizeof(*btf));
}

static void btf_that_disagrees_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hear_btf(test, EXPECTED, EXPECTED + 8, EXPECTED + 16), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED, NULL)), -ENOEXEC);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

static void btf_with_other_neighbours_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hear_btf(test, EXPECTED - 16, EXPECTED, EXPECTED + 8), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, hear_btf(test, EXPECTED - 8, EXPECTED, EXPECTED + 16), -ENOEXEC);
}

/* A filter with no notif, and two filters that differ. */
static void btf_of_another_filter_is_refused(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	add_btf_type(btf, "seccomp_filter", BTF_INFO(BTF_KIND_STRUCT, 0, 2));
	add_btf_member(btf, "prev", (EXPECTED - 8) * BITS_PER_BYTE);
	add_btf_member(btf, "prog", EXPECTED * BITS_PER_BYTE);
	KUNIT_EXPECT_EQ(test, shup_layout_hear(btf, sizeof(*btf)), -ENOEXEC);

	btf = new_btf(test);
	add_btf_filter(btf, EXPECTED - 8, EXPECTED, EXPECTED + 8, EXPECTED_QUEUE);
	add_btf_filter(btf, EXPECTED, EXPECTED + 8, EXPECTED + 16, EXPECTED_QUEUE);
	KUNIT_EXPECT_EQ(test, shup_layout_hear(btf, sizeof(*btf)), -ENOEXEC);
}

static void btf_without_filters_says_nothing(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	KUNIT_EXPECT_EQ(test, shup_layout_hear(btf, sizeof(*btf)), 0);
	KUNIT_EXPECT_EQ(test, shup_layout_hear(btf, 0), 0);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

static void btf_with_the_queue_elsewhere_is_refused(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	add_btf_filter(btf, EXPECTED - 8, EXPECTED, EXPECTED + 8, EXPECTED_QUEUE + 8);
	KUNIT_EXPECT_EQ(test, shup_layout_hear(btf, sizeof(*btf)), -ENOEXEC);
}

static void btf_that_agrees_is_heard(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hear_btf(test, EXPECTED - 8, EXPECTED, EXPECTED + 8), 0);
	KUNIT_EXPECT_FALSE(test, shup_layout_known());
}

static void expected_place_is_taken(struct kunit *test)
{
	void *oldest = new_filter_with(test, EXPECTED, NULL);

	KUNIT_EXPECT_EQ(test, shup_layout_check(new_filter_with(test, EXPECTED, oldest)), 0);
	KUNIT_EXPECT_TRUE(test, shup_layout_known());
}

static void a_queue_must_be_a_list(struct kunit *test)
{
	void *filter = new_filter_with(test, EXPECTED, NULL);
	wait_queue_head_t *queue = shup_layout_queue(filter);
	wait_queue_entry_t entry;

	KUNIT_EXPECT_EQ(test, shup_layout_check_queue(filter), 0);
	init_waitqueue_entry(&entry, current);
	add_wait_queue(queue, &entry);
	KUNIT_EXPECT_EQ(test, shup_layout_check_queue(filter), 0);
	remove_wait_queue(queue, &entry);
	queue->head.next = (void *)HOLE;
	KUNIT_EXPECT_EQ(test, shup_layout_check_queue(filter), -ENOEXEC);
	queue->head.next = (struct list_head *)filter;
	KUNIT_EXPECT_EQ(test, shup_layout_check_queue(filter), -ENOEXEC);
}

static void chain_is_walked_to_its_end(struct kunit *test)
{
	void *oldest = new_filter_with(test, EXPECTED, NULL);
	void *middle = new_filter_with(test, EXPECTED, oldest);
	void *head = new_filter_with(test, EXPECTED, middle);
	const void *seen[4] = { };
	unsigned int left, n = 0;
	const void *filter;

	shup_for_each_filter(filter, head, left)
		if (n < ARRAY_SIZE(seen))
			seen[n++] = filter;
	KUNIT_EXPECT_EQ(test, n, 3U);
	KUNIT_EXPECT_PTR_EQ(test, seen[0], (const void *)head);
	KUNIT_EXPECT_PTR_EQ(test, seen[1], (const void *)middle);
	KUNIT_EXPECT_PTR_EQ(test, seen[2], (const void *)oldest);
	KUNIT_EXPECT_NE(test, left, 0U);
	KUNIT_EXPECT_PTR_EQ(test, shup_layout_notif(head), head);
}

static void chain_without_end_is_left(struct kunit *test)
{
	void *filter = new_filter_with(test, EXPECTED, NULL);
	unsigned int left, n = 0;
	const void *cursor;

	set_word(filter, EXPECTED - sizeof(void *), (unsigned long)filter);
	shup_for_each_filter(cursor, filter, left)
		n++;
	KUNIT_EXPECT_EQ(test, left, 0U);
	KUNIT_EXPECT_LT(test, n, (unsigned int)SHUP_CHAIN_MAX);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(words_that_fault_are_refused),
	KUNIT_CASE(a_prog_must_name_itself),
	KUNIT_CASE(no_other_word_is_followed),
	KUNIT_CASE(unexpected_place_is_refused),
	KUNIT_CASE(strange_prev_is_refused),
	KUNIT_CASE(btf_that_disagrees_is_refused),
	KUNIT_CASE(btf_with_other_neighbours_is_refused),
	KUNIT_CASE(btf_of_another_filter_is_refused),
	KUNIT_CASE(btf_without_filters_says_nothing),
	KUNIT_CASE(btf_with_the_queue_elsewhere_is_refused),
	KUNIT_CASE(btf_that_agrees_is_heard),
	KUNIT_CASE(expected_place_is_taken),
	KUNIT_CASE(a_queue_must_be_a_list),
	KUNIT_CASE(chain_is_walked_to_its_end),
	KUNIT_CASE(chain_without_end_is_left),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_layout",
	.test_cases = cases,
};

kunit_test_suite(suite);
