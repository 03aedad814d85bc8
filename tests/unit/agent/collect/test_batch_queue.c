/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue of samples. */
#include "test.h"

#include "batch_queue.h"

static void the_oldest_batches_are_dropped_first(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct batch_queue q;

	(void)state;
	buf_init(&b, 1000);
	batch_queue_init(&q, 10);
	batch_queue_push(&q, "aaaa", 4);
	batch_queue_push(&q, "bbbb", 4);
	batch_queue_push(&q, "cccc", 4);
	assert_int_equal(q.dropped, 1);
	assert_int_equal(batch_queue_peek(&q, 100, &b), 2);
	assert_string_equal(buf_str(&b), "bbbb,cccc");
	buf_clear(&b);
	assert_int_equal(batch_queue_peek(&q, 5, &b), 1);
	batch_queue_push(&q, "much too long", 13);
	assert_int_equal(q.dropped, 2);
	batch_queue_pop(&q, 1);
	buf_clear(&b);
	assert_int_equal(batch_queue_peek(&q, 1, &b), 1);
	assert_string_equal(buf_str(&b), "cccc");
	batch_queue_done(&q);
	assert_int_equal(q.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_batches_are_dropped_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
