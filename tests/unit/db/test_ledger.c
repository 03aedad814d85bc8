/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "db.h"
#include "sql.h"

#define DAY INT64_C(86400000)
#define JAN_30 INT64_C(1769731200000) /* 2026 */

/* A row a day from that day on. */
static void enter_days(struct fixture *f, int64_t day_ms, size_t n, const char *tier)
{
	CLEANUP(free) struct db_ledger *rows = xcalloc(n, sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct db_ledger){
			.day_ms = day_ms + (int64_t)i * DAY,
			.stack = (char *)(uintptr_t) "shop",
			.tier = (char *)(uintptr_t)tier,
			.through_ms = day_ms + (int64_t)i * DAY + 7,
			.known = 10,
			.was_short = (int64_t)i,
			.host_ms = 100,
			.peak = i == 1 ? 9 : 3,
		};
	assert_ok(db_ledger_enter(f->db,
				  &(struct db_ledger_entry){
					  .rows = rows,
					  .n_rows = n,
					  .day_length_ms = DAY,
				  },
				  &f->e),
		  &f->e);
}

static struct db_ledger_list list(struct fixture *f, const struct db_ledger_filter *of)
{
	struct db_ledger_list l = { NULL, 0 };

	assert_ok(db_ledger_list(f->db, of, &l, &f->e), &f->e);
	return l;
}

static void days_add_up_to_months(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };

	assert_ok(db_ledger_begin(f->db, JAN_30, &f->e), &f->e);
	enter_days(f, JAN_30, 4, "web");
	enter_days(f, JAN_30, 1, "web");
	l = list(f, &(struct db_ledger_filter){ .stack = "shop" });
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].id, "2026-01/shop/web");
	assert_string_equal(l.v[1].period, "2026-02");
	assert_int_equal(l.v[0].known, 30);
	assert_int_equal(l.v[0].was_short, 1);
	assert_int_equal(l.v[0].peak, 9);
	assert_int_equal(l.v[0].through_ms, JAN_30 + DAY + 7);
	assert_int_equal(l.v[1].was_short, 5);
	assert_int_equal(l.v[1].peak, 3);
}

static void a_days_peak_is_that_of_the_month_so_far(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	static const int64_t peaks[] = { 3, 9, 3, 3 };

	enter_days(f, JAN_30 - 2 * DAY, 6, "web"); /* the 29th has the peak of January */
	l = list(f, &(struct db_ledger_filter){ .by_day = true });
	assert_int_equal(l.n, 6);
	assert_string_equal(l.v[0].period, "2026-01-28");
	assert_int_equal(l.v[0].peak, peaks[0]);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(l.v[i].peak, 9);
	assert_int_equal(l.v[4].peak, 3);
}

static void a_page_begins_after_the_id_of_the_last(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };

	enter_days(f, JAN_30, 3, "web");
	enter_days(f, JAN_30, 3, "app");
	l = list(f,
		 &(struct db_ledger_filter){ .after = "2026-01/shop/app", .limit = 2 });
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].id, "2026-01/shop/web");
	assert_string_equal(l.v[1].id, "2026-02/shop/app");
	db_ledger_list_done(&l);
	l = list(f, &(struct db_ledger_filter){ .month = "2026-02", .tier = "web" });
	assert_int_equal(l.n, 1);
}

static int count_steps(void *n)
{
	++*(size_t *)n;
	return 0;
}

/* The database's steps for a list, in tens. */
static size_t steps_of(struct fixture *f, const struct db_ledger_filter *of, size_t n)
{
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	struct db_conn *c;
	size_t steps = 0;

	assert_ok(db_read(f->db, &c, &f->e), &f->e);
	sqlite3_progress_handler(c->sql, 10, count_steps, &steps);
	l = list(f, of);
	sqlite3_progress_handler(c->sql, 0, NULL, NULL);
	assert_int_equal(l.n, n);
	return steps;
}

static void a_page_reads_its_own_rows(void **state)
{
	struct fixture *f = *state;
	static const char *const afters[][2] = {
		{ NULL, NULL },
		{ "2026-02-28/shop/t-3", "2026-02/shop/t-3" },
		{ "2027-01-10/shop/t-3", "2027-01/shop/t-3" },
	};
	size_t all;

	for (int i = 0; i < 20; i++) {
		char tier[40];

		snprintf(tier, sizeof(tier), "t-%d", i);
		enter_days(f, JAN_30, 400, tier);
	}
	all = steps_of(f, &(struct db_ledger_filter){ .by_day = true }, 8000);
	for (size_t i = 0; i < ARRAY_SIZE(afters); i++) {
		const struct db_ledger_filter days = { .by_day = true,
						       .after = afters[i][0],
						       .limit = 10 };
		const struct db_ledger_filter months = { .after = afters[i][1],
							 .limit = 10 };

		assert_in_range(steps_of(f, &days, 10), 1, all / 200);
		assert_in_range(steps_of(f, &months, 10), 1, all / 20); /* of 300 days */
	}
}

/* Also where the order of the names is not that of the ids: '-' is before '/'. */
static void pages_have_all_rows_by_stack_and_tier(void **state)
{
	struct fixture *f = *state;
	static const char *const stacks[] = { "shop", "shop-2", "shop.b" };

	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		const struct db_ledger row = { .day_ms = JAN_30,
					       .stack = (char *)(uintptr_t)stacks[i],
					       .tier = (char *)(uintptr_t) "web" };

		assert_ok(db_ledger_enter(f->db,
					  &(struct db_ledger_entry){
						  .rows = &row,
						  .n_rows = 1,
						  .day_length_ms = DAY,
					  },
					  &f->e),
			  &f->e);
	}
	for (int by_day = 0; by_day < 2; by_day++) {
		CLEANUP(free) char *after = NULL;

		for (size_t i = 0; i <= ARRAY_SIZE(stacks); i++) {
			CLEANUP(db_ledger_list_done)
			struct db_ledger_list l = { NULL, 0 };

			l = list(f, &(struct db_ledger_filter){ .by_day = by_day,
								.after = after,
								.limit = 1 });
			assert_int_equal(l.n, i < ARRAY_SIZE(stacks));
			if (l.n == 0)
				break;
			assert_string_equal(l.v[0].stack, stacks[i]);
			free(after);
			after = xstrdup(l.v[0].id);
		}
	}
}

static void a_page_after_what_is_no_id_does_not_fail(void **state)
{
	static const char *const afters[] = {
		"", "/", "//", "2026", "2026-01-30", "x/y/z", "2026-01-99/shop/web"
	};
	struct fixture *f = *state;

	enter_days(f, JAN_30, 1, "web");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(afters); i++) {
		CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };

		l = list(f, &(struct db_ledger_filter){ .by_day = i % 2,
							.after = afters[i / 2] });
		assert_true(l.n <= 1);
	}
}

static void the_newest_400_days_are_kept(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };

	enter_days(f, JAN_30, 450, "web");
	assert_ok(db_ledger_enter(f->db,
				  &(struct db_ledger_entry){ .day_length_ms = DAY,
							     .is_new_day = true },
				  &f->e),
		  &f->e);
	l = list(f, &(struct db_ledger_filter){ .by_day = true });
	assert_int_equal(l.n, 400);
	assert_string_equal(l.v[0].period, "2026-03-21");
}

static void decide(struct fixture *f, int64_t at_ms, int64_t from, int64_t to)
{
	assert_ok(db_decision_add(f->db,
				  &(struct db_decision){
					  .stack = (char *)(uintptr_t) "shop",
					  .tier = (char *)(uintptr_t) "web",
					  .at_ms = at_ms,
					  .from = from,
					  .to = to,
				  },
				  NULL, &f->e),
		  &f->e);
}

static void an_action_is_entered_once(void **state)
{
	struct fixture *f = *state;
	const struct db_ledger_entry nothing = { .day_length_ms = DAY };
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };

	decide(f, JAN_30, 1, 2); /* before there was a ledger */
	assert_ok(db_ledger_begin(f->db, JAN_30, &f->e), &f->e);
	decide(f, JAN_30 + 5, 2, 3);
	decide(f, JAN_30 + 6, 3, 3);
	decide(f, JAN_30 + DAY, 3, 2);
	for (int i = 0; i < 3; i++)
		assert_ok(db_ledger_enter(f->db, &nothing, &f->e), &f->e);
	l = list(f, &(struct db_ledger_filter){ .by_day = true });
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0].actions, 1);
	assert_int_equal(l.v[1].actions, 1);
}

static void the_mark_of_a_tier_that_is_gone_is_forgotten(void **state)
{
	struct fixture *f = *state;
	const struct db_ledger_tier t = { .stack = (char *)(uintptr_t) "shop",
					  .tier = (char *)(uintptr_t) "web",
					  .through_ms = 5,
					  .fleet = (char *)(uintptr_t) "1 2 3" };
	CLEANUP(db_ledger_tier_list_done) struct db_ledger_tier_list l = { NULL, 0 };
	const struct db_tier tier = { .stack = t.stack, .name = t.tier };

	assert_ok(db_tier_put(f->db, &tier, &f->e), &f->e);
	assert_ok(db_ledger_enter(f->db,
				  &(struct db_ledger_entry){ .tiers = &t,
							     .n_tiers = 1,
							     .day_length_ms = DAY },
				  &f->e),
		  &f->e);
	assert_ok(db_ledger_tier_list(f->db, &l, &f->e), &f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].fleet, "1 2 3");
	db_ledger_tier_list_done(&l);
	assert_ok(db_tier_delete(f->db, "shop", "web", &f->e), &f->e);
	assert_ok(db_ledger_enter(f->db,
				  &(struct db_ledger_entry){ .day_length_ms = DAY },
				  &f->e),
		  &f->e);
	assert_ok(db_ledger_tier_list(f->db, &l, &f->e), &f->e);
	assert_int_equal(l.n, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(days_add_up_to_months),
		TEST(a_days_peak_is_that_of_the_month_so_far),
		TEST(a_page_begins_after_the_id_of_the_last),
		TEST(a_page_reads_its_own_rows),
		TEST(pages_have_all_rows_by_stack_and_tier),
		TEST(a_page_after_what_is_no_id_does_not_fail),
		TEST(the_newest_400_days_are_kept),
		TEST(an_action_is_entered_once),
		TEST(the_mark_of_a_tier_that_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
