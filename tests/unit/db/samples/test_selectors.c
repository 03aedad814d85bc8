/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which series a selector finds, and lists of them. */
#include "samples_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static size_t select_n(struct fixture *f, const char *name, const char *label,
		       enum db_match_op op, const char *value)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	struct db_matcher m = { label, op, value };
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new(name, &m, 1, &s, &f->e), &f->e);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	return n;
}

static void selectors_match_as_prometheus_does(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	struct db_matcher bad = { "a", DB_MATCH_RE, "(" };

	add_at(f, "m", "a=\"one\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "a=\"two\",b=\"x \\\"y\\\"\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "other", "a=\"one\"", DB_GAUGE, T0, 1, T0, NULL);

	assert_int_equal(select_n(f, "m", "a", DB_MATCH_EQ, "one"), 1);
	assert_int_equal(select_n(f, "", "a", DB_MATCH_EQ, "one"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_NE, "one"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_EQ, ""), 1);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_RE, "one|two"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_RE, "on"), 0);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_NRE, "t.*"), 2);
	assert_int_equal(select_n(f, "m", "b", DB_MATCH_EQ, "x \"y\""), 1);
	assert_int_equal(db_selector_new("m", &bad, 1, &s, &f->e), ERR_INVAL);
}

/* It goes on where it ended: a value on which it is over its steps is told again. */
static void a_selector_over_its_steps_matches_nothing_and_says_why(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(db_series_list_done) struct db_series_list l = { 0 };
	const struct db_matcher m = { "a", DB_MATCH_RE, "(?:a?){900}a{900}" };
	char labels[1600] = "a=\"";
	const int64_t *ids;
	size_t n = 7;

	memset(labels + 3, 'a', 1500);
	strcpy(labels + 1503, "\"");
	add_at(f, "m", "a=\"b\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", labels, DB_GAUGE, T0, 1, T0, NULL);
	assert_ok(db_selector_new("m", &m, 1, &s, &f->e), &f->e);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_selector_ids(f->db, s, &ids, &n, &f->e), ERR_LIMIT);
		assert_int_equal(n, 0);
		assert_non_null(strstr(f->e.msg, "label a, regular expression"));
	}
	assert_int_equal(db_series_find(f->db, s, 0, 10, &l, &f->e), ERR_LIMIT);
	assert_int_equal(db_series_end(f->db, s, T0 + DAY, &n, &f->e), ERR_LIMIT);
}

/* Somebody who asks again and again. */
struct viewer {
	struct db *db;
	struct db_matcher m;
	atomic_bool is_over;
	atomic_size_t asked;
	struct err e;
	int rc;
};

static void *ask(void *arg)
{
	struct viewer *v = arg;

	while (!atomic_load(&v->is_over)) {
		CLEANUP(db_selector_free) struct db_selector *s = NULL;
		CLEANUP(db_series_list_done) struct db_series_list l = { 0 };

		CHECK(db_selector_new("", &v->m, 1, &s, &v->e) == 0);
		/* It may take too long: then it is refused. */
		v->rc = db_series_find(v->db, s, 0, 100, &l, &v->e);
		CHECK(v->rc == 0 || v->rc == ERR_LIMIT);
		atomic_fetch_add(&v->asked, 1);
	}
	return NULL;
}

static double cpu_of(pthread_t t)
{
	struct timespec at;
	clockid_t clock;

	assert_int_equal(pthread_getcpuclockid(t, &clock), 0);
	assert_int_equal(clock_gettime(clock, &at), 0);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* What the viewers compute while one look waits for them, at most. */
static double longest_wait_ms(struct fixture *f, struct viewer v[2])
{
	pthread_t t[2];
	double longest = 0;

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, ask, &v[i]), 0);
	/* Each of them has asked at least twice meanwhile. */
	for (int n = 0;
	     n < 100 || atomic_load(&v[0].asked) < 2 || atomic_load(&v[1].asked) < 2;
	     n++) {
		const double before = cpu_of(t[0]) + cpu_of(t[1]);

		assert_true(db_series_count(f->db) > 0);
		longest = fmax(longest, cpu_of(t[0]) + cpu_of(t[1]) - before);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&v[i].is_over, true);
		pthread_join(t[i], NULL);
	}
	return longest;
}

/* Hosts' pushes and the tick wait for the same lock. */
static void nobody_waits_for_what_a_viewer_asks(void **state)
{
	enum { SERIES = 5000, MOST_MS = 250 };
	struct fixture *f = *state;
	CLEANUP(free) struct db_sample_in *in = xcalloc(SERIES, sizeof(*in));
	const struct db_matcher dear = { "a", DB_MATCH_RE, "a*?[^z]*?7?[zy]" };
	struct viewer v[2] = { { .db = f->db, .m = dear }, { .db = f->db, .m = dear } };
	char a[91] = "";

	memset(a, 'a', sizeof(a) - 1);
	for (size_t i = 0; i < SERIES; i++)
		in[i] = (struct db_sample_in){ "x", xasprintf("a=\"%s%zu\"", a, i),
					       DB_GAUGE, T0, 1 };
	assert_ok(db_samples_add(f->db, in, SERIES, T0, NULL, &f->e), &f->e);
	for (size_t i = 0; i < SERIES; i++)
		free((char *)(uintptr_t)in[i].labels);
	assert_true(longest_wait_ms(f, v) < MOST_MS);
}

static void series_are_listed_in_pages_of_any_size(void **state)
{
	enum { SERIES = 3000 };
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(free) struct db_sample_in *in = xcalloc(SERIES, sizeof(*in));
	static const size_t limits[] = { 0, 1, 70, 5000 };

	/* Their order is none of their ids. */
	for (size_t i = 0; i < SERIES; i++)
		in[i] = (struct db_sample_in){
			"x", xasprintf("a=\"%04zu\"", i * 1237 % SERIES), DB_GAUGE, T0, 1
		};
	assert_ok(db_samples_add(f->db, in, SERIES, T0, NULL, &f->e), &f->e);
	for (size_t i = 0; i < SERIES; i++)
		free((char *)(uintptr_t)in[i].labels);
	assert_ok(db_selector_new("x", NULL, 0, &s, &f->e), &f->e);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t seen = 0, page;
		int64_t after = 0;

		do {
			CLEANUP(db_series_list_done) struct db_series_list l = { 0 };

			assert_ok(db_series_find(f->db, s, after, limits[i], &l, &f->e),
				  &f->e);
			page = l.n;
			assert_true(limits[i] == 0 || page <= limits[i]);
			for (size_t k = 0; k < page; k++, seen++) {
				char label[16];

				snprintf(label, sizeof(label), "a=\"%04zu\"", seen);
				assert_string_equal(l.v[k].labels, label);
				after = l.v[k].id;
			}
		} while (page > 0 && limits[i] != 1);
		assert_int_equal(seen, limits[i] == 1 ? 1 : SERIES);
	}
	assert_int_equal(db_series_find(f->db, s, 1000000, 1,
					&(struct db_series_list){ 0 }, &f->e),
			 ERR_INVAL);
}

static void a_selector_sees_series_that_come_later(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new("m", NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	assert_int_equal(n, 0);
	add_at(f, "m", "a=\"1\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "a=\"2\"", DB_GAUGE, T0, 1, T0, NULL);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	assert_int_equal(n, 2);
}

static void series_are_listed_in_order_and_in_pages(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(db_series_list_done) struct db_series_list l = { 0 };
	int64_t last;

	add_at(f, "b", "", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "a", "x=\"2\"", DB_COUNTER, T0, 1, T0, NULL);
	add_at(f, "a", "x=\"1\"", DB_GAUGE, T0, 1, T0, NULL);
	assert_ok(db_selector_new("", NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_series_find(f->db, s, 0, 2, &l, &f->e), &f->e);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[1].labels, "x=\"2\"");
	assert_int_equal(l.v[1].kind, DB_COUNTER);
	last = l.v[1].id;
	db_series_list_done(&l);
	assert_ok(db_series_find(f->db, s, last, 2, &l, &f->e), &f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].name, "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(selectors_match_as_prometheus_does),
		DB_TEST(a_selector_over_its_steps_matches_nothing_and_says_why),
		DB_TEST(a_selector_sees_series_that_come_later),
		DB_TEST(nobody_waits_for_what_a_viewer_asks),
		DB_TEST(series_are_listed_in_pages_of_any_size),
		DB_TEST(series_are_listed_in_order_and_in_pages),
	};

	return cmocka_run_group_tests_name("selectors", tests, NULL, NULL);
}
