/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded decisions made again, and recorded demand played with other settings.
 */
#include "fleet_fixture.h"
#include "front_fixture.h"

#include "repeat.h"
#include "tiers.h"
#include "whatif.h"

#define WEB(more)                                                                     \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nlead_prior = 3m\ndwell = 15m\ndemand = sum(load)\n"  \
	"capacity = 10\n" more
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define MINUTE_MS INT64_C(60000)
#define DAY_MINUTES 1440
#define DAY_MS (DAY_MINUTES * MINUTE_MS)
#define START_MS (NOW_MS / MINUTE_MS * MINUTE_MS)

/* A day with a steep morning, noise, and a burst now and then; deterministic. */
static double demand_at(int64_t minute)
{
	double phase = (double)(minute % DAY_MINUTES) / DAY_MINUTES * 2 * M_PI;
	double level = 60 - 50 * cos(phase) + 8 * sin((double)minute * 12.9898);

	return fmax(minute % 397 < 12 ? level * 1.7 : level, 0);
}

static struct db_decision_list decisions_of(struct scene *s)
{
	struct db_decision_list l = { 0 };

	assert_ok(db_decision_list(s->db->db, NULL, &l, s->e), s->e);
	return l;
}

/* A minute of the tier's life: measured, decided, and its instances are there. */
static void live(struct scene *s, struct tiers *tiers, int64_t minute)
{
	const struct events events = { .db = s->db->db };
	struct db_sample_in in = { "load", "stack=\"shop\",tier=\"web\"", DB_GAUGE, 0,
				   demand_at(minute) };

	s->now_ms = START_MS + minute * MINUTE_MS;
	in.t_ms = s->now_ms;
	if (minute % 701 > 20) /* and an outage a day */
		assert_ok(db_samples_add(s->db->db, &in, 1, s->now_ms, NULL, s->e), s->e);
	scene_load(s);
	assert_ok(tiers_decide(tiers, s->f,
			       &(struct tiers_context){
				       .events = &events,
				       .distrust = minute % 500 < 9
							   ? "hosts stopped responding"
							   : NULL,
				       .tick_ms = MINUTE_MS },
			       s->e),
		  s->e);
}

static void live_days(struct scene *s, int days)
{
	CLEANUP(tiers_free) struct tiers *tiers = tiers_new(s->db->db);

	scene_apply(s,
		    WEB("min = 1\nmax = 14\nschedule = noon: daily 12:00-13:00 min=9\n"),
		    TEXT);
	for (int64_t minute = 0; minute < days * DAY_MINUTES; minute++)
		live(s, tiers, minute);
}

static void every_recorded_decision_of_two_days_is_repeated_bit_by_bit(void **state)
{
	struct scene *s = *state;
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };
	size_t changes = 0, bytes = 0;

	live_days(s, 2);
	l = decisions_of(s);
	for (size_t i = 0; i < l.n; i++) {
		CLEANUP(repeat_done) struct repeat r = { 0 };

		repeat_decision(&l.v[i], &r);
		if (r.outcome != REPEAT_EQUAL)
			fail_msg("%s: %s, now %s", r.field, r.recorded, r.repeated);
		changes += l.v[i].from != l.v[i].to;
		bytes += strlen(l.v[i].record);
	}
	print_message("%zu decisions, %zu changes, %zu bytes of record each\n", l.n,
		      changes, bytes / l.n);
	assert_true(l.n > 100 && changes >= 8); /* the days were not dull */
}

/* ---------------------------------------------------------------- rows */

static void decide_once(struct scene *s, struct db_decision *ret)
{
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };
	CLEANUP(tiers_free) struct tiers *tiers = tiers_new(s->db->db);

	scene_apply(s, WEB("min = 1\nmax = 14\n"), TEXT);
	live(s, tiers, 100);
	l = decisions_of(s);
	assert_int_equal(l.n, 1);
	assert_ok(db_decision_get(s->db->db, l.v[0].id, ret, s->e), s->e);
}

static void assert_differs(const struct db_decision *d, const char *field)
{
	CLEANUP(repeat_done) struct repeat r = { 0 };

	repeat_decision(d, &r);
	assert_int_equal(r.outcome, REPEAT_DIFFERENT);
	assert_string_equal(r.field, field);
	assert_non_null(r.recorded);
	assert_string_equal(r.version, FORETIDE_VERSION);
}

/* Replaces in a text of the row, which must be there. */
static void change(char **text, const char *from, const char *to)
{
	char *at = strstr(*text, from);
	CLEANUP(free) char *old = *text;

	assert_non_null(at);
	*text = xasprintf("%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
}

static void a_row_that_says_another_thing_is_told_by_its_field(void **state)
{
	CLEANUP(db_decision_done) struct db_decision d = { 0 };

	decide_once(*state, &d);
	d.to++;
	assert_differs(&d, "to");
	d.to--;
	d.from++;
	assert_differs(&d, "from");
	d.from--;
	change(&d.explanation_json, "\"binding\":\"demand\"", "\"binding\":\"max\"");
	assert_differs(&d, "explanation.binding");
	change(&d.explanation_json, "\"binding\":\"max\"", "\"binding\":\"demand\"");
	change(&d.explanation_json, "\"min\":1", "\"min\":2");
	assert_differs(&d, "explanation.inputs.min");
	change(&d.explanation_json, "\"min\":2", "\"min\": 1");
	assert_differs(&d, "explanation");
	change(&d.sentence, "web", "Web");
	assert_differs(&d, "sentence");
	change(&d.cause, "reactive", "steady");
	assert_differs(&d, "cause");
}

static void the_version_that_recorded_it_is_said(void **state)
{
	CLEANUP(db_decision_done) struct db_decision d = { 0 };
	CLEANUP(repeat_done) struct repeat r = { 0 };

	decide_once(*state, &d);
	change(&d.record, "\"by\":\"" FORETIDE_VERSION "\"", "\"by\":\"0.0.9\"");
	d.to = 99;
	repeat_decision(&d, &r);
	assert_int_equal(r.outcome, REPEAT_DIFFERENT);
	assert_string_equal(r.version, "0.0.9");
	assert_string_equal(r.recorded, "99");
}

static void a_row_without_a_record_or_with_a_bad_one_says_so(void **state)
{
	CLEANUP(db_decision_done) struct db_decision d = { 0 };
	CLEANUP(repeat_done) struct repeat bad = { 0 };
	CLEANUP(repeat_done) struct repeat none = { 0 };

	decide_once(*state, &d);
	d.record[strlen(d.record) / 2] = '\0';
	repeat_decision(&d, &bad);
	assert_int_equal(bad.outcome, REPEAT_UNREADABLE);
	assert_non_null(strstr(bad.recorded, "not JSON"));
	*d.record = '\0';
	repeat_decision(&d, &none);
	assert_int_equal(none.outcome, REPEAT_NO_RECORD);
}

/* ---------------------------------------------------------------- other settings */

#define PAST_DAYS 9
#define PLAYED_DAYS 2

/* Days of history, then the days that are played; the tier had six at their start. */
static void record_past(struct scene *s)
{
	const size_t n = (PAST_DAYS + PLAYED_DAYS) * DAY_MINUTES;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	size_t added;
	const struct db_decision before = {
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.at_ms = START_MS - PLAYED_DAYS * DAY_MS,
		.to = 6,
	};

	for (size_t i = 0; i < n; i++)
		y[i] = i % 3001 < 30 ? NAN : demand_at((int64_t)i);
	assert_ok(db_demand_import(s->db->db, "shop", "web",
				   START_MS - (int64_t)n * MINUTE_MS, y, n, START_MS,
				   &added, s->e),
		  s->e);
	assert_ok(db_decision_add(s->db->db, &before, NULL, s->e), s->e);
}

/* change: what the others are, made in place. */
static struct whatif *play(struct scene *s, void (*change_it)(struct db_tier *t))
{
	CLEANUP(db_tier_done) struct db_tier in_force = { 0 };
	CLEANUP(db_tier_done) struct db_tier other = { 0 };
	struct whatif *w = NULL;
	struct whatif_question q = { .settings = { &in_force, &other },
				     .from_ms = START_MS - PLAYED_DAYS * DAY_MS,
				     .to_ms = START_MS };

	assert_ok(db_tier_get(s->db->db, "shop", "web", &in_force, s->e), s->e);
	assert_ok(db_tier_get(s->db->db, "shop", "web", &other, s->e), s->e);
	change_it(&other);
	assert_ok(whatif_simulate(s->db->db, &q, &w, s->e), s->e);
	return w;
}

static void as_it_is(struct db_tier *t)
{
	(void)t;
}

static void higher_max(struct db_tier *t)
{
	t->max = 40;
}

static void lower_risk(struct db_tier *t)
{
	t->risk_ratio = 0.001;
}

static void longer_dwell(struct db_tier *t)
{
	t->dwell_ms = 6 * 3600 * 1000;
}

static void only_observed(struct db_tier *t)
{
	t->mode = DB_MODE_OBSERVE;
}

static void with_a_noon(struct db_tier *t)
{
	free(t->schedule_json);
	t->schedule_json = xstrdup("[\"noon: daily 12:00-13:00 min=25\"]");
}

static void the_same_settings_differ_nowhere(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;

	scene_apply(s, WEB("min = 1\nmax = 40\nrisk = 2%\n"), TEXT);
	record_past(s);
	w = play(s, as_it_is);
	assert_int_equal(w->n, 0);
	assert_int_equal(w->minutes, PLAYED_DAYS * DAY_MINUTES);
	assert_in_range(w->missing, 20, 70);
	assert_int_equal(w->lead_ms, 3 * MINUTE_MS);
	assert_true(w->is_lead_prior);
	assert_memory_equal(&w->side[0], &w->side[1], sizeof(w->side[0]));
	assert_true(w->side[0].changes > 20);
	assert_in_range(w->side[0].largest, 11, 40);
	assert_true(w->side[0].instance_hours > 24 * PLAYED_DAYS * 6);
	assert_true(w->side[0].short_share < 0.1);
}

static void a_higher_maximum_is_short_for_no_longer(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;
	size_t said = 0;

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	record_past(s);
	w = play(s, higher_max);
	assert_int_equal(w->side[WHATIF_IN_FORCE].largest, 8);
	assert_true(w->side[WHATIF_OTHER].largest > 8);
	assert_true(w->side[WHATIF_IN_FORCE].short_share > 0.1);
	assert_true(w->side[WHATIF_OTHER].short_share <
		    w->side[WHATIF_IN_FORCE].short_share / 2);
	assert_true(w->n > 0);
	assert_int_not_equal(w->v[0].desired[0], w->v[0].desired[1]);
	for (size_t i = 0; i < w->n; i++) {
		said += strstr(w->v[i].sentence[0], "its maximum is 8") != NULL;
		assert_null(strstr(w->v[i].sentence[1], "its maximum is 8"));
	}
	assert_true(said > 0);
}

static void a_lower_risk_is_short_for_no_longer(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;

	scene_apply(s, WEB("min = 1\nmax = 40\nrisk = 5%\n"), TEXT);
	record_past(s);
	w = play(s, lower_risk);
	assert_true(w->n > 0);
	assert_true(w->side[WHATIF_OTHER].short_share <=
		    w->side[WHATIF_IN_FORCE].short_share);
	assert_true(w->side[WHATIF_OTHER].instance_hours >
		    w->side[WHATIF_IN_FORCE].instance_hours);
}

static void a_longer_dwell_changes_less_often(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;

	scene_apply(s, WEB("min = 1\nmax = 40\n"), TEXT);
	record_past(s);
	w = play(s, longer_dwell);
	assert_true(w->side[WHATIF_OTHER].changes < w->side[WHATIF_IN_FORCE].changes);
	assert_true(w->side[WHATIF_OTHER].instance_hours >
		    w->side[WHATIF_IN_FORCE].instance_hours);
}

static void a_tier_that_is_only_observed_stays_as_it_was(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;

	scene_apply(s, WEB("min = 1\nmax = 40\n"), TEXT);
	record_past(s);
	w = play(s, only_observed);
	assert_int_equal(w->side[WHATIF_OTHER].changes, 0);
	assert_int_equal(w->side[WHATIF_OTHER].largest, 6);
}

static void another_schedule_is_obeyed_on_the_stacks_clock(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;
	bool seen = false;

	scene_apply(s, WEB("min = 1\nmax = 40\n"), TEXT);
	record_past(s);
	w = play(s, with_a_noon);
	assert_int_equal(w->side[WHATIF_OTHER].largest, 25);
	for (size_t i = 0; i < w->n && !seen; i++)
		seen = w->v[i].desired[WHATIF_OTHER] == 25 &&
		       /* a lead time before twelve, UTC */
		       w->v[i].at_ms % DAY_MS == 12 * 60 * MINUTE_MS - 3 * MINUTE_MS &&
		       strstr(w->v[i].sentence[WHATIF_OTHER], "noon");
	assert_true(seen);
}

static void a_hold_of_the_time_holds_again(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;
	const struct db_hold h = {
		.stack = (char *)(uintptr_t) "shop",
		.owner = (char *)(uintptr_t) "ann",
		.created_ms = START_MS - 5 * DAY_MS,
		.expires_ms = START_MS + DAY_MS,
		.released_ms = START_MS - DAY_MS,
	};

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	record_past(s);
	assert_ok(db_hold_add(s->db->db, &h, NULL, s->e), s->e);
	w = play(s, higher_max);
	assert_true(w->n > 0);
	assert_true(w->v[0].at_ms >= START_MS - DAY_MS);
}

/* An event that asked for twice as much, and asks for it again when that is played. */
static void an_event_of_the_time_is_counted_with_again(void **state)
{
	const int64_t event_ms = START_MS / DAY_MS * DAY_MS + 6 * 60 * MINUTE_MS;
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *without = NULL;
	CLEANUP(whatif_free) struct whatif *with = NULL;
	bool is_said = false;

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	record_past(s);
	without = play(s, higher_max);
	scene_apply(s,
		    WEB("min = 1\nmax = 8\n[event sale]\nwhen = 2023-11-14 06:00-09:00\n"
			"uplift = 3\n"),
		    TEXT);
	with = play(s, higher_max);
	assert_true(with->side[WHATIF_OTHER].instance_hours >
		    without->side[WHATIF_OTHER].instance_hours + 10);
	for (size_t i = 0; i < with->n && !is_said; i++)
		is_said = with->v[i].at_ms < event_ms &&
			  with->v[i].at_ms >= event_ms - 4 * MINUTE_MS &&
			  strstr(with->v[i].sentence[WHATIF_OTHER], "event 'sale'");
	assert_true(is_said);
}

static void assert_equal_answers(const struct whatif *a, const struct whatif *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->side, b->side, sizeof(a->side));
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->v[i].at_ms, b->v[i].at_ms);
		assert_int_equal(a->v[i].for_ms, b->v[i].for_ms);
		for (int k = 0; k < WHATIF_SIDES; k++) {
			assert_int_equal(a->v[i].desired[k], b->v[i].desired[k]);
			assert_string_equal(a->v[i].sentence[k], b->v[i].sentence[k]);
		}
	}
}

/* Also when a model was saved meanwhile, and past the one that the tick has. */
static void the_same_question_has_the_same_answer(void **state)
{
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *first = NULL;
	CLEANUP(whatif_free) struct whatif *second = NULL;
	struct tiers *tiers;

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	record_past(s);
	first = play(s, higher_max);
	tiers = tiers_new(s->db->db);
	live(s, tiers, 0);
	tiers_free(tiers);
	second = play(s, higher_max);
	assert_true(first->n > 10);
	assert_equal_answers(first, second);
}

/* Longer ago than anything was recorded: it begins where that does. */
static void what_follows_another_tier_follows_it_when_it_is_played(void **state)
{
	enum { N = 14 * DAY_MINUTES };
	struct scene *s = *state;
	CLEANUP(whatif_free) struct whatif *w = NULL;
	CLEANUP(free) double *front = xcalloc(N, sizeof(*front));
	CLEANUP(free) double *back = xcalloc(N, sizeof(*back));
	size_t added, said = 0;

	make_front(front, N, 1);
	make_back(back, front, N, 3, 2);
	scene_apply(s,
		    WEB("min = 1\nmax = 100\n[tier lb]\nunit = lb.service\npool = p\n"),
		    TEXT);
	assert_ok(db_demand_import(s->db->db, "shop", "lb", START_MS - N * MINUTE_MS,
				   front, N, START_MS, &added, s->e),
		  s->e);
	assert_ok(db_demand_import(s->db->db, "shop", "web", START_MS - N * MINUTE_MS,
				   back, N, START_MS, &added, s->e),
		  s->e);
	w = play(s, longer_dwell);
	for (size_t i = 0; i < w->n; i++)
		said += strstr(w->v[i].sentence[0],
			       "; the forecast follows lb, whose demand leads by 3m (") !=
			NULL;
	print_message("follows it at %zu of %zu moments\n", said, w->n);
	assert_true(said > 0 && said > w->n / 2);
}

static void a_time_before_the_first_demand_is_not_played(void **state)
{
	struct scene *s = *state;
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	CLEANUP(whatif_free) struct whatif *w = NULL;
	struct whatif_question q = { .settings = { &t, &t },
				     .from_ms = START_MS - 20 * DAY_MS,
				     .to_ms = START_MS };

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	record_past(s);
	assert_ok(db_tier_get(s->db->db, "shop", "web", &t, s->e), s->e);
	assert_ok(whatif_simulate(s->db->db, &q, &w, s->e), s->e);
	/* The first half hour of it has no values. */
	assert_int_equal(w->from_ms,
			 START_MS - (PAST_DAYS + PLAYED_DAYS) * DAY_MS + 30 * MINUTE_MS);
	assert_int_equal(w->missing, 5 * 30);
}

static int play_fails(struct scene *s, double capacity, int64_t from_ms, int64_t to_ms)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	CLEANUP(whatif_free) struct whatif *w = NULL;
	struct whatif_question q = { .settings = { &t, &t },
				     .from_ms = from_ms,
				     .to_ms = to_ms };

	assert_ok(db_tier_get(s->db->db, "shop", "web", &t, s->e), s->e);
	t.capacity = capacity;
	return whatif_simulate(s->db->db, &q, &w, s->e);
}

static void what_cannot_be_played_is_said(void **state)
{
	struct scene *s = *state;

	scene_apply(s, WEB("min = 1\nmax = 8\n"), TEXT);
	assert_int_equal(play_fails(s, 10, START_MS - DAY_MS, START_MS), ERR_CONFLICT);
	assert_non_null(strstr(s->e->msg, "nothing to replay"));
	record_past(s);
	assert_int_equal(play_fails(s, 0, START_MS - DAY_MS, START_MS), ERR_CONFLICT);
	assert_non_null(strstr(s->e->msg, "no capacity"));
	assert_int_equal(play_fails(s, 10, START_MS - 22 * DAY_MS, START_MS), ERR_INVAL);
	assert_int_equal(play_fails(s, 10, START_MS - 10000, START_MS), ERR_INVAL);
	assert_int_equal(play_fails(s, 10, START_MS - DAY_MS, START_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_recorded_decision_of_two_days_is_repeated_bit_by_bit),
		SCENE_TEST(a_row_that_says_another_thing_is_told_by_its_field),
		SCENE_TEST(the_version_that_recorded_it_is_said),
		SCENE_TEST(a_row_without_a_record_or_with_a_bad_one_says_so),
		SCENE_TEST(the_same_settings_differ_nowhere),
		SCENE_TEST(a_higher_maximum_is_short_for_no_longer),
		SCENE_TEST(a_lower_risk_is_short_for_no_longer),
		SCENE_TEST(a_longer_dwell_changes_less_often),
		SCENE_TEST(a_tier_that_is_only_observed_stays_as_it_was),
		SCENE_TEST(another_schedule_is_obeyed_on_the_stacks_clock),
		SCENE_TEST(a_hold_of_the_time_holds_again),
		SCENE_TEST(an_event_of_the_time_is_counted_with_again),
		SCENE_TEST(the_same_question_has_the_same_answer),
		SCENE_TEST(what_follows_another_tier_follows_it_when_it_is_played),
		SCENE_TEST(a_time_before_the_first_demand_is_not_played),
		SCENE_TEST(what_cannot_be_played_is_said),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
