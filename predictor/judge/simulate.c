/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate.h"

#include "check.h"
#include "peers.h"

void simulate_peer(const struct past *p, fleet_want_fn *want, double headroom,
		   size_t from, size_t n, struct fleet_run *ret)
{
	struct peer peer = { .headroom = headroom,
			     .capacity = p->opts->capacity,
			     .past = p->y,
			     .n_past = from,
			     .demand = p->y + from,
			     .lead = p->opts->lead_steps[0],
			     .day = p->day };

	for (size_t i = 0; i < from; i++)
		peer.fixed = MAX(peer.fixed, fleet_need(p->y[i], p->opts->capacity));
	fleet_simulate(p->y + from, n, past_running(p, from), p->opts->lead_steps[0],
		       p->opts->capacity, want, &peer, ret);
}

double tune_peer(struct past *p, fleet_want_fn *want)
{
	static const double headrooms[] = { 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4,
					    1.5, 1.7,  2.0, 2.5,  3.0, 4.0 };
	const size_t week = 7 * p->day;
	const size_t n = MAX(MIN(week, p->from / 2), (size_t)1);

	for (size_t k = 0; k < ARRAY_SIZE(headrooms); k++) {
		struct fleet_run run;

		simulate_peer(p, want, headrooms[k], p->from - n, n, &run);
		free(run.running);
		past_progress(p, (double)n);
		if (run.short_share <= p->opts->risk)
			return headrooms[k];
	}
	return headrooms[ARRAY_SIZE(headrooms) - 1];
}

/* The model as a policy, and the ledger of its bands. */
struct live {
	struct demand_model *m;
	const struct past *p;
	double *predicted; /* [n * n_leads * DEMAND_BANDS] or NULL */
	size_t *needs;     /* [n] with events, or NULL */
	struct err *err;
	int rc;
};

/* Notes the bands of each lead time at step i. */
static void note_bands(struct live *l, size_t i)
{
	const size_t n = demand_model_opts(l->m)->n_leads;
	double *predicted = l->predicted + i * n * DEMAND_BANDS;

	for (size_t k = 0; l->rc == 0 && k < n * DEMAND_BANDS; k++)
		l->rc = demand_model_quantile(l->m, k / DEMAND_BANDS,
					      demand_bands[k % DEMAND_BANDS],
					      predicted + k, l->err);
}

/* The instances for demand with events, held for a lead time as the model's own are. */
static size_t with_events(const struct live *l, size_t i, const struct demand_decision *d)
{
	const struct demand_opts *o = l->p->opts;
	const struct uplift *u = &l->p->ahead[i];
	const double plain = fmin(d->upper, (double)d->needed * o->capacity);
	const double level = fmin(d->level, UPLIFT_LEVEL);
	size_t most = 0;

	l->needs[i] =
		fleet_need(uplift_quantile(u, d->median, plain, level), o->capacity);
	for (size_t k = i - MIN(i, o->lead_steps[0]); k <= i; k++)
		most = MAX(most, l->needs[k]);
	return most;
}

static size_t desired_by_model(void *arg, size_t i, double demand, size_t running,
			       size_t booting)
{
	struct live *l = arg;
	struct demand_decision d;

	(void)demand;
	(void)running;
	(void)booting;
	if (l->rc == 0)
		l->rc = demand_model_update(l->m,
					    l->p->t0_ms + (int64_t)(l->p->from + i) *
								  l->p->opts->step_ms,
					    l->p->plain[l->p->from + i], l->err);
	if (l->predicted)
		note_bands(l, i);
	demand_model_decide(l->m, 0, &d);
	return l->needs ? with_events(l, i, &d) : d.instances;
}

int simulate_model(struct past *p, const struct demand_opts *o, double *predicted,
		   struct fleet_run *ret, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	int rc;

	if ((rc = demand_model_new(o, &m, err)) != 0 ||
	    (rc = demand_model_train(m, p->plain, p->from, p->t0_ms, err)) != 0)
		return rc;

	CLEANUP(free) size_t *needs = p->ahead ? xcalloc(p->n, sizeof(*needs)) : NULL;
	struct live l = {
		.m = m, .p = p, .predicted = predicted, .needs = needs, .err = err
	};

	fleet_simulate(p->y + p->from, p->n, past_running(p, p->from), o->lead_steps[0],
		       o->capacity, desired_by_model, &l, ret);
	past_progress(p, 4.0 * (double)o->n_leads * (double)(p->from + p->n));
	return l.rc;
}
