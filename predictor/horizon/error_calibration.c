/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_calibration.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define BAND 0.95
#define NORMAL 1.96 /* where a normal has an end of it */
#define LEAST 0.3   /* times as wide */
#define MOST 4.0    /* times as wide */
#define BIN 0.025   /* of a factor */
#define BINS 160    /* up to MOST; the last has all above */
/* Of the widening, as an exponent, that stays whatever was needed: past errors are those
 * of methods that were weighed on them, and smaller than those to come. */
#define KEPT 0.6
#define LEVEL_LEAST 0.5 /* of the quantile of needed factors */
#define LEVEL_MOST 0.999
#define STEP 0.03
#define SMALL 0.12
#define PSEUDO 4.0
#define QUANTILES 64 /* ... at so many quantiles */
#define LIFE 4.0     /* half-life of an error, in steps ahead ... */
#define UNITS 2.0    /* ... and these at least, in units */
#define ALIKE 0.125  /* units that an error and the next are alike */
#define SAMPLES 64   /* steps of an octave that are looked at, at most */
#define ENOUGH 6     /* bands that do not overlap, to tell what was held */

/* By what a band must be multiplied to hold an error. */
struct needed {
	double factor, weight;
	struct needed *next; /* that is known as late */
};

/* What became of the band at an origin. */
struct play {
	size_t origin, at, end; /* steps */
	struct needed *v;       /* [n] what its errors needed */
	size_t n;
	struct needed *known; /* errors that are known from here on */
	double share;         /* held */
	bool learned;
};

/* An octave of steps ahead. */
struct octave {
	size_t end;    /* of it */
	size_t lo, hi; /* steps that it is learned from */
	size_t unit;
	double life, level;
	struct play *play; /* [n] by time */
	size_t n;
	double known[BINS], normal[BINS]; /* weight of factors; of pseudo-errors now */
};

size_t error_unit(size_t season, size_t n)
{
	return MAX(MIN(season ? season : n / 28, n / 14), (size_t)1);
}

static int by_time(const void *a, const void *b)
{
	const struct play *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static double needed(const struct error_quantiles *s, const struct error_band *b,
		     size_t i, size_t j)
{
	const double off = error_shape(s, b->by, i, j) / b->by->recent[j] - b->middle;
	const double wide = off > 0 ? b->high - b->middle : b->middle - b->low;

	return fabs(off) / fmax(wide * pow(b->widening[j], 1 - KEPT), 1e-12);
}

/* What the errors of an origin needed. */
static void collect_play(const struct error_quantiles *s, size_t t,
			 const struct error_band *b, const struct octave *o,
			 struct play *p)
{
	const size_t every = (o->hi - o->lo + SAMPLES - 1) / SAMPLES;
	const size_t end = MIN(o->hi, s->known[p->origin]);
	const double younger = exp2((double)every / o->life);
	double weight = exp2(-(double)(t - p->at - o->lo) / o->life) * (double)every /
			(double)(o->hi - o->lo);

	p->end = p->at + end;
	for (size_t j = o->lo; j < end; j += every, weight *= younger)
		p->v[p->n++] = (struct needed){
			.factor = needed(s, b, p->origin, j),
			.weight = weight,
		};
}

/* Hands each error to the first origin at which it is known. */
static void make_known(const struct octave *o, size_t first)
{
	const size_t every = (o->hi - o->lo + SAMPLES - 1) / SAMPLES;
	const struct play *of = o->play + first;
	size_t p = first;

	for (size_t k = 0; k < of->n; k++) {
		while (p < o->n && o->play[p].at <= of->at + o->lo + k * every)
			p++;
		of->v[k].next = o->play[p].known;
		o->play[p].known = of->v + k;
	}
}

/* The errors of the origins that reach far enough, in room v; the play after the last is
 * the end of the series. Returns the weight of all. */
static double collect(const struct error_quantiles *s, size_t t,
		      const struct error_band *b, struct needed *v, struct octave *o)
{
	double total = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->reach[i] >= o->end && s->known[i] > o->lo)
			o->play[o->n++] = (struct play){ .origin = i, .at = s->at[i] };
	qsort(o->play, o->n, sizeof(*o->play), by_time);
	o->play[o->n] = (struct play){ .at = t };
	for (size_t p = 0; p < o->n; p++) {
		o->play[p].v = v;
		collect_play(s, t, b, o, o->play + p);
		v += o->play[p].n;
		for (size_t k = 0; k < o->play[p].n; k++)
			total += o->play[p].v[k].weight;
	}
	for (size_t p = 0; p < o->n; p++)
		make_known(o, p);
	return total;
}

static size_t bin_of(double factor)
{
	return (size_t)fmin(factor / BIN, BINS - 1);
}

/* Pseudo-errors, and the level for as many independent errors as there are. */
static void start(size_t t, double total, struct octave *o)
{
	const double span = (double)(t - o->play[0].at) / o->life;
	const double steps = o->life / M_LN2 * (1 - exp2(-span));
	const double errors = steps / ((double)o->end + ALIKE * (double)o->unit);

	for (size_t k = 0; k < QUANTILES; k++) {
		const double p = 0.5 + ((double)k + 0.5) / (2 * QUANTILES);

		o->normal[bin_of(gsl_cdf_ugaussian_Pinv(p) / NORMAL)] +=
			PSEUDO * total / errors / QUANTILES;
	}
	o->level = fmin(BAND * (1 + SMALL / (errors + PSEUDO)), LEVEL_MOST);
}

/* The quantile of what the errors known at an origin needed; older: the share of its
 * weight that an error of that time has left now. */
static double factor_at(struct octave *o, const struct play *p, double older)
{
	double total = 0, sum = 0;
	size_t k = 0;

	for (const struct needed *v = p->known; v; v = v->next)
		o->known[bin_of(v->factor)] += v->weight;
	for (size_t i = 0; i < BINS; i++)
		total += o->known[i] + older * o->normal[i];
	for (; k + 1 < BINS; k++) {
		sum += o->known[k] + older * o->normal[k];
		if (sum >= o->level * total)
			break;
	}
	return fmax(BIN * (double)(k + 1), LEAST);
}

/* The level moves by what the bands held whose values have all come by step t. */
static void learn(struct octave *o, size_t n, size_t t)
{
	for (size_t p = 0; p < n; p++) {
		if (o->play[p].learned || o->play[p].end > t)
			continue;
		o->play[p].learned = true;
		o->level += STEP * (BAND - o->play[p].share);
	}
	o->level = fmin(fmax(o->level, LEVEL_LEAST), LEVEL_MOST);
}

static double share_held(const struct play *p, double factor)
{
	double held = 0;

	for (size_t k = 0; k < p->n; k++)
		held += p->v[k].factor <= factor;
	return held / (double)p->n;
}

/* Makes each origin's band as it would have been, and that of the end of the series,
 * whose factor is returned; the share that they held. */
static double walk(struct octave *o, size_t t, bool moves, double *ret_held)
{
	double share = 0;

	for (size_t p = 0; p < o->n; p++) {
		struct play *of = o->play + p;

		if (moves)
			learn(o, p, of->at);
		of->share = share_held(
			of, factor_at(o, of, exp2(-(double)(t - of->at) / o->life)));
		share += of->share / (double)o->n;
	}
	if (moves)
		learn(o, o->n, SIZE_MAX);
	*ret_held = (t - o->play[0].at) / o->end >= ENOUGH ? share : NAN;
	return factor_at(o, o->play + o->n, 1);
}

void error_calibrate(const struct error_quantiles *s, size_t t,
		     const struct error_band *b, double *factor, double *held)
{
	const size_t unit = error_unit(s->season, t);
	CLEANUP(free) struct needed *v = xcalloc(s->n * SAMPLES, sizeof(*v));
	CLEANUP(free) struct play *play = xcalloc(s->n + 1, sizeof(*play));
	size_t end = MAX(unit / 24, (size_t)1);

	for (size_t a = 0; a < s->h; a = end, end *= 2) {
		const size_t last = MIN(end, s->h);
		struct octave o = {
			.end = last,
			.lo = a / 2,
			.hi = MIN(2 * end, s->h),
			.unit = unit,
			.life = fmax(LIFE * (double)end, UNITS * (double)unit),
			.play = play,
		};
		double f = 1, share = NAN;
		const double total = collect(s, t, b, v, &o);

		if (o.n > 0) {
			start(t, total, &o);
			f = walk(&o, t, end <= unit, &share);
		}
		for (size_t j = a; j < last; j++) {
			factor[j] = f;
			held[j] = share;
		}
	}
}

double error_calibrated(double factor, double x)
{
	return factor > 1 ? 1 + (factor - 1) * fmin(fabs(x) / NORMAL, 1) : factor;
}
