/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "work_queue.h"

#include "check.h"

#include <stdio.h>

#include "test.h"

static const struct api_route call = { .pattern = "/v1/services" };
static const struct api_route query = { .pattern = "/v1/series", .is_query = true };
static const struct request *const nobody[WORKERS];

static struct request *request(const char *caller, const struct api_route *route)
{
	struct request *r = xcalloc(1, sizeof(*r));

	snprintf(r->caller, sizeof(r->caller), "%s", caller);
	r->is_programs = caller[0] == 'p';
	r->route = route;
	return r;
}

/* Whether it could wait; who gives way for it ends. */
static bool comes(struct work_queue *q, const char *caller, const struct api_route *route)
{
	struct request *r = request(caller, route), *instead;
	struct err e;

	if (work_queue_admit(q, r, &instead, &e) < 0) {
		free(r);
		return false;
	}
	if (instead) {
		work_queue_remove(q, instead);
		free(instead);
	}
	work_queue_put(q, r);
	return true;
}

static void end(struct work_queue *q)
{
	while (q->first) {
		struct request *r = q->first;

		work_queue_remove(q, r);
		free(r);
	}
	assert_int_equal(q->n[0] + q->n[1], 0);
}

/* Those with many queries that came first have no more turns than who came last. */
static void callers_take_turns(void **state)
{
	struct work_queue q = { 0 };
	const char *want[] = { "token 1", "token 2", "token 3", "token 1", "token 2" };

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_true(comes(&q, "token 1", &query));
		assert_true(comes(&q, "token 2", &query));
	}
	assert_true(comes(&q, "token 3", &query));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct request *r = work_queue_next(&q, nobody, 2);

		assert_string_equal(r->caller, want[i]);
		free(r);
	}
	end(&q);
}

/* Also with one request at a time. */
static void who_comes_again_comes_after_who_waits(void **state)
{
	struct work_queue q = { 0 };

	(void)state;
	assert_true(comes(&q, "token 1", &call));
	free(work_queue_next(&q, nobody, 2));
	assert_true(comes(&q, "token 2", &call));
	assert_true(comes(&q, "token 1", &call));
	assert_string_equal(q.first->caller, "token 2");
	free(work_queue_next(&q, nobody, 2));
	assert_string_equal(q.first->caller, "token 1");
	end(&q);
}

static size_t run_all(struct work_queue *q, const struct request *at_work[WORKERS])
{
	struct request *r;
	size_t n = 0;

	while (n < WORKERS && (r = work_queue_next(q, at_work, 2)))
		at_work[n++] = r;
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)at_work[i]);
	return n;
}

static void nobody_has_all_workers(void **state)
{
	const struct request *one[WORKERS] = { NULL }, *programs[WORKERS] = { NULL };
	struct work_queue q = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(comes(&q, "token 1", &call));
	assert_int_equal(run_all(&q, one), AT_WORK_PER_CALLER);
	end(&q);
	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "programs %d", i);
		assert_true(comes(&q, name, &call));
	}
	assert_int_equal(run_all(&q, programs), AT_WORK_PROGRAMS);
	end(&q);
}

/* The queue is full of a few, and others find a place all the same. */
static void who_has_most_gives_way(void **state)
{
	struct work_queue q = { 0 };
	char name[32];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "token %d", i);
		while (comes(&q, name, &call))
			if (++n == WAITING_MAX)
				break;
	}
	assert_int_equal(q.n[0], WAITING_MAX);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "token 1%02d", i);
		assert_true(comes(&q, name, &call));
		assert_int_equal(q.n[0], WAITING_MAX);
	}
	/* The places of programs are their own. */
	assert_true(comes(&q, "programs web-1", &call));
	end(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_take_turns),
		cmocka_unit_test(who_comes_again_comes_after_who_waits),
		cmocka_unit_test(nobody_has_all_workers),
		cmocka_unit_test(who_has_most_gives_way),
	};

	return cmocka_run_group_tests_name("work queue", tests, NULL, NULL);
}
