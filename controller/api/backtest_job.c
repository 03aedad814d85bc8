/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_job.h"

#include "check.h"
#include "clock.h"
#include "job.h"
#include "judge.h"
#include "samples.h"
#include "server.h"
#include "text.h"
#include "tiers.h"

#define MINUTE_MS DB_DEMAND_STEP_MS
#define HISTORY_MS (21 * 24 * 3600 * 1000LL)

struct run {
	backtest_then_fn *then;
	struct backtest_request request;
	char *stack, *tier;
	double *y;                   /* [n], minutes from from_ms on */
	struct uplift_event *events; /* request.events */
	struct terms terms;          /* request.terms */
	size_t n;
	int64_t from_ms;
	json_t *played; /* backtest_played() */
	json_t *report;
};

static void run_free(void *arg)
{
	struct run *b = arg;

	if (!b)
		return;
	json_decref(b->played);
	json_decref(b->report);
	free(b->stack);
	free(b->tier);
	free(b->y);
	free(b->events);
	terms_done(&b->terms);
	free(b);
}
DEFINE_CLEANUP(struct run *, run_free);

/* The newest minutes of demand, at most HISTORY_MS of them. */
static int read_demand(struct db *db, struct run *b, struct err *err)
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

static int64_t played_from_ms(const struct run *b)
{
	const size_t play = (size_t)(b->request.play_ms / MINUTE_MS);

	return b->from_ms + (int64_t)judge_from(b->n, MINUTE_MS, play) * MINUTE_MS;
}

/* The tier's events, each as it was known at the time. */
static int read_events(struct db *db, struct run *b, struct err *err)
{
	CLEANUP(event_view_done) struct event_view v = { 0 };
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	int rc = event_view_read(db, b->stack, clock_now_ms(), &v, err);

	if (rc == 0)
		rc = tier_events_read(db, &v.list, b->stack, b->tier, NULL, &e, err);
	if (rc < 0)
		return rc;
	b->events = xcalloc(e->n + 1, sizeof(*b->events));
	tier_events_as_known(e, played_from_ms(b), b->events);
	b->request.events = b->events;
	b->request.n_events = e->n;
	return 0;
}

/* The rest of what it is played under. */
static int read_terms(struct db *db, struct run *b, const struct db_tier *t,
		      struct err *err)
{
	CLEANUP(catalog_free) struct catalog *catalog = catalog_new();
	CLEANUP(fleet_free) struct fleet *f = NULL;
	struct db_tier in_force = *t;
	struct err e;
	int rc = fleet_load(db, clock_now_ms(), &f, err);

	if (rc < 0)
		return rc;
	/* Another unreadable stack does not matter here. */
	(void)!catalog_update(catalog, f, &e);
	in_force.capacity = b->request.settings.capacity;
	rc = terms_read(db, f, &in_force, b->request.is_learned, b->from_ms, b->n,
			&b->terms, err);
	if (rc == 0)
		rc = terms_start(db, t, played_from_ms(b), &b->request.running, err);
	b->request.terms = &b->terms;
	b->request.settings.lead_spread = b->terms.lead.spread;
	return rc;
}

static int simulate(void *arg, struct api_job *job, struct err *err)
{
	struct run *b = arg;

	return backtest_simulate(b->y, b->n, b->from_ms, &b->request, api_job_progress,
				 job, &b->report, err);
}

static int keep(struct db *db, struct run *b, struct err *err)
{
	const int64_t now = clock_now_ms();
	CLEANUP(free) char *text = NULL;

	json_object_set_new(b->report, "at", json_time(now));
	json_object_set(b->report, "played", b->played);
	text = json_dumps(b->report, JSON_COMPACT);
	return db_backtest_put(db,
			       &(struct db_backtest){ .stack = b->stack,
						      .tier = b->tier,
						      .at_ms = now,
						      .report_json = text },
			       err);
}

static int go_on(struct request *r, void *arg, int rc, struct err *err)
{
	struct run *b = arg;

	if (rc < 0)
		return b->then(r, NULL, err);
	rc = keep(r->api->db, b, err);
	return rc < 0 ? rc : b->then(r, b->report, err);
}

static const struct api_job_kind backtest = { "backtest", simulate, go_on, run_free };

int backtest_start(struct request *r, const struct db_tier *t,
		   const struct backtest_request *q, backtest_then_fn *then,
		   struct err *err)
{
	CLEANUP(run_free) struct run *b = xcalloc(1, sizeof(*b));
	int rc;

	b->then = then;
	b->request = *q;
	b->stack = xstrdup(t->stack);
	b->tier = xstrdup(t->name);
	b->played = backtest_played(r, t, q->settings.mode);
	rc = read_demand(r->api->db, b, err);
	if (rc == 0)
		rc = read_events(r->api->db, b, err);
	if (rc == 0)
		rc = read_terms(r->api->db, b, t, err);
	if (rc == 0)
		rc = api_job_start(r, &backtest, t, b, err);
	if (rc == 0)
		(void)TAKE(b);
	return rc;
}

double backtest_share(struct api *api, const struct db_tier *t)
{
	return api_job_share(api, &backtest, t);
}
