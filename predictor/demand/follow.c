/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow.h"

#include "check.h"
#include "coverage.h"
#include "follow_state.h"
#include "model.h"

#include <math.h>
#include <string.h>

#define SOLVED_EVERY 30  /* steps; a solution takes as long as ten steps */
#define RATIO_HOURS 3.0  /* time constant of the ratio of both demands */
#define FORGOTTEN_IN 4.0 /* half-lives that there are since the first */
#define BRIDGED 3        /* steps in front whose gap is bridged */
#define LEVEL 0.95       /* of the quantile whose loss is compared */
#define WARM_DAYS 1.0    /* of forecasts, before they are compared */

static size_t aligned(size_t n)
{
	return (n + 7) / 8 * 8;
}

/* Reserves an array at the end; returns its offset in the data. */
static size_t place(struct demand_follow *f, size_t bytes)
{
	const size_t at = f->size - sizeof(*f);

	f->size += aligned(bytes);
	return at;
}

static double days(const struct demand_follow *f, double n)
{
	return n * 86400000.0 / (double)f->opts.step_ms;
}

/* All of a follower except its data, and where the data of its leads are. */
static struct demand_follow follow_of(const struct demand_opts *o,
				      struct follow_lead leads[DEMAND_LEADS_MAX])
{
	struct demand_follow f = { .magic = FOLLOW_MAGIC,
				   .version = DEMAND_FOLLOW_STATE_VERSION,
				   .size = sizeof(f),
				   .opts = *o };
	size_t longest = 0;

	for (size_t k = 0; k < f.opts.n_leads; k++)
		longest = MAX(longest, o->lead_steps[k] + 1);
	/* The features of an origin, as long as its lead time lasts. */
	f.memory = longest + DEMAND_FOLLOW_LAG + 3;
	place(&f, (f.memory + SLACK) * sizeof(struct follow_moment));
	f.leads_at = place(&f, f.opts.n_leads * sizeof(struct follow_lead));
	for (size_t k = 0; k < f.opts.n_leads; k++) {
		leads[k] = (struct follow_lead){ .window = o->lead_steps[k] + 1 };
		leads[k].ridge_at = place(&f, ridge_size(FOLLOW_N));
		leads[k].origins_at =
			place(&f, (leads[k].window + 1) * sizeof(struct follow_origin));
	}
	return f;
}

static void solve(struct demand_follow *f, struct follow_lead *l)
{
	/* The errors of the first days, while it learns much, are soon forgotten. */
	const double life = clamp((double)l->learned / FORGOTTEN_IN, days(f, WARM_DAYS),
				  days(f, HISTOGRAM_DAYS));

	ridge_solve(follow_ridge(f, l));
	histogram_solve(&l->histogram);
	l->histogram.grow = exp2(1 / life);
	for (int k = 0; k < DEMAND_BANDS; k++)
		l->z[k] = histogram_quantile(&l->histogram, demand_bands[k]);
}

static void lead_init(struct demand_follow *f, struct follow_lead *l)
{
	struct ridge *r = follow_ridge(f, l);

	follow_trial_init(&l->trial, f->opts.step_ms, l->window);
	histogram_init(&l->histogram, days(f, HISTOGRAM_DAYS), PRIOR_HISTOGRAM);
	ridge_init(r, FOLLOW_N, days(f, HALF_LIFE_DAYS), PRIOR_MEAN);
	ridge_b(r)[FOLLOW_OWN] = ridge_b0(r)[FOLLOW_OWN] = 1;
	solve(f, l);
}

struct demand_follow *demand_follow_new(const struct demand_opts *opts)
{
	struct follow_lead leads[DEMAND_LEADS_MAX];
	const struct demand_follow head = follow_of(opts, leads);
	struct demand_follow *f = xcalloc(1, head.size);

	memcpy(f, &head, sizeof(head));
	for (size_t k = 0; k < f->opts.n_leads; k++) {
		*follow_lead(f, k) = leads[k];
		lead_init(f, follow_lead(f, k));
	}
	return f;
}

void demand_follow_free(struct demand_follow *f)
{
	if (!f)
		return;
	CHECK_MAGIC(f, FOLLOW_MAGIC);
	f->magic = 0;
	free(f);
}

/* ---------------------------------------------------------------- learning */

static double loss_of(double high, double target)
{
	return target > high ? LEVEL * (target - high) : (1 - LEVEL) * (high - target);
}

/* By how much its errors are smaller than the model's. */
static double scale_of(const struct follow_lead *l)
{
	return l->own_error > 0 ? clamp(l->error / l->own_error, 0.05, 2) : 1;
}

/* The largest rise over the base within the lead time that ends now. */
static double target_of(const struct demand_follow *f, const struct follow_lead *l)
{
	const struct follow_moment *now = follow_newest_const(f);
	double top = 0;

	for (size_t k = 0; k < l->window; k++)
		top = fmax(top, (double)now[-(ptrdiff_t)k].y);
	return top - follow_base(now - l->window);
}

/* Learns from the origin whose lead time ends with the newest step. */
static void learn(struct demand_follow *f, struct follow_lead *l)
{
	const struct follow_origin *o = follow_origin(f, l, l->window);
	const struct follow_moment *then = follow_newest(f) - l->window;
	float x[FOLLOW_N];

	if (f->n <= l->window || f->whole <= l->window || !then->is_usable)
		return;

	const double target = target_of(f, l), error = target - (double)o->mid;
	const double own_error = fabs(target - (double)o->own), size = fabs(error);
	const double limit = HUBER * (double)o->sigma;
	const double count = fmin((double)++l->learned, days(f, 1));

	if ((double)l->learned > days(f, WARM_DAYS))
		follow_trial_note(&l->trial, loss_of((double)o->own_high, target),
				  loss_of((double)o->high, target));
	coverage_add(l->coverage, o->predicted, (float)(target + follow_base(then)),
		     l->learned - 1, 3600000.0 / (double)f->opts.step_ms / M_LN2);
	histogram_add(&l->histogram, error / (double)o->spread);
	l->own_error += (own_error - l->own_error) / count;
	l->error += (size - l->error) / count;
	follow_features(then, (double)o->own, x);
	ridge_add(follow_ridge(f, l), x, target, size > limit ? limit / size : 1);
	if (l->learned % SOLVED_EVERY == 0)
		solve(f, l);
}

/* ---------------------------------------------------------------- forecasting */

static void forecast(struct demand_follow *f, struct follow_lead *l,
		     const struct demand_view *own)
{
	struct follow_origin *o = follow_origin(f, l, 0);
	const double base = follow_base(follow_newest(f));
	float x[FOLLOW_N];

	o->own = (float)(own->mid - base);
	o->own_high = (float)(demand_view_quantile(own, LEVEL) - base);
	o->sigma = (float)own->sigma;
	follow_features(follow_newest(f), (double)o->own, x);
	l->view = (struct demand_view){
		.mid = clamp(base + ridge_predict(follow_ridge(f, l), x), 0, own->most),
		.sigma = own->sigma * scale_of(l),
		.most = own->most,
		.z = &l->histogram,
	};
	o->mid = (float)(l->view.mid - base);
	o->spread = (float)l->view.sigma;
	o->high = (float)(demand_view_quantile(&l->view, LEVEL) - base);
	l->view.z = NULL;
	for (int k = 0; k < DEMAND_BANDS; k++)
		o->predicted[k] =
			(float)clamp(l->view.mid + l->view.sigma * l->z[k], 0, own->most);
}

/* ---------------------------------------------------------------- stepping */

/* For a moment more. */
static void make_room(struct demand_follow *f)
{
	struct follow_moment *all = (void *)f->data;

	if (f->n++ > 0)
		f->at++;
	if (f->at == f->memory + SLACK) {
		memmove(all, all + SLACK, f->memory * sizeof(*all));
		f->at -= SLACK;
	}
}

/* The newest moment. */
static void push(struct demand_follow *f, const struct demand_model *m, double front)
{
	const double y = demand_model_latest(m);
	const double pace = 1 / (RATIO_HOURS * model_hour_life(m) * M_LN2);
	const bool is_measured = m->unseen == 0, is_front = isfinite(front);
	struct follow_moment *now;

	make_room(f);
	now = follow_newest(f);
	f->missing = is_front ? 0 : f->missing + 1;
	if (!is_front && f->n > 1)
		front = (double)now[-1].front;
	*now = (struct follow_moment){ .y = (float)y,
				       .front = is_front || f->n > 1 ? (float)front : 0 };
	f->whole = is_measured ? f->whole + 1 : 0;
	f->together = f->missing <= BRIDGED ? f->together + 1 : 0;
	if (is_measured && is_front) {
		const double part = f->front_mean > 0 ? pace : 1;

		f->y_mean += part * (y - f->y_mean);
		f->front_mean += part * (front - f->front_mean);
	}
	now->ratio = f->front_mean > 0 ? (float)(f->y_mean / f->front_mean) : 0;
	now->is_usable = is_front && f->whole > DEMAND_FOLLOW_LAG + 1 &&
			 f->together > DEMAND_FOLLOW_LAG + 1;
}

void demand_follow_step(struct demand_follow *f, const struct demand_model *m,
			double front)
{
	if (m->n == 0)
		return;
	if (m->n != f->model_n + 1)
		f->whole = f->together = 0;
	f->model_n = m->n;
	push(f, m, front);
	if (follow_newest(f)->is_usable)
		follow_note_lag(f);
	for (size_t k = 0; k < f->opts.n_leads; k++) {
		struct follow_lead *l = follow_lead(f, k);
		struct demand_view own;

		learn(f, l);
		if (follow_newest(f)->is_usable &&
		    demand_model_view(m, k, &own, NULL) == 0)
			forecast(f, l, &own);
	}
}

static bool is_used(const struct demand_follow *f, const struct follow_lead *l)
{
	return f->n > 0 && follow_newest_const(f)->is_usable &&
	       follow_trial_holds(&l->trial);
}

bool demand_follow_view(const struct demand_follow *f, size_t lead,
			const struct demand_view *own, struct demand_view *ret)
{
	const struct follow_lead *l = follow_lead_const(f, lead);

	CHECK(lead < f->opts.n_leads);
	*ret = *own;
	if (!is_used(f, l))
		return false;
	*ret = l->view;
	ret->z = &l->histogram;
	return true;
}

void demand_follow_state(const struct demand_follow *f, size_t lead,
			 struct demand_follow_state *ret)
{
	const struct follow_lead *l = follow_lead_const(f, lead);

	CHECK(lead < f->opts.n_leads);
	*ret = (struct demand_follow_state){
		.is_used = is_used(f, l),
		.gain = follow_trial_gain(&l->trial),
		.evidence = l->trial.evidence,
		.steps = (uint64_t)fmin((double)l->trial.steps, l->trial.slow),
		.lag_steps = follow_best_lag(f),
	};
}

void demand_follow_coverage(const struct demand_follow *f, size_t lead, double *ret)
{
	const struct follow_lead *l = follow_lead_const(f, lead);

	CHECK(lead < f->opts.n_leads);
	coverage_tell(l->coverage, l->learned, ret);
}
