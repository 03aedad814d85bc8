/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include "check.h"
#include "fnv.h"

#include <math.h>
#include <string.h>

#define BANDS_AN_OCTAVE 3
#define CLOCK_SLACK 10 /* minutes that a clock is corrected by */

static void reset_known(struct capacity *c)
{
	c->known = (struct capacity_known){ CAPACITY_NOT_KNOWN,    NAN, NAN, NAN, NAN, 0,
					    "there is no data yet" };
	c->busy = c->slow = (struct law){ .is_usable = false };
	c->fall.sum = c->rise.sum = 0;
	c->last.minute = 0;
}

int capacity_new(double target, struct capacity **ret, struct err *err)
{
	struct capacity *c;

	if (!(target >= 0.1 && target <= 1))
		return err_set(err, ERR_INVAL,
			       "the target utilisation must be from 0.1 to 1");
	c = xcalloc(1, sizeof(*c));
	c->magic = CAPACITY_MAGIC;
	c->version = CAPACITY_VERSION;
	c->target = target;
	reset_known(c);
	*ret = c;
	return 0;
}

void capacity_free(struct capacity *c)
{
	free(c);
}

double capacity_target(const struct capacity *c)
{
	return c->target;
}

const char *capacity_model_name(enum capacity_model m)
{
	static const char *const names[] = {
		[CAPACITY_NOT_KNOWN] = NULL,
		[CAPACITY_UTILISATION] = "utilisation",
		[CAPACITY_QUEUE] = "queue",
		[CAPACITY_USL] = "usl",
	};

	return names[m];
}

const struct capacity_known *capacity_known(const struct capacity *c)
{
	return &c->known;
}

/* ---------------------------------------------------------------- minutes */

static int check(const struct capacity_seen *s, struct err *err)
{
	if (!isfinite((float)s->demand) || s->demand < 0)
		return err_set(err, ERR_INVAL, "demand must be a number of 0 or more");
	if (!isnan(s->utilisation) && !(s->utilisation >= 0 && s->utilisation <= 1))
		return err_set(err, ERR_INVAL, "utilisation must be from 0 to 1");
	if (!isnan(s->latency_s) &&
	    !(isfinite((float)s->latency_s) && (float)s->latency_s > 0))
		return err_set(err, ERR_INVAL, "latency must be a number above 0");
	if (isnan(s->utilisation) && isnan(s->latency_s))
		return err_set(err, ERR_INVAL,
			       "a minute needs a utilisation or a latency");
	if (s->instances == 0 || s->instances > UINT32_MAX || s->minute <= 0 ||
	    s->minute > UINT32_MAX)
		return err_set(err, ERR_INVAL,
			       "a minute needs its time and its instances");
	return 0;
}

static uint32_t band_of(const struct point *p)
{
	int k;

	if (!(p->x > 0))
		return CAPACITY_BANDS - 1;
	k = (int)floor(BANDS_AN_OCTAVE * log2((double)p->x)) % CAPACITY_X_BANDS;
	if (k < 0)
		k += CAPACITY_X_BANDS;
	return (uint32_t)k * CAPACITY_N_BANDS +
	       (uint32_t)(capacity_class(p->n) % CAPACITY_N_BANDS);
}

static uint32_t fullest_band(const struct capacity *c)
{
	uint32_t n[CAPACITY_BANDS] = { 0 }, best = 0;

	for (size_t i = 0; i < c->n_kept; i++)
		n[c->kept[i].band]++;
	for (uint32_t k = 1; k < CAPACITY_BANDS; k++)
		if (n[k] > n[best])
			best = k;
	return best;
}

/* The time that a minute stands for, of which the same tells less the longer ago it is.
 */
static double worth(const struct capacity *c, double gap, const struct point *p)
{
	return gap / (double)(c->minute - p->minute + CAPACITY_DAY);
}

/* Of the fullest band, the minute nearest to those before and after it, so that what is
 * kept of a band lies apart. Never the newest. */
static size_t least_worth(const struct capacity *c)
{
	const uint32_t band = fullest_band(c);
	size_t before = SIZE_MAX, at = SIZE_MAX, ret = 0;
	double least = INFINITY;

	for (size_t i = 0; i < c->n_kept; i++) {
		const struct point *next = &c->kept[i];

		if (next->band != band)
			continue;
		if (at != SIZE_MAX) {
			const struct point *p = &c->kept[at];
			const double v =
				before == SIZE_MAX
					? worth(c, 2.0 * (next->minute - p->minute), p)
					: worth(c, next->minute - c->kept[before].minute,
						p);

			if (v < least) {
				least = v;
				ret = at;
			}
		}
		before = at;
		at = i;
	}
	return ret;
}

static void drop(struct point *v, uint32_t *n, size_t i)
{
	(*n)--;
	memmove(&v[i], &v[i + 1], (*n - i) * sizeof(v[0]));
}

static void keep(struct capacity *c, const struct point *p)
{
	if (c->n_recent == CAPACITY_RECENT) {
		if (c->n_kept == CAPACITY_KEPT)
			drop(c->kept, &c->n_kept, least_worth(c));
		c->kept[c->n_kept++] = c->recent[0];
		drop(c->recent, &c->n_recent, 0);
	}
	c->recent[c->n_recent++] = *p;
}

static void keep_in(struct point *v, uint32_t *n, int64_t from, int64_t to)
{
	uint32_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (v[i].minute >= from && v[i].minute < to)
			v[kept++] = v[i];
	*n = kept;
}

/* Keeps the minutes [from, to). */
static void keep_between(struct capacity *c, int64_t from, int64_t to)
{
	keep_in(c->recent, &c->n_recent, from, to);
	keep_in(c->kept, &c->n_kept, from, to);
}

/* The clock was set back: minutes of a time to come would be the newest for as long. */
static void set_back(struct capacity *c, int64_t minute)
{
	keep_between(c, 0, minute);
	reset_known(c);
	c->minute = minute - 1;
}

int capacity_see(struct capacity *c, const struct capacity_seen *seen, bool *ret_changed,
		 struct capacity_change *ret, struct err *err)
{
	struct point p = {
		.x = (float)seen->demand,
		.u = (float)seen->utilisation,
		.r = (float)seen->latency_s,
		.minute = (uint32_t)seen->minute,
		.n = (uint32_t)seen->instances,
	};
	int rc = check(seen, err);

	if (rc < 0)
		return rc;
	*ret_changed = false;
	if (c->minute - seen->minute > CLOCK_SLACK)
		set_back(c, seen->minute);
	if (seen->minute <= c->minute)
		return 0;
	c->minute = seen->minute;
	p.band = band_of(&p);
	keep(c, &p);
	if (!capacity_break(c, &p, ret))
		return 0;
	keep_between(c, ret->minute, INT64_MAX);
	reset_known(c);
	capacity_fit(c, seen->instances);
	*ret_changed = true;
	return 0;
}

/* ---------------------------------------------------------------- as bytes */

size_t capacity_size(void)
{
	return sizeof(struct capacity) + sizeof(uint64_t);
}

void capacity_save(const struct capacity *c, void *ret)
{
	/* A torn or edited state is refused. */
	const uint64_t sum = fnv(FNV_START, c, sizeof(*c));

	memcpy(ret, c, sizeof(*c));
	memcpy((char *)ret + sizeof(*c), &sum, sizeof(sum));
}

int capacity_load(const void *data, size_t len, double target, struct capacity **ret,
		  struct err *err)
{
	CLEANUP(capacity_free) struct capacity *c = NULL;
	uint64_t sum;

	if (len != capacity_size())
		return err_set(err, ERR_PROTO, "state of a capacity: %zu bytes, not %zu",
			       len, capacity_size());
	c = xcalloc(1, sizeof(*c));
	memcpy(c, data, sizeof(*c));
	memcpy(&sum, (const char *)data + sizeof(*c), sizeof(sum));
	if (c->magic != CAPACITY_MAGIC || c->version != CAPACITY_VERSION ||
	    fnv(FNV_START, data, sizeof(*c)) != sum)
		return err_set(err, ERR_PROTO, "state of a capacity: damaged");
	if (c->target != target)
		return err_set(err, ERR_NOT_FOUND,
			       "state of a capacity: for another target");
	*ret = TAKE(c);
	return 0;
}
