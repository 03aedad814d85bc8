/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A day decided twice: by the tick, every ten seconds on samples of a database, and by
 * the policy and the rule on the minutes, as `foretide decide --jsonl` does it.
 */
#include "tiers_fixture.h"

#include "policy.h"

#include <math.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MINUTES 1440
#define TICKS (MINUTE_MS / TICK_MS) /* a minute */
#define HISTORY_DAYS 8
#define LEAD_MINUTES 3
#define START_MS (NOW_MS / MINUTE_MS * MINUTE_MS)

/* ---------------------------------------------------------------- series */

struct chance {
	uint64_t x;
};

/* Between 0 and 1, neither of them; Knuth's MMIX generator. */
static double uniform(struct chance *c)
{
	c->x = c->x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(c->x >> 11) + 0.5) / 9007199254740992.0;
}

/* A count of so many expected events. */
static double poisson(struct chance *c, double mean)
{
	double n = 0;

	if (mean > 100)
		return fmax(round(mean + sqrt(-2 * mean * log(uniform(c))) *
						 cos(2 * M_PI * uniform(c))),
			    0);
	for (double at = -log(uniform(c)); at < mean; at -= log(uniform(c)))
		n++;
	return n;
}

typedef double rate_fn(int64_t minute); /* expected, per second */

static double seasonal(int64_t minute)
{
	return 90 - 70 * cos(2 * M_PI * (double)minute / DAY_MINUTES);
}

/* Up to four times the rate and back within half an hour, every few hours; no faster than
 * what the noise of ten seconds hides. */
static double bursty(int64_t minute)
{
	const int64_t at = (minute + HISTORY_DAYS * DAY_MINUTES) % 227;

	return 40 + 8 * (double)MAX(MIN(at, 30 - at), INT64_C(0));
}

/* Forty a second, but for a minute that nothing announced. */
#define RUSH_MINUTE 5
static double rush(int64_t minute)
{
	return minute == RUSH_MINUTE ? 300 : 40;
}

static double constant(int64_t minute)
{
	(void)minute;
	return 3;
}

/* ---------------------------------------------------------------- both */

/* Instances serve a lead time after they were asked for, and go at once. */
struct twin {
	int64_t desired;
	int64_t asked[LEAD_MINUTES + 1]; /* minute by minute; a ring */
};

static int64_t serving(const struct twin *t)
{
	int64_t n = t->desired;

	for (size_t k = 0; k < ARRAY_SIZE(t->asked); k++)
		n = MIN(n, t->asked[k]);
	return n;
}

static void ask(struct twin *t, int64_t minute, int64_t desired)
{
	t->desired = desired;
	t->asked[minute % (int64_t)ARRAY_SIZE(t->asked)] = desired;
}

/* On minutes; what cli/decide.c does. */
struct command {
	struct demand_model *model;
	struct policy policy;
	struct policy_settings settings;
	struct decide_state state;
	struct decide_plan plan;
	struct twin twin;
};

static void command_init(struct command *k, const struct db_tier *t, const double *y,
			 size_t n, struct err *e)
{
	const struct demand_opts o =
		policy_model_opts(MINUTE_MS, LEAD_MINUTES * MINUTE_MS);

	*k = (struct command){ .settings = tier_policy_settings(
				       t, NULL, LEAD_MINUTES * MINUTE_MS) };
	policy_init(&k->policy, &o, &k->settings);
	assert_ok(demand_model_new(&o, &k->model, e), e);
	assert_ok(policy_train(&k->policy, &k->settings, k->model,
			       &(struct policy_past){ .y = y,
						      .n = n,
						      .t0_ms = START_MS -
							       (int64_t)n * MINUTE_MS },
			       e),
		  e);
}

static int64_t command_decide(struct command *k, int64_t now_ms, double demand)
{
	const int64_t running = serving(&k->twin);
	struct decide_input in;

	policy_input(&k->policy, &k->settings, now_ms, demand, running,
		     k->twin.desired - running, &in);
	policy_fill(&k->policy, &k->settings, k->model, NULL, &in, NULL);
	decide(&in, &k->state, &k->plan);
	return k->plan.desired;
}

static int64_t command_step(struct command *k, int64_t start_ms, double demand,
			    struct err *e)
{
	const bool is_bound = k->plan.would_binding == DECIDE_BY_MIN;

	assert_ok(demand_model_update(k->model, start_ms, demand, e), e);
	policy_observe(&k->policy, &k->settings, NULL, demand, serving(&k->twin),
		       is_bound);
	return command_decide(k, start_ms + MINUTE_MS, demand);
}

/* A tick with this sample and fleet. */
static int64_t tick_with(struct court *c, const struct twin *t, int64_t now_ms,
			 double sample)
{
	struct fleet_tier *web;

	c->s->now_ms = now_ms;
	measure(c, sample);
	scene_load(c->s);
	web = fleet_tier(c->s->f, "shop", "web");
	web->healthy = (size_t)serving(t);
	web->running = (size_t)t->desired;
	decide_all(c, false);
	return web->t.desired;
}

static void record_history(struct court *c, const double *y, size_t n)
{
	size_t added;

	assert_ok(db_demand_import(c->s->db->db, "shop", "web",
				   START_MS - (int64_t)n * MINUTE_MS, y, n, START_MS,
				   &added, c->s->e),
		  c->s->e);
	assert_int_equal(added, n);
}

static void assert_same(struct court *c, const struct command *k, int64_t minute,
			int64_t tick, int64_t by_tick)
{
	if (by_tick != k->plan.desired)
		fail_msg("minute %lld, tick %lld: %lld, the command %lld\n%s\n%s",
			 (long long)minute, (long long)tick, (long long)by_tick,
			 (long long)k->plan.desired,
			 fleet_tier(c->s->f, "shop", "web")->t.explanation_json,
			 k->plan.sentence);
}

/* The first tick of a minute decides on the minute before, the others on the same. */
static size_t play_day(struct court *c, struct command *k, rate_fn *rate,
		       struct chance *chance)
{
	struct twin t = k->twin;
	double sum = 0;
	size_t changes = 0;

	for (int64_t minute = 0; minute <= DAY_MINUTES; minute++) {
		const int64_t start_ms = START_MS + minute * MINUTE_MS;

		if (minute > 0)
			command_step(k, start_ms - MINUTE_MS, sum / TICKS, c->s->e);
		sum = 0;
		for (int64_t i = 0; i < TICKS; i++) {
			const double sample =
				poisson(chance, rate(minute) * TICK_MS / 1000) /
				(TICK_MS / 1000.0);
			const int64_t before = t.desired;

			sum += sample;
			t.desired = tick_with(c, &t, start_ms + i * TICK_MS, sample);
			if (i == 0 && minute == 0)
				command_decide(k, start_ms, sample);
			assert_same(c, k, minute, i, t.desired);
			changes += t.desired != before;
		}
		ask(&t, minute, t.desired);
		ask(&k->twin, minute, k->plan.desired);
	}
	return changes;
}

/* Both at the start, with the same history; the caller frees the command's model. */
static void begin(struct court *c, const char *more, rate_fn *rate, struct chance *chance,
		  struct command *ret)
{
	const size_t n = HISTORY_DAYS * DAY_MINUTES;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	CLEANUP(free)
	char *conf =
		xasprintf("[stack]\nname = shop\n[pool p]\ndriver = fake\n[tier web]\n"
			  "unit = web@.service\npool = p\nlead_prior = 3m\n"
			  "demand = sum(load)\n%s",
			  more);
	CLEANUP(db_tier_done) struct db_tier tier = { 0 };

	scene_apply(c->s, conf, TEXT);
	for (size_t i = 0; i < n; i++)
		y[i] = poisson(chance, 60 * rate((int64_t)i - (int64_t)n)) / 60;
	record_history(c, y, n);
	assert_ok(db_tier_get(c->s->db->db, "shop", "web", &tier, c->s->e), c->s->e);
	command_init(ret, &tier, y, n, c->s->e);
	for (int64_t i = 0; i < (int64_t)ARRAY_SIZE(ret->twin.asked); i++)
		ask(&ret->twin, i, (int64_t)ceil(y[n - 1] / tier.capacity));
}

static void play(struct court *c, const char *more, rate_fn *rate, size_t least_changes)
{
	struct chance chance = { 7 };
	struct command k;
	size_t changes;

	begin(c, more, rate, &chance, &k);
	changes = play_day(c, &k, rate, &chance);
	print_message("%zu changes\n", changes);
	demand_model_free(k.model);
	assert_true(changes >= least_changes);
}

static void a_seasonal_day_is_decided_as_the_command_does(void **state)
{
	play(*state, "min = 1\nmax = 500\ncapacity = 10\n", seasonal, 10);
}

static void a_day_of_bursts_is_decided_as_the_command_does(void **state)
{
	play(*state, "min = 1\nmax = 500\ncapacity = 10\n", bursty, 6);
}

static void a_constant_rate_is_decided_as_the_command_does(void **state)
{
	play(*state, "min = 1\nmax = 500\ncapacity = 1\n", constant, 1);
}

/* The one difference: of more than the noise of ten seconds the tick is certain at once,
 * where the command waits for the end of the minute. */
static void what_no_noise_explains_is_served_within_the_minute(void **state)
{
	struct court *c = *state;
	struct chance chance = { 7 };
	struct twin t;
	struct command k;

	begin(c, "min = 1\nmax = 500\ncapacity = 10\n", rush, &chance, &k);
	demand_model_free(k.model);
	t = k.twin;
	for (int64_t i = 0; i <= RUSH_MINUTE * TICKS; i++) {
		const double sample = poisson(&chance, rush(i / TICKS) * TICK_MS / 1000) /
				      (TICK_MS / 1000.0);

		assert_in_range(t.desired, 4, 6);
		t.desired = tick_with(c, &t, START_MS + i * TICK_MS, sample);
		ask(&t, i, t.desired);
	}
	assert_in_range(t.desired, 25, 31);
	assert_true(explained(c, "\"binding\":\"demand\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(a_seasonal_day_is_decided_as_the_command_does),
		COURT_TEST(a_day_of_bursts_is_decided_as_the_command_does),
		COURT_TEST(a_constant_rate_is_decided_as_the_command_does),
		COURT_TEST(what_no_noise_explains_is_served_within_the_minute),
	};

	return cmocka_run_group_tests_name("same_decisions", tests, NULL, NULL);
}
