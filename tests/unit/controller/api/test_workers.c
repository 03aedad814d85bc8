/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many slow requests of people, and what goes on beside them. */
#include "allowance.h"
#include "api_fixture.h"

#include <pthread.h>
#include <semaphore.h>

#define MANY 40

struct world {
	struct fixture *f;
	sem_t go;    /* one post lets one slow call end */
	int running; /* slow calls, now */
	int evals;
	bool too_many_evals; /* at once */
};

/* A slow part of the controller. */
static json_t *slow_services(void *arg)
{
	struct world *w = arg;

	__atomic_add_fetch(&w->running, 1, __ATOMIC_SEQ_CST);
	while (sem_wait(&w->go) != 0)
		;
	__atomic_sub_fetch(&w->running, 1, __ATOMIC_SEQ_CST);
	return json_array();
}

/* Goes on until its time is over. */
static int slow_eval(void *arg, const char *expression, int64_t from_ms, int64_t to_ms,
		     int64_t step_ms, json_t **ret, struct err *err)
{
	struct world *w = arg;
	const int n = __atomic_add_fetch(&w->evals, 1, __ATOMIC_SEQ_CST);
	int rc;

	(void)expression;
	(void)from_ms;
	(void)to_ms;
	(void)step_ms;
	(void)ret;
	if (n > 2)
		__atomic_store_n(&w->too_many_evals, true, __ATOMIC_SEQ_CST);
	do {
		struct timespec nap = { .tv_nsec = 1000000 };

		rc = allowance_samples(1, err);
		nanosleep(&nap, NULL);
	} while (rc == 0);
	__atomic_sub_fetch(&w->evals, 1, __ATOMIC_SEQ_CST);
	return rc;
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	const struct api_hooks hooks = { .arg = w,
					 .services = slow_services,
					 .eval = slow_eval };

	w->f = fixture_new();
	w->f->query_ms = 1000;
	sem_init(&w->go, 0, 0);
	fixture_open(w->f, &hooks, "");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	fixture_free(w->f);
	sem_destroy(&w->go);
	free(w);
	return 0;
}

struct asker {
	const struct fixture *f;
	const char *path, *token;
	pthread_t thread;
	long status;
};

static void *ask(void *arg)
{
	struct asker *a = arg;

	__atomic_store_n(&a->status,
			 fixture_status(a->f, CALL(.path = a->path, .token = a->token)),
			 __ATOMIC_SEQ_CST);
	return NULL;
}

static void await_running(struct world *w, int n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (__atomic_load_n(&w->running, __ATOMIC_SEQ_CST) < n) {
		struct timespec nap = { .tv_nsec = 1000000 };

		assert_true(clock_mono_ms() < until);
		nanosleep(&nap, NULL);
	}
}

static void hosts_are_answered_while_people_wait(void **state)
{
	struct world *w = *state;
	struct asker v[MANY];
	size_t done = 0, refused = 0;

	for (size_t i = 0; i < MANY; i++) {
		v[i] = (struct asker){ .f = w->f,
				       .path = "/v1/services",
				       .token = i % 2 ? w->f->viewer : w->f->admin };
		assert_int_equal(pthread_create(&v[i].thread, NULL, ask, &v[i]), 0);
	}
	await_running(w, 6);
	/* No worker is free, and these need none. */
	for (int i = 0; i < 10; i++) {
		assert_int_equal(fixture_status(w->f, CALL(.path = "/healthz")), 200);
		assert_int_equal(
			fixture_status(w->f, CALL(.method = "POST", .path = "/v1/join",
						  .body = "{}", .tls = true)),
			400);
	}
	for (int i = 0; i < MANY; i++)
		sem_post(&w->go);
	for (size_t i = 0; i < MANY; i++) {
		pthread_join(v[i].thread, NULL);
		done += v[i].status == 200;
		refused += v[i].status == 503;
	}
	assert_int_equal(done + refused, MANY);
	assert_true(done >= 6);
}

/* Who has many does not have all workers. */
static void a_caller_with_many_requests_is_not_before_others(void **state)
{
	struct world *w = *state;
	struct asker v[20],
		other = { .f = w->f, .path = "/v1/services", .token = w->f->admin };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		v[i] = (struct asker){ .f = w->f,
				       .path = "/v1/services",
				       .token = w->f->viewer };
		assert_int_equal(pthread_create(&v[i].thread, NULL, ask, &v[i]), 0);
	}
	await_running(w, 4);
	assert_int_equal(pthread_create(&other.thread, NULL, ask, &other), 0);
	/* It runs though none of them ended. */
	await_running(w, 5);
	for (size_t i = 0; i < ARRAY_SIZE(v) + 1; i++)
		sem_post(&w->go);
	pthread_join(other.thread, NULL);
	assert_int_equal(other.status, 200);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		pthread_join(v[i].thread, NULL);
}

static void queries_run_few_at_a_time_and_not_for_long(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct asker v[5];
	const int64_t begin = clock_mono_ms();

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		v[i] = (struct asker){ .f = w->f,
				       .path = "/v1/series/data?expr=m",
				       .token = i % 2 ? w->f->viewer : w->f->admin };
		assert_int_equal(pthread_create(&v[i].thread, NULL, ask, &v[i]), 0);
	}
	assert_int_equal(fixture_status(w->f, CALL(.path = "/healthz")), 200);
	assert_int_equal(
		fixture_status(w->f, CALL(.path = "/v1/tiers", .token = w->f->viewer)),
		200);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		pthread_join(v[i].thread, NULL);
		assert_true(v[i].status == 504 || v[i].status == 503);
	}
	assert_false(w->too_many_evals);
	assert_true(clock_mono_ms() - begin >= 2000);
	assert_int_equal(
		fixture_json(w->f,
			     CALL(.path = "/v1/series/data?expr=m&step=1s&from=0&to=9e9",
				  .token = w->f->viewer),
			     &doc),
		400);
}

/* What waits for a worker, or comes only then, is not begun. */
static void a_revoked_token_has_no_more_run(void **state)
{
	struct world *w = *state;
	struct asker v[8];
	struct err e;
	size_t refused = 0;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		v[i] = (struct asker){ .f = w->f,
				       .path = "/v1/services",
				       .token = w->f->viewer };
		assert_int_equal(pthread_create(&v[i].thread, NULL, ask, &v[i]), 0);
	}
	await_running(w, 4);
	assert_ok(db_token_revoke(w->f->db, 2, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		sem_post(&w->go);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		pthread_join(v[i].thread, NULL);
		refused += v[i].status == 401;
	}
	assert_int_equal(refused, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hosts_are_answered_while_people_wait),
		TEST(a_caller_with_many_requests_is_not_before_others),
		TEST(a_revoked_token_has_no_more_run),
		TEST(queries_run_few_at_a_time_and_not_for_long),
	};

	curl_global_init(CURL_GLOBAL_ALL);
	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
