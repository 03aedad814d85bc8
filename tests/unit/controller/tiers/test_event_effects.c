/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events from stack.conf to decisions: known, learned, said, and asked for in time. */
#include "fleet_fixture.h"

#include "event_effects.h"
#include "tiers.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define MONDAY_MS INT64_C(1788739200000) /* 2026-09-07 00:00Z */
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define CONF                                                                          \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 90\n[tier web]\nunit =" \
	" web@.service\npool = p\nmax = 90\nlead_prior = 10m\ndwell = 15m\n"          \
	"demand = sum(load)\ncapacity = 10\n"

struct court {
	struct scene *s;
	struct events log;
	struct tiers *tiers;
};

static int setup(void **state)
{
	struct court *c = xcalloc(1, sizeof(*c));

	scene_setup((void **)&c->s);
	c->s->now_ms = MONDAY_MS;
	c->log = (struct events){ .db = c->s->db->db };
	c->tiers = tiers_new(c->s->db->db);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct court *c = *state;

	tiers_free(c->tiers);
	scene_teardown((void **)&c->s);
	free(c);
	return 0;
}

/* A quiet day's demand: a bow between 50 and 150. */
static double ordinary(int64_t t_ms)
{
	return 100 - 50 * cos(2 * M_PI * (double)(t_ms % DAY_MS) / (double)DAY_MS);
}

struct boost {
	int64_t from_ms, to_ms;
	double u;
};

/* Demand of days up to the time, with boosts. */
static void record(struct court *c, int64_t until_ms, size_t days,
		   const struct boost *boosts, size_t n_boosts)
{
	const size_t n = days * 1440;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	const int64_t from_ms = until_ms - (int64_t)n * MINUTE_MS;
	size_t added;

	for (size_t i = 0; i < n; i++) {
		const int64_t t = from_ms + (int64_t)i * MINUTE_MS;

		y[i] = ordinary(t) * (1 + 0.01 * (double)((i * 7919) % 5));
		for (size_t k = 0; k < n_boosts; k++)
			if (t >= boosts[k].from_ms && t < boosts[k].to_ms)
				y[i] *= boosts[k].u;
	}
	assert_ok(db_demand_import(c->s->db->db, "shop", "web", from_ms, y, n, until_ms,
				   &added, c->s->e),
		  c->s->e);
}

/* A tick at the time, with a fresh measurement; what the tier shall have. */
static int64_t tick_at(struct court *c, int64_t at_ms, double demand)
{
	struct db_sample_in in = { "load", "stack=\"shop\",tier=\"web\"", DB_GAUGE,
				   at_ms - 1000, demand };
	const struct tiers_context ctx = { .events = &c->log, .tick_ms = 10000 };
	struct fleet_tier *web;
	int64_t before;

	c->s->now_ms = at_ms;
	assert_ok(db_samples_add(c->s->db->db, &in, 1, at_ms, NULL, c->s->e), c->s->e);
	scene_load(c->s);
	web = fleet_tier(c->s->f, "shop", "web");
	before = web->t.desired;
	/* A slow machine leaves some to be measured or learned for the next round, which
	 * then decides from the same number. */
	do {
		web->t.desired = before;
		assert_ok(tiers_decide(c->tiers, c->s->f, &ctx, c->s->e), c->s->e);
	} while (tiers_want_more(c->tiers));
	return web->t.desired;
}

static json_t *explanation(struct court *c)
{
	const char *text = fleet_tier(c->s->f, "shop", "web")->t.explanation_json;
	json_t *doc;

	assert_ok(json_parse(text, strlen(text), "explanation", &doc, c->s->e), c->s->e);
	return doc;
}

static double forecast_figure(struct court *c, const char *name)
{
	CLEANUP(json_decref) json_t *doc = explanation(c);
	const json_t *f = json_object_get(doc, "forecast");

	assert_true(json_is_object(f));
	return json_number_value(json_object_get(f, name));
}

static void assert_says(struct court *c, const char *words)
{
	CLEANUP(json_decref) json_t *doc = explanation(c);
	const char *said = json_string_value(json_object_get(doc, "sentence"));

	if (!strstr(said, words))
		fail_msg("'%s' does not say '%s'", said, words);
}

static void capacity_is_asked_for_a_lead_time_before_a_given_event(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;
	int64_t before, after;

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-09-07 12:00-20:00\nuplift = 2.4\n",
		    TEXT);
	record(c, start - 15 * MINUTE_MS, 21, NULL, 0);
	before = tick_at(c, start - 15 * MINUTE_MS, ordinary(start));
	assert_in_range(before, 15, 18);
	after = tick_at(c, start - 9 * MINUTE_MS, ordinary(start));
	assert_in_range(after, 34, 43);
	assert_says(c, "with event 'sale' expected to multiply demand by 2.4");
	assert_close(forecast_figure(c, "uplift"), 2.4, 1e-9);
}

static void an_event_is_not_seen_before_its_lead_time(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-09-07 12:00-20:00\nuplift = 2.4\n",
		    TEXT);
	record(c, start - 11 * MINUTE_MS, 21, NULL, 0);
	assert_in_range(tick_at(c, start - 11 * MINUTE_MS, ordinary(start)), 15, 18);
	assert_close(forecast_figure(c, "uplift"), 1, 1e-9);
	assert_close(forecast_figure(c, "uplift_far"), 2.4, 1e-9);
}

static void an_event_of_another_tier_changes_nothing(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;

	scene_apply(c->s,
		    CONF "[tier app]\nunit = app@.service\npool = p\n[event sale]\n"
			 "when = 2026-09-07 12:00-20:00\nuplift = 2.4\ntiers = app\n",
		    TEXT);
	record(c, start, 21, NULL, 0);
	assert_in_range(tick_at(c, start, ordinary(start)), 15, 18);
}

static void an_event_is_learned_from_past_ones_of_its_name(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;
	const struct boost past[] = {
		{ start - 21 * DAY_MS, start - 21 * DAY_MS + 8 * HOUR_MS, 2.3 },
		{ start - 14 * DAY_MS, start - 14 * DAY_MS + 8 * HOUR_MS, 2.4 },
		{ start - 6 * DAY_MS, start - 6 * DAY_MS + 8 * HOUR_MS, 2.5 },
	};
	CLEANUP(json_decref) json_t *live = NULL;
	const json_t *e;

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-08-17 12:00-20:00\n"
			 "when = 2026-08-24 12:00-20:00\nwhen = 2026-09-01 12:00-20:00\n"
			 "when = 2026-09-07 12:00-20:00\n",
		    TEXT);
	record(c, start - 5 * MINUTE_MS, 45, past, 3);
	assert_in_range(tick_at(c, start - 5 * MINUTE_MS, ordinary(start)), 38, 60);
	assert_says(c, "with event 'sale' expected to multiply demand by 2.");
	assert_says(c, "learned from 3 past events");
	assert_close(forecast_figure(c, "uplift"), 2.4, 0.15);
	live = tiers_live(c->tiers, "shop", "web");
	e = json_array_get(json_object_get(live, "events"), 0);
	assert_string_equal(json_string_value(json_object_get(e, "name")), "sale");
	assert_int_equal(json_integer_value(json_object_get(e, "learned_from")), 3);
	assert_true(json_is_false(json_object_get(e, "given")));
	assert_true(json_number_value(json_object_get(e, "low")) < 2.4);
	assert_true(json_number_value(json_object_get(e, "high")) > 2.4);
}

static void the_first_of_a_name_is_not_counted_and_that_is_said(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;
	CLEANUP(json_decref) json_t *live = NULL;

	scene_apply(c->s, CONF "[event launch]\nwhen = 2026-09-07 12:00-20:00\n", TEXT);
	record(c, start - 5 * MINUTE_MS, 21, NULL, 0);
	assert_in_range(tick_at(c, start - 5 * MINUTE_MS, ordinary(start)), 15, 18);
	assert_says(c, "not counting event 'launch', whose effect is not known yet");
	live = tiers_live(c->tiers, "shop", "web");
	assert_true(json_is_null(json_object_get(
		json_array_get(json_object_get(live, "events"), 0), "uplift")));
}

/* The forecast of a time, with a boost in the past that is announced, or was
 * not there. */
static double upper_after(void **state, const char *event, const struct boost *b,
			  size_t n, int64_t at_ms)
{
	struct court *c = *state;
	CLEANUP(free) char *conf = xasprintf("%s%s", CONF, event);

	scene_apply(c->s, conf, TEXT);
	record(c, at_ms, 21, b, n);
	tick_at(c, at_ms, ordinary(at_ms));
	return forecast_figure(c, "upper");
}

static double another_upper_after(const char *event, const struct boost *b, size_t n,
				  int64_t at_ms)
{
	void *other = NULL;
	double upper;

	setup(&other);
	upper = upper_after(&other, event, b, n, at_ms);
	teardown(&other);
	return upper;
}

static void an_event_does_not_spoil_the_season_of_the_next_day(void **state)
{
	const int64_t start = MONDAY_MS - DAY_MS + 12 * HOUR_MS;
	const struct boost b = { start, start + 8 * HOUR_MS, 3 };
	const int64_t next_day = start + DAY_MS - 5 * MINUTE_MS;
	const char *const sale = "[event sale]\nwhen = 2026-09-06 12:00-20:00\n";
	double without = upper_after(state, "", NULL, 0, next_day);
	double learned = another_upper_after(sale, &b, 1, next_day);
	double spoiled = another_upper_after("", &b, 1, next_day);

	assert_close(learned / without, 1, 0.05);
	assert_true(spoiled / without > 1.1);
}

static void a_wrongly_given_uplift_leaves_no_hole_behind(void **state)
{
	const int64_t start = MONDAY_MS - DAY_MS + 12 * HOUR_MS;
	const struct boost b = { start, start + 8 * HOUR_MS, 1.2 };
	const int64_t next_day = start + DAY_MS - 5 * MINUTE_MS;
	double without = upper_after(state, "", NULL, 0, next_day);
	double wrong = another_upper_after(
		"[event sale]\nwhen = 2026-09-06 12:00-20:00\nuplift = 4\n", &b, 1,
		next_day);

	assert_close(wrong / without, 1, 0.05);
}

/* Demand that does what the event was given for contradicts no forecast. */
static void an_announced_event_takes_no_forecast_from_use(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS + 12 * HOUR_MS;

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-09-07 12:00-14:00\nuplift = 4\n",
		    TEXT);
	record(c, start - HOUR_MS, 21, NULL, 0);
	for (int64_t t = start - HOUR_MS; t < start + 2 * HOUR_MS; t += MINUTE_MS) {
		CLEANUP(json_decref) json_t *doc = NULL;
		const double noise = 1 + 0.01 * (double)(t / MINUTE_MS * 7919 % 5);

		tick_at(c, t, ordinary(t) * noise * (t >= start ? 4 : 1));
		doc = explanation(c);
		assert_null(strstr(json_string_value(json_object_get(
					   json_object_get(doc, "forecast"), "why")),
				   " minutes "));
	}
}

static void what_an_event_did_is_measured_once_it_is_over_and_kept(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS - DAY_MS + 12 * HOUR_MS,
		      end = start + 8 * HOUR_MS;
	const struct boost b = { start, end, 3 };
	CLEANUP(db_uplift_list_done) struct db_uplift_list rows = { NULL, 0 };
	CLEANUP(db_uplift_list_done) struct db_uplift_list later = { NULL, 0 };

	scene_apply(c->s, CONF "[event sale]\nwhen = 2026-09-06 12:00-20:00\n", TEXT);
	record(c, end - MINUTE_MS, 21, &b, 1);
	tick_at(c, end - MINUTE_MS, 3 * ordinary(end));
	assert_ok(db_uplift_list(c->s->db->db, "shop", "web", &rows, c->s->e), c->s->e);
	assert_int_equal(rows.n, 0);
	tick_at(c, end + 2 * MINUTE_MS, ordinary(end));
	assert_ok(db_uplift_list(c->s->db->db, "shop", "web", &rows, c->s->e), c->s->e);
	assert_int_equal(rows.n, 1);
	assert_close(exp(rows.v[0].log_ratio), 3, 0.2);
	tick_at(c, end + HOUR_MS, ordinary(end));
	assert_ok(db_uplift_list(c->s->db->db, "shop", "web", &later, c->s->e), c->s->e);
	assert_int_equal(later.v[0].measured_ms, rows.v[0].measured_ms);
}

static void a_replayed_past_knows_nothing_before_it_could(void **state)
{
	struct court *c = *state;
	const int64_t start = MONDAY_MS - 21 * DAY_MS;
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	struct uplift_event known[3];

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-08-17\nwhen = 2026-08-24\n"
			 "when = 2026-08-31\n",
		    TEXT);
	scene_load(c->s);
	for (int i = 0; i < 3; i++) {
		const int64_t at = start + i * 7 * DAY_MS;
		char stack[] = "shop", tier[] = "web", name[] = "sale";
		const struct db_uplift row = { stack, tier,        name,
					       at,    at + DAY_MS, log(3),
					       0.05,  8,           at + DAY_MS };

		assert_ok(db_uplift_put(c->s->db->db, &row, c->s->e), c->s->e);
	}
	assert_ok(tier_events_read(c->s->db->db,
				   fleet_tier(c->s->f, "shop", "web")->cat->events,
				   "shop", "web", NULL, &e, c->s->e),
		  c->s->e);
	assert_int_equal(e->n, 3);
	tier_events_as_known(e, start + 2 * DAY_MS, known);
	assert_close(known[0].u.mid, 3, 1e-9); /* measured by then */
	assert_int_equal(known[1].u.n, 1);
	assert_int_equal(known[2].u.n, 2);
	tier_events_as_known(e, start, known);
	assert_close(known[0].u.mid, 1, 0);
}

/* There is no day to compare it with: that takes time to find, once. */
static void what_could_not_be_measured_is_not_tried_for_each_that_can(void **state)
{
	struct court *c = *state;
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	CLEANUP(tier_events_free) struct tier_events *again = NULL;
	const struct event_list *l;

	scene_apply(c->s,
		    CONF "[event sale]\nwhen = 2026-08-17\nwhen = 2026-08-24\n"
			 "when = 2026-08-31\n",
		    TEXT);
	scene_load(c->s);
	l = fleet_tier(c->s->f, "shop", "web")->cat->events;
	assert_ok(tier_events_read(c->s->db->db, l, "shop", "web", NULL, &e, c->s->e),
		  c->s->e);
	e->v[1].is_tried = true;
	e->first_ms = 5;
	assert_ok(tier_events_read(c->s->db->db, l, "shop", "web", e, &again, c->s->e),
		  c->s->e);
	assert_int_equal(again->first_ms, 5);
	assert_false(again->v[0].is_tried);
	assert_true(again->v[1].is_tried);
	assert_false(again->v[2].is_tried);
}

static void overlapping_events_are_named_both(void **state)
{
	struct court *c = *state;
	const int64_t at = MONDAY_MS + 12 * HOUR_MS;

	scene_apply(c->s,
		    CONF
		    "[event sale]\nwhen = 2026-09-07\nuplift = 1.5\n"
		    "[event tv spot]\nwhen = 2026-09-07 12:00-13:00\nuplift = +100%\n",
		    TEXT);
	record(c, at, 21, NULL, 0);
	tick_at(c, at, 1.5 * ordinary(at));
	assert_says(c,
		    "with events 'sale' and 'tv spot' expected to multiply demand by 3");
	assert_close(forecast_figure(c, "uplift"), 3, 1e-9);
}

static void a_long_name_is_cut_between_its_letters(void **state)
{
	struct court *c = *state;
	const int64_t at = MONDAY_MS + 12 * HOUR_MS;

	/* 39 bytes, then letters of two bytes each: the 40th byte is half of one. */
	scene_apply(
		c->s,
		CONF
		"[event 123456789 123456789 123456789 123456789"
		"\xc3\xa5\xc3\xa4\xc3\xb6]\nwhen = 2026-09-07 12:05-13:00\nuplift = 2\n",
		TEXT);
	record(c, at, 21, NULL, 0);
	tick_at(c, at, ordinary(at));
	assert_says(c, "123456789' expected to multiply demand by 2");
}

static void events_are_told_two_weeks_ahead(void **state)
{
	struct court *c = *state;
	CLEANUP(json_decref) json_t *live = NULL;

	scene_apply(c->s,
		    CONF "[event near]\nwhen = 2026-09-20\nuplift = 2\n"
			 "[event far]\nwhen = 2026-09-22\nuplift = 2\n",
		    TEXT);
	record(c, MONDAY_MS, 2, NULL, 0);
	tick_at(c, MONDAY_MS, 50);
	live = tiers_live(c->tiers, "shop", "web");
	assert_int_equal(json_array_size(json_object_get(live, "events")), 1);
}

#define COURT_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(capacity_is_asked_for_a_lead_time_before_a_given_event),
		COURT_TEST(an_event_is_not_seen_before_its_lead_time),
		COURT_TEST(an_event_of_another_tier_changes_nothing),
		COURT_TEST(an_event_is_learned_from_past_ones_of_its_name),
		COURT_TEST(the_first_of_a_name_is_not_counted_and_that_is_said),
		COURT_TEST(an_event_does_not_spoil_the_season_of_the_next_day),
		COURT_TEST(a_wrongly_given_uplift_leaves_no_hole_behind),
		COURT_TEST(an_announced_event_takes_no_forecast_from_use),
		COURT_TEST(what_an_event_did_is_measured_once_it_is_over_and_kept),
		COURT_TEST(a_replayed_past_knows_nothing_before_it_could),
		COURT_TEST(what_could_not_be_measured_is_not_tried_for_each_that_can),
		COURT_TEST(overlapping_events_are_named_both),
		COURT_TEST(a_long_name_is_cut_between_its_letters),
		COURT_TEST(events_are_told_two_weeks_ahead),
	};

	return cmocka_run_group_tests_name("tier_events", tests, NULL, NULL);
}
