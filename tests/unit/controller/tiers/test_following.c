/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"
#include "front_fixture.h"

#include "decision_model.h"
#include "following.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
#define NOW_MS (INT64_C(20000) * 86400000) /* midnight, UTC */
enum { DAYS = 14, LENGTH = (DAYS + 1) * FRONT_DAY, PAST = DAYS * FRONT_DAY };

/* Demand of web, of db behind it and of cron, which is by itself. */
struct load {
	double web[LENGTH], db[LENGTH], cron[LENGTH];
};

static void record(struct fixture *f, const char *tier, const double *y, size_t from,
		   size_t n)
{
	const int64_t at_ms = NOW_MS + ((int64_t)from - PAST) * MINUTE_MS;
	size_t added;

	assert_ok(db_demand_import(f->db, "shop", tier, at_ms, y + from, n,
				   at_ms + (int64_t)n * MINUTE_MS, &added, &f->e),
		  &f->e);
}

static struct load *recorded(struct fixture *f)
{
	struct load *l = xcalloc(1, sizeof(*l));

	make_front(l->web, LENGTH, 1);
	make_back(l->db, l->web, LENGTH, 4, 2);
	make_front(l->cron, LENGTH, 3);
	record(f, "web", l->web, 0, PAST);
	record(f, "db", l->db, 0, PAST);
	record(f, "cron", l->cron, 0, PAST);
	return l;
}

struct answer {
	struct tier_forecast f;
	struct decide_input in;
	char follows[FOLLOWING_NAME]; /* "": none */
};

static struct db_tier tier_of(const char *name)
{
	return (struct db_tier){
		.stack = (char *)(uintptr_t) "shop",
		.name = (char *)(uintptr_t)name,
		.capacity = 10,
		.risk_ratio = 0.005,
		.max = -1,
		.dwell_ms = 2 * MINUTE_MS,
	};
}

/* In a stack of the first n of cron, db and web. */
static struct tier_view view_of(const struct db_tier *t, size_t n)
{
	static const struct tier_front fronts[] = { { "cron", NULL },
						    { "db", NULL },
						    { "web", NULL } };

	return (struct tier_view){ .tier = t,
				   .lead_ms = 3 * MINUTE_MS,
				   .served = -1,
				   .fronts = fronts,
				   .n_fronts = n };
}

static struct answer ask(struct fixture *f, struct tier_model *m, const char *tier,
			 size_t n, int64_t now_ms)
{
	const struct db_tier t = tier_of(tier);
	const struct tier_view v = view_of(&t, n);
	struct answer ret = { .in = { .capacity = 10, .running = 1 } };
	struct tier_round r;

	tier_round_begin(&r, f->db, now_ms);
	assert_ok(tier_model_update(m, &r, &v, &ret.f, &f->e), &f->e);
	assert_true(ret.f.known);
	tier_model_fill(m, NULL, &ret.in, &ret.f);
	if (ret.f.follows.tier)
		snprintf(ret.follows, sizeof(ret.follows), "%s", ret.f.follows.tier);
	return ret;
}

static void save(struct fixture *f, struct tier_model *m)
{
	char stack[] = "shop", tier[] = "db";
	struct db_model_state s[TIER_MODEL_STATES];
	const size_t n = tier_model_take_state(m, stack, tier, NOW_MS, s);

	assert_int_equal(n, 2);
	assert_ok(db_model_states_put(f->db, s, n, &f->e), &f->e);
	for (size_t i = 0; i < n; i++)
		free(s[i].data);
}

static void the_one_behind_follows_the_one_in_front_and_no_other(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *web = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *cron = tier_model_new();
	const struct answer a = ask(f, db, "db", 3, NOW_MS);

	assert_string_equal(a.follows, "web");
	assert_int_equal(a.f.follows.ahead_ms, 4 * MINUTE_MS);
	assert_true(a.f.follows.gain > 0.3);
	assert_true(a.f.follows.over_ms > 5 * FRONT_DAY * MINUTE_MS);
	assert_string_equal(ask(f, web, "web", 3, NOW_MS).follows, "");
	assert_string_equal(ask(f, cron, "cron", 3, NOW_MS).follows, "");
}

static void minute_by_minute_it_forecasts_better_than_alone(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *alone = tier_model_new();
	double with = 0, own = 0;

	assert_true(ask(f, db, "db", 3, NOW_MS).f.known);
	assert_true(ask(f, alone, "db", 0, NOW_MS).f.known);
	for (size_t i = PAST; i < PAST + 600; i++) {
		const int64_t now_ms = NOW_MS + ((int64_t)i + 1 - PAST) * MINUTE_MS;
		double top = 0;

		record(f, "web", l->web, i, 1);
		record(f, "db", l->db, i, 1);
		for (size_t k = 1; k <= 4; k++)
			top = fmax(top, l->db[i + k]);
		with += fabs(ask(f, db, "db", 3, now_ms).in.forecast_mid - top);
		own += fabs(ask(f, alone, "db", 0, now_ms).in.forecast_mid - top);
	}
	print_message("# mean error %.2f alone, %.2f behind\n", own / 600, with / 600);
	assert_true(with < 0.7 * own);
}

static void where_the_front_is_silent_it_decides_as_if_alone(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *alone = tier_model_new();
	struct answer a, b;

	assert_string_equal(ask(f, db, "db", 3, NOW_MS).follows, "web");
	assert_string_equal(ask(f, alone, "db", 0, NOW_MS).follows, "");
	record(f, "db", l->db, PAST, 1);
	a = ask(f, db, "db", 3, NOW_MS + MINUTE_MS);
	b = ask(f, alone, "db", 0, NOW_MS + MINUTE_MS);
	assert_string_equal(a.follows, "");
	assert_true(a.in.forecast_mid == b.in.forecast_mid &&
		    a.in.forecast_high == b.in.forecast_high &&
		    a.in.again_far == b.in.again_far);
}

static void after_a_restart_it_follows_as_before(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct answer a, b;

	assert_string_equal(ask(f, db, "db", 3, NOW_MS).follows, "web");
	save(f, db);
	record(f, "web", l->web, PAST, 1);
	record(f, "db", l->db, PAST, 1);
	a = ask(f, db, "db", 3, NOW_MS + MINUTE_MS);
	b = ask(f, later, "db", 3, NOW_MS + MINUTE_MS);
	assert_string_equal(b.follows, "web");
	assert_true(a.in.forecast_high == b.in.forecast_high &&
		    a.f.follows.gain == b.f.follows.gain);
}

static void a_tier_that_is_gone_is_not_followed(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();

	assert_string_equal(ask(f, db, "db", 3, NOW_MS).follows, "web");
	record(f, "db", l->db, PAST, 1);
	assert_string_equal(ask(f, db, "db", 2, NOW_MS + MINUTE_MS).follows, "");
}

static void demand_in_front_that_is_imported_later_is_learned_from_once(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = xcalloc(1, sizeof(*l));
	CLEANUP(tier_model_free) struct tier_model *db = tier_model_new();
	size_t added;

	make_front(l->web, LENGTH, 1);
	make_back(l->db, l->web, LENGTH, 4, 2);
	/* What is older than is learned from is no reason to learn again. */
	assert_ok(db_demand_import(f->db, "shop", "db", NOW_MS - 40 * DAY_MS, l->db, 10,
				   NOW_MS, &added, &f->e),
		  &f->e);
	record(f, "db", l->db, 4 * FRONT_DAY, PAST - 4 * FRONT_DAY);
	assert_string_equal(ask(f, db, "db", 3, NOW_MS).follows, "");
	record(f, "web", l->web, 0, PAST);
	record(f, "db", l->db, PAST, 1);
	record(f, "web", l->web, PAST, 1);
	assert_string_equal(ask(f, db, "db", 3, NOW_MS + MINUTE_MS).follows, "web");
	for (int64_t k = 2; k < 5; k++) {
		/* Without time for training, it would say that it is behind. */
		struct tier_round r = { .db = f->db, .now_ms = NOW_MS + k * MINUTE_MS };
		const struct db_tier t = tier_of("db");
		const struct tier_view v = view_of(&t, 3);
		struct tier_forecast is;

		assert_ok(tier_model_update(db, &r, &v, &is, &f->e), &f->e);
		assert_false(r.is_behind);
	}
}

static void of_many_tiers_the_one_in_front_is_among_those_tried(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) struct load *l = recorded(f);
	CLEANUP(free) double *other = xcalloc(LENGTH, sizeof(*other));
	struct tier_front fronts[30];
	char names[30][8];
	struct following who = { .n = 0 };
	const struct db_tier t = { .stack = (char *)(uintptr_t) "shop",
				   .name = (char *)(uintptr_t) "db" };
	const struct tier_view v = { .tier = &t, .fronts = fronts, .n_fronts = 30 };
	const struct demand_opts opts = policy_model_opts(MINUTE_MS, 3 * MINUTE_MS);
	const struct following_own own = { l->db, PAST, NOW_MS - PAST * MINUTE_MS,
					   NOW_MS - PAST * MINUTE_MS };
	struct tier_round r;
	bool is_tried = false;

	for (size_t i = 0; i < 30; i++) {
		snprintf(names[i], sizeof(names[i]), "t%02zu", i);
		fronts[i] = (struct tier_front){ i == 3    ? "db"
						 : i == 17 ? "web"
							   : names[i],
						 NULL };
		if (i == 3 || i == 17)
			continue;
		make_front(other, PAST, 100 + i);
		record(f, names[i], other, PAST - 3 * FRONT_DAY, 3 * FRONT_DAY);
	}
	tier_round_begin(&r, f->db, NOW_MS);
	assert_ok(following_begin(&who, &r, &v, &opts, &own, &f->e), &f->e);
	assert_int_equal(who.n, FOLLOWING_MAX);
	for (size_t i = 0; i < who.n; i++)
		is_tried = is_tried || strcmp(who.v[i].name, "web") == 0;
	assert_true(is_tried);
	following_done(&who);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(the_one_behind_follows_the_one_in_front_and_no_other),
		DB_TEST(minute_by_minute_it_forecasts_better_than_alone),
		DB_TEST(where_the_front_is_silent_it_decides_as_if_alone),
		DB_TEST(after_a_restart_it_follows_as_before),
		DB_TEST(a_tier_that_is_gone_is_not_followed),
		DB_TEST(demand_in_front_that_is_imported_later_is_learned_from_once),
		DB_TEST(of_many_tiers_the_one_in_front_is_among_those_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
