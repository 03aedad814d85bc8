/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a new text goes, and where it stops. */
#include "fleet_fixture.h"

#include "responses.h"
#include "rollout.h"
#include "samples.h"

#define CONF(more)                                                                    \
	"[stack]\nname = shop\n" more                                                 \
	"[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = web@.service\npool = p" \
	"\nmax = 9\nmin = 3\n"
#define STACK CONF("")
#define TEXT "[Service]\nExecStart=/bin/old\n"
#define NEW_TEXT "[Service]\nExecStart=/bin/new\n"
#define MINUTE_MS INT64_C(60000)

struct watchman {
	struct scene *s;
	struct roll_outs *r;
	struct events events;
	int64_t mono_ms;
	bool is_doubtful;
	const char *fails;   /* instances with the new text; NULL: none does */
	bool are_late;       /* instances with the new text do not serve */
	const char *silent;  /* hosts, "ab", that are replaced; NULL */
	bool are_in_grace;   /* they are not yet */
	bool push_still;     /* their metrics arrive */
	const char *applied; /* between reading and writing; NULL */
	bool by_application; /* responses are counted, else by the balancer */
};

static int setup(void **state)
{
	struct watchman *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->r = roll_outs_new();
	w->events = (struct events){ .db = w->s->db->db };
	w->mono_ms = 1000000;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watchman *w = *state;

	roll_outs_free(w->r);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

static bool is_new(const struct fleet_unit *u)
{
	return u->tier && u->tier->cat &&
	       strcmp(u->u.hash, u->tier->cat->unit->hash) == 0;
}

static bool is_rolling(const struct fleet_unit *u)
{
	return is_new(u) && u->tier->roll.stack &&
	       u->tier->roll.state != DB_ROLL_OUT_DONE && *u->tier->roll.good;
}

static void see(struct watchman *w, struct fleet_unit *u)
{
	const bool is_bad = is_rolling(u) && (w->fails || w->are_late);

	u->healthy = u->u.goal == DB_GOAL_RUN && u->host && u->host->alive && !is_bad;
	u->failing = is_rolling(u) && u->host ? w->fails : NULL;
}

static void see_host(const struct watchman *w, struct fleet_host *h)
{
	h->alive = !w->silent || !strchr(w->silent, *h->h.id);
	h->h.is_replaced = !h->alive && !w->are_in_grace;
	h->is_cut = !h->alive && w->push_still;
}

/* A round: all instances are placed on host a, b, c by turns, and serve. */
static void go_round(struct watchman *w)
{
	static const char *const hosts[] = { "a", "b", "c" };
	struct fleet *f;

	scene_load(w->s);
	f = w->s->f;
	for (size_t i = 0; i < f->n_hosts; i++)
		see_host(w, &f->hosts[i]);
	for (size_t i = 0; i < f->n_units; i++)
		see(w, &f->units[i]);
	if (w->applied)
		scene_apply(w->s, STACK, w->applied);
	assert_ok(roll_outs_update(w->r, f, !w->is_doubtful, w->mono_ms, &w->events,
				   w->s->e),
		  w->s->e);
	roll_outs_go_back(w->r, f, &w->events);
	unit_plan(f);
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (u->u.goal == DB_GOAL_RUN && !*u->u.host) {
			fleet_unit_set(u, &u->u.host, hosts[i % 3]);
			u->u.placed_ms = w->s->now_ms;
		}
		u->u.drained = u->u.goal != DB_GOAL_RUN;
		u->dirty = true;
	}
	scene_save(w->s);
}

static void pass(struct watchman *w, int64_t seconds)
{
	w->s->now_ms += seconds * 1000;
	w->mono_ms += seconds * 1000;
	go_round(w);
}

static void stand(struct watchman *w, const char *conf)
{
	scene_apply(w->s, conf, TEXT);
	for (const char *h = "a\0b\0c\0"; *h; h += 2)
		scene_host(w->s, h, "p", DB_HOST_UP);
	for (int i = 0; i < 3; i++)
		pass(w, 400);
}

static size_t n_new(const struct watchman *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->s->f->n_units; i++)
		n += w->s->f->units[i].u.goal == DB_GOAL_RUN &&
		     is_new(&w->s->f->units[i]);
	return n;
}

static enum db_roll_out_state state_of(const struct watchman *w)
{
	assert_non_null(w->s->f->tiers[0].roll.stack);
	return w->s->f->tiers[0].roll.state;
}

static size_t n_events(struct watchman *w, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const struct db_event_filter of = { .kind = kind };

	assert_ok(db_event_list(w->s->db->db, &of, &l, w->s->e), w->s->e);
	return l.n;
}

/* ---------------------------------------------------------------- good ones */

static void the_first_is_watched_for_a_minute_and_the_others_follow(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	assert_int_equal(n_new(w), 1);
	for (int i = 0; i < 5; i++) {
		pass(w, 10);
		assert_int_equal(n_new(w), 1);
	}
	pass(w, 20);
	assert_int_equal(n_new(w), 2);
	pass(w, 1);
	assert_int_equal(n_new(w), 3);
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-done"), 1);
}

static void a_first_text_is_no_roll_out(void **state)
{
	struct watchman *w = *state;
	char text[600];

	w->fails = "failed";
	stand(w, STACK);
	assert_int_equal(n_events(w, "rollout-stopped"), 0);
	assert_false(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_int_equal(n_new(w), 3);
}

/* ---------------------------------------------------------------- bad ones */

static void begin(struct watchman *w, const char *conf)
{
	stand(w, conf);
	scene_apply(w->s, conf, NEW_TEXT);
	go_round(w);
	assert_int_equal(n_new(w), 1);
}

static void one_that_fails_stops_it_until_the_text_changes(void **state)
{
	struct watchman *w = *state;
	char text[600];

	begin(w, STACK);
	w->fails = "failed 5 times: no database";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "has stopped at 1 of 3 instances: unit web@"));
	assert_non_null(strstr(text, "failed 5 times: no database; go back with "
				     "'foretide rollback shop'"));
	/* Also when it is well again, and over a restart. */
	w->fails = NULL;
	roll_outs_free(w->r);
	w->r = roll_outs_new();
	for (int i = 0; i < 5; i++)
		pass(w, 100);
	assert_int_equal(n_new(w), 1);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
	scene_apply(w->s, STACK, TEXT);
	for (int i = 0; i < 5; i++)
		pass(w, 100);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
	assert_false(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
}

static void one_that_never_comes_to_serve_stops_it(void **state)
{
	struct watchman *w = *state;
	char text[600];

	begin(w, STACK);
	w->are_late = true;
	for (int i = 0; i < 10; i++) {
		pass(w, 59);
		assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	}
	pass(w, 70);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "has not come to serve for 10m"));
}

static void on_a_doubt_it_does_not_stop(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	w->is_doubtful = true;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->is_doubtful = false;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
}

static void what_is_added_meanwhile_gets_the_good_text(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	pass(w, 1);
	scene_desire(w->s, "web", 6);
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(w->s->f->n_units, 6);
	assert_int_equal(n_new(w), 1);
}

static void the_same_applied_again_is_another_try(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	scene_apply(w->s, STACK, NEW_TEXT);
	/* What failed is run anew, with the good text: then one gets the new one. */
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 8; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
}

static void what_is_applied_while_it_stops_is_another_try_as_well(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	w->applied = NEW_TEXT;
	pass(w, 1);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
	w->applied = NULL;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 8; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
}

static void it_goes_back_by_itself_where_the_stack_asks_for_it(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_stack_done) struct db_stack s = { 0 };
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	int64_t version;

	begin(w, CONF("rollback = auto\n"));
	assert_ok(db_tier_get(w->s->db->db, "shop", "web", &t, w->s->e), w->s->e);
	t.max = 7;
	assert_ok(db_tier_put(w->s->db->db, &t, w->s->e), w->s->e);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	w->fails = NULL;
	for (int i = 0; i < 5; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
	assert_int_equal(w->s->f->tiers[0].t.max, 7);
	assert_ok(db_stack_get(w->s->db->db, "shop", &s, w->s->e), w->s->e);
	version = s.version;
	/* What it went back to is never gone back from. */
	w->fails = "failed";
	for (int i = 0; i < 3; i++)
		pass(w, 61);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	db_stack_done(&s);
	assert_ok(db_stack_get(w->s->db->db, "shop", &s, w->s->e), w->s->e);
	assert_int_equal(s.version, version);
}

static void put_hold(struct watchman *w, int64_t *ret_id)
{
	struct db_hold hold = {
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.reason = (char *)(uintptr_t) "a test",
		.owner = (char *)(uintptr_t) "me",
		.created_ms = NOW_MS,
		.expires_ms = NOW_MS + INT64_C(86400000),
	};

	assert_ok(db_hold_add(w->s->db->db, &hold, ret_id, w->s->e), w->s->e);
}

#define WITH_DB                                                            \
	CONF("rollback = auto\n")                                          \
	"[pool q]\ndriver = fake\nmax = 2\n[tier db]\nunit = db.service\n" \
	"pool = q\nstateful = yes\n"

static void what_came_with_the_text_stays_when_it_goes_back(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_pool_done) struct db_pool q = { 0 };

	stand(w, CONF("rollback = auto\n"));
	scene_apply(w->s, WITH_DB, NEW_TEXT);
	pass(w, 1);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	w->fails = NULL;
	for (int i = 0; i < 5; i++)
		pass(w, 61);
	assert_int_equal(w->s->f->n_tiers, 2);
	assert_ok(db_pool_get(w->s->db->db, "q", &q, w->s->e), w->s->e);
	assert_int_equal(q.max, 2);
	assert_int_equal(w->s->f->tiers[1].roll.state, DB_ROLL_OUT_DONE);
	assert_string_equal(w->s->f->tiers[1].roll.good, w->s->f->tiers[1].roll.hash);
}

static void under_a_hold_it_does_not_go_back_and_tells_why_once(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const struct db_event_filter of = { .kind = "rollback-failed" };
	int64_t id;

	begin(w, CONF("rollback = auto\n"));
	put_hold(w, &id);
	w->fails = "failed";
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 0);
	assert_ok(db_event_list(w->s->db->db, &of, &l, w->s->e), w->s->e);
	assert_int_equal(l.n, 1);
	assert_non_null(strstr(l.v[0].message, "shop/web cannot go back by itself: it is "
					       "on hold; go back with 'foretide "
					       "rollback shop'"));
	assert_ok(db_hold_release(w->s->db->db, id, "me", w->s->now_ms, w->s->e),
		  w->s->e);
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
}

static void what_was_good_comes_back_to_all_at_once_whatever_happens(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	pass(w, 30);
	pass(w, 61);
	assert_int_equal(n_new(w), 2);
	scene_apply(w->s, STACK, TEXT);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 3; i++)
		pass(w, 1);
	assert_int_equal(n_new(w), 3);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-stopped"), 0);
}

/* ---------------------------------------------------------------- errors */

/* The count of an instance's responses. */
static void count(struct watchman *w, int n, const char *code, double v)
{
	CLEANUP(free)
	char *of_balancer =
		xasprintf("code=\"%s\",host=\"l\",proxy=\"web\",server=\"web-%d-80\","
			  "stack=\"shop\",tier=\"lb\",unit=\"lb@1.service\"",
			  code, n);
	CLEANUP(free)
	char *of_application = xasprintf("stack=\"shop\",status=\"%s\",tier=\"web\","
					 "unit=\"web@%d.service\"",
					 code, n);
	const struct db_sample_in in = { w->by_application
						 ? "http_requests_total"
						 : "haproxy_server_http_responses_total",
					 w->by_application ? of_application : of_balancer,
					 DB_COUNTER, w->s->now_ms, v };

	assert_ok(db_samples_add(w->s->db->db, &in, 1, w->s->now_ms, NULL, w->s->e),
		  w->s->e);
}

/* n seconds in which each instance answers a request a second; those with the new text
 * with that code. */
static void serve(struct watchman *w, int seconds, const char *code)
{
	static double ok[4], bad[4];

	for (int k = 0; k < seconds; k += 5) {
		for (int i = 1; i <= 3; i++) {
			CLEANUP(free) char *name = xasprintf("web@%d.service", i);
			const struct fleet_unit *u = scene_unit(w->s, name);

			*(u && is_rolling(u) && strcmp(code, "5xx") == 0 ? &bad[i]
									 : &ok[i]) += 5;
			count(w, i, "2xx", ok[i]);
			count(w, i, "5xx", bad[i]);
		}
		pass(w, 5);
	}
}

static void stop_by_errors(struct watchman *w)
{
	char text[600];

	stand(w, STACK);
	serve(w, 30, "2xx");
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	serve(w, 50, "5xx");
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_int_equal(n_new(w), 1);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "answers with errors: "));
	assert_non_null(strstr(text, ", 0 of "));
}

static void one_that_answers_with_errors_stops_it(void **state)
{
	stop_by_errors(*state);
}

static void one_whose_own_count_says_so_stops_it_too(void **state)
{
	struct watchman *w = *state;

	w->by_application = true;
	stop_by_errors(w);
}

static void one_that_answers_as_the_others_does_not(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	serve(w, 30, "2xx");
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	serve(w, 100, "2xx");
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
}

static void add_responses(struct watchman *w, const char *server, double v)
{
	CLEANUP(free)
	char *labels = xasprintf("code=\"2xx\",host=\"l\",proxy=\"x\",server=\"%s\","
				 "stack=\"shop\",tier=\"front\",unit=\"front.service\"",
				 server);
	const struct db_sample_in in = { "haproxy_server_http_responses_total", labels,
					 DB_COUNTER, w->s->now_ms, v };

	assert_ok(db_samples_add(w->s->db->db, &in, 1, w->s->now_ms, NULL, w->s->e),
		  w->s->e);
}

#define ALONE                                                                        \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier lb]\nunit = " \
	"lb.service\npool = p\n"

static void a_server_counts_for_its_host_when_a_port_follows(void **state)
{
	struct watchman *w = *state;
	CLEANUP(response_count_free)
	struct response_count *c = response_count_new("shop", "lb");
	struct responses of_new, of_old;

	scene_apply(w->s, ALONE, TEXT);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	for (int i = 0; i < 5; i++) {
		pass(w, 1);
		add_responses(w, "lb-a-80", i * 5);
		add_responses(w, "lb-a", i * 100);
		add_responses(w, "lb-a980", i * 100);
		response_count_update(c, w->s->db->db, w->s->f, &w->s->f->tiers[0],
				      w->s->f->tiers[0].cat->unit->hash, &of_new,
				      &of_old);
	}
	assert_true(of_new.all > 0 && of_new.all < 100);
}

/* ---------------------------------------------------------------- killers */

/* Its host falls silent, and is lost: what it ran is placed anew. */
static void fall(struct watchman *w, const char *host)
{
	w->silent = host;
	pass(w, 5);
	assert_ok(db_host_set_state(w->s->db->db, host, DB_HOST_GONE, "lost",
				    w->s->now_ms, w->s->e),
		  w->s->e);
	w->silent = NULL;
}

static const char *host_of(struct watchman *w)
{
	const struct fleet_unit *u = scene_unit(w->s, "lb.service");

	return u ? strcmp(u->u.host, "a") == 0       ? "a"
		       : strcmp(u->u.host, "b") == 0 ? "b"
						     : "c"
		 : "";
}

static void move_to(struct watchman *w, const char *host)
{
	struct fleet_unit *u;

	scene_load(w->s);
	u = scene_unit(w->s, "lb.service");
	fleet_unit_set(u, &u->u.host, host);
	u->u.placed_ms = w->s->now_ms;
	scene_save(w->s);
	pass(w, 1);
}

/* The unit runs on a, which is silent. */
static void lose_first(struct watchman *w)
{
	scene_apply(w->s, ALONE, TEXT);
	for (const char *h = "a\0b\0c\0"; *h; h += 2)
		scene_host(w->s, h, "p", DB_HOST_UP);
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_string_equal(host_of(w), "a");
	w->silent = "a";
	pass(w, 5);
}

static void a_unit_that_takes_two_hosts_with_it_is_started_nowhere(void **state)
{
	struct watchman *w = *state;
	char text[600];

	lose_first(w);
	fall(w, "a");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	move_to(w, "b");
	fall(w, "b");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	assert_true(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "unit lb.service of shop/lb took host a and then "
				     "host b with it: "));
	for (int i = 0; i < 3; i++)
		pass(w, 60);
	assert_int_equal(w->s->f->n_units, 0);
	/* Another text is. */
	scene_apply(w->s, ALONE, NEW_TEXT);
	pass(w, 1);
	assert_int_equal(w->s->f->n_units, 1);
	assert_false(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
}

static void hosts_that_are_heard_again_were_not_taken(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	for (const char *h = "b\0c\0a\0"; *h; h += 2) {
		move_to(w, h);
		w->silent = NULL;
		pass(w, 20);
		w->silent = h;
		pass(w, 10);
	}
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	assert_int_equal(w->s->f->n_units, 1);
}

static void a_host_in_its_grace_or_in_doubt_or_that_pushes_was_not_taken(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	move_to(w, "b");
	w->silent = "ab";
	w->are_in_grace = true;
	pass(w, 5);
	w->are_in_grace = false;
	w->push_still = true;
	pass(w, 5);
	w->push_still = false;
	w->is_doubtful = true;
	pass(w, 5);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
}

static void the_ban_ends_when_one_of_its_hosts_is_heard_and_ends_nothing(void **state)
{
	struct watchman *w = *state;
	char text[600];

	lose_first(w);
	move_to(w, "b");
	w->silent = "ab";
	for (int i = 0; i < 3; i++)
		pass(w, 60);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	/* Where it is it stays. */
	assert_string_equal(host_of(w), "b");
	assert_int_equal(w->s->f->units[0].u.goal, DB_GOAL_RUN);
	/* Also to a controller that is started meanwhile. */
	roll_outs_free(w->r);
	w->r = roll_outs_new();
	w->silent = "b";
	pass(w, 1);
	assert_int_equal(n_events(w, "unit-cleared"), 1);
	assert_false(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
	w->silent = NULL;
	pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_string_equal(host_of(w), "b");
}

static void one_that_ran_for_long_or_elsewhere_is_no_killer(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	fall(w, "a");
	pass(w, 5);
	pass(w, 5);
	fall(w, "b");
	pass(w, 5);
	fall(w, "c");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(the_first_is_watched_for_a_minute_and_the_others_follow),
		WATCH_TEST(a_first_text_is_no_roll_out),
		WATCH_TEST(one_that_fails_stops_it_until_the_text_changes),
		WATCH_TEST(one_that_never_comes_to_serve_stops_it),
		WATCH_TEST(on_a_doubt_it_does_not_stop),
		WATCH_TEST(what_is_added_meanwhile_gets_the_good_text),
		WATCH_TEST(the_same_applied_again_is_another_try),
		WATCH_TEST(what_is_applied_while_it_stops_is_another_try_as_well),
		WATCH_TEST(it_goes_back_by_itself_where_the_stack_asks_for_it),
		WATCH_TEST(what_came_with_the_text_stays_when_it_goes_back),
		WATCH_TEST(under_a_hold_it_does_not_go_back_and_tells_why_once),
		WATCH_TEST(what_was_good_comes_back_to_all_at_once_whatever_happens),
		WATCH_TEST(one_that_answers_with_errors_stops_it),
		WATCH_TEST(one_whose_own_count_says_so_stops_it_too),
		WATCH_TEST(one_that_answers_as_the_others_does_not),
		WATCH_TEST(a_server_counts_for_its_host_when_a_port_follows),
		WATCH_TEST(a_unit_that_takes_two_hosts_with_it_is_started_nowhere),
		WATCH_TEST(hosts_that_are_heard_again_were_not_taken),
		WATCH_TEST(a_host_in_its_grace_or_in_doubt_or_that_pushes_was_not_taken),
		WATCH_TEST(the_ban_ends_when_one_of_its_hosts_is_heard_and_ends_nothing),
		WATCH_TEST(one_that_ran_for_long_or_elsewhere_is_no_killer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
