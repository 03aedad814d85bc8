/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autoreg.h"

#include "check.h"
#include "cleanup.h"
#include "linear.h"

#include <math.h>
#include <string.h>

void autoreg_add_lag(struct autoreg *a, size_t lag)
{
	size_t at = 0;

	while (at < a->n_lags && a->lag[at] < lag)
		at++;
	if (lag == 0 || a->n_lags == AUTOREG_LAGS ||
	    (at < a->n_lags && a->lag[at] == lag))
		return;
	memmove(a->lag + at + 1, a->lag + at, (a->n_lags - at) * sizeof(*a->lag));
	a->lag[at] = lag;
	a->n_lags++;
}

void autoreg_limit(struct autoreg *a, size_t max)
{
	while (a->n_lags > 0 && a->lag[a->n_lags - 1] > max)
		a->n_lags--;
}

static double mean_of(const double *x, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += x[i];
	return s / (double)n;
}

struct sums {
	double xx[AUTOREG_LAGS * AUTOREG_LAGS]; /* lower triangle */
	double xy[AUTOREG_LAGS];
};

static size_t fold_start(const struct autoreg *a, size_t f)
{
	const size_t first = a->lag[a->n_lags - 1];

	return first + (a->n - first) * f / AUTOREG_FOLDS;
}

/*
 * A sum of x[t - i] x[t - j] over rows t is a stretch of the running sum of
 * x[s] x[s - d], d = i - j, so pairs of lags with the same distance share one. The
 * running sums of TOGETHER distances are made side by side: each waits for its own last
 * addition only.
 */
#define TOGETHER 4

/* run [(n + 1) * TOGETHER]; x has zeros as far as any distance before it. */
static void run_sums(const double *restrict x, size_t n, const size_t *d,
		     double *restrict run)
{
	const double *x0 = x - d[0], *x1 = x - d[1], *x2 = x - d[2], *x3 = x - d[3];
	double s0 = 0, s1 = 0, s2 = 0, s3 = 0;

	memset(run, 0, TOGETHER * sizeof(*run));
	for (size_t s = 0; s < n; s++) {
		run += TOGETHER;
		run[0] = s0 += x[s] * x0[s];
		run[1] = s1 += x[s] * x1[s];
		run[2] = s2 += x[s] * x2[s];
		run[3] = s3 += x[s] * x3[s];
	}
}

/* The sums of all pairs of lags that lie d apart; the target's lag is 0. */
static void take_sums(const struct autoreg *a, size_t d, const double *run,
		      struct sums *part)
{
	const size_t p = a->n_lags;

	for (size_t i = 0, j = 0; i < p; i++) {
		while (j < i && a->lag[j] + d < a->lag[i])
			j++;
		for (size_t f = 0; f < AUTOREG_FOLDS; f++) {
			const double *from = run + fold_start(a, f) * TOGETHER;
			const double *to = run + fold_start(a, f + 1) * TOGETHER;
			const size_t back = a->lag[j] * TOGETHER;

			if (a->lag[j] + d == a->lag[i])
				part[f].xx[i * p + j] = *(to - back) - *(from - back);
			if (a->lag[i] == d)
				part[f].xy[i] = *to - *from;
		}
	}
}

/* The distances between lags, the target's 0 among them, into d; how many. */
static size_t distances(const struct autoreg *a, size_t *d)
{
	const size_t longest = a->lag[a->n_lags - 1];
	CLEANUP(free) bool *used = xcalloc(longest + 1, sizeof(*used));
	size_t n = 0;

	for (size_t i = 0; i < a->n_lags; i++) {
		used[a->lag[i]] = true;
		for (size_t j = 0; j <= i; j++)
			used[a->lag[i] - a->lag[j]] = true;
	}
	for (size_t k = 0; k <= longest; k++)
		if (used[k])
			d[n++] = k;
	return n;
}

/* Sums of products over the rows of each fold, of x less its mean. */
static void sum_folds(const struct autoreg *a, const double *x, double mean,
		      struct sums *part)
{
	const size_t longest = a->lag[a->n_lags - 1];
	CLEANUP(free) double *room = xcalloc(longest + a->n, sizeof(double));
	CLEANUP(free) double *run = xcalloc((a->n + 1) * TOGETHER, sizeof(double));
	CLEANUP(free) size_t *d = xcalloc(longest + TOGETHER, sizeof(*d));
	double *less = room + longest;
	const size_t n = distances(a, d);

	for (size_t t = 0; t < a->n; t++)
		less[t] = x[t] - mean;
	for (size_t i = 0; i < n; i += TOGETHER) {
		run_sums(less, a->n, d + i, run);
		for (size_t k = 0; k < MIN(n - i, (size_t)TOGETHER); k++)
			take_sums(a, d[i + k], run + k, part);
	}
}

/* all less part; part NULL: all. */
static bool solve(const struct autoreg *a, const struct sums *all,
		  const struct sums *part, double penalty, double *b)
{
	const size_t p = a->n_lags;
	double xx[AUTOREG_LAGS * AUTOREG_LAGS];

	for (size_t i = 0; i < p; i++) {
		for (size_t j = 0; j <= i; j++) {
			const size_t k = i * p + j;

			xx[k] = xx[j * p + i] = all->xx[k] - (part ? part->xx[k] : 0);
		}
		xx[i * p + i] += penalty;
		b[i] = all->xy[i] - (part ? part->xy[i] : 0);
	}

	return linear_solve(xx, b, p);
}

bool autoreg_fit(struct autoreg *a, const double *x, size_t n, double ridge)
{
	const size_t p = a->n_lags;
	const double mean = mean_of(x, n);
	struct sums part[AUTOREG_FOLDS], all;
	double trace = 0;

	if (p == 0 || n < a->lag[p - 1] + 2 * p)
		return false;
	a->n = n;
	memset(part, 0, sizeof(part));
	memset(&all, 0, sizeof(all));
	sum_folds(a, x, mean, part);
	for (size_t f = 0; f < AUTOREG_FOLDS; f++) {
		for (size_t k = 0; k < p * p; k++)
			all.xx[k] += part[f].xx[k];
		for (size_t k = 0; k < p; k++)
			all.xy[k] += part[f].xy[k];
	}
	for (size_t i = 0; i < p; i++)
		trace += all.xx[i * p + i];
	if (!(trace > 0))
		return false;
	for (size_t f = 0; f <= AUTOREG_FOLDS; f++) {
		double total = 0;

		if (!solve(a, &all, f ? part + f - 1 : NULL, ridge * trace / (double)p,
			   a->b[f]))
			return false;
		for (size_t i = 0; i < p; i++)
			total += a->b[f][i];
		a->c[f] = mean * (1 - total);
	}
	return true;
}

size_t autoreg_fold(const struct autoreg *a, size_t t)
{
	for (size_t f = AUTOREG_FOLDS; f > 1; f--)
		if (t >= fold_start(a, f - 1))
			return f;
	return 1;
}

void autoreg_run(const struct autoreg *a, size_t fold, double *x, size_t n, size_t h,
		 double lo, double hi)
{
	const double *b = a->b[fold];

	for (size_t t = n; t < n + h; t++) {
		const double *now = x + t;
		double even = a->c[fold],
		       odd = 0; /* two sums: neither waits for the other */
		size_t i = 0;

		for (; i + 1 < a->n_lags; i += 2) {
			even += b[i] * now[-(ptrdiff_t)a->lag[i]];
			odd += b[i + 1] * now[-(ptrdiff_t)a->lag[i + 1]];
		}
		if (i < a->n_lags)
			even += b[i] * now[-(ptrdiff_t)a->lag[i]];
		even += odd;
		x[t] = even < lo ? lo : even > hi ? hi : even;
	}
}
