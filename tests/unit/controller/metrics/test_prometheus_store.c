/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "expression.h"
#include "prometheus_store.h"

#include <math.h>
#include <string.h>

#define T0 ((int64_t)20000 * 86400000)
#define AT(s) (T0 + (s)*1000)
#define URL "http://p:9090"
#define QUERY "load"
#define EACH 100.0 /* of each label set */
#define ROUND_S 5

/* An answer at that second: sets "a c" is {pod="a"} and {pod="c"}. */
static void answer(struct fixture *f, int s, const char *sets)
{
	struct promstore_value v[26];
	char text[26][16], mark[METRICS_QUERY_TEXT];
	size_t n = 0;

	for (; *sets; sets++) {
		if (*sets == ' ')
			continue;
		snprintf(text[n], sizeof(text[n]), "{pod=\"%c\"}", *sets);
		v[n] = (struct promstore_value){ text[n], EACH, AT(s) };
		n++;
	}
	assert_ok(promstore_add(f->db, "wp", "web", metrics_query_mark(URL, QUERY, mark),
				v, n, AT(s), &f->e),
		  &f->e);
}

/* The same answer again and again, from from_s up to until_s. */
static void answers(struct fixture *f, int from_s, int until_s, const char *sets)
{
	for (int s = from_s; s <= until_s; s += ROUND_S)
		answer(f, s, sets);
}

static void many(struct fixture *f, int s, size_t n)
{
	CLEANUP(free) struct promstore_value *v = xcalloc(n, sizeof(*v));
	char mark[METRICS_QUERY_TEXT];

	for (size_t i = 0; i < n; i++)
		v[i] = (struct promstore_value){ xasprintf("{i=\"%zu\"}", i), 1, AT(s) };
	assert_ok(promstore_add(f->db, "wp", "web", metrics_query_mark(URL, QUERY, mark),
				v, n, AT(s), &f->e),
		  &f->e);
	for (size_t i = 0; i < n; i++)
		free(v[i].labels);
}

static double demand(struct fixture *f, int s, const char **ret_missing)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	static char text[64];
	struct metrics_missing m;
	int64_t at;
	double v = NAN;

	assert_ok(metrics_expr_parse("prometheus(" URL ", " QUERY ")", "wp", "web", &e,
				     &f->e),
		  &f->e);
	*ret_missing = NULL;
	if (metrics_expr_missing(f->db, e, AT(s), NULL, &m)) {
		snprintf(text, sizeof(text), "%s", m.text);
		*ret_missing = text;
	}
	assert_ok(metrics_expr_now(f->db, e, AT(s), &v, &at, &f->e), &f->e);
	return v;
}

static void is_whole(struct fixture *f, int s, double v)
{
	const char *missing;

	assert_close(demand(f, s, &missing), v, 0);
	if (missing)
		fail_msg("%s is missing", missing);
}

static void lacks(struct fixture *f, int s, double v, const char *what)
{
	const char *missing;

	assert_close(demand(f, s, &missing), v, 0);
	assert_non_null(missing);
	assert_string_equal(missing, what);
}

static void a_label_set_that_leaves_is_missing(void **state)
{
	struct fixture *f = *state;

	answers(f, 0, 100, "abc");
	answers(f, 105, 115, "ab");
	/* Until it is late it counts. */
	is_whole(f, 115, 3 * EACH);
	answers(f, 120, 600, "ab");
	lacks(f, 600, 2 * EACH, "{pod=\"c\"}");
	/* It is back. */
	answers(f, 605, 700, "abc");
	is_whole(f, 700, 3 * EACH);
}

static void one_that_is_replaced_is_not(void **state)
{
	struct fixture *f = *state;

	answers(f, 0, 1200, "abc");
	/* At once. */
	answer(f, 1205, "abd");
	is_whole(f, 1205, 3 * EACH);
	answers(f, 1210, 2400, "abd");
	is_whole(f, 2400, 3 * EACH);
	/* The new one first, as a rolling update has it. */
	answers(f, 2405, 2500, "abde");
	is_whole(f, 2500, 4 * EACH);
	answer(f, 2505, "bde");
	is_whole(f, 2505, 3 * EACH);
	answers(f, 2510, 3000, "bde");
	is_whole(f, 3000, 3 * EACH);
	/* The old one first: missing until the new one comes. */
	answers(f, 3005, 3100, "de");
	lacks(f, 3100, 2 * EACH, "{pod=\"b\"}");
	answer(f, 3105, "dfe");
	is_whole(f, 3105, 3 * EACH);
	fixture_reopen(f);
	is_whole(f, 3105, 3 * EACH);
}

static void one_new_set_replaces_one(void **state)
{
	struct fixture *f = *state;

	answers(f, 0, 1200, "abcd");
	answers(f, 1205, 1300, "ab");
	answers(f, 1305, 1400, "abe");
	lacks(f, 1400, 3 * EACH, "{pod=\"c\"}");
	answers(f, 1405, 1500, "abef");
	is_whole(f, 1500, 4 * EACH);
}

static void an_answer_of_others_alone_replaces_all(void **state)
{
	struct fixture *f = *state;

	answers(f, 0, 1200, "abcd");
	/* Fewer of them, and none of the old: a blue and a green fleet. */
	answer(f, 1205, "xyz");
	is_whole(f, 1205, 3 * EACH);
	answers(f, 1210, 2400, "xyz");
	is_whole(f, 2400, 3 * EACH);
	/* Back to the first fleet. */
	answer(f, 2405, "abcd");
	is_whole(f, 2405, 4 * EACH);
	answers(f, 2410, 2600, "abcd");
	is_whole(f, 2600, 4 * EACH);
}

static void too_many_are_their_sum_and_count_once(void **state)
{
	struct fixture *f = *state;

	for (int s = 0; s <= 50; s += ROUND_S)
		many(f, s, PROMSTORE_SERIES_MAX);
	is_whole(f, 50, PROMSTORE_SERIES_MAX);
	many(f, 55, PROMSTORE_SERIES_MAX + 1);
	is_whole(f, 55, PROMSTORE_SERIES_MAX + 1);
	for (int s = 60; s <= 200; s += ROUND_S)
		many(f, s, PROMSTORE_SERIES_MAX + 1);
	is_whole(f, 200, PROMSTORE_SERIES_MAX + 1);
	many(f, 205, PROMSTORE_SERIES_MAX - 1);
	is_whole(f, 205, PROMSTORE_SERIES_MAX - 1);
	many(f, 300, PROMSTORE_SERIES_MAX - 1);
	is_whole(f, 300, PROMSTORE_SERIES_MAX - 1);
}

static void label_sets_that_cannot_be_told_apart_are_added_up(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *quotes = xmalloc(LABELS_MAX_BYTES);
	CLEANUP(free) char *escaped = NULL;
	CLEANUP(json_decref) json_t *metric = NULL;
	char one[] = "{a=\"b\"}", other[] = "{a=\"b\"}", mark[METRICS_QUERY_TEXT];
	struct promstore_value v[] = { { one, 200, AT(0) }, { NULL, 200, AT(0) } };

	memset(quotes, '"', LABELS_MAX_BYTES);
	quotes[LABELS_MAX_BYTES / 4 - 8] = '\0';
	metric = json_pack("{s:s}", "a", quotes);
	escaped = promstore_labels(metric);
	assert_non_null(escaped);
	for (size_t i = 0; i < 3; i++) {
		char *const second[] = { NULL, other, escaped };

		v[1].labels = second[i];
		v[0].at_ms = v[1].at_ms = AT(i);
		assert_ok(promstore_add(f->db, "wp", "web",
					metrics_query_mark(URL, QUERY, mark), v, 2, AT(i),
					&f->e),
			  &f->e);
		is_whole(f, (int)i, 400);
		assert_int_equal(db_series_count(f->db), 1);
	}
}

static char *labels_of(const char *text)
{
	CLEANUP(json_decref) json_t *metric = NULL;
	struct err e;

	assert_ok(json_parse(text, strlen(text), "labels", &metric, &e), &e);
	return promstore_labels(metric);
}

static void labels_are_written_when_they_can_be(void **state)
{
	CLEANUP(free) char *two = labels_of("{\"job\":\"web\",\"i\":\"3\\\"\"}");
	CLEANUP(json_decref) json_t *wide = json_object();
	CLEANUP(json_decref) json_t *far = json_object();
	char value[LABELS_MAX_BYTES / 2 + 1] = "";
	CLEANUP(free) char *none = promstore_labels(NULL);

	(void)state;
	assert_string_equal(two, "{i=\"3\\\"\",job=\"web\"}");
	assert_string_equal(none, "{}");
	assert_null(labels_of("{\"http.route\":\"/\"}"));
	for (int i = 0; i <= LABELS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "l%d", i);
		json_object_set_new(wide, name, json_string("x"));
	}
	assert_null(promstore_labels(wide));
	memset(value, 'x', sizeof(value) - 1);
	json_object_set_new(far, "l", json_string(value));
	assert_null(promstore_labels(far));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_label_set_that_leaves_is_missing),
		DB_TEST(one_that_is_replaced_is_not),
		DB_TEST(one_new_set_replaces_one),
		DB_TEST(an_answer_of_others_alone_replaces_all),
		DB_TEST(too_many_are_their_sum_and_count_once),
		DB_TEST(label_sets_that_cannot_be_told_apart_are_added_up),
		cmocka_unit_test(labels_are_written_when_they_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
