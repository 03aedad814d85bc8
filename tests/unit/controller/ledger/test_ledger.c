/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "enter.h"
#include "judge.h"
#include "ledger.h"
#include "samples.h"
#include "sql.h"

#include <math.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define UNIT_TEXT "[Service]\nExecStart=/bin/true\n"
#define STACK(pool)                                                                  \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n" pool              \
	"[tier web]\nunit = web@.service\npool = p\nmax = 9\ncapacity = 10\nrisk = " \
	"0.01\n"
#define APP \
	"[tier app]\nunit = app@.service\npool = p\nmax = 9\ncapacity = 10\nprice = 4\n"

struct books {
	struct scene *s;
	struct ledger *l;
	int64_t start_ms; /* a minute's */
	int64_t healthy;  /* instances of each tier */
	bool is_blind;    /* the hosts' states are not fresh */
	int64_t tick_ms;
};

static int setup(void **state)
{
	struct books *b = xcalloc(1, sizeof(*b));

	scene_setup((void **)&b->s);
	b->s->now_ms = b->start_ms = NOW_MS - NOW_MS % (24 * HOUR) + 23 * HOUR;
	b->l = ledger_new(b->s->db->db);
	b->healthy = 1;
	b->tick_ms = 10000;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct books *b = *state;

	ledger_free(b->l);
	scene_teardown((void **)&b->s);
	free(b);
	return 0;
}

/* A round as the tick makes one, with web's demand as measured now; NaN: none. */
static void round_at(struct books *b, int64_t at_ms, double demand)
{
	struct scene *s = b->s;
	const struct db_demand d = { "shop", "web", demand, 0 };

	s->now_ms = at_ms;
	scene_load(s);
	for (size_t i = 0; i < s->f->n_tiers; i++) {
		struct fleet_tier *t = &s->f->tiers[i];

		t->is_decided = true;
		t->lead_ms = 3 * MINUTE;
		t->least = t->t.min;
		t->most = t->t.max;
		t->healthy = (size_t)b->healthy;
	}
	assert_ok(db_demand_add(s->db->db, &d, 1, at_ms, s->e), s->e);
	assert_ok(ledger_round(b->l, s->f,
			       &(struct ledger_moment){ .is_fresh = !b->is_blind,
							.tick_ms = b->tick_ms },
			       s->e),
		  s->e);
}

/* A round a tick for so long from now on. */
static void pass(struct books *b, int64_t ms, double demand)
{
	const int64_t until = b->s->now_ms + ms;

	for (int64_t at = b->s->now_ms; at < until; at += b->tick_ms)
		round_at(b, at, demand);
	b->s->now_ms = until;
}

/* All that is over so far is entered. */
static void close_books(struct books *b)
{
	round_at(b, b->s->now_ms + MINUTE, NAN);
}

/* The sums over all days and months of one tier. */
static struct db_ledger sums(struct books *b, const char *tier)
{
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	const struct db_ledger_filter f = { .by_day = true };
	struct db_ledger sum = { .known = 0 };

	assert_ok(db_ledger_list(b->s->db->db, &f, &l, b->s->e), b->s->e);
	for (size_t i = 0; i < l.n; i++) {
		const struct db_ledger *r = &l.v[i];

		if (strcmp(r->tier, tier) != 0)
			continue;
		sum.known += r->known;
		sum.unknown += r->unknown;
		sum.was_short += r->was_short;
		sum.slow += r->slow;
		sum.at_risk += r->at_risk;
		sum.promised += r->promised;
		sum.priced += r->priced;
		sum.host_ms += r->host_ms;
		sum.paid_ms += r->paid_ms;
		sum.instance_ms += r->instance_ms;
		sum.loaded_ms += r->loaded_ms;
		sum.launches += r->launches;
		sum.failed += r->failed;
		sum.reactive_ms += r->reactive_ms;
		sum.reactive_short += r->reactive_short;
		sum.peak = MAX(sum.peak, r->peak);
	}
	return sum;
}

static void put_host(struct books *b, const char *id, enum db_host_state state,
		     int64_t requested_ms, int64_t gone_ms)
{
	const struct db_host h = { .id = (char *)(uintptr_t)id,
				   .pool = (char *)(uintptr_t) "p",
				   .vm_id = (char *)(uintptr_t) "vm",
				   .state = state,
				   .requested_ms = requested_ms,
				   .gone_ms = gone_ms };

	assert_ok(db_host_put(b->s->db->db, &h, b->s->e), b->s->e);
}

static void put_unit(struct books *b, const char *name, const char *tier,
		     const char *host)
{
	const struct db_unit u = { .name = (char *)(uintptr_t)name,
				   .stack = (char *)(uintptr_t) "shop",
				   .tier = (char *)(uintptr_t)tier,
				   .host = (char *)(uintptr_t)host };

	assert_ok(db_unit_put(b->s->db->db, &u, b->s->e), b->s->e);
}

static void restart(struct books *b)
{
	ledger_free(b->l);
	b->l = ledger_new(b->s->db->db);
}

/* ---------------------------------------------------------------- minutes */

static void a_minute_is_short_when_its_demand_is_above_what_served(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	pass(b, 3 * MINUTE, 10);
	pass(b, 2 * MINUTE, 10.1);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.known, 5);
	assert_int_equal(r.was_short, 2);
	assert_int_equal(r.unknown, 0);
	assert_close(r.promised, 5 * 0.01, 1e-6);
	assert_int_equal(r.peak, 2);
}

static void what_served_is_the_mean_of_the_minute(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	b->healthy = 1;
	pass(b, MINUTE / 2, 15);
	b->healthy = 2;
	pass(b, MINUTE / 2, 15);
	b->healthy = 1;
	pass(b, MINUTE / 3, 15);
	b->healthy = 2;
	pass(b, 2 * MINUTE / 3, 15);
	b->healthy = 2;
	pass(b, MINUTE / 3, 15);
	b->healthy = 1;
	pass(b, 2 * MINUTE / 3, 15);
	close_books(b);
	assert_int_equal(sums(b, "web").known, 3);
	assert_int_equal(sums(b, "web").was_short, 1);
}

static void what_is_not_measured_or_not_seen_is_unknown(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	pass(b, 2 * MINUTE, NAN);
	b->is_blind = true;
	pass(b, 3 * MINUTE, 50);
	b->is_blind = false;
	pass(b, 4 * MINUTE, 5);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.known, 4);
	assert_int_equal(r.unknown, 5);
	assert_int_equal(r.was_short, 0);
	assert_close(r.promised, 0.04, 1e-6);
}

static void between_ticks_of_minutes_nothing_is_known(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	b->tick_ms = 3 * MINUTE;
	pass(b, 30 * MINUTE, 20);
	close_books(b);
	assert_int_equal(sums(b, "web").known, 10);
	assert_int_equal(sums(b, "web").was_short, 10);
	assert_int_equal(sums(b, "web").unknown, 20);
}

static void pass_slow(struct books *b, int64_t ms, double demand, double latency_s)
{
	const int64_t until = b->s->now_ms + ms;

	for (int64_t at = b->s->now_ms; at < until; at += 10000) {
		const struct db_sample_in in = { "lat", "stack=\"shop\"", DB_GAUGE, at,
						 latency_s };

		assert_ok(db_samples_add(b->s->db->db, &in, 1, at, NULL, b->s->e),
			  b->s->e);
		round_at(b, at, demand);
	}
	b->s->now_ms = until;
}

static void a_minute_is_short_when_it_is_slow(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK("") "latency = avg(lat)\nlatency_max = 200ms\n",
		    UNIT_TEXT);
	pass(b, MINUTE, 5);
	pass_slow(b, 3 * MINUTE, 5, 0.19);
	pass_slow(b, 2 * MINUTE, 5, 0.25);
	pass_slow(b, MINUTE, 50, 0.25);
	pass_slow(b, MINUTE, NAN, 0.25); /* and its demand is not known */
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.known, 8);
	assert_int_equal(r.unknown, 0);
	assert_int_equal(r.slow, 4);
	assert_int_equal(r.was_short, 4);
}

static void without_a_bound_no_minute_is_slow(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("") "latency = avg(lat)\n", UNIT_TEXT);
	pass_slow(b, 3 * MINUTE, 5, 9);
	pass_slow(b, MINUTE, NAN, 9);
	close_books(b);
	assert_int_equal(sums(b, "web").was_short, 0);
	assert_int_equal(sums(b, "web").unknown, 1);
}

/* At a start it is not known which latencies are dear. */
static void latencies_share_a_bounded_time_from_the_first_round_on(void **state)
{
	enum { SERIES = 30000, MOST_MS = 250 };
	struct books *b = *state;
	CLEANUP(free) struct db_sample_in *in = xcalloc(SERIES, sizeof(*in));
	CLEANUP(buf_done) struct buf latency;
	CLEANUP(free) char *conf = NULL;
	double before;

	for (size_t i = 0; i < SERIES; i++)
		in[i] = (struct db_sample_in){ "lat",
					       xasprintf("i=\"%05zu\",stack=\"shop\"", i),
					       DB_GAUGE, b->s->now_ms, 1 };
	assert_ok(db_samples_add(b->s->db->db, in, SERIES, b->s->now_ms, NULL, b->s->e),
		  b->s->e);
	for (size_t i = 0; i < SERIES; i++)
		free((char *)(uintptr_t)in[i].labels);
	buf_init(&latency, 8192);
	for (int i = 0; i < 100; i++)
		buf_printf(&latency, "%savg(lat{i!=\"%d\"})", i ? "+" : "", i);
	conf = xasprintf(STACK("") "latency = %s\nlatency_max = 200ms\n" APP
				   "latency = %s\nlatency_max = 200ms\n",
			 buf_str(&latency), buf_str(&latency));
	scene_apply(b->s, conf, UNIT_TEXT);
	before = cpu_ms();
	round_at(b, b->s->now_ms + 1000, 5);
	assert_true(cpu_ms() - before < MOST_MS);
}

static void a_price_is_told_in_place_of_a_risk(void **state)
{
	struct books *b = *state;
	const struct db_demand d = { "shop", "app", 5, NOW_MS };

	scene_apply(b->s, STACK("") APP, UNIT_TEXT);
	for (int i = 0; i < 2; i++) {
		struct db_demand one = d;

		pass(b, MINUTE, 5);
		one.at_ms = b->s->now_ms - 1000;
		assert_ok(db_demand_add(b->s->db->db, &one, 1, b->s->now_ms, b->s->e),
			  b->s->e);
	}
	close_books(b);
	assert_int_equal(sums(b, "app").known, 2);
	assert_int_equal(sums(b, "app").at_risk, 0);
	assert_close(sums(b, "app").priced, 8, 1e-6);
	assert_int_equal(sums(b, "web").at_risk, 2);
}

static void a_minute_is_entered_once_over_restarts(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	for (int i = 0; i < 5; i++) {
		pass(b, 7 * MINUTE + 20000, 20);
		restart(b);
	}
	b->s->now_ms += 30 * MINUTE; /* away */
	pass(b, 5 * MINUTE + 20000, 20);
	close_books(b);
	r = sums(b, "web");
	/* The first minute began with the first round. */
	assert_int_equal(r.known + r.unknown,
			 (b->s->now_ms - MINUTE - b->start_ms) / MINUTE);
	assert_int_equal(r.was_short, r.known);
	/* The open minutes are saved: only those of its absence are unknown. */
	assert_in_range(r.unknown, 29, 30);
}

static void a_clock_that_jumps_enters_no_minute_twice(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	pass(b, 10 * MINUTE, 5);
	b->s->now_ms -= 4 * MINUTE;
	pass(b, 14 * MINUTE, 5);
	b->s->now_ms += 2 * HOUR;
	pass(b, 10 * MINUTE, 5);
	b->s->now_ms -= 3 * HOUR;
	pass(b, 10 * MINUTE, 5);
	b->s->now_ms = b->start_ms + 4 * HOUR;
	pass(b, 10 * MINUTE, 5);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.known + r.unknown,
			 (b->s->now_ms - MINUTE - b->start_ms) / MINUTE);
	assert_true(r.known >= 35 && r.known <= 42);
}

static void a_removed_tier_keeps_its_rows_and_begins_anew(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("") APP, UNIT_TEXT);
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "app").unknown, 5);
	scene_apply(b->s, STACK(""), UNIT_TEXT);
	pass(b, 10 * MINUTE, 5);
	assert_int_equal(sums(b, "app").unknown, 5);
	scene_apply(b->s, STACK("") APP, UNIT_TEXT);
	pass(b, 3 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "app").unknown, 5 + 3);
}

/* The minutes after its return are entered, and the hosts' hours go on in their units. */
static void after_a_clock_that_was_far_ahead_it_goes_on(void **state)
{
	struct books *b = *state;
	struct db_ledger then, r;
	int64_t ahead;

	scene_apply(b->s, STACK("billing = 1h\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 5 * MINUTE, 5);
	ahead = b->s->now_ms += 800 * DAY_MS + 25 * MINUTE;
	put_host(b, "p-2", DB_HOST_UP, ahead, 0);
	put_host(b, "p-3", DB_HOST_GONE, b->start_ms, ahead + HOUR);
	pass(b, 5 * MINUTE, 5);
	put_host(b, "p-4", DB_HOST_UP, b->s->now_ms, 0); /* nothing was entered of it */
	then = sums(b, "web");
	assert_int_equal(then.launches, 3);
	b->s->now_ms = b->start_ms + 20 * MINUTE; /* from the 19th on it is entered */
	pass(b, 10 * MINUTE, 5);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.known - then.known, 10);
	assert_int_equal(r.unknown - then.unknown, 1);
	assert_int_equal(r.host_ms - then.host_ms, 3 * 11 * MINUTE);
	assert_int_equal(r.paid_ms - then.paid_ms, HOUR); /* p-4 */
	assert_int_equal(r.launches, 4);
	pass(b, 40 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms - then.paid_ms, 2 * HOUR); /* p-1 */
	assert_int_equal(sums(b, "web").launches, 4);
}

static void a_mark_that_is_less_than_a_day_ahead_is_waited_for(void **state)
{
	struct books *b = *state;
	struct db_ledger then;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 5 * MINUTE, 5);
	b->s->now_ms += 23 * HOUR;
	pass(b, 5 * MINUTE, 5);
	then = sums(b, "web");
	b->s->now_ms = b->start_ms + 20 * MINUTE;
	pass(b, 10 * MINUTE, 5);
	assert_int_equal(sums(b, "web").known, then.known);
	assert_int_equal(sums(b, "web").host_ms, then.host_ms);
	b->s->now_ms = b->start_ms + 23 * HOUR + 10 * MINUTE;
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").known - then.known, 5);
	assert_int_equal(sums(b, "web").host_ms, 23 * HOUR + 15 * MINUTE);
}

/* ---------------------------------------------------------------- hosts */

static void a_host_is_shared_by_its_units_and_nothing_is_lost(void **state)
{
	struct books *b = *state;
	struct db_ledger web, app;

	scene_apply(b->s, STACK("") APP, UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms + 7, 0);
	put_unit(b, "web@1.service", "web", "p-1");
	put_unit(b, "web@2.service", "web", "p-1");
	put_unit(b, "app@1.service", "app", "p-1");
	pass(b, 10 * MINUTE, 5);
	close_books(b);
	web = sums(b, "web");
	app = sums(b, "app");
	assert_int_equal(web.host_ms + app.host_ms, 10 * MINUTE - 7);
	assert_in_range(web.host_ms, 2 * app.host_ms - 30, 2 * app.host_ms + 30);
	assert_int_equal(web.instance_ms, 20 * MINUTE);
	assert_in_range(web.loaded_ms, 20 * MINUTE / 3 - 10, 20 * MINUTE / 3 + 10);
	assert_int_equal(web.launches, 1);
	assert_int_equal(app.launches, 0);
}

static void a_host_without_units_is_of_the_tier_that_waits(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("") APP, UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_BOOTING, b->start_ms, 0);
	put_unit(b, "web@1.service", "web", "");
	pass(b, 2 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 2 * MINUTE);
	assert_int_equal(sums(b, "app").host_ms, 0);
}

static void a_host_that_never_joined_is_paid_and_a_failed_launch_is_not(void **state)
{
	struct books *b = *state;
	struct scene *s = b->s;
	const struct db_launch l = { .launch_id = (char *)(uintptr_t) "l2",
				     .pool = (char *)(uintptr_t) "p",
				     .host = (char *)(uintptr_t) "p-2" };
	struct db_host h = { .id = (char *)(uintptr_t) "p-2",
			     .pool = (char *)(uintptr_t) "p",
			     .launch_id = (char *)(uintptr_t) "l2" };
	struct db_ledger r;

	scene_apply(s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_BOOTING, b->start_ms, 0);
	h.requested_ms = b->start_ms;
	assert_ok(db_launch_intend(s->db->db, &l, &h, s->e), s->e);
	pass(b, 3 * MINUTE, 5);
	assert_ok(db_launch_set(s->db->db, "l2", DB_LAUNCH_FAILED, NULL, "full",
				s->now_ms, s->e),
		  s->e);
	assert_ok(db_host_gone(s->db->db, "p-1", "did not join", s->now_ms, s->e), s->e);
	pass(b, 3 * MINUTE, 5);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.host_ms, 3 * MINUTE);
	assert_int_equal(r.paid_ms, 3 * MINUTE);
	assert_int_equal(r.launches, 2);
	assert_int_equal(r.failed, 1);
}

static void a_launch_that_was_not_sent_is_none(void **state)
{
	struct books *b = *state;
	const struct db_host h = { .id = (char *)(uintptr_t) "p-1",
				   .pool = (char *)(uintptr_t) "p",
				   .state = DB_HOST_GONE,
				   .requested_ms = b->start_ms,
				   .gone_ms = b->start_ms + MINUTE };

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	assert_ok(db_host_put(b->s->db->db, &h, b->s->e), b->s->e);
	pass(b, 3 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").launches, 0);
	assert_int_equal(sums(b, "web").host_ms, 0);
}

static void a_host_of_a_moment_is_entered(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing = 1h\n"), UNIT_TEXT);
	pass(b, 3 * MINUTE, 5);
	put_host(b, "p-1", DB_HOST_GONE, b->s->now_ms - 9000, b->s->now_ms - 2000);
	pass(b, 3 * MINUTE, 5);
	assert_int_equal(sums(b, "web").host_ms, 7000);
	assert_int_equal(sums(b, "web").paid_ms, HOUR);
}

static void a_billing_unit_is_paid_when_it_begins(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing = 1h\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 59 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, HOUR);
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, 2 * HOUR);
	assert_true(sums(b, "web").host_ms < 70 * MINUTE);
}

static void a_minimum_is_paid_with_the_launch(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing = 1s\nbilling_min = 5m\n"), UNIT_TEXT);
	pass(b, 3 * MINUTE, 5);
	put_host(b, "p-1", DB_HOST_GONE, b->s->now_ms - 9000, b->s->now_ms - 2000);
	pass(b, 3 * MINUTE, 5);
	assert_int_equal(sums(b, "web").host_ms, 7000);
	assert_int_equal(sums(b, "web").paid_ms, 5 * MINUTE);
	put_host(b, "p-2", DB_HOST_UP, b->s->now_ms, 0);
	pass(b, 4 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, 10 * MINUTE);
	restart(b);
	pass(b, 8 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms,
			 5 * MINUTE + sums(b, "web").host_ms - 7000);
	assert_true(sums(b, "web").paid_ms > 15 * MINUTE);
}

static void after_a_minimum_time_is_paid_by_the_moment(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing_min = 5m\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms + 7, 0);
	pass(b, 4 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, 5 * MINUTE);
	pass(b, 8 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, sums(b, "web").host_ms);
	assert_true(sums(b, "web").paid_ms > 10 * MINUTE);
}

static void put_price(struct books *b, double hour)
{
	char pool[] = "p", type[] = "any", eur[] = "EUR", source[] = "configuration";
	const struct db_pool_type t = { pool, type, 0, 0, hour, -1, eur, source };

	assert_ok(db_pool_types_put(b->s->db->db, pool, &t, 1, b->s->e), b->s->e);
}

/* Of the tier, over all days; hour is that of the last. */
static struct db_cost costs(struct books *b, const char *tier)
{
	CLEANUP(db_cost_list_done) struct db_cost_list l = { NULL, 0 };
	struct db_cost sum = { .paid_ms = 0 };

	assert_ok(db_cost_list(b->s->db->db, "shop", 1, &l, b->s->e), b->s->e);
	for (size_t i = 0; i < l.n; i++) {
		if (strcmp(l.v[i].tier, tier) != 0)
			continue;
		assert_string_equal(l.v[i].currency, "EUR");
		sum.paid_ms += l.v[i].paid_ms;
		sum.amount += l.v[i].amount;
		sum.hour = l.v[i].hour;
	}
	return sum;
}

static void what_is_paid_costs_its_price_shared_as_the_time_is(void **state)
{
	struct books *b = *state;
	struct db_cost web, app;

	scene_apply(b->s, STACK("billing = 1h\n") APP, UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	put_unit(b, "web@1.service", "web", "p-1");
	put_unit(b, "web@2.service", "web", "p-1");
	put_unit(b, "app@1.service", "app", "p-1");
	put_price(b, 6);
	pass(b, 65 * MINUTE, 5);
	close_books(b);
	web = costs(b, "web");
	app = costs(b, "app");
	assert_int_equal(web.paid_ms, sums(b, "web").paid_ms);
	assert_int_equal(app.paid_ms, sums(b, "app").paid_ms);
	assert_close(web.amount, 8, 1e-3);
	assert_close(app.amount, 4, 1e-3);
	assert_close(web.hour, 4, 1e-6);
	assert_close(app.hour, 2, 1e-6);
}

static void what_has_no_price_costs_nothing_that_is_known(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 5 * MINUTE, 5);
	put_price(b, 60);
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_in_range(costs(b, "web").paid_ms, 5 * MINUTE, 7 * MINUTE);
	assert_int_equal(sums(b, "web").paid_ms, 10 * MINUTE);
	assert_close(costs(b, "web").amount,
		     (double)costs(b, "web").paid_ms / (double)MINUTE, 1e-3);
}

static void short_billing_units_are_a_row_a_day(void **state)
{
	struct books *b = *state;
	CLEANUP(page_done) struct page p = { .n_rows = 0 };
	/* An hour of the first day, two whole ones, and the rest. */
	const int64_t through = b->start_ms + HOUR + 2 * DAY_MS + 10 * MINUTE;
	int64_t paid[4] = { 0 };
	const int64_t first_day = b->start_ms - b->start_ms % DAY_MS;

	scene_apply(b->s, STACK("billing = 7s\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms + 1, 0);
	b->s->now_ms = through;
	scene_load(b->s);
	assert_ok(enter_hosts(b->s->db->db, b->s->f, through, &p, b->s->e), b->s->e);
	assert_in_range(p.n_rows, 4, 9); /* the launch, and the time and units of a day */
	for (size_t i = 0; i < p.n_rows; i++) {
		const size_t day = (size_t)((p.rows[i].day_ms - first_day) / DAY_MS);

		assert_true(day < ARRAY_SIZE(paid));
		paid[day] += p.rows[i].paid_ms;
	}
	/* The units that begin in each, of 7 s: 515, 12,343, 12,343 and 85. */
	assert_int_equal(paid[0], 515 * 7000);
	assert_int_equal(paid[0] + paid[1], (HOUR + DAY_MS - 1 + 6999) / 7000 * 7000);
	assert_int_equal(paid[0] + paid[1] + paid[2] + paid[3],
			 (through - b->start_ms - 1 + 6999) / 7000 * 7000);
}

static void a_billing_unit_of_a_moment_is_paid_as_time(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing = 1ms\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms + 7, 0);
	pass(b, 5 * MINUTE, 5);
	restart(b);
	b->s->now_ms += 40 * DAY_MS;
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 40 * DAY_MS + 10 * MINUTE - 7);
	assert_int_equal(sums(b, "web").paid_ms, 40 * DAY_MS + 10 * MINUTE - 7);
}

static void what_was_paid_for_in_units_is_not_paid_for_again_by_the_moment(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("billing = 1h\n"), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 20 * MINUTE, 5);
	scene_apply(b->s, STACK(""), UNIT_TEXT);
	pass(b, 50 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 70 * MINUTE);
	assert_int_equal(sums(b, "web").paid_ms, 70 * MINUTE);
}

static void an_end_that_was_asked_for_again_counts_the_time_between(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_TERMINATING, b->start_ms, b->start_ms + 2 * MINUTE);
	pass(b, 10 * MINUTE, 5);
	assert_int_equal(sums(b, "web").host_ms, 2 * MINUTE);
	assert_ok(db_host_ending(b->s->db->db, "p-1", b->s->now_ms, b->s->e), b->s->e);
	assert_ok(db_host_gone(b->s->db->db, "p-1", "", b->s->now_ms, b->s->e), b->s->e);
	pass(b, 3 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 10 * MINUTE);
}

static void a_host_that_is_found_again_is_not_paid_twice(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_GONE, b->start_ms, b->start_ms + 3 * MINUTE);
	pass(b, 10 * MINUTE, 5);
	assert_int_equal(sums(b, "web").host_ms, 3 * MINUTE);
	/* Its VM is still there: it becomes a host that is to be ended. */
	put_host(b, "p-1", DB_HOST_TERMINATING, b->s->now_ms, 0);
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 15 * MINUTE);
	assert_int_equal(sums(b, "web").launches, 1);
}

static void hosts_run_on_while_the_controller_is_away(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK(""), UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	pass(b, 5 * MINUTE, 5);
	restart(b);
	b->s->now_ms += 3 * HOUR; /* over midnight */
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").host_ms, 3 * HOUR + 10 * MINUTE);
}

static void what_no_tier_has_is_its_stacks(void **state)
{
	struct books *b = *state;

	scene_apply(b->s, STACK("") "[pool q]\ndriver = fake\nmin = 1\nmax = 2\n",
		    UNIT_TEXT);
	put_host(b, "p-1", DB_HOST_UP, b->start_ms, 0);
	assert_ok(db_host_put(b->s->db->db,
			      &(struct db_host){ .id = (char *)(uintptr_t) "q-1",
						 .pool = (char *)(uintptr_t) "q",
						 .vm_id = (char *)(uintptr_t) "vm",
						 .state = DB_HOST_UP,
						 .requested_ms = b->start_ms },
			      b->s->e),
		  b->s->e);
	pass(b, 4 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "").host_ms, 4 * MINUTE);
	assert_int_equal(sums(b, "web").host_ms, 4 * MINUTE);
}

static void a_ledger_begins_where_there_was_none(void **state)
{
	struct books *b = *state;
	struct db_ledger r;

	scene_apply(b->s, STACK("billing = 1h\n"), UNIT_TEXT);
	/* As an older version left them. */
	put_host(b, "p-1", DB_HOST_UP, b->start_ms - 90 * MINUTE, 0);
	put_host(b, "p-2", DB_HOST_GONE, b->start_ms - 90 * MINUTE,
		 b->start_ms - 80 * MINUTE);
	assert_ok(db_change(b->s->db->db, NULL, b->s->e,
			    "DELETE FROM meta WHERE name = 'ledger_decision'", ""),
		  b->s->e);
	assert_ok(db_ledger_begin(b->s->db->db, b->start_ms, b->s->e), b->s->e);
	assert_ok(db_ledger_begin(b->s->db->db, b->start_ms + HOUR, b->s->e), b->s->e);
	pass(b, 29 * MINUTE, 5);
	close_books(b);
	r = sums(b, "web");
	assert_int_equal(r.host_ms, 29 * MINUTE);
	assert_int_equal(r.paid_ms, 0); /* its hour was paid for before */
	assert_int_equal(r.launches, 0);
	pass(b, 5 * MINUTE, 5);
	close_books(b);
	assert_int_equal(sums(b, "web").paid_ms, HOUR);
}

/* ---------------------------------------------------------------- reactive scaling */

static double load_at(size_t minute)
{
	return 20 + 18 * sin((double)minute / 7) + (double)(minute * 37 % 11);
}

/* The rule's memory is indexed by the minute, not by the step. */
struct beside {
	struct peer rule;
	size_t phase;
};

static size_t want(void *arg, const struct fleet_now *now)
{
	struct beside *b = arg;
	struct fleet_now at = *now;

	at.i += b->phase;
	return MIN(peer_reactive(&b->rule, &at), (size_t)9);
}

static void assert_reactive(struct books *b, const char *pool, struct paid_terms paid)
{
	struct beside beside = { .rule = { .headroom = 1, .capacity = 10 },
				 .phase = (size_t)(b->start_ms / MINUTE % 5) };
	const struct fleet_terms terms = { .capacity = 10, .lead = 3, .paid = paid };
	const size_t n = 90;
	CLEANUP(fleet_sim_free) struct fleet_sim *sim = fleet_sim_new(&terms, n, 1);
	struct fleet_run run;
	struct db_ledger r;

	scene_apply(b->s, pool, UNIT_TEXT);
	for (size_t i = 0; i < n; i++) {
		pass(b, MINUTE, load_at(i));
		fleet_step(sim, load_at(i), want, &beside);
	}
	close_books(b);
	fleet_result(sim, &run);
	r = sums(b, "web");
	assert_int_equal(r.known, n);
	assert_close((double)r.reactive_ms / (double)MINUTE, run.instance_steps, 1e-6);
	assert_int_equal(r.reactive_short, lround(run.short_share * (double)n));
	assert_true(r.reactive_short > 3);
	free(run.running);
}

static void reactive_scaling_is_that_of_the_backtests(void **state)
{
	assert_reactive(*state, STACK("billing = 1h\n"), (struct paid_terms){ 60, 0 });
}

static void reactive_scaling_pays_the_minimum_too(void **state)
{
	assert_reactive(*state, STACK("billing = 1s\nbilling_min = 10m\n"),
			(struct paid_terms){ 1, 10 });
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_minute_is_short_when_its_demand_is_above_what_served),
		TEST(what_served_is_the_mean_of_the_minute),
		TEST(what_is_not_measured_or_not_seen_is_unknown),
		TEST(between_ticks_of_minutes_nothing_is_known),
		TEST(a_minute_is_short_when_it_is_slow),
		TEST(without_a_bound_no_minute_is_slow),
		TEST(latencies_share_a_bounded_time_from_the_first_round_on),
		TEST(a_price_is_told_in_place_of_a_risk),
		TEST(a_minute_is_entered_once_over_restarts),
		TEST(a_clock_that_jumps_enters_no_minute_twice),
		TEST(after_a_clock_that_was_far_ahead_it_goes_on),
		TEST(a_mark_that_is_less_than_a_day_ahead_is_waited_for),
		TEST(a_removed_tier_keeps_its_rows_and_begins_anew),
		TEST(a_host_is_shared_by_its_units_and_nothing_is_lost),
		TEST(a_host_without_units_is_of_the_tier_that_waits),
		TEST(a_host_that_never_joined_is_paid_and_a_failed_launch_is_not),
		TEST(a_launch_that_was_not_sent_is_none),
		TEST(a_host_of_a_moment_is_entered),
		TEST(a_billing_unit_is_paid_when_it_begins),
		TEST(a_minimum_is_paid_with_the_launch),
		TEST(after_a_minimum_time_is_paid_by_the_moment),
		TEST(what_is_paid_costs_its_price_shared_as_the_time_is),
		TEST(what_has_no_price_costs_nothing_that_is_known),
		TEST(short_billing_units_are_a_row_a_day),
		TEST(a_billing_unit_of_a_moment_is_paid_as_time),
		TEST(what_was_paid_for_in_units_is_not_paid_for_again_by_the_moment),
		TEST(an_end_that_was_asked_for_again_counts_the_time_between),
		TEST(a_host_that_is_found_again_is_not_paid_twice),
		TEST(hosts_run_on_while_the_controller_is_away),
		TEST(what_no_tier_has_is_its_stacks),
		TEST(a_ledger_begins_where_there_was_none),
		TEST(reactive_scaling_is_that_of_the_backtests),
		TEST(reactive_scaling_pays_the_minimum_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
