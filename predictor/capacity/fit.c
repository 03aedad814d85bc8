/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit.c - fits all laws, and chooses the one that is used.
 */
#include "state.h"

#include "check.h"
#include "usl.h"

#include <math.h>
#include <stdio.h>

#define REACH_LEAST 0.5      /* of the capacity must have been asked for */
#define BUSY_WIDTH_MOST 0.25 /* of the interval, either way; */
#define SLOW_WIDTH_MOST 0.5  /* latency alone says less */
#define NORMAL_95 1.96       /* deviations */
#define COUNTS_MAX 32
#define COUNTS_LEAST 4
#define COUNT_SD_MOST 0.15
#define FALLS 0.95      /* the law of many counts only below that share */
#define CHI2_LEAST 13.8 /* 2 degrees of freedom, one in a thousand */

static const struct range any = { 0, UINT32_MAX };

/* ---------------------------------------------------------------- what is known */

static bool is_wide(enum kind kind, double value, double low, double high)
{
	const double most = 1 + (kind == BUSY ? BUSY_WIDTH_MOST : SLOW_WIDTH_MOST);

	return !(high <= value * most && value <= low * most);
}

static bool is_known(struct estimate *e, enum kind kind)
{
	const double reach = e->law.high / e->law.capacity;
	const bool wide = is_wide(kind, e->law.capacity, e->low, e->high);

	if (!e->is_fitted)
		return false;
	if (wide && capacity_is_narrow(&e->law))
		snprintf(e->why, sizeof(e->why), "%s", CAPACITY_WHY_NARROW);
	else if (reach < REACH_LEAST)
		snprintf(e->why, sizeof(e->why),
			 "demand was never above %.0f %% of what it could serve",
			 100 * reach);
	else if (wide && isfinite(e->high))
		snprintf(e->why, sizeof(e->why),
			 "it may still be anywhere between %.3g and %.3g", e->low,
			 e->high);
	else if (wide)
		snprintf(e->why, sizeof(e->why), "it may still be anything above %.3g",
			 e->low);
	else
		return true;
	return false;
}

static void set_known(struct capacity_known *k, enum capacity_model model, double value,
		      double low, double high)
{
	k->model = model;
	k->value = value;
	k->low = low;
	k->high = high;
}

/* ---------------------------------------------------------------- many counts */

struct counts {
	double n[COUNTS_MAX], x[COUNTS_MAX], sd[COUNTS_MAX]; /* together */
	size_t m;
};

static size_t distinct_counts(const struct minutes *m, uint32_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t k = 0;

		while (k < n && ret[k] != m->v[i].n)
			k++;
		if (k == n && n < COUNTS_MAX)
			ret[n++] = m->v[i].n;
	}
	return n;
}

/* What each count serves on the mean of the day. */
static void fit_counts(const struct minutes *m, enum kind kind, double target,
		       struct counts *ret)
{
	uint32_t count[COUNTS_MAX];
	const size_t n = distinct_counts(m, count);

	ret->m = 0;
	for (size_t k = 0; n >= COUNTS_LEAST && k < n; k++) {
		const struct range one = { count[k], count[k] };
		struct estimate e;

		capacity_law(m, kind, &one, false, target, &e);
		if (!e.is_fitted || e.sd > COUNT_SD_MOST ||
		    e.law.high / e.law.capacity < REACH_LEAST)
			continue;
		ret->n[ret->m] = count[k];
		ret->x[ret->m] = count[k] * e.law.capacity;
		/* What is without noise is still not known beyond a part in
		 * a thousand. */
		ret->sd[ret->m] = ret->x[ret->m] * fmax(e.sd, 1e-3);
		ret->m++;
	}
}

/* The sum of squares when an instance serves the same whatever their count. */
static double chi2_of_one(const struct counts *k)
{
	double up = 0, down = 0, sum = 0;

	for (size_t i = 0; i < k->m; i++) {
		up += k->x[i] * k->n[i] / (k->sd[i] * k->sd[i]);
		down += k->n[i] * k->n[i] / (k->sd[i] * k->sd[i]);
	}
	for (size_t i = 0; i < k->m; i++) {
		const double e = (k->x[i] - k->n[i] * up / down) / k->sd[i];

		sum += e * e;
	}
	return sum;
}

static bool falls(const struct counts *k, const struct usl *u)
{
	double least = k->n[0], most = k->n[0];

	for (size_t i = 1; i < k->m; i++) {
		least = fmin(least, k->n[i]);
		most = fmax(most, k->n[i]);
	}
	return usl_throughput(u, most, NULL) / most <
	       FALLS * usl_throughput(u, least, NULL) / least;
}

/* Whether the data show that an instance serves less the more there are. */
static bool shows(const struct counts *k, struct usl *ret)
{
	return k->m >= COUNTS_LEAST && usl_fit(k->n, k->x, k->sd, k->m, ret) &&
	       chi2_of_one(k) - ret->chi2 >= CHI2_LEAST && falls(k, ret);
}

/* The weight of a demand in the dearest hour, when a count's own weight is known. */
static double dearest_of(struct minutes *m, enum kind kind, const struct usl *u,
			 double target)
{
	struct estimate e;

	for (size_t i = 0; i < m->n; i++) {
		struct point *p = &m->v[i];
		const double alone = usl_throughput(u, 1, NULL);
		const double by = alone * p->n / usl_throughput(u, p->n, NULL);

		p->x *= (float)by;
		p->r /= (float)by;
	}
	capacity_law(m, kind, &any, true, target, &e);
	return e.is_fitted ? e.dearest : 1;
}

/* The law of many counts, when the data shows it. Changes the minutes. */
static void fit_usl(struct capacity *c, struct minutes *m, enum kind kind, double n)
{
	struct usl u;
	struct counts k;
	double x, sd, off, value;

	fit_counts(m, kind, c->target, &k);
	if (!shows(&k, &u))
		return;
	x = usl_throughput(&u, n, &sd);
	value = x / n / dearest_of(m, kind, &u, c->target);
	off = exp(NORMAL_95 * sd / x);
	if (is_wide(kind, value, value / off, value * off))
		return;
	set_known(&c->known, CAPACITY_USL, value, value / off, value * off);
	snprintf(c->known.why, sizeof(c->known.why),
		 "each instance serves less as their number grows, observed at %zu "
		 "instance counts",
		 k.m);
}

/* ---------------------------------------------------------------- all */

static void describe_known(struct capacity_known *k, const struct estimate *e,
			   enum kind kind, double target)
{
	if (kind == BUSY)
		snprintf(k->why, sizeof(k->why),
			 "utilisation is proportional to demand; up to %.0f %% of the "
			 "demand that gives %.0f %% utilisation was observed",
			 100 * e->law.high / e->law.capacity, 100 * target);
	else
		snprintf(k->why, sizeof(k->why),
			 "latency rises with demand as in a queue; up to %.0f %% of the "
			 "demand that gives %.0f %% utilisation was observed",
			 100 * e->law.high / e->law.capacity, 100 * target);
}

/* The scarcer resource is the limit. */
static enum kind which(const struct estimate *e, const bool *known)
{
	if (known[BUSY] && known[SLOW])
		return e[BUSY].law.capacity <= e[SLOW].law.capacity ? BUSY : SLOW;
	if (known[BUSY] || known[SLOW])
		return known[BUSY] ? BUSY : SLOW;
	return e[BUSY].n ? BUSY : SLOW;
}

void capacity_fit(struct capacity *c, size_t instances)
{
	CLEANUP(free) struct minutes *m = xcalloc(1, sizeof(*m));
	struct capacity_known *k = &c->known;
	struct estimate e[2];
	bool known[2];
	enum kind by;

	if (capacity_is_suspect(c))
		return;
	capacity_collect(c, m);
	for (enum kind kind = BUSY; kind <= SLOW; kind++) {
		capacity_law(m, kind, &any, true, c->target, &e[kind]);
		known[kind] = is_known(&e[kind], kind);
		if (e[kind].law.is_usable)
			capacity_weights(m, kind, &e[kind].law);
	}
	c->busy = e[BUSY].law;
	c->slow = e[SLOW].law;
	by = which(e, known);
	*k = (struct capacity_known){
		CAPACITY_NOT_KNOWN, NAN, NAN, NAN, NAN, e[by].n, ""
	};
	snprintf(k->why, sizeof(k->why), "%s", e[by].why);
	k->cautious = capacity_cautious(m, c->target);
	if (!known[by])
		return;
	set_known(k, by == BUSY ? CAPACITY_UTILISATION : CAPACITY_QUEUE,
		  e[by].law.capacity, e[by].low, e[by].high);
	describe_known(k, &e[by], by, c->target);
	fit_usl(c, m, by, (double)MAX(instances, 1));
}
