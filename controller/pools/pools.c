/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pools.h"

#include "check.h"
#include "clock.h"
#include "round.h"
#include "shown.h"
#include "text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define AGAIN_BUSY_MS 1000  /* hosts are starting or ending */
#define AGAIN_REST_MS 10000 /* none are */
#define BACKOFF_FIRST_MS 1000
#define HELD_MS 2000
#define BACKOFF_MAX_MS 120000
#define RETRY_AFTER_MAX_MS 600000 /* limit of the cloud's Retry-After */

struct pools {
	const struct pool_opts *opts;
	struct caps *caps;
	struct gates *gates;
	/* Of the list and the pools' problems; a pool is used by one worker at a time. */
	pthread_mutex_t lock;
	struct pool *first;
};

struct pools *pools_new(const struct pool_opts *opts)
{
	struct pools *p = xcalloc(1, sizeof(*p));

	p->opts = opts;
	p->caps = caps_new();
	p->gates = gates_new(&opts->gates);
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

const struct pool_opts *pools_opts(const struct pools *p)
{
	return p->opts;
}

struct gates *pools_gate_keeper(struct pools *p)
{
	return p->gates;
}

static void pool_free(struct pool *p)
{
	driver_close(p->driver);
	free(p->driver_name);
	free(p->config);
	pool_place_done(&p->place);
	choices_done(&p->choices);
	missing_done(&p->missing);
	ages_done(&p->waits);
	ages_done(&p->lost);
	json_decref(p->said);
	free(p->name);
	free(p);
}

void pools_free(struct pools *p)
{
	if (!p)
		return;
	while (p->first) {
		struct pool *next = p->first->next;

		pool_free(p->first);
		p->first = next;
	}
	pthread_mutex_destroy(&p->lock);
	caps_free(p->caps);
	gates_free(p->gates);
	free(p);
}

/* What a breaker that failures opened means. */
static json_t *breaker_problem(const struct gate_view *v)
{
	const struct drv_err *e = &v->last;
	CLEANUP(free)
	char *text = xasprintf(
		"%s of driver %s%s%s%s%s%s%s%s: %d calls in a row failed, the last with: "
		"%s%s%s%s%s%s; the next is made in %.0f s",
		v->profile, v->driver, *v->region ? ", region " : "", v->region,
		v->is_launch ? ", launches" : "", *v->zone ? ", zone " : "", v->zone,
		*v->type ? ", type " : "", v->type, v->failures, e->msg,
		*e->code ? " (" : "", e->code, *e->code ? ")" : "",
		*e->request_id ? ", request " : "", e->request_id,
		(double)v->wait_ms / 1000);

	return json_pack("{s:s, s:o, s:o}", "kind", "breaker-open", "message",
			 json_text(text), "since", json_time(v->since_ms));
}

static void add_breakers(struct pools *ps, json_t *list)
{
	CLEANUP(free) struct gate_view *v = NULL;
	const size_t n = gates_list(ps->gates, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i].state == GATE_BROKEN || v[i].state == GATE_TRYING)
			json_array_append_new(list, breaker_problem(&v[i]));
}

void pools_problems(struct pools *ps, json_t *list)
{
	add_breakers(ps, list);
	pthread_mutex_lock(&ps->lock);
	for (struct pool *p = ps->first; p; p = p->next)
		pool_problems_json(&p->problems, p->name, list);
	pthread_mutex_unlock(&ps->lock);
}

json_t *pools_said(struct pools *ps, const char *name)
{
	json_t *ret = json_pack("{s:n, s:n, s:n}", "last_failure", "quota", "quota_read");
	CLEANUP(json_decref) json_t *said = NULL;

	pthread_mutex_lock(&ps->lock);
	for (struct pool *p = ps->first; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			said = json_deep_copy(p->said);
	pthread_mutex_unlock(&ps->lock);
	if (said)
		json_object_update(ret, said);
	return ret;
}

json_t *pools_gates(struct pools *ps)
{
	return gates_json(ps->gates, clock_now_ms());
}

void pools_renew(struct pools *ps, const char *name)
{
	pthread_mutex_lock(&ps->lock);
	for (struct pool *p = ps->first; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			p->is_renewed = true;
	pthread_mutex_unlock(&ps->lock);
}

static struct pool *get_pool(struct pools *ps, const char *name)
{
	struct pool *p;

	pthread_mutex_lock(&ps->lock);
	for (p = ps->first; p && strcmp(p->name, name) != 0;)
		p = p->next;
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->name = xstrdup(name);
		p->problems.lock = &ps->lock;
		p->next = ps->first;
		ps->first = p;
	}
	pthread_mutex_unlock(&ps->lock);
	return p;
}

/* Its driver is closed without the lock, which all that read problems take. */
static void forget_pool(struct pools *ps, const char *name)
{
	struct pool *found = NULL;

	pthread_mutex_lock(&ps->lock);
	for (struct pool **at = &ps->first; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, name) != 0)
			continue;
		found = *at;
		*at = found->next;
		break;
	}
	pthread_mutex_unlock(&ps->lock);
	if (found)
		pool_free(found);
}

/* ---------------------------------------------------------------- the driver */

static int ensure_driver(struct pool_round *r, struct err *err)
{
	struct pool *p = r->pool;
	CLEANUP(free) char *config = NULL;
	int rc = pool_driver_config(r->opts, &r->row, &config, err);

	if (rc < 0)
		return rc;
	if (p->driver && strcmp(p->config, config) == 0 &&
	    strcmp(p->driver_name, r->row.driver) == 0)
		return 0;
	driver_close(p->driver);
	p->driver = NULL;
	p->types_due_mono_ms = 0;
	rc = pool_driver_open_with(r->opts, &r->row, config, &p->driver, err);
	if (rc < 0)
		return rc;
	free(p->config);
	p->config = TAKE(config);
	free(p->driver_name);
	p->driver_name = xstrdup(r->row.driver);
	pool_place_read(p->config, p->driver->ops->zone_option, &p->place);
	return 0;
}

static int open_driver(struct pool_round *r, struct err *err)
{
	struct pool *p = r->pool;
	int rc = ensure_driver(r, err);

	if (rc == 0)
		choices_read(&p->choices, r->row.type, p->place.zones);
	return rc;
}

/* ---------------------------------------------------------------- one round */

static int run_round(struct pool_round *r, struct err *err)
{
	struct err launch_err = { 0 };
	int rc, launch_rc;

	if ((rc = caps_load(r->caps, r->opts->db, err)) < 0 ||
	    (rc = pool_order_types(r, err)) < 0 || (rc = open_driver(r, err)) < 0 ||
	    (rc = pool_round_load(r, err)) < 0 || (rc = pool_compare(r, err)) < 0 ||
	    (rc = pool_sweep_orphans(r, err)) < 0 ||
	    (rc = pool_look_at_quota(r, err)) < 0 || (rc = pool_learn_types(r, err)) < 0)
		return rc;
	/* A failed launch must not keep hosts from being terminated. */
	launch_rc = pool_launch(r, &launch_err);
	r->pool->launch_fails = launch_rc < 0 || (r->pool->launch_fails &&
						  (r->is_held || r->is_undecided));
	rc = pool_terminate(r, err);
	if (launch_rc < 0 && rc == 0) {
		rc = launch_rc;
		if (err)
			*err = launch_err;
	}
	return rc;
}

static bool is_busy(const struct pool_round *r)
{
	for (size_t i = 0; i < r->hosts.n; i++)
		if (r->hosts.v[i].state < DB_HOST_UP ||
		    r->hosts.v[i].state == DB_HOST_TERMINATING)
			return true;
	return false;
}

static void set_state(struct pool_round *r, const char *state, int64_t backoff_until_ms,
		      const char *error)
{
	struct err err;

	if (db_pool_note(r->opts->db, r->row.name, state, backoff_until_ms, error, &err) <
	    0)
		event_add(r->opts->events, "pool-not-recorded", DB_LEVEL_ERROR,
			  EVENT_ABOUT(.pool = r->row.name), "%s", err.msg);
}

/* Calendar: so much real time from now. */
static int64_t in_real_ms(int64_t ms)
{
	return clock_now_ms() + (int64_t)((double)ms * clock_scale());
}

static void tell_driver(struct pool_round *r)
{
	char why[256];

	if (r->pool->driver && driver_has_trouble(r->pool->driver, why, sizeof(why)))
		pool_problem_set(&r->pool->problems, POOL_DRIVER, r->row.name,
				 "the process of its driver %s has ended, and is started "
				 "again: %s",
				 r->row.driver, why);
	else
		pool_problem_clear(&r->pool->problems, POOL_DRIVER);
}

/* When a round that went well is followed by another. The tick pokes a pool whose hosts
 * wait in each of its rounds. */
static int64_t rest(struct pool_round *r)
{
	if (r->is_held || r->pool->launch_fails)
		r->pool->held_mono_ms = r->pool->retry_mono_ms =
			clock_mono_ms() + (r->opts->held_ms ? r->opts->held_ms : HELD_MS);
	pool_look_again(r, is_busy(r) ? AGAIN_BUSY_MS : AGAIN_REST_MS);
	return r->again_ms;
}

static int64_t still_failing(struct pool_round *r)
{
	const int64_t wait_ms = rest(r);

	if (r->row.backoff_until_ms <= clock_now_ms())
		set_state(r, "backoff", in_real_ms(wait_ms), r->row.last_error);
	return wait_ms;
}

static int64_t succeeded(struct pool_round *r)
{
	const char *state = pool_is_empty(r) ? POOL_STATE_EMPTY : "ok";

	/* Nothing was asked for that could have gone wrong again. */
	if (r->pool->launch_fails)
		return still_failing(r);
	/* Waiting for the limit is not a failure: the pool still launches hosts. */
	if (*r->limited && strcmp(r->row.state, "limited") != 0) {
		set_state(r, "limited", 0, r->limited);
		event_add(r->opts->events, "pool-limited", DB_LEVEL_WARN,
			  EVENT_ABOUT(.pool = r->row.name), "pool %s: %s", r->row.name,
			  r->limited);
	}
	if (!*r->limited && (r->pool->failures || strcmp(r->row.state, state) != 0))
		set_state(r, state, 0, "");
	if (r->pool->failures)
		event_add(r->opts->events, "pool-recovered", DB_LEVEL_INFO,
			  EVENT_ABOUT(.pool = r->row.name), "pool %s has recovered",
			  r->row.name);
	r->pool->failures = 0;
	again_over(&r->pool->failed);
	return rest(r);
}

static int64_t failed(struct pool_round *r, const struct err *err)
{
	int64_t first_ms =
		r->opts->backoff_first_ms ? r->opts->backoff_first_ms : BACKOFF_FIRST_MS;
	int64_t wait_ms = gates_backoff_ms(first_ms, BACKOFF_MAX_MS, r->pool->failures);
	struct again *again = &r->pool->failed;
	char more[64] = "";

	r->pool->failures++;

	wait_ms = MIN(MAX(wait_ms, r->retry_after_ms), RETRY_AFTER_MAX_MS);
	r->pool->retry_mono_ms = clock_mono_ms() + wait_ms;
	set_state(r, "backoff", in_real_ms(wait_ms), err->msg);
	if (!again_is_due(again, err->msg))
		return wait_ms;
	if (again->untold)
		snprintf(more, sizeof(more), " (and %lld more times)",
			 (long long)again->untold);
	event_add(r->opts->events, "pool-failed", DB_LEVEL_ERROR,
		  EVENT_ABOUT(.pool = r->row.name), "pool %s: %s%s", r->row.name,
		  err->msg, more);
	return wait_ms;
}

/* Its cloud is left alone, or was asked as often as it allows: that is no failure of the
 * pool, which tries again when it may. */
static int64_t refused(struct pool_round *r, const struct err *err)
{
	const int64_t wait_ms = r->refused.wait_ms;

	r->pool->retry_mono_ms = r->pool->held_mono_ms = clock_mono_ms() + wait_ms;
	if (r->refused.why != GATE_EMPTY && strcmp(r->row.state, "backoff") != 0)
		set_state(r, "backoff", in_real_ms(wait_ms), err->msg);
	return wait_ms;
}

static int64_t run(struct pool_round *r)
{
	struct err err = { 0 };

	if (run_round(r, &err) == 0)
		return succeeded(r);
	return r->is_refused ? refused(r, &err) : failed(r, &err);
}

int64_t pool_reconcile(void *arg, const char *name)
{
	struct pools *ps = arg;
	struct pool_round r = { .opts = ps->opts,
				.caps = ps->caps,
				.gates = ps->gates,
				.now_ms = clock_now_ms() };
	struct err err = { 0 };
	int64_t again_ms;

	if (db_pool_get(ps->opts->db, name, &r.row, &err) < 0) {
		if (err.code != ERR_NOT_FOUND)
			return AGAIN_REST_MS;
		forget_pool(ps, name);
		return -1;
	}
	r.pool = get_pool(ps, name);
	/* A poke does not shorten the backoff of a failing driver, and the tick pokes a
	 * pool that must wait in each of its rounds. */
	again_ms = (r.pool->failures ? r.pool->retry_mono_ms : r.pool->held_mono_ms) -
		   clock_mono_ms();
	if (r.pool->is_renewed || again_ms <= 0) {
		r.pool->is_renewed = false;
		again_ms = run(&r);
		tell_driver(&r);
	}
	pool_round_done(&r);
	if (r.changed && ps->opts->changed)
		ps->opts->changed(ps->opts->arg);
	return again_ms;
}
