/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge.h"

#include "check.h"
#include "horizon.h"
#include "peers.h"

#include <math.h>
#include <string.h>

static const double risks[JUDGE_RISKS] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05 };

const char *judge_policy_name(enum judge_policy p)
{
	static const char *const names[] = { "foretide", "seasonal", "reactive (HPA)",
					     "static peak", "clairvoyant" };

	return names[p];
}

struct play {
	const double *y;      /* [from + n] without gaps */
	const double *plain;  /* [from + n] the same without what events do */
	struct uplift *ahead; /* [n] the largest within the lead time; NULL: no events */
	size_t from, n;
	int64_t t0_ms;
	const struct demand_opts *opts;
	size_t day;
	judge_progress_fn *progress;
	void *arg;
	double done, work;
};

static void tick(struct play *p, double work)
{
	p->done += work;
	if (p->progress)
		p->progress(p->arg, fmin(p->done / p->work, 1));
}

static size_t running_at(const struct play *p, size_t from)
{
	return fleet_need(p->y[from - 1], p->opts->capacity);
}

/* A peer on y[from .. from + n). */
static void run_peer(const struct play *p, fleet_want_fn *want, double headroom,
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
	fleet_simulate(p->y + from, n, running_at(p, from), p->opts->lead_steps[0],
		       p->opts->capacity, want, &peer, ret);
}

/* The cheapest headroom that kept the risk on the last half of the history. */
static double tune(struct play *p, fleet_want_fn *want)
{
	static const double knobs[] = { 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4,
					1.5, 1.7,  2.0, 2.5,  3.0, 4.0 };
	const size_t week = 7 * p->day;
	const size_t n = MAX(MIN(week, p->from / 2), (size_t)1);

	for (size_t k = 0; k < ARRAY_SIZE(knobs); k++) {
		struct fleet_run run;

		run_peer(p, want, knobs[k], p->from - n, n, &run);
		free(run.running);
		tick(p, (double)n);
		if (run.short_share <= p->opts->risk)
			return knobs[k];
	}
	return knobs[ARRAY_SIZE(knobs) - 1];
}

/* The model as a policy, and the ledger of its bands. */
struct live {
	struct demand_model *m;
	const struct play *p;
	double *said;  /* [n * n_leads * DEMAND_BANDS] or NULL */
	size_t *needs; /* [n] with events, or NULL */
	struct err *err;
	int rc;
};

/* What the bands say of each lead time at step i. */
static void note_bands(struct live *l, size_t i)
{
	const size_t n = demand_model_opts(l->m)->n_leads;
	double *said = l->said + i * n * DEMAND_BANDS;

	for (size_t k = 0; l->rc == 0 && k < n * DEMAND_BANDS; k++)
		l->rc = demand_model_quantile(l->m, k / DEMAND_BANDS,
					      demand_bands[k % DEMAND_BANDS], said + k,
					      l->err);
}

/* What the model asks for, of demand with events: held for a lead time, as its own is. */
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

static size_t want_model(void *arg, size_t i, double demand, size_t running,
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
	if (l->said)
		note_bands(l, i);
	demand_model_decide(l->m, 0, &d);
	return l->needs ? with_events(l, i, &d) : d.instances;
}

static int run_model(struct play *p, const struct demand_opts *o, double *said,
		     struct fleet_run *ret, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	int rc;

	if ((rc = demand_model_new(o, &m, err)) != 0 ||
	    (rc = demand_model_train(m, p->plain, p->from, p->t0_ms, err)) != 0)
		return rc;

	CLEANUP(free) size_t *needs = p->ahead ? xcalloc(p->n, sizeof(*needs)) : NULL;
	struct live l = { .m = m, .p = p, .said = said, .needs = needs, .err = err };

	fleet_simulate(p->y + p->from, p->n, running_at(p, p->from), o->lead_steps[0],
		       o->capacity, want_model, &l, ret);
	tick(p, 4.0 * (double)o->n_leads * (double)(p->from + p->n));
	return l.rc;
}

/* The lead time of the options first, then those around it. */
static struct demand_opts with_leads(const struct demand_opts *of)
{
	const size_t own = of->lead_steps[0];
	const size_t others[] = { 1, own / 2, MIN(2 * own, (size_t)DEMAND_LEAD_MAX) };
	struct demand_opts o = *of;

	o.n_leads = 1;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		bool is_new = others[i] > 0;

		for (size_t k = 0; k < o.n_leads; k++)
			is_new &= o.lead_steps[k] != others[i];
		if (is_new)
			o.lead_steps[o.n_leads++] = others[i];
	}
	return o;
}

/* What the bands of a lead time kept. said: of step i at said[i * stride]. */
static void fill_lead(const struct play *p, const double *said, size_t stride,
		      struct judge_lead *ret)
{
	const size_t window = ret->steps + 1;
	size_t count = 0;

	for (size_t i = 0; i + window < p->n; i++, count++) {
		double top = 0;

		for (size_t k = 1; k <= window; k++)
			top = fmax(top, p->plain[p->from + i + k]);
		for (size_t k = 0; k < DEMAND_BANDS; k++)
			ret->kept[k] += top <= said[i * stride + k] * (1 + 1e-9);
	}
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		ret->kept[k] /= count ? (double)count : NAN;
}

static int by_steps(const void *a, const void *b)
{
	const struct judge_lead *x = a, *y = b;

	return (x->steps > y->steps) - (x->steps < y->steps);
}

static int run_leads(struct play *p, struct judge_report *r, struct err *err)
{
	const struct demand_opts o = with_leads(p->opts);
	const size_t stride = o.n_leads * DEMAND_BANDS;
	CLEANUP(free) double *said = xcalloc(p->n * stride, sizeof(double));
	const int rc = run_model(p, &o, said, &r->row[JUDGE_MODEL].run, err);

	if (rc != 0)
		return rc;
	r->n_leads = o.n_leads;
	for (size_t k = 0; k < o.n_leads; k++) {
		r->lead[k].steps = o.lead_steps[k];
		fill_lead(p, said + k * DEMAND_BANDS, stride, &r->lead[k]);
	}
	qsort(r->lead, r->n_leads, sizeof(r->lead[0]), by_steps);
	while (r->lead[r->own].steps != p->opts->lead_steps[0])
		r->own++;
	return 0;
}

static int run_frontier(struct play *p, struct judge_report *r, struct err *err)
{
	struct demand_opts o = *p->opts;

	o.n_leads = 1;
	o.price = 0;
	for (size_t k = 0; k < JUDGE_RISKS; k++) {
		struct fleet_run run = { 0 };
		int rc;

		o.risk = risks[k];
		rc = run_model(p, &o, NULL, &run, err);
		free(run.running);
		if (rc != 0)
			return rc;
		r->frontier[k] = (struct judge_point){
			risks[k],
			run.instance_steps / r->row[JUDGE_ORACLE].run.instance_steps,
			run.short_share,
		};
	}
	return 0;
}

static int play_all(struct play *p, struct judge_report *r, struct err *err)
{
	static fleet_want_fn *const wants[] = { [JUDGE_SEASONAL] = peer_seasonal,
						[JUDGE_REACTIVE] = peer_reactive,
						[JUDGE_STATIC] = peer_static };
	const double hours = (double)p->opts->step_ms / 3600000.0;
	int rc;

	fleet_oracle(p->y + p->from, p->n, running_at(p, p->from), p->opts->lead_steps[0],
		     p->opts->capacity, &r->row[JUDGE_ORACLE].run);
	rc = run_leads(p, r, err);
	if (rc != 0)
		return rc;
	for (int k = JUDGE_SEASONAL; k <= JUDGE_STATIC; k++) {
		if (k != JUDGE_STATIC)
			r->row[k].headroom = tune(p, wants[k]);
		run_peer(p, wants[k], r->row[k].headroom, p->from, p->n, &r->row[k].run);
	}
	for (int k = 0; k < JUDGE_POLICIES; k++) {
		r->row[k].instance_hours = r->row[k].run.instance_steps * hours;
		r->row[k].cost = r->row[k].run.instance_steps /
				 r->row[JUDGE_ORACLE].run.instance_steps;
	}
	return run_frontier(p, r, err);
}

static int check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && !(y[i] >= 0 && isfinite(y[i])))
			return err_set(err, ERR_INVAL,
				       "value %zu, %g, is not a number from 0 up", i,
				       y[i]);
	return 0;
}

static size_t steps_of_day(int64_t step_ms)
{
	return (size_t)MAX(86400000 / step_ms, (int64_t)1);
}

size_t judge_from(size_t n, int64_t step_ms, size_t play)
{
	return n - MIN(n, play ? play : MIN(14 * steps_of_day(step_ms), n / 2));
}

/* ret_plain [from + n]: y without events; ret_ahead [n]: what comes within the lead time
 * behind each step. */
static void divide(const struct play *p, const struct uplift_event *e, size_t n_events,
		   double *ret_plain, struct uplift *ret_ahead)
{
	const int64_t step_ms = p->opts->step_ms;
	const int64_t reach_ms = (int64_t)(p->opts->lead_steps[0] + 1) * step_ms;

	uplift_factors(e, n_events, p->t0_ms, step_ms, ret_plain, p->from + p->n);
	for (size_t i = 0; i < p->from + p->n; i++)
		ret_plain[i] = p->y[i] / ret_plain[i];
	for (size_t i = 0; i < p->n; i++) {
		const int64_t end_ms = p->t0_ms + (int64_t)(p->from + i + 1) * step_ms;

		ret_ahead[i] = uplift_within(e, n_events, end_ms, end_ms + reach_ms);
	}
}

int judge_backtest(const double *y, size_t n, int64_t t0_ms,
		   const struct demand_opts *opts, size_t play,
		   judge_progress_fn *progress, void *arg, struct judge_report **ret,
		   struct err *err)
{
	return judge_backtest_events(y, n, t0_ms, opts, play, NULL, 0, progress, arg, ret,
				     err);
}

int judge_backtest_events(const double *y, size_t n, int64_t t0_ms,
			  const struct demand_opts *opts, size_t play,
			  const struct uplift_event *events, size_t n_events,
			  judge_progress_fn *progress, void *arg,
			  struct judge_report **ret, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *checks_options = NULL;
	int rc = demand_model_new(opts, &checks_options, err);

	if (rc != 0)
		return rc;

	const size_t day = steps_of_day(opts->step_ms);
	const size_t from = judge_from(n, opts->step_ms, play), take = n - from;

	if (take < 20 || from < 20)
		return err_set(err, ERR_INVAL,
			       "%zu values are too few to play %zu after as much history",
			       n, MAX(take, (size_t)20));

	CLEANUP(judge_report_free) struct judge_report *r = xcalloc(1, sizeof(*r));
	CLEANUP(free) double *filled = xcalloc(n, sizeof(*filled));

	rc = check(y, n, err);
	if (rc != 0)
		return rc;
	if (!gaps_fill(filled, y, n))
		return err_set(err, ERR_INVAL, "there is no value to play");

	struct play p = { .y = filled,
			  .plain = filled,
			  .from = from,
			  .n = take,
			  .t0_ms = t0_ms,
			  .opts = opts,
			  .day = day,
			  .progress = progress,
			  .arg = arg };

	CLEANUP(free) double *plain = xcalloc(n_events ? n : 1, sizeof(*plain));
	CLEANUP(free) struct uplift *ahead = xcalloc(n_events ? take : 1, sizeof(*ahead));

	if (n_events) {
		divide(&p, events, n_events, plain, ahead);
		p.plain = plain;
		p.ahead = ahead;
	}
	p.work = 4.0 * (double)(JUDGE_RISKS + with_leads(opts).n_leads) * (double)n +
		 13.0 * (double)MIN(n, 14 * day);
	r->from = p.from;
	r->n = take;
	r->demand = xcalloc(take, sizeof(double));
	memcpy(r->demand, filled + p.from, take * sizeof(double));
	rc = play_all(&p, r, err);
	if (rc != 0)
		return rc;
	if (progress)
		progress(arg, 1);
	*ret = TAKE(r);
	return 0;
}

void judge_report_free(struct judge_report *r)
{
	if (!r)
		return;
	for (size_t k = 0; k < JUDGE_POLICIES; k++)
		free(r->row[k].run.running);
	free(r->demand);
	free(r);
}
