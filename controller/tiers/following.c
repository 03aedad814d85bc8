/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "following.h"

#include "check.h"
#include "decision_model_state.h"
#include "plain_demand.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define SEEN 32                  /* tiers that are looked at */
#define AGREE_MINUTES (2 * 1440) /* that agreement is looked for in */
#define ANOTHER_BY 0.05
#define MORE_MS INT64_C(86400000) /* of a past, that it is worth learning again for */

static void drop(struct following *f, size_t i)
{
	demand_follow_free(f->v[i].follow);
	memmove(&f->v[i], &f->v[i + 1], (f->n - i - 1) * sizeof(f->v[0]));
	f->used = f->used == i + 1 ? 0 : f->used - (f->used > i);
	f->n--;
}

void following_done(struct following *f)
{
	while (f->n > 0)
		drop(f, f->n - 1);
}

size_t following_place(const struct following *f, const char *name)
{
	size_t i = 0;

	while (i < f->n && strcmp(f->v[i].name, name) != 0)
		i++;
	return i;
}

void following_add(struct following *f, const char *name, struct demand_follow *follow,
		   int64_t from_ms)
{
	f->v[f->n].from_ms = from_ms;
	snprintf(f->v[f->n].name, FOLLOWING_NAME, "%s", name);
	f->v[f->n++].follow = follow;
}

/* The k-th other tier of the stack, by name from the own one on; NULL: there is none. */
static const struct tier_front *other(const struct tier_view *v, size_t k)
{
	size_t own = 0;

	while (own < v->n_fronts && strcmp(v->fronts[own].name, v->tier->name) != 0)
		own++;
	return own < v->n_fronts && k + 1 < v->n_fronts
		       ? &v->fronts[(own + 1 + k) % v->n_fronts]
		       : NULL;
}

static bool can_follow(const struct following *f, const struct tier_front *o)
{
	return strlen(o->name) < FOLLOWING_NAME && following_place(f, o->name) == f->n;
}

static const struct tier_front *front_of(const struct tier_view *v, const char *name)
{
	for (size_t i = 0; i < v->n_fronts; i++)
		if (strcmp(v->fronts[i].name, name) == 0)
			return &v->fronts[i];
	return NULL;
}

void following_refresh(struct following *f, const struct tier_view *v,
		       const struct demand_opts *opts, int64_t now_ms)
{
	const struct tier_front *o;

	for (size_t i = f->n; i-- > 0;)
		if (!front_of(v, f->v[i].name))
			drop(f, i);
	for (size_t k = 0; k < SEEN && f->n < FOLLOWING_MAX && (o = other(v, k)); k++)
		if (can_follow(f, o))
			following_add(f, o->name, demand_follow_new(opts), now_ms);
}

/* ---------------------------------------------------------------- their demand */

static int read_front(const struct tier_round *r, const struct tier_view *v,
		      const char *name, int64_t from_ms, double *y, size_t n,
		      struct err *err)
{
	const struct tier_front *o = front_of(v, name);
	const int rc = db_demand_range(r->db, v->tier->stack, name, from_ms, y, n, err);

	if (rc == 0 && o)
		tier_demand_plain(o->events, from_ms, y, n);
	return rc;
}

int following_read(const struct following *f, const struct tier_round *r,
		   const struct tier_view *v, int64_t from_ms, size_t n,
		   struct following_past *ret, struct err *err)
{
	int rc = 0;

	for (size_t k = 0; k < f->n && rc == 0; k++) {
		ret->y[k] = xcalloc(n + 1, sizeof(double));
		rc = read_front(r, v, f->v[k].name, from_ms, ret->y[k], n, err);
	}
	return rc;
}

void following_past_done(struct following_past *p)
{
	for (size_t k = 0; k < FOLLOWING_MAX; k++)
		free(p->y[k]);
}

/* The start of its recorded demand; INT64_MAX: none. */
static int64_t first_of(const struct tier_round *r, const struct tier_view *v,
			const char *name)
{
	int64_t first_ms = 0, last_ms = 0;

	if (db_demand_span(r->db, v->tier->stack, name, &first_ms, &last_ms, NULL) < 0 ||
	    first_ms == 0)
		return INT64_MAX;
	return first_ms;
}

bool following_is_outdated(const struct following *f, const struct tier_round *r,
			   const struct tier_view *v, int64_t first_ms)
{
	for (size_t k = 0; k < f->n; k++) {
		const int64_t both_ms = MAX(first_ms, first_of(r, v, f->v[k].name));

		if (both_ms < f->v[k].from_ms - MORE_MS)
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- whom to try */

struct candidate {
	const char *name;
	double agreement;
};

/* The best first. */
static void insert(struct candidate *best, const char *name, double agreement)
{
	struct candidate c = { name, agreement };

	for (size_t i = 0; i < FOLLOWING_MAX; i++) {
		const struct candidate was = best[i];

		if (was.name && was.agreement >= c.agreement)
			continue;
		best[i] = c;
		if (!was.name)
			return;
		c = was;
	}
}

int following_begin(struct following *f, const struct tier_round *r,
		    const struct tier_view *v, const struct demand_opts *opts,
		    const struct following_own *own, struct err *err)
{
	const size_t tail = MIN(own->n, (size_t)AGREE_MINUTES), from = own->n - tail;
	const int64_t at_ms = own->from_ms + (int64_t)from * MODEL_STEP_MS;
	CLEANUP(free) double *y = xcalloc(tail + 1, sizeof(*y));
	struct candidate best[FOLLOWING_MAX] = { 0 };
	const struct tier_front *o;

	following_done(f);
	for (size_t k = 0; k < SEEN && (o = other(v, k)); k++) {
		const int rc = read_front(r, v, o->name, at_ms, y, tail, err);

		if (rc < 0)
			return rc;
		if (can_follow(f, o))
			insert(best, o->name, demand_agreement(own->y + from, y, tail));
	}
	for (size_t i = 0; i < FOLLOWING_MAX && best[i].name; i++)
		following_add(
			f, best[i].name, demand_follow_new(opts),
			MAX(own->first_ms, MIN(first_of(r, v, best[i].name), r->now_ms)));
	return 0;
}

/* ---------------------------------------------------------------- following */

void following_step(struct following *f, const struct demand_model *m,
		    const struct following_past *p, size_t i)
{
	for (size_t k = 0; k < f->n; k++)
		demand_follow_step(f->v[k].follow, m, p->y[k][i]);
}

void following_choose(struct following *f)
{
	double least = 0;
	size_t best = 0;

	for (size_t k = 0; k < f->n; k++) {
		struct demand_follow_state s;
		double gain;

		demand_follow_state(f->v[k].follow, POLICY_NEAR, &s);
		gain = s.gain + (k + 1 == f->used ? ANOTHER_BY : 0);
		if (!s.is_used || (best > 0 && gain <= least))
			continue;
		best = k + 1;
		least = gain;
	}
	f->used = best;
}

void following_views(const struct following *f, struct demand_view views[POLICY_LEADS],
		     struct tier_follows *ret)
{
	const struct demand_follow *follow;
	struct demand_follow_state s;

	*ret = (struct tier_follows){ .tier = NULL };
	if (f->used == 0)
		return;
	follow = f->v[f->used - 1].follow;
	for (size_t k = 0; k < POLICY_LEADS; k++) {
		const struct demand_view own = views[k];

		demand_follow_view(follow, k, &own, &views[k]);
	}
	demand_follow_state(follow, POLICY_NEAR, &s);
	*ret = (struct tier_follows){
		.tier = f->v[f->used - 1].name,
		.ahead_ms = (int64_t)s.lag_steps * MODEL_STEP_MS,
		.gain = s.gain,
		.over_ms = (int64_t)s.steps * MODEL_STEP_MS,
	};
}

bool following_coverage(const struct following *f, double ret[DEMAND_BANDS])
{
	if (f->used > 0)
		demand_follow_coverage(f->v[f->used - 1].follow, POLICY_NEAR, ret);
	return f->used > 0;
}

json_t *following_json(const struct following *f)
{
	json_t *list = json_array();

	for (size_t k = 0; k < f->n; k++) {
		struct demand_follow_state s;

		demand_follow_state(f->v[k].follow, POLICY_NEAR, &s);
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:f, s:b}", "tier", f->v[k].name,
					"gain", json_finite(s.gain), "evidence",
					s.evidence, "is_used", (int)(k + 1 == f->used)));
	}
	return list;
}
