/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "demand_history.h"

#define MIN_MS ((int64_t)60000)
#define DAY ((int64_t)86400000)
#define T0 (20000 * DAY)
#define S0 "1728000000" /* the same in seconds */

static int read_text(const char *text, size_t len, struct history *h, struct err *e)
{
	CLEANUP(csv_points_done) struct csv_points p = { .max = HISTORY_POINTS_MAX };
	int rc = csv_read(text, len, &p, e);

	return rc < 0 ? rc : history_minutes(&p, h, e);
}

static void parse(const char *text, struct history *h)
{
	struct err e;

	assert_ok(read_text(text, strlen(text), h, &e), &e);
}

static void a_line_a_minute_is_a_value_a_minute(void **state)
{
	CLEANUP(history_done) struct history h = { 0 };

	(void)state;
	parse("timestamp,value\n" S0 ",42\n1728000060,62.5\n1728000120,\n1728000180,7",
	      &h);
	assert_int_equal(h.from_ms, T0);
	assert_int_equal(h.n, 4);
	assert_int_equal(h.n_lines, 4);
	assert_int_equal(h.step_ms, MIN_MS);
	assert_close(h.v[0], 42, 0);
	assert_close(h.v[1], 62.5, 0);
	assert_true(isnan(h.v[2]));
	assert_close(h.v[3], 7, 0);
}

static void a_value_holds_until_the_next_one(void **state)
{
	CLEANUP(history_done) struct history h = { 0 };

	(void)state;
	parse(S0 ",10\n1728003600,20\n1728007200,30\n", &h);
	assert_int_equal(h.n, 180);
	assert_close(h.v[0], 10, 1e-12);
	assert_close(h.v[59], 10, 1e-12);
	assert_close(h.v[60], 20, 1e-12);
	assert_close(h.v[179], 30, 1e-12);
}

static void values_within_a_minute_are_averaged_by_time(void **state)
{
	CLEANUP(history_done) struct history h = { 0 };

	(void)state;
	parse(S0 ",0\n1728000045,8\n1728000060,1\n1728000090,1\n1728000120,3\n", &h);
	assert_close(h.v[0], 2, 1e-12);
	assert_close(h.v[1], 1, 1e-12);
	assert_close(h.v[2], 3, 1e-12);
}

static void a_long_gap_stays_a_gap(void **state)
{
	CLEANUP(history_done) struct history h = { 0 };

	(void)state;
	parse(S0 ",1\n1728000060,1\n1728000120,1\n1728000720,5\n1728000780,5\n", &h);
	assert_close(h.v[2], 1, 0);
	for (int i = 3; i < 12; i++)
		assert_true(isnan(h.v[i]));
	assert_close(h.v[12], 5, 0);
}

static void order_does_not_matter_and_the_last_of_two_counts(void **state)
{
	CLEANUP(history_done) struct history h = { 0 };

	(void)state;
	parse("1728000060,2\n" S0 ",1\n1728000060,9\n", &h);
	assert_int_equal(h.n, 2);
	assert_close(h.v[0], 1, 0);
	assert_close(h.v[1], 9, 0);
}

static void what_cannot_be_a_past_is_refused(void **state)
{
	static const struct {
		const char *text, *words;
		int code;
	} bad[] = {
		{ "", "no timestamp,value", ERR_INVAL },
		{ "timestamp,value\n", "no timestamp,value", ERR_INVAL },
		{ S0 ",1\nnonsense\n", "line 2: ", ERR_INVAL },
		{ S0 ",1\n1828000060,1\n", "400 days", ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(history_done) struct history h = { 0 };
		struct err e = { 0 };

		assert_int_equal(read_text(bad[i].text, strlen(bad[i].text), &h, &e),
				 bad[i].code);
		if (!strstr(e.msg, bad[i].words))
			fail_msg("'%s': %s", bad[i].text, e.msg);
	}
}

static void an_import_becomes_the_tiers_demand(void **state)
{
	struct fixture *f = *state;
	CLEANUP(history_done) struct history h = { 0 };
	double out[4];
	size_t added;

	parse(S0 ",5\n1728000060,6\n1728000120,7\n", &h);
	assert_int_equal(history_import(f->db, "wp", "web", &h, T0, &added, &f->e),
			 ERR_INVAL);
	assert_ok(history_import(f->db, "wp", "web", &h, T0 + 30 * DAY, &added, &f->e),
		  &f->e);
	assert_int_equal(added, 3);
	assert_ok(db_demand_range(f->db, "wp", "web", T0, out, 4, &f->e), &f->e);
	assert_close(out[0], 5, 0);
	assert_close(out[2], 7, 0);
	assert_true(isnan(out[3]));
}

static void what_of_the_last_step_is_to_come_is_no_history(void **state)
{
	struct fixture *f = *state;
	CLEANUP(history_done) struct history h = { 0 };
	size_t added;

	parse(S0 ",5\n1728003600,6\n", &h);
	assert_ok(history_import(f->db, "wp", "web", &h, T0 + 65 * MIN_MS, &added, &f->e),
		  &f->e);
	assert_int_equal(added, 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_a_minute_is_a_value_a_minute),
		cmocka_unit_test(a_value_holds_until_the_next_one),
		cmocka_unit_test(values_within_a_minute_are_averaged_by_time),
		cmocka_unit_test(a_long_gap_stays_a_gap),
		cmocka_unit_test(order_does_not_matter_and_the_last_of_two_counts),
		cmocka_unit_test(what_cannot_be_a_past_is_refused),
		DB_TEST(an_import_becomes_the_tiers_demand),
		DB_TEST(what_of_the_last_step_is_to_come_is_no_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
