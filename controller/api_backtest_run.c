/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread that plays a backtest while the request that asked for it is suspended.
 */
#include "api_backtest.h"

#include "api_handlers.h"
#include "check.h"
#include "clock.h"
#include "event_view.h"
#include "judge.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS DB_DEMAND_STEP_MS
#define HISTORY_MS (21 * 24 * 3600 * 1000LL)

struct api_backtest {
	struct request *r;
	backtest_then_fn *then;
	struct backtest_question question;
	char *stack, *tier;
	double *y;                   /* [n], minutes from from_ms on */
	struct uplift_event *events; /* question.events */
	size_t n;
	int64_t from_ms;
	pthread_t thread;
	double share; /* that is done; the API's lock guards it */
	int rc;       /* the rest is the thread's until it has ended */
	struct err err;
	json_t *report;
};

static void run_free(struct api_backtest *b)
{
	if (!b)
		return;
	json_decref(b->report);
	free(b->stack);
	free(b->tier);
	free(b->y);
	free(b->events);
	free(b);
}
DEFINE_CLEANUP(struct api_backtest *, run_free);

/* The newest minutes of demand, at most HISTORY_MS of them. */
static int read_demand(struct db *db, struct api_backtest *b, struct err *err)
{
	int64_t first, last;
	int rc = db_demand_span(db, b->stack, b->tier, &first, &last, err);

	if (rc < 0)
		return rc;
	if (last == 0)
		return err_set(err, ERR_CONFLICT,
			       "%s/%s has no history yet: import some, or wait", b->stack,
			       b->tier);
	b->from_ms = MAX(first, last - HISTORY_MS) / MINUTE_MS * MINUTE_MS;
	b->n = (size_t)((last - b->from_ms) / MINUTE_MS + 1);
	b->y = xcalloc(b->n, sizeof(*b->y));
	return db_demand_range(db, b->stack, b->tier, b->from_ms, b->y, b->n, err);
}

/* The tier's events, of which nothing is known before it could be. */
static int read_events(struct db *db, struct api_backtest *b, struct err *err)
{
	const size_t play = (size_t)(b->question.play_ms / MINUTE_MS);
	const size_t from = judge_from(b->n, MINUTE_MS, play);
	CLEANUP(event_view_done) struct event_view v = { 0 };
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	int rc = event_view_read(db, b->stack, clock_now_ms(), &v, err);

	if (rc == 0)
		rc = tier_events_read(db, &v.list, b->stack, b->tier, NULL, &e, err);
	if (rc < 0)
		return rc;
	b->events = xcalloc(e->n + 1, sizeof(*b->events));
	tier_events_as_known(e, b->from_ms + (int64_t)from * MINUTE_MS, b->events);
	b->question.events = b->events;
	b->question.n_events = e->n;
	return 0;
}

static void on_progress(void *arg, double share)
{
	struct api_backtest *b = arg;

	pthread_mutex_lock(&b->r->api->lock);
	b->share = share;
	pthread_mutex_unlock(&b->r->api->lock);
}

static void *play(void *arg)
{
	struct api_backtest *b = arg;
	struct api *api = b->r->api;

	b->rc = backtest_play(b->y, b->n, b->from_ms, &b->question, on_progress, b,
			      &b->report, &b->err);
	pthread_mutex_lock(&api->lock);
	api->backtest = NULL;
	MHD_resume_connection(b->r->conn);
	pthread_cond_broadcast(&api->backtest_over);
	pthread_mutex_unlock(&api->lock);
	return NULL;
}

static int keep(struct db *db, struct api_backtest *b, struct err *err)
{
	const int64_t now = clock_now_ms();
	CLEANUP(free) char *text = NULL;

	json_object_set_new(b->report, "at", json_time(now));
	text = json_dumps(b->report, JSON_COMPACT);
	return db_backtest_put(db,
			       &(struct db_backtest){ .stack = b->stack,
						      .tier = b->tier,
						      .at_ms = now,
						      .report_json = text },
			       err);
}

/* The request's thread again, the backtest's has come to its end. */
static int go_on(struct request *r, struct err *err)
{
	CLEANUP(run_free) struct api_backtest *b = r->again_arg;

	r->again = NULL;
	r->again_arg = NULL;
	pthread_join(b->thread, NULL);
	if (b->rc < 0) {
		*err = b->err;
		return b->then(r, NULL, err);
	}
	if (keep(r->api->db, b, err) < 0)
		return err->code;
	return b->then(r, b->report, err);
}

void api_backtest_drop(struct request *r)
{
	struct api_backtest *b = r->again_arg;

	if (r->again != go_on || !b)
		return;
	pthread_join(b->thread, NULL);
	run_free(b);
}

void api_backtest_await(struct api *api)
{
	while (api->backtest)
		pthread_cond_wait(&api->backtest_over, &api->lock);
}

/* Starts the thread and suspends the caller, unless one runs already. */
static int begin(struct request *r, struct api_backtest *b, struct err *err)
{
	struct api *api = r->api;
	int rc = 0;

	pthread_mutex_lock(&api->lock);
	if (api->backtest || api->stopping) {
		r->retry_s = 2;
		rc = err_set(err, ERR_UNAVAIL, "another backtest is running");
	} else if (pthread_create(&b->thread, NULL, play, b) != 0) {
		rc = err_set(err, ERR_INTERNAL, "no thread can be started");
	} else {
		api->backtest = b;
		r->again = go_on;
		r->again_arg = b;
		MHD_suspend_connection(r->conn);
	}
	pthread_mutex_unlock(&api->lock);
	return rc;
}

int backtest_start(struct request *r, const struct db_tier *t,
		   const struct backtest_question *q, backtest_then_fn *then,
		   struct err *err)
{
	CLEANUP(run_free) struct api_backtest *b = xcalloc(1, sizeof(*b));
	int rc;

	b->r = r;
	b->then = then;
	b->question = *q;
	b->stack = xstrdup(t->stack);
	b->tier = xstrdup(t->name);
	rc = read_demand(r->api->db, b, err);
	if (rc == 0)
		rc = read_events(r->api->db, b, err);
	if (rc == 0)
		rc = begin(r, b, err);
	if (rc == 0)
		(void)TAKE(b); /* go_on()'s or api_backtest_drop()'s */
	return rc;
}

int api_tier_backtest_get(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	const struct api_backtest *b;
	double share = NAN;
	int rc = api_tier_of_path(r, &t, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&r->api->lock);
	b = r->api->backtest;
	if (b && strcmp(b->stack, t.stack) == 0 && strcmp(b->tier, t.name) == 0)
		share = b->share;
	pthread_mutex_unlock(&r->api->lock);
	reply_json(r, 200,
		   json_pack("{s:o, s:o}", "progress", json_finite(share), "backtest",
			     backtest_json(r, &t)));
	return 0;
}
