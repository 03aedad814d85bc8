/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a tier's instances serve is learned from what they are seen to do, tick
 * by tick. */
#include "tiers_fixture.h"

#include "instance_capacity.h"

#include <gsl/gsl_errno.h>

#define MINUTE_MS 60000
#define PERIOD 360 /* minutes from one peak of demand to the next */
#define INSTANCES 9
#define TIER                                                          \
	WEB("min = 1\nmode = auto\nstep_in = 0\ndemand = sum(load)\n" \
	    "capacity_unit = req/s\n")
#define FULL 20.0 /* demand that fills an instance */
#define IDLE 0.05
#define TRUE_CAPACITY ((0.7 - IDLE) / (1 - IDLE) * FULL)

/* A web tier whose instances are there as soon as they are wanted. */
struct town {
	struct court *c;
	double full;           /* demand that fills an instance */
	double cpu[INSTANCES]; /* seconds */
	int64_t n;
	size_t minute;
	bool is_blind; /* CPU time is not told */
};

static int town_setup(void **state)
{
	struct town *t = xcalloc(1, sizeof(*t));

	court_setup((void **)&t->c);
	t->full = FULL;
	t->n = 1;
	for (int i = 0; i < INSTANCES; i++) {
		CLEANUP(free) char *id = xasprintf("p-%08d", i);

		scene_host(t->c->s, id, "p", DB_HOST_UP);
	}
	*state = t;
	return 0;
}

static int town_teardown(void **state)
{
	struct town *t = *state;

	court_teardown((void **)&t->c);
	free(t);
	return 0;
}

/* The fleet as it is read at the start of a tick: n instances, each on a host. */
static void people(struct town *t)
{
	struct scene *s = t->c->s;

	scene_load(s);
	for (int64_t i = 0; i < t->n; i++) {
		CLEANUP(free) char *name = xasprintf("web@%d.service", (int)i);

		(void)fleet_unit_add(s->f, fleet_tier(s->f, "shop", "web"), name);
	}
	for (size_t i = 0; i < s->f->n_hosts; i++)
		s->f->hosts[i].alive = true;
	for (size_t i = 0; i < s->f->n_units; i++) {
		CLEANUP(free) char *id = xasprintf("p-%08zu", i);

		s->f->units[i].u.goal = DB_GOAL_RUN;
		s->f->units[i].healthy = true;
		fleet_unit_set(&s->f->units[i], &s->f->units[i].u.host, id);
	}
	fleet_index(s->f);
}

/* Each instance's CPU time of a minute; four cores a host. */
static void work(struct town *t, double demand)
{
	struct scene *s = t->c->s;

	for (int64_t i = 0; i < t->n && !t->is_blind; i++) {
		CLEANUP(free)
		char *labels = xasprintf("host=\"p-%08d\",stack=\"shop\",tier=\"web\","
					 "unit=\"web@%d.service\"",
					 (int)i, (int)i);
		double busy = IDLE + (1 - IDLE) * demand / (double)t->n / t->full;
		struct db_sample_in in = { "unit_cpu_seconds_total", labels, DB_COUNTER,
					   s->now_ms, 0 };

		/* Within three in a hundred, in turn. */
		busy *= 1 + 0.03 * sin((double)t->minute * 2.3 + (double)i);
		t->cpu[i] += 60 * 4 * fmin(busy, 1);
		in.v = t->cpu[i];
		assert_ok(db_samples_add(s->db->db, &in, 1, s->now_ms, NULL, s->e), s->e);
	}
}

static void minute(struct town *t, double demand)
{
	struct scene *s = t->c->s;

	s->now_ms += MINUTE_MS;
	t->minute++;
	work(t, demand);
	measure(t->c, demand);
	people(t);
	assert_ok(tiers_decide(t->c->tiers, s->f,
			       &(struct tiers_context){ .events = &t->c->events,
							.tick_ms = MINUTE_MS },
			       s->e),
		  s->e);
	t->n = fleet_tier(s->f, "shop", "web")->t.desired;
}

/* Demand from low to high and back. */
static double tide(const struct town *t, double low, double high)
{
	return low +
	       (high - low) * (0.5 - 0.5 * cos(2 * M_PI * (double)t->minute / PERIOD));
}

static void tides(struct town *t, size_t minutes, double low, double high)
{
	for (size_t i = 0; i < minutes; i++)
		minute(t, tide(t, low, high));
}

static json_t *learned(struct town *t)
{
	json_t *live = tiers_live(t->c->tiers, "shop", "web");
	json_t *o = json_incref(json_object_get(live, "capacity_learned"));

	json_decref(live);
	assert_non_null(o);
	return o;
}

static double in_force(struct town *t)
{
	json_t *live = tiers_live(t->c->tiers, "shop", "web");
	double v = json_number_value(json_object_get(live, "capacity"));

	json_decref(live);
	return v;
}

static const char *used(const json_t *o)
{
	return json_string_value(json_object_get(o, "used"));
}

/* The message of the newest event of a kind; NULL. */
static char *event(struct town *t, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	struct db_event_filter page = { .limit = 100, .newest = true };

	assert_ok(db_event_list(t->c->s->db->db, &page, &l, t->c->s->e), t->c->s->e);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.v[i].kind, kind) == 0)
			return xstrdup(l.v[i].message);
	return NULL;
}

/* ---------------------------------------------------------------- tests */

static void a_tier_without_capacity_scales_by_what_it_learns(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(t->c->s, TIER, TEXT);
	tides(t, 4 * PERIOD + PERIOD / 2, 2, 40);
	o = learned(t);
	assert_string_equal(used(o), "learned");
	assert_string_equal(json_string_value(json_object_get(o, "model")),
			    "utilisation");
	assert_close(json_number_value(json_object_get(o, "value")), TRUE_CAPACITY,
		     0.05 * TRUE_CAPACITY);
	assert_close(in_force(t), TRUE_CAPACITY, 0.15 * TRUE_CAPACITY);
	/* At the peak of 40: 3 at the least, and the forecast's share on top. */
	assert_in_range(t->n, 3, 5);
	assert_true(explained(t->c, "req/s per instance, learned)"));
	assert_true(explained(t->c, "\"capacity_source\":\"learned\""));
}

static void until_it_is_known_a_cautious_value_is_used(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(t->c->s, TIER, TEXT);
	for (int i = 0; i < 20; i++)
		minute(t, 2);
	o = learned(t);
	assert_string_equal(used(o), "cautious");
	assert_true(json_is_null(json_object_get(o, "value")));
	/* Twice what one was seen to serve. */
	assert_close(in_force(t), 4, 0.4);
	assert_int_equal(t->n, 1);
	minute(t, 10);
	assert_true(t->n >= 3);
	assert_true(explained(t->c, "per instance, cautious: there are only"));
}

static void nothing_is_used_where_nothing_is_measured(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(t->c->s, TIER, TEXT);
	t->is_blind = true;
	for (int i = 0; i < 10; i++)
		minute(t, 30);
	o = learned(t);
	assert_string_equal(used(o), "none");
	assert_close(in_force(t), 0, 0);
	assert_int_equal(t->n, 1);
	assert_true(explained(t->c, "the capacity of an instance is not known (not all "
				    "of its instances report their CPU time)"));
}

static void an_expression_says_how_busy_it_is(void **state)
{
	struct town *t = *state;
	struct scene *s = t->c->s;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(s,
		    TIER "utilisation = avg(workers_busy) / 8\n"
			 "target_utilisation = 50%\n",
		    TEXT);
	t->is_blind = true;
	for (size_t i = 0; i < 2 * PERIOD; i++) {
		const double demand = tide(t, 2, 40);
		struct db_sample_in in = { "workers_busy", "stack=\"shop\"", DB_GAUGE,
					   s->now_ms + MINUTE_MS,
					   8 * fmin(demand / (double)t->n / FULL, 1) };

		assert_ok(db_samples_add(s->db->db, &in, 1, in.t_ms, NULL, s->e), s->e);
		minute(t, demand);
	}
	o = learned(t);
	assert_string_equal(used(o), "learned");
	assert_close(json_number_value(json_object_get(o, "value")), FULL / 2, 1);
}

static void a_restart_keeps_what_was_learned(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *before = NULL;
	CLEANUP(json_decref) json_t *after = NULL;
	double was;

	scene_apply(t->c->s, TIER, TEXT);
	tides(t, 3 * PERIOD, 2, 40);
	before = learned(t);
	was = in_force(t);
	tiers_free(t->c->tiers);
	t->c->tiers = tiers_new(t->c->s->db->db);
	minute(t, tide(t, 2, 40));
	after = learned(t);
	assert_string_equal(used(after), "learned");
	assert_close(json_number_value(json_object_get(after, "value")),
		     json_number_value(json_object_get(before, "value")), 0.5);
	assert_close(in_force(t), was, 1e-9);
	assert_true(json_integer_value(json_object_get(after, "points")) > 100);
}

/* Also what was fitted is of a time to come then. */
static void a_clock_that_is_set_back_stops_no_learning(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(t->c->s, TIER, TEXT);
	minute(t, 10);
	t->c->s->now_ms -= INT64_C(365) * 86400000;
	tides(t, 3 * PERIOD, 2, 40);
	o = learned(t);
	assert_string_equal(used(o), "learned");
}

static void a_release_that_halves_it_is_said_and_scaled_for(void **state)
{
	struct town *t = *state;
	CLEANUP(free) char *message = NULL;
	int64_t before;
	size_t noticed = 0;

	scene_apply(t->c->s, TIER, TEXT);
	tides(t, 4 * PERIOD, 2, 40);
	for (int i = 0; i < 30; i++)
		minute(t, 20);
	before = t->n;
	assert_null(event(t, "capacity-changed"));
	scene_apply(t->c->s, TIER "priority = 1\n", TEXT);
	t->full = FULL / 2;
	while (!message && noticed < 12) {
		minute(t, 20);
		noticed++;
		message = event(t, "capacity-changed");
	}
	assert_non_null(message);
	assert_in_range(noticed, 1, 11);
	assert_non_null(strstr(message, "an instance of web has served about 6."));
	assert_non_null(strstr(message, "req/s since "));
	assert_non_null(strstr(message, "; before that it served 13."));
	assert_non_null(strstr(message, "; version 2 was applied at "));
	/* For half of what it was, and more than three of that. */
	assert_close(in_force(t), TRUE_CAPACITY / 2, 0.1 * TRUE_CAPACITY);
	assert_true(t->n >= 4 && t->n > before);
	assert_true(explained(t->c, "; it was 13."));
}

static void in_force_stays_through_noise(void **state)
{
	struct town *t = *state;
	size_t changes = 0;
	double last;

	scene_apply(t->c->s, TIER, TEXT);
	tides(t, 2 * PERIOD, 2, 40);
	last = in_force(t);
	for (size_t i = 0; i < 2 * PERIOD; i++) {
		minute(t, tide(t, 2, 40));
		changes += in_force(t) < last || in_force(t) > last;
		last = in_force(t);
	}
	assert_in_range(changes, 0, 2);
}

static void the_declared_is_used_and_a_contradiction_is_said(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;
	CLEANUP(free) char *message = NULL;

	scene_apply(t->c->s, TIER "capacity = 30\n", TEXT);
	tides(t, 2 * PERIOD, 2, 40);
	assert_close(in_force(t), 30, 0);
	o = learned(t);
	assert_string_equal(used(o), "declared");
	assert_close(json_number_value(json_object_get(o, "value")), TRUE_CAPACITY, 1);
	message = event(t, "capacity-contradicted");
	assert_non_null(message);
	assert_non_null(strstr(message, "is declared to serve 30 req/s, but serves 13."));
	assert_true(explained(t->c, "per instance, declared; 13."));
}

static void another_demand_is_learned_anew(void **state)
{
	struct town *t = *state;
	CLEANUP(json_decref) json_t *o = NULL;

	scene_apply(t->c->s, TIER, TEXT);
	tides(t, 2 * PERIOD, 2, 40);
	scene_apply(t->c->s, TIER "priority = 1\n", TEXT);
	minute(t, 20);
	o = learned(t);
	assert_string_equal(used(o), "learned");
	json_decref(o);
	scene_apply(t->c->s,
		    WEB("min = 1\nmode = auto\nstep_in = 0\n"
			"demand = sum(load) * 60\ncapacity_unit = req/min\n"),
		    TEXT);
	minute(t, 20);
	o = learned(t);
	assert_string_not_equal(used(o), "learned");
	assert_int_equal(json_integer_value(json_object_get(o, "points")), 0);
}

#define TOWN_TEST(fn) cmocka_unit_test_setup_teardown(fn, town_setup, town_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOWN_TEST(a_tier_without_capacity_scales_by_what_it_learns),
		TOWN_TEST(until_it_is_known_a_cautious_value_is_used),
		TOWN_TEST(nothing_is_used_where_nothing_is_measured),
		TOWN_TEST(an_expression_says_how_busy_it_is),
		TOWN_TEST(a_restart_keeps_what_was_learned),
		TOWN_TEST(a_clock_that_is_set_back_stops_no_learning),
		TOWN_TEST(a_release_that_halves_it_is_said_and_scaled_for),
		TOWN_TEST(in_force_stays_through_noise),
		TOWN_TEST(the_declared_is_used_and_a_contradiction_is_said),
		TOWN_TEST(another_demand_is_learned_anew),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests_name("tier_capacity", tests, NULL, NULL);
}
