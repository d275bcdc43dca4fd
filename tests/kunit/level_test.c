// SPDX-License-Identifier: GPL-2.0-only
/* Level detection and symbol lookup; run on a level 0 kernel. */
#include <kunit/test.h>
#include <linux/kthread.h>

#include "symbol.h"
#include "level.h"

static void level_of_this_kernel(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, shup_level_detect(), SHUP_LEVEL_NEVER);
}

static void symbol_found(struct kunit *test)
{
	struct shup_symbol symbol;

	KUNIT_ASSERT_EQ(test, shup_symbol_find("kthread_stop", &symbol), 0);
	KUNIT_EXPECT_EQ(test, symbol.start, (unsigned long)kthread_stop);
	KUNIT_EXPECT_GE(test, symbol.site, symbol.start);
	KUNIT_EXPECT_LT(test, symbol.site, symbol.start + symbol.size);
}

static void symbol_missing(struct kunit *test)
{
	struct shup_symbol symbol;

	KUNIT_EXPECT_EQ(test, shup_symbol_find("no_such_function", &symbol),
			-ENOENT);
}

/* A name is not a prefix: do_exi is in do_exit. */
static void symbol_prefix(struct kunit *test)
{
	struct shup_symbol symbol;

	KUNIT_EXPECT_EQ(test, shup_symbol_find("do_exi", &symbol), -ENOENT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(level_of_this_kernel),
	KUNIT_CASE(symbol_found),
	KUNIT_CASE(symbol_missing),
	KUNIT_CASE(symbol_prefix),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_level",
	.test_cases = cases,
};

kunit_test_suite(suite);
