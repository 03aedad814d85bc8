/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error_calibration.h"

#include "check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define BAND 0.95
#define NORMAL 1.96     /* where a normal has an end of it */
#define LEAST 0.5       /* times as wide */
#define MOST 4.0        /* times as wide */
#define LEVEL_LEAST 0.5 /* of the quantile of needed factors */
#define LEVEL_MOST 0.999
#define STEP 0.05   /* of the level, for each origin */
#define SMALL 0.12  /* of the level up, over the number of independent errors */
#define PSEUDO 2.0  /* independent errors as of a normal ... */
#define QUANTILES 64 /* ... at so many quantiles */
#define LIFE 4.0    /* half-life of an error in steps ahead, a unit at least */
#define ALIKE 0.125 /* units that an error and the next are alike */
#define SAMPLES 64  /* steps of an octave that are looked at, at most */
#define ENOUGH 8    /* origins whose bands tell what was held */

/* By what a band must be multiplied to hold an error. */
struct needed {
	double factor, weight;
	size_t known; /* step from which on it is */
	size_t play;  /* its origin's; SIZE_MAX: a pseudo-error */
};

/* What became of the band at an origin. */
struct play {
	size_t origin, at, end; /* steps */
	double held, tried;
	bool learned;
};

/* An octave of steps ahead. */
struct octave {
	size_t lo, hi, unit;
	double life, pseudo; /* weight of all pseudo-errors now */
	struct needed *v;
	struct play *play;
	size_t n, n_plays;
	double level;
};

size_t error_unit(size_t season, size_t n)
{
	return MAX(MIN(season ? season : n / 28, n / 14), (size_t)1);
}

static int by_factor(const void *a, const void *b)
{
	const struct needed *x = a, *y = b;

	return (x->factor > y->factor) - (x->factor < y->factor);
}

static int by_time(const void *a, const void *b)
{
	const struct play *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static double needed(const struct error_quantiles *s, const struct error_band *b, size_t i,
		     size_t j)
{
	const double off = error_shape(s, b->by, i, j) / b->by->recent[j] - b->middle;
	const double wide = off > 0 ? b->high - b->middle : b->middle - b->low;

	return fabs(off) / fmax(wide * b->widening[j], 1e-12);
}

/* The errors of the origins that reach far enough. */
static void collect(const struct error_quantiles *s, size_t t, const struct error_band *b,
		    size_t end, struct octave *o)
{
	const size_t every = (o->hi - o->lo + SAMPLES - 1) / SAMPLES;

	for (size_t i = 0; i < s->n; i++)
		if (s->reach[i] >= end && s->known[i] > o->lo)
			o->play[o->n_plays++] = (struct play){ .origin = i,
							       .at = s->at[i] };
	qsort(o->play, o->n_plays, sizeof(*o->play), by_time);
	for (size_t p = 0; p < o->n_plays; p++) {
		struct play *of = o->play + p;
		const size_t to = MIN(o->hi, s->known[of->origin]);

		of->end = of->at + to;
		for (size_t j = o->lo; j < to; j += every)
			o->v[o->n++] = (struct needed){
				.factor = needed(s, b, of->origin, j),
				.weight = exp2(-(double)(t - of->at - j) / o->life) *
					  (double)every / (double)(o->hi - o->lo),
				.known = of->at + j + 1,
				.play = p,
			};
	}
}

/* Pseudo-errors, and the level for as many independent errors as there are. */
static void add_pseudo(size_t t, size_t end, struct octave *o)
{
	const double span = (double)(t - o->play[0].at) / o->life;
	const double steps = o->life / M_LN2 * (1 - exp2(-span));
	const double errors = steps / ((double)end + ALIKE * (double)o->unit);
	double total = 0;

	for (size_t k = 0; k < o->n; k++)
		total += o->v[k].weight;
	o->pseudo = PSEUDO * total / errors;
	for (size_t k = 0; k < QUANTILES; k++) {
		const double p = 0.5 + ((double)k + 0.5) / (2 * QUANTILES);

		o->v[o->n++] = (struct needed){
			.factor = gsl_cdf_ugaussian_Pinv(p) / NORMAL,
			.weight = o->pseudo / QUANTILES,
			.play = SIZE_MAX,
		};
	}
	o->level = fmin(BAND * (1 + SMALL / (errors + PSEUDO)), LEVEL_MOST);
}

/* The quantile of what the errors known at step t needed. Weights fall alike for all from
 * then to the end, but pseudo-errors are always new. */
static double factor_at(const struct octave *o, size_t t, double younger)
{
	double total = 0, sum = 0, factor = 1;

	for (size_t k = 0; k < o->n; k++)
		if (o->v[k].known <= t)
			total += o->v[k].weight *
				 (o->v[k].play == SIZE_MAX ? younger : 1);
	for (size_t k = 0; k < o->n && sum < o->level * total; k++)
		if (o->v[k].known <= t) {
			sum += o->v[k].weight *
			       (o->v[k].play == SIZE_MAX ? younger : 1);
			factor = o->v[k].factor;
		}
	return fmin(fmax(factor, LEAST), MOST);
}

/* The level moves by what the bands held whose values have all come by step t. */
static void learn(struct octave *o, size_t n, size_t t)
{
	for (size_t p = 0; p < n; p++) {
		struct play *of = o->play + p;

		if (of->learned || of->end > t)
			continue;
		of->learned = true;
		o->level += STEP * (BAND - of->held / of->tried);
	}
	o->level = fmin(fmax(o->level, LEVEL_LEAST), LEVEL_MOST);
}

/* Makes each origin's band as it would have been; returns the share that they held. */
static double walk(struct octave *o, size_t t, bool moves)
{
	double share = 0;

	for (size_t p = 0; p < o->n_plays; p++) {
		struct play *of = o->play + p;

		if (moves)
			learn(o, p, of->at);

		const double factor = factor_at(
			o, of->at, exp2(-(double)(t - of->at) / o->life));

		for (size_t k = 0; k < o->n; k++)
			if (o->v[k].play == p) {
				of->tried += 1;
				of->held += o->v[k].factor <= factor;
			}
		share += of->held / of->tried / (double)o->n_plays;
	}
	if (moves)
		learn(o, o->n_plays, SIZE_MAX);
	return o->n_plays >= ENOUGH ? share : NAN;
}

void error_calibrate(const struct error_quantiles *s, size_t t, const struct error_band *b,
		     double *factor, double *held)
{
	const size_t unit = error_unit(s->season, t);
	CLEANUP(free)
	struct needed *v = xcalloc(s->n * SAMPLES + QUANTILES, sizeof(*v));
	CLEANUP(free) struct play *play = xcalloc(s->n, sizeof(*play));
	size_t end = MAX(unit / 24, (size_t)1);

	for (size_t a = 0; a < s->h; a = end, end *= 2) {
		const size_t last = MIN(end, s->h);
		struct octave o = {
			.lo = a / 2,
			.hi = MIN(2 * end, s->h),
			.unit = unit,
			.life = fmax(LIFE * (double)end, (double)unit),
			.v = v,
			.play = play,
		};
		double f = 1, share = NAN;

		collect(s, t, b, last, &o);
		if (o.n > 0) {
			add_pseudo(t, last, &o);
			qsort(v, o.n, sizeof(*v), by_factor);
			share = walk(&o, t, end <= unit);
			f = factor_at(&o, t, 1);
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
