/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "expression.h"

#include <math.h>
#include <sqlite3.h>

#define T0 ((int64_t)20000 * 86400000)
#define AT(s) (T0 + (s)*1000)

static void put(struct fixture *f, const char *name, const char *labels,
		enum db_series_kind kind, int64_t t, double v)
{
	struct db_sample_in in = { name, labels, kind, t, v };

	assert_ok(db_samples_add(f->db, &in, 1, t, NULL, &f->e), &f->e);
}

/* 10/s from each of two sources, the second until `stops`. */
static void push_two(struct fixture *f, int until, int stops)
{
	for (int s = 0; s <= until; s += 10) {
		put(f, "r", "source=\"a\",stack=\"wp\"", DB_COUNTER, AT(s), 10 * s);
		if (s <= stops)
			put(f, "r", "source=\"b\",stack=\"wp\"", DB_COUNTER, AT(s),
			    10 * s);
	}
}

static struct metrics_expr *parsed(struct fixture *f, const char *text)
{
	struct metrics_expr *e = NULL;

	assert_ok(metrics_expr_parse(text, "wp", "web", &e, &f->e), &f->e);
	return e;
}

static double value(struct fixture *f, struct metrics_expr *e, int s, int64_t *at)
{
	double v = -1;

	assert_ok(metrics_expr_now(f->db, e, AT(s), &v, at, &f->e), &f->e);
	return v;
}

static bool all_should(void *arg, const char *host, const char *unit, int64_t last_ms)
{
	(void)arg;
	(void)host;
	(void)unit;
	(void)last_ms;
	return true;
}

static bool one_should(void *arg, const char *host, const char *unit, int64_t last_ms)
{
	assert_true(last_ms >= T0);
	return strcmp(host, "h1") == 0 && strcmp(unit, arg) == 0;
}

static const char *no_sibling(void *arg, const char *unit, size_t i, bool *ret_is_new)
{
	(void)arg;
	(void)unit;
	(void)i;
	(void)ret_is_new;
	return NULL;
}

/* arg: a list that ends with NULL; old ones begin with o. */
static const char *listed(void *arg, const char *unit, size_t i, bool *ret_is_new)
{
	const char *const *units = arg;

	(void)unit;
	*ret_is_new = units[i] && *units[i] != 'o';
	return units[i];
}

static bool all_are_wanted(void *arg, const char *stack, const char *tier)
{
	(void)arg;
	(void)stack;
	(void)tier;
	return true;
}

static bool batch_is_not_wanted(void *arg, const char *stack, const char *tier)
{
	(void)arg;
	assert_string_equal(stack, "wp");
	return strcmp(tier, "batch") != 0;
}

static bool is_missing(struct fixture *f, struct metrics_expr *e, int s,
		       struct metrics_missing *m)
{
	const struct metrics_agents all = { all_should, no_sibling, all_are_wanted,
					    NULL };

	return metrics_expr_missing(f->db, e, AT(s), &all, m);
}

static void one_of_two_sources_that_falls_silent_is_missing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(rate(r))");
	struct metrics_missing m;

	push_two(f, 400, 100);
	assert_false(is_missing(f, e, 112, &m));
	assert_true(is_missing(f, e, 116, &m));
	assert_true(is_missing(f, e, 400, &m));
	assert_string_equal(m.text, "r{source=\"b\"}");
	assert_string_equal(m.host, "");
	assert_int_equal(m.last_ms, AT(100));
	assert_int_equal(m.n, 1);
	assert_true(m.is_bound);
	assert_false(m.is_all);
}

static void one_that_reports_again_is_not(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(rate(r))");
	struct metrics_missing m;

	push_two(f, 400, 100);
	put(f, "r", "source=\"b\",stack=\"wp\"", DB_COUNTER, AT(400), 5000);
	assert_false(is_missing(f, e, 405, &m));
}

static void a_slow_source_is_given_its_own_time(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct metrics_missing m;

	for (int s = 0; s <= 600; s += 10) {
		put(f, "g", "i=\"quick\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
		if (s % 60 == 0 && s <= 480)
			put(f, "g", "i=\"slow\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
	}
	assert_false(is_missing(f, e, 565, &m));
	assert_true(is_missing(f, e, 575, &m));
}

static void no_source_is_given_more_than_five_minutes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct metrics_missing m;

	for (int s = 0; s <= 900; s += 10)
		put(f, "g", "i=\"quick\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
	put(f, "g", "i=\"slow\",stack=\"wp\"", DB_GAUGE, AT(0), 1);
	put(f, "g", "i=\"slow\",stack=\"wp\"", DB_GAUGE, AT(600), 1);
	assert_false(is_missing(f, e, 900, &m));
	assert_true(is_missing(f, e, 901, &m));
}

/* It may report every five minutes. */
static void one_that_reported_once_is_given_five_minutes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct metrics_missing m;

	for (int s = 0; s <= 310; s += 10)
		put(f, "g", "i=\"quick\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
	put(f, "g", "i=\"slow\",stack=\"wp\"", DB_GAUGE, AT(0), 1);
	assert_false(is_missing(f, e, 300, &m));
	assert_true(is_missing(f, e, 301, &m));
	assert_string_equal(m.text, "g{i=\"slow\"}");
}

static void what_a_person_ended_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(rate(r))");
	CLEANUP(db_selector_free) struct db_selector *all = NULL;
	struct metrics_missing m;
	size_t n = 0;

	push_two(f, 400, 100);
	assert_ok(db_selector_new("r", NULL, 0, &all, &f->e), &f->e);
	/* Those that still report are not ended. */
	assert_ok(db_series_end(f->db, all, AT(340), &n, &f->e), &f->e);
	assert_int_equal(n, 1);
	assert_false(is_missing(f, e, 400, &m));
	fixture_reopen(f);
	assert_false(is_missing(f, e, 400, &m));
	/* It is back, and is waited for again. */
	put(f, "r", "source=\"b\",stack=\"wp\"", DB_COUNTER, AT(410), 5000);
	put(f, "r", "source=\"a\",stack=\"wp\"", DB_COUNTER, AT(900), 9000);
	assert_true(is_missing(f, e, 905, &m));
}

static void a_term_that_a_person_ended_is_left_out_of_the_sum(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(rate(r)) + sum(g)");
	CLEANUP(db_selector_free) struct db_selector *g = NULL;
	struct metrics_missing m;
	int64_t at;
	size_t n = 0;

	push_two(f, 900, 900);
	put(f, "g", "stack=\"wp\"", DB_GAUGE, AT(300), 8);
	assert_ok(db_selector_new("g", NULL, 0, &g, &f->e), &f->e);
	assert_ok(db_series_end(f->db, g, AT(800), &n, &f->e), &f->e);
	assert_false(is_missing(f, e, 900, &m));
	assert_close(value(f, e, 900, &at), 20, 1e-9);
	assert_int_equal(at, AT(900));
}

static void nothing_is_waited_for_longer_than_a_week(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct metrics_missing m;
	const int week = METRICS_WAIT_MS / 1000;

	put(f, "g", "i=\"a\",stack=\"wp\"", DB_GAUGE, AT(0), 1);
	put(f, "g", "i=\"b\",stack=\"wp\"", DB_GAUGE, AT(week), 1);
	assert_true(is_missing(f, e, week, &m));
	put(f, "g", "i=\"b\",stack=\"wp\"", DB_GAUGE, AT(week + 10), 1);
	assert_false(is_missing(f, e, week + 10, &m));
}

static void a_sum_is_at_least_what_is_there_of_it(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(rate(r)) + sum(g) * 2");
	struct metrics_missing m;
	int64_t at;

	push_two(f, 900, 900);
	put(f, "g", "stack=\"wp\"", DB_GAUGE, AT(300), 8);
	assert_false(is_missing(f, e, 310, &m));
	assert_close(value(f, e, 310, &at), 36, 1e-9);
	assert_true(is_missing(f, e, 900, &m));
	assert_string_equal(m.text, "g");
	assert_true(m.is_bound);
	assert_close(value(f, e, 900, &at), 20, 1e-9);
	assert_int_equal(at, AT(900));
}

static void a_term_that_nothing_matches_is_missing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(rate(r)) + sum(none{a=\"b\"})");
	CLEANUP(metrics_expr_free) struct metrics_expr *alone = parsed(f, "sum(none)");
	struct metrics_missing m;
	int64_t at;

	push_two(f, 100, 100);
	assert_true(is_missing(f, e, 100, &m));
	assert_string_equal(m.text, "none{a=\"b\"}");
	assert_int_equal(m.last_ms, 0);
	assert_close(value(f, e, 100, &at), 20, 1e-9);
	/* Alone it is no part: there is no demand. */
	assert_false(is_missing(f, alone, 100, &m));
	assert_true(isnan(value(f, alone, 100, &at)));
}

static void what_never_came_is_waited_for_a_week(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(rate(r)) + sum(none)");
	const int week = METRICS_WAIT_MS / 1000;
	struct metrics_missing m;
	int64_t at;

	push_two(f, 20, -1);
	assert_true(is_missing(f, e, 20, &m));
	assert_string_equal(m.text, "none");
	for (int s = week; s <= week + 30; s += 10)
		put(f, "r", "source=\"a\",stack=\"wp\"", DB_COUNTER, AT(s), 10 * s);
	assert_true(is_missing(f, e, week + 20, &m));
	assert_string_equal(m.text, "none");
	assert_false(is_missing(f, e, week + 30, &m));
	assert_close(value(f, e, week + 30, &at), 10, 1e-9);
	assert_int_equal(at, AT(week + 30));
	/* It has come after all. */
	put(f, "none", "stack=\"wp\"", DB_GAUGE, AT(week + 30), 100);
	assert_false(is_missing(f, e, week + 30, &m));
	assert_close(value(f, e, week + 30, &at), 110, 1e-9);
}

static void a_tier_that_is_to_have_no_instance_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(rate(r)) + sum(b{tier=\"batch\"})");
	CLEANUP(metrics_expr_free)
	struct metrics_expr *like = parsed(f, "sum(rate(r)) + sum(b{tier=~\"batch\"})");
	struct metrics_agents agents = { all_should, no_sibling, batch_is_not_wanted,
					 NULL };
	struct metrics_missing m;
	int64_t at;

	push_two(f, 100, 100);
	assert_false(metrics_expr_missing(f->db, e, AT(100), &agents, &m));
	assert_close(value(f, e, 100, &at), 20, 1e-9);
	assert_true(metrics_expr_missing(f->db, like, AT(100), &agents, &m));
	agents.is_wanted = all_are_wanted;
	assert_true(metrics_expr_missing(f->db, e, AT(100), &agents, &m));
	assert_string_equal(m.text, "b{tier=\"batch\"}");
}

static void where_less_makes_more_the_rest_is_no_bound(void **state)
{
	static const struct {
		const char *text;
		bool is_bound;
	} cases[] = {
		{ "max(rate(r))", true },        { "sum(rate(r)) * 3 + 1", true },
		{ "count(rate(r))", true },      { "min(rate(r))", false },
		{ "avg(rate(r))", false },       { "100 - sum(rate(r))", false },
		{ "100 / sum(rate(r))", false }, { "100 - (3 - sum(rate(r)))", true },
		{ "-1 * sum(rate(r))", false },
	};
	struct fixture *f = *state;

	push_two(f, 400, 100);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(metrics_expr_free)
		struct metrics_expr *e = parsed(f, cases[i].text);
		struct metrics_missing m;

		assert_true(is_missing(f, e, 400, &m));
		if (m.is_bound != cases[i].is_bound)
			fail_msg("%s", cases[i].text);
	}
}

static bool is_missing_of(struct fixture *f, struct metrics_expr *e, char *unit,
			  struct metrics_missing *m)
{
	const struct metrics_agents one = { one_should, no_sibling, all_are_wanted,
					    unit };

	return metrics_expr_missing(f->db, e, AT(300), &one, m);
}

static void one_of_three_that_never_reported_is_missing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(rate(r))");
	const char *three[] = { "u1", "u2", "u3", NULL };
	const char *two[] = { "u1", "u3", NULL };
	const char *standby[] = { "u1", "u2", "old", NULL };
	struct metrics_agents agents = { all_should, listed, all_are_wanted, three };
	struct db_host h = { .id = (char *)(uintptr_t) "h1",
			     .pool = (char *)(uintptr_t) "web",
			     .requested_ms = T0 };
	struct metrics_missing m;

	assert_ok(db_host_put(f->db, &h, &f->e), &f->e);
	for (int s = 0; s <= 300; s += 10) {
		put(f, "r", "host=\"h1\",stack=\"wp\",unit=\"u1\"", DB_COUNTER, AT(s), s);
		put(f, "r", "host=\"h1\",stack=\"wp\",unit=\"u2\"", DB_COUNTER, AT(s), s);
	}
	assert_true(metrics_expr_missing(f->db, e, AT(300), &agents, &m));
	assert_string_equal(m.unit, "u3");
	assert_int_equal(m.last_ms, 0);
	/* One that has not reported for long is none that does. */
	agents.arg = standby;
	assert_false(metrics_expr_missing(f->db, e, AT(300), &agents, &m));
	/* Of two, one may be the only one that is meant. */
	agents.arg = two;
	assert_false(metrics_expr_missing(f->db, e, AT(300), &agents, &m));
}

static void a_unit_is_missing_when_its_host_says_that_it_runs(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(rate(r))");
	struct db_host h = { .id = (char *)(uintptr_t) "h1",
			     .pool = (char *)(uintptr_t) "web",
			     .requested_ms = T0 };
	struct metrics_missing m;
	char u1[] = "u1", u2[] = "u2", u3[] = "u3";

	assert_ok(db_host_put(f->db, &h, &f->e), &f->e);
	for (int s = 0; s <= 300; s += 10) {
		put(f, "r", "host=\"h1\",stack=\"wp\",unit=\"u1\"", DB_COUNTER, AT(s), s);
		if (s > 100)
			continue;
		put(f, "r", "host=\"h1\",s=\"x\",stack=\"wp\",unit=\"u1\"", DB_COUNTER,
		    AT(s), s);
		put(f, "r", "host=\"h1\",stack=\"wp\",unit=\"u2\"", DB_COUNTER, AT(s), s);
	}
	/* One series of u1 has ended, but u1 reports. */
	assert_false(is_missing_of(f, e, u1, &m));
	assert_false(is_missing_of(f, e, u3, &m));
	assert_true(is_missing_of(f, e, u2, &m));
	assert_string_equal(m.unit, "u2");
	assert_string_equal(m.host, "h1");
	assert_int_equal(m.n, 1);
	/* It reports from another host. */
	put(f, "r", "host=\"h2\",stack=\"wp\",unit=\"u2\"", DB_COUNTER, AT(300), 1);
	assert_false(is_missing_of(f, e, u2, &m));
}

static void a_host_that_is_none_of_ours_is_a_source_as_any(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct metrics_missing m;

	for (int s = 0; s <= 300; s += 10) {
		put(f, "g", "host=\"lb1\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
		if (s <= 100)
			put(f, "g", "host=\"lb2\",stack=\"wp\"", DB_GAUGE, AT(s), 1);
	}
	assert_true(metrics_expr_missing(f->db, e, AT(300), NULL, &m));
	assert_string_equal(m.text, "g{host=\"lb2\"}");
}

static void run_beside(struct fixture *f, const char *sql)
{
	sqlite3 *c = NULL;

	assert_int_equal(sqlite3_open(f->path, &c), SQLITE_OK);
	assert_int_equal(sqlite3_exec(c, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(c);
}

static void what_cannot_be_read_is_read_again(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "sum(g)");
	struct db_host h = { .id = (char *)(uintptr_t) "h1",
			     .pool = (char *)(uintptr_t) "web",
			     .requested_ms = T0 };
	struct metrics_missing m;

	assert_ok(db_host_put(f->db, &h, &f->e), &f->e);
	for (int s = 0; s <= 400; s += 10) {
		put(f, "g", "host=\"h1\",stack=\"wp\",unit=\"u1\"", DB_GAUGE, AT(s), 1);
		if (s <= 100)
			put(f, "g", "host=\"h1\",stack=\"wp\",unit=\"u2\"", DB_GAUGE,
			    AT(s), 1);
	}
	run_beside(f, "ALTER TABLE host RENAME TO away");
	assert_true(is_missing(f, e, 400, &m));
	assert_true(m.is_unread);
	assert_string_equal(m.text, "g");
	run_beside(f, "ALTER TABLE away RENAME TO host");
	assert_true(is_missing(f, e, 400, &m));
	assert_false(m.is_unread);
	/* It is known whose it is. */
	assert_string_equal(m.host, "h1");
	assert_string_equal(m.unit, "u2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(one_of_two_sources_that_falls_silent_is_missing),
		DB_TEST(one_that_reports_again_is_not),
		DB_TEST(a_slow_source_is_given_its_own_time),
		DB_TEST(no_source_is_given_more_than_five_minutes),
		DB_TEST(one_that_reported_once_is_given_five_minutes),
		DB_TEST(what_a_person_ended_is_not_waited_for),
		DB_TEST(a_term_that_a_person_ended_is_left_out_of_the_sum),
		DB_TEST(nothing_is_waited_for_longer_than_a_week),
		DB_TEST(a_sum_is_at_least_what_is_there_of_it),
		DB_TEST(a_term_that_nothing_matches_is_missing),
		DB_TEST(what_never_came_is_waited_for_a_week),
		DB_TEST(a_tier_that_is_to_have_no_instance_is_not_waited_for),
		DB_TEST(where_less_makes_more_the_rest_is_no_bound),
		DB_TEST(one_of_three_that_never_reported_is_missing),
		DB_TEST(a_unit_is_missing_when_its_host_says_that_it_runs),
		DB_TEST(a_host_that_is_none_of_ours_is_a_source_as_any),
		DB_TEST(what_cannot_be_read_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
