/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store in the same process, which is called from the loop. */
#include "check.h"
#include "client.h"
#include "direct.h"
#include "test.h"

#include <string.h>

struct fixture {
	struct loop *loop;
	struct store *store;
	struct store_direct direct;
	int calls, reads, answered;
	int refusals; /* of watches, yet to come */
	int lost, confirmed;
	struct store_call *other; /* is cancelled by the first answer */
};

static unsigned on_call(void *arg, const char *path, const char *body, size_t len,
			struct buf *answer)
{
	struct fixture *f = arg;

	(void)path;
	(void)body;
	(void)len;
	f->calls++;
	buf_init(answer, 1000);
	buf_puts(answer, "{\"header\":{\"revision\":\"7\"}}");
	return 200;
}

static unsigned on_open(void *arg, const char *body, size_t len,
			void (*wake)(void *wake_arg), void *wake_arg, void **ret,
			struct buf *answer)
{
	struct fixture *f = arg;

	(void)body;
	(void)len;
	(void)wake;
	(void)wake_arg;
	*ret = arg;
	if (f->refusals == 0)
		return 200;
	f->refusals--;
	buf_init(answer, 1000);
	buf_puts(answer, "{\"error\":\"etcdserver: too many requests\",\"code\":8}");
	return 429;
}

/* There is always more: one event after the other. */
static ssize_t on_read(void *watch, char *data, size_t max)
{
	struct fixture *f = watch;
	int n = snprintf(data, max,
			 "{\"result\":{\"header\":{\"revision\":\"%d\"},"
			 "\"created\":true}}\n",
			 7 + f->reads++);

	return n;
}

static void on_close(void *watch)
{
	(void)watch;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct store_opts opts = { .direct = &f->direct };

	f->direct = (struct store_direct){ .arg = f,
					   .call = on_call,
					   .watch = on_open,
					   .read = on_read,
					   .close = on_close };
	CHECK(loop_new(&f->loop, NULL) == 0);
	CHECK(store_open(f->loop, &opts, &f->store, NULL) == 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void on_range(void *arg, const struct store_kv *kvs, size_t n, int64_t rev,
		     const struct err *err)
{
	struct fixture *f = arg;

	(void)kvs;
	(void)n;
	(void)rev;
	assert_null(err);
	f->answered++;
	store_cancel(TAKE(f->other));
	store_range(f->store, "/k", NULL, 0, 0, on_range, f);
}

static void on_watch(void *arg, const struct store_event *events, size_t n, int64_t rev,
		     const struct err *err)
{
	(void)arg;
	(void)events;
	(void)n;
	(void)rev;
	assert_null(err);
}

static void what_an_answer_asks_for_waits_for_the_next_turn(void **state)
{
	struct fixture *f = *state;

	store_range(f->store, "/k", NULL, 0, 0, on_range, f);
	for (int turn = 1; turn <= 3; turn++) {
		loop_once(f->loop, 1000);
		assert_int_equal(f->calls, turn);
		assert_int_equal(f->answered, turn);
	}
}

static void a_stream_with_more_to_read_lets_others_have_their_turn(void **state)
{
	struct fixture *f = *state;

	store_watch(f->store, "/k", NULL, 0, false, on_watch, f);
	store_range(f->store, "/k", NULL, 0, 0, on_range, f);
	for (int turn = 1; turn <= 3; turn++) {
		loop_once(f->loop, 1000);
		assert_int_equal(f->reads, turn);
		assert_int_equal(f->answered, turn);
	}
}

static void what_is_cancelled_in_its_turn_is_not_called(void **state)
{
	struct fixture *f = *state;

	/* The one that was asked for last comes first. */
	f->other = store_range(f->store, "/other", NULL, 0, 0, on_range, f);
	store_range(f->store, "/k", NULL, 0, 0, on_range, f);
	loop_once(f->loop, 1000);
	assert_int_equal(f->calls, 1);
}

static void on_refused(void *arg, const struct store_event *events, size_t n, int64_t rev,
		       const struct err *err)
{
	struct fixture *f = arg;

	(void)events;
	(void)n;
	(void)rev;
	if (err) {
		/* Not ERR_LIMIT, which says that history is lost. */
		assert_int_equal(err->code, ERR_UNAVAIL);
		f->lost++;
	} else {
		f->confirmed++;
	}
}

static void a_watch_that_is_one_too_many_is_asked_for_again(void **state)
{
	struct fixture *f = *state;

	f->refusals = 2;
	store_watch(f->store, "/k", NULL, 0, false, on_refused, f);
	for (int turn = 0; turn < 1000 && !f->confirmed; turn++)
		loop_once(f->loop, 60000);
	assert_int_equal(f->lost, 2);
	assert_true(f->confirmed > 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_an_answer_asks_for_waits_for_the_next_turn),
		TEST(a_stream_with_more_to_read_lets_others_have_their_turn),
		TEST(a_watch_that_is_one_too_many_is_asked_for_again),
		TEST(what_is_cancelled_in_its_turn_is_not_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
