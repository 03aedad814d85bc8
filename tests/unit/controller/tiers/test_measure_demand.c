/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sources of a demand are waited for, while instances come and go.
 */
#include "tiers_fixture.h"

#define HOUR_MS INT64_C(3600000)
#define APP(min)                                                                      \
	WEB("min = 1\ndemand = sum(load) + sum(busy{tier=\"app\"})\ncapacity = 10\n") \
	"[tier app]\nunit = app@.service\npool = p\nmax = 2\nmin = " min "\n"

static void has_unit(struct court *c, const char *name, const char *host,
		     int64_t served_ms)
{
	struct fleet_unit *u;

	scene_load(c->s);
	u = scene_unit(c->s, name);
	if (!u)
		u = fleet_unit_add(c->s->f, fleet_tier(c->s->f, "shop", "web"), name);
	fleet_unit_set(u, &u->u.host, host);
	u->u.healthy_ms = served_ms;
	u->dirty = true;
	fleet_index(c->s->f);
	scene_save(c->s);
}

static void is_drained(struct court *c, const char *name)
{
	scene_load(c->s);
	scene_unit(c->s, name)->gone = true;
	scene_save(c->s);
}

/* As a round does when it finds that its host is lost. */
static void is_lost(struct court *c, const char *name)
{
	struct fleet_unit *u;

	scene_load(c->s);
	u = scene_unit(c->s, name);
	assert_ok(db_host_set_state(c->s->db->db, u->u.host, DB_HOST_TERMINATING, "lost",
				    c->s->now_ms, c->s->e),
		  c->s->e);
	fleet_unit_set(u, &u->u.host, "");
	u->u.placed_ms = u->u.healthy_ms = 0;
	u->u.wanted_ms = c->s->now_ms;
	scene_save(c->s);
}

static void reports_load(struct court *c, const char *unit, const char *host, double load)
{
	CLEANUP(free)
	char *labels = xasprintf("host=\"%s\",stack=\"shop\",tier=\"web\",unit=\"%s\"",
				 host, unit);
	const struct db_sample_in in = { "load", labels, DB_GAUGE, c->s->now_ms, load };

	assert_ok(db_samples_add(c->s->db->db, &in, 1, c->s->now_ms, NULL, c->s->e),
		  c->s->e);
}

static void reports(struct court *c, const char *unit, const char *host)
{
	reports_load(c, unit, host, 20);
}

/* What is said to be missing after a tick, "" nothing; valid until the next. */
static const char *missing(struct court *c)
{
	static char text[256];
	CLEANUP(json_decref) json_t *live = NULL;
	const char *s;

	scene_load(c->s);
	for (size_t i = 0; i < c->s->f->n_units; i++) {
		struct fleet_unit *u = &c->s->f->units[i];

		u->away = u->host && u->host->h.is_replaced;
		u->healthy = u->u.healthy_ms != 0 && !u->away;
	}
	fleet_index(c->s->f);
	decide_all(c, false);
	live = tiers_live(c->tiers, "shop", "web");
	s = json_string_value(
		json_object_get(json_object_get(live, "demand"), "missing"));
	snprintf(text, sizeof(text), "%s", s ? s : "");
	return text;
}

/* `ticks` of them, in which web@1 reports from a and web@3 from at; "": nowhere. Ends at
 * the first in which something is missing. */
static const char *play(struct court *c, int ticks, const char *at)
{
	const char *what = "";

	for (int i = 0; i < ticks && !*what; i++) {
		c->s->now_ms += TICK_MS;
		reports(c, "web@1.service", "a");
		if (*at)
			reports(c, "web@3.service", at);
		what = missing(c);
	}
	return what;
}

static void start(struct court *c)
{
	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	scene_host(c->s, "a", "p", DB_HOST_UP);
	scene_host(c->s, "b", "p", DB_HOST_UP);
	has_unit(c, "web@1.service", "a", c->s->now_ms);
	has_unit(c, "web@3.service", "b", c->s->now_ms);
	assert_string_equal(play(c, 30, "b"), "");
}

static void a_name_that_is_given_anew_is_waited_for_once_it_serves(void **state)
{
	struct court *c = *state;
	double minutes[5];
	int64_t morning_ms;

	start(c);
	is_drained(c, "web@3.service");
	assert_string_equal(play(c, 30, ""), "");
	c->s->now_ms += 12 * HOUR_MS;
	assert_string_equal(play(c, 6, ""), "");
	morning_ms = c->s->now_ms / 60000 * 60000 + 60000;
	has_unit(c, "web@3.service", "", 0);
	assert_string_equal(play(c, 15, ""), "");
	has_unit(c, "web@3.service", "a", 0);
	assert_string_equal(play(c, 15, ""), "");
	has_unit(c, "web@3.service", "a", c->s->now_ms);
	assert_string_equal(play(c, 6, ""), "");
	assert_string_equal(play(c, 30, "a"), "");
	/* Its minutes are recorded all the while. */
	assert_ok(db_demand_range(c->s->db->db, "shop", "web", morning_ms, minutes,
				  ARRAY_SIZE(minutes), c->s->e),
		  c->s->e);
	for (size_t i = 0; i < ARRAY_SIZE(minutes); i++)
		assert_close(minutes[i], 20, 1e-6);
	/* It is one that serves now. */
	assert_string_equal(play(c, 6, ""),
			    "no metrics from web@3.service on host a for 20s");
}

/* Soon enough that it could be one that was lost, but its host is there. */
static void nor_is_it_when_it_was_drained_just_before(void **state)
{
	struct court *c = *state;

	start(c);
	is_drained(c, "web@3.service");
	assert_string_equal(play(c, 6, ""), "");
	has_unit(c, "web@3.service", "", 0);
	assert_string_equal(play(c, 18, ""), "");
}

static void one_that_serves_and_says_nothing_is_missing(void **state)
{
	struct court *c = *state;

	start(c);
	is_drained(c, "web@3.service");
	assert_string_equal(play(c, 30, ""), "");
	has_unit(c, "web@3.service", "a", c->s->now_ms);
	assert_string_equal(play(c, 9, ""), "");
	assert_string_equal(play(c, 1, ""),
			    "no metrics from web@3.service on host b for 6m");
}

static void one_that_is_away_is_missing_until_others_carry_its_tier(void **state)
{
	static const char *const others[] = { "web@2.service", "web@4.service",
					      "web@5.service", "web@6.service",
					      "web@7.service", "web@8.service" };
	struct court *c = *state;
	const char *what = "";

	start(c);
	assert_ok(db_host_set_unknown(c->s->db->db, "b", c->s->now_ms, true, c->s->e),
		  c->s->e);
	assert_non_null(strstr(play(c, 30, ""), "web@3"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		has_unit(c, others[i], "a", c->s->now_ms);
	for (int k = 0; k < 10; k++) {
		c->s->now_ms += TICK_MS;
		reports(c, "web@1.service", "a");
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			reports_load(c, others[i], "a", 1);
		what = missing(c);
	}
	assert_string_equal(what, "");
}

static void one_on_a_lost_host_is_missing_until_it_reports_from_elsewhere(void **state)
{
	struct court *c = *state;

	start(c);
	assert_string_equal(play(c, 1, ""), "");
	is_lost(c, "web@3.service");
	for (int i = 0; i < 30; i++)
		assert_non_null(strstr(play(c, 1, ""),
				       "no metrics from web@3.service on host b for "));
	has_unit(c, "web@3.service", "a", c->s->now_ms);
	assert_string_not_equal(play(c, 1, ""), "");
	assert_string_equal(play(c, 30, "a"), "");
}

static void a_standby_is_waited_for_an_hour(void **state)
{
	struct court *c = *state;

	start(c);
	has_unit(c, "web@2.service", "a", c->s->now_ms);
	assert_string_equal(play(c, 9, "b"), "");
	assert_string_equal(play(c, 1, "b"), "no metrics from web@2.service yet");
	c->s->now_ms += HOUR_MS;
	assert_string_equal(play(c, 30, "b"), "");
}

static void the_metrics_of_a_tier_that_rests_are_not_waited_for(void **state)
{
	struct court *c = *state;

	scene_apply(c->s, APP("0"), TEXT);
	scene_host(c->s, "a", "p", DB_HOST_UP);
	has_unit(c, "web@1.service", "a", c->s->now_ms);
	assert_string_equal(play(c, 12, ""), "");
	scene_apply(c->s, APP("1"), TEXT);
	(void)play(c, 1, "");
	assert_string_equal(play(c, 1, ""), "no series matches busy{tier=\"app\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(a_name_that_is_given_anew_is_waited_for_once_it_serves),
		COURT_TEST(nor_is_it_when_it_was_drained_just_before),
		COURT_TEST(one_that_serves_and_says_nothing_is_missing),
		COURT_TEST(one_that_is_away_is_missing_until_others_carry_its_tier),
		COURT_TEST(one_on_a_lost_host_is_missing_until_it_reports_from_elsewhere),
		COURT_TEST(a_standby_is_waited_for_an_hour),
		COURT_TEST(the_metrics_of_a_tier_that_rests_are_not_waited_for),
	};

	return cmocka_run_group_tests_name("measure_demand", tests, NULL, NULL);
}
