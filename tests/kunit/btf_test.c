// SPDX-License-Identifier: GPL-2.0-only
/* Reading BTF, whole and damaged. */
#include <kunit/test.h>

#include "btf.h"
#include "objects.h"

#define LAST_KIND 19

static int offset_in(const struct btf_blob *btf, const char *type, const char *member)
{
	return shup_btf_offset(btf, sizeof(*btf), type, member);
}

static int prog_in(const struct btf_blob *btf)
{
	return offset_in(btf, "seccomp_filter", "prog");
}

/* With a forward declaration of the same name, as the kernel's has. */
static struct btf_blob *btf_with_filter(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	add_btf_type(btf, "seccomp_filter", BTF_INFO(BTF_KIND_FWD, 0, 0));
	add_btf_filter(btf, 128, 136, 144, 200);
	return btf;
}

static void member_is_found(struct kunit *test)
{
	struct btf_blob *btf = btf_with_filter(test);

	KUNIT_EXPECT_EQ(test, prog_in(btf), 136);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "seccomp_filter", "prev"), 128);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "seccomp_filter", "refs"), -ENOENT);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "seccomp", "prog"), -ENOENT);
}

/* Words that follow a type of each kind, if it counts two of what it has. */
static void every_kind_is_passed_by(struct kunit *test)
{
	static const u8 words[LAST_KIND + 1] = {
		[1] = 1, [3] = 3, [4] = 6, [5] = 6, [6] = 4, [13] = 4,
		[14] = 1, [15] = 6, [17] = 1, [19] = 6,
	};
	struct btf_blob *btf;
	u32 kind, i;

	for (kind = 1; kind <= LAST_KIND; kind++) {
		/* Older kernels' headers have no room for the later kinds. */
		if (BTF_INFO_KIND(BTF_INFO(kind, 0, 2)) != kind)
			break;
		btf = new_btf(test);
		add_btf_type(btf, "other", BTF_INFO(kind, 0, 2));
		for (i = 0; i < words[kind]; i++)
			add_btf_word(btf, ~0U);
		add_btf_filter(btf, 128, 136, 144, 200);
		KUNIT_EXPECT_EQ_MSG(test, prog_in(btf), 136, "kind %u", kind);
	}
}

static void unknown_kinds_end_it(struct kunit *test)
{
	static const u32 kinds[] = { 0, LAST_KIND + 1, 31 };
	struct btf_blob *btf;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		btf = new_btf(test);
		add_btf_type(btf, "other", BTF_INFO(kinds[i], 0, 0));
		add_btf_filter(btf, 128, 136, 144, 200);
		KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
	}
}

static void two_of_a_name_must_agree(struct kunit *test)
{
	struct btf_blob *btf = btf_with_filter(test);

	add_btf_filter(btf, 128, 136, 144, 200);
	KUNIT_EXPECT_EQ(test, prog_in(btf), 136);
	add_btf_filter(btf, 64, 72, 80, 200);
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EEXIST);
}

/* With the flag, an offset's highest byte is the width of a bit field. */
static void bits_are_no_bytes(struct kunit *test)
{
	struct btf_blob *btf = new_btf(test);

	add_btf_type(btf, "s", BTF_INFO(BTF_KIND_STRUCT, 1U, 3));
	add_btf_member(btf, "whole", 64);
	add_btf_member(btf, "narrow", 3 << 24 | 64);
	add_btf_member(btf, "odd", 65);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "s", "whole"), 8);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "s", "narrow"), -EINVAL);
	KUNIT_EXPECT_EQ(test, offset_in(btf, "s", "odd"), -EINVAL);
}

static void what_is_cut_short_is_refused(struct kunit *test)
{
	struct btf_blob *btf = btf_with_filter(test);
	size_t whole = offsetof(struct btf_blob, strings) + btf->header.str_len;
	size_t size;
	void *part;

	for (size = 0; size < whole; size++) {
		/* Of that size, so that KASAN sees a step too far. */
		part = kunit_kzalloc(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, part);
		memcpy(part, btf, size);
		KUNIT_EXPECT_EQ(test, shup_btf_offset(part, size, "seccomp_filter", "prog"),
				-EINVAL);
	}
}

/* Any answer will do, but for a step beyond the object. */
static void damaged_words_do_no_harm(struct kunit *test)
{
	static const u32 values[] = { 0, 1, 3, 0xffff, 0x1fffffff, ~0U };
	struct btf_blob *btf = btf_with_filter(test);
	u32 *words = (u32 *)btf;
	unsigned int i, j;
	u32 saved;

	for (i = 0; i < sizeof(*btf) / sizeof(*words); i++) {
		saved = words[i];
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			words[i] = values[j];
			prog_in(btf);
		}
		words[i] = saved;
	}
	KUNIT_EXPECT_EQ(test, prog_in(btf), 136);
}

static void damaged_headers_are_refused(struct kunit *test)
{
	struct btf_blob *btf = btf_with_filter(test);

	btf->header.magic = 0x9feb;
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
	btf = btf_with_filter(test);
	btf->header.hdr_len = 4;
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
	btf = btf_with_filter(test);
	btf->header.type_off = 2;
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
	btf = btf_with_filter(test);
	btf->header.str_len--;
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
	btf = btf_with_filter(test);
	btf->header.type_len--;
	KUNIT_EXPECT_EQ(test, prog_in(btf), -EINVAL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(member_is_found),
	KUNIT_CASE(every_kind_is_passed_by),
	KUNIT_CASE(unknown_kinds_end_it),
	KUNIT_CASE(two_of_a_name_must_agree),
	KUNIT_CASE(bits_are_no_bytes),
	KUNIT_CASE(what_is_cut_short_is_refused),
	KUNIT_CASE(damaged_words_do_no_harm),
	KUNIT_CASE(damaged_headers_are_refused),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_btf",
	.test_cases = cases,
};

kunit_test_suite(suite);
