// SPDX-License-Identifier: GPL-2.0-only
/* Requests posted to end RECV, on either form of struct notification. */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/semaphore.h>

#include "layout.h"
#include "objects.h"
#include "recv.h"

/* 5.0 to 6.5. */
struct with_semaphore {
	struct semaphore request;
	u64 next_id;
	struct list_head notifications;
};

/* From 6.6. */
struct with_counter {
	atomic_t requests;
	u32 flags;
	u64 next_id;
	struct list_head notifications;
};

#define REFERENCES 3

static struct file *new_file(struct kunit *test, void *notif)
{
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	void *filter = new_filter_with(test, EXPECTED, NULL);

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_EQ(test, shup_layout_check(filter), 0);
	set_word(filter, EXPECTED + sizeof(void *), (unsigned long)notif);
	atomic_long_set(&file->f_count, REFERENCES);
	file->private_data = filter;
	return file;
}

static void end_all(struct file *file)
{
	unsigned long calls = shup_recv_calls(file);

	while (calls)
		calls -= shup_recv_end(file, calls);
}

static void semaphore_is_posted(struct kunit *test)
{
	struct with_semaphore *notif = kunit_kzalloc(test, sizeof(*notif), GFP_KERNEL);
	struct file *file = new_file(test, notif);

	sema_init(&notif->request, 0);
	INIT_LIST_HEAD(&notif->notifications);
	shup_recv_end_one(file);
	KUNIT_EXPECT_EQ(test, notif->request.count, 1U);
	end_all(file);
	KUNIT_EXPECT_EQ(test, notif->request.count, 1U + REFERENCES);
}

static void counter_is_posted(struct kunit *test)
{
	struct with_counter *notif = kunit_kzalloc(test, sizeof(*notif), GFP_KERNEL);
	struct file *file = new_file(test, notif);

	INIT_LIST_HEAD(&notif->notifications);
	shup_recv_end_one(file);
	KUNIT_EXPECT_EQ(test, atomic_read(&notif->requests), 1);
	end_all(file);
	KUNIT_EXPECT_EQ(test, atomic_read(&notif->requests), 1 + REFERENCES);
}

/* Neither form has an empty list where this has none: nothing is written. */
static void unknown_form_is_not_touched(struct kunit *test)
{
	u8 *notif = kunit_kzalloc(test, FILTER_BYTES, GFP_KERNEL);
	struct file *file = new_file(test, notif);
	unsigned int i;

	shup_recv_end_one(file);
	end_all(file);
	for (i = 0; i < FILTER_BYTES; i++)
		KUNIT_EXPECT_EQ(test, notif[i], 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(semaphore_is_posted),
	KUNIT_CASE(counter_is_posted),
	KUNIT_CASE(unknown_form_is_not_touched),
	{ }
};

static struct kunit_suite suite = {
	.name = "shup_recv",
	.test_cases = cases,
};

kunit_test_suite(suite);
