/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gates.h"

#include "backoff.h"
#include "check.h"
#include "clock.h"
#include "gate.h"

#include <gnutls/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATES_MOST 2000   /* then those with nothing to tell are forgotten */
#define UNTRIED_MS 600000 /* for so long it is shown as shut */
#define FAILURES 5
#define OPEN_FIRST_MS 5000
#define OPEN_MAX_MS 300000
#define CAPACITY_FIRST_MS 15000
#define CAPACITY_MAX_MS 900000

struct gates {
	struct gate_rule rule;
	pthread_mutex_t lock;
	struct gate *v; /* few */
	size_t n;
};

static int64_t or_default(int64_t value, int64_t otherwise)
{
	return value > 0 ? value : otherwise;
}

struct gates *gates_new(const struct gate_opts *o)
{
	struct gates *g = xcalloc(1, sizeof(*g));

	g->rule = (struct gate_rule){
		.failures = (int)or_default(o->failures, FAILURES),
		.broken = { or_default(o->open_first_ms, OPEN_FIRST_MS),
			    or_default(o->open_max_ms, OPEN_MAX_MS) },
		.capacity = { or_default(o->capacity_first_ms, CAPACITY_FIRST_MS),
			      or_default(o->capacity_max_ms, CAPACITY_MAX_MS) },
	};
	pthread_mutex_init(&g->lock, NULL);
	return g;
}

void gates_free(struct gates *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->lock);
	free(g->v);
	free(g);
}

static double chance(void)
{
	uint32_t random = 0;

	CHECK(gnutls_rnd(GNUTLS_RND_NONCE, &random, sizeof(random)) == 0);
	return (double)random / ((double)UINT32_MAX + 1);
}

int64_t gates_backoff_ms(int64_t first_ms, int64_t max_ms, int times)
{
	return backoff_full_ms(first_ms, max_ms, times, chance());
}

/* ---------------------------------------------------------------- which gate */

/* What does not fit is no difference. */
static bool is_same(const char (*is)[GATE_WORD], const char *text)
{
	return strncmp(*is, text, GATE_WORD - 1) == 0;
}

static bool is_of(const struct gate *g, const struct gate_key *k, bool of_launch)
{
	return is_same(&g->driver, k->driver) && is_same(&g->profile, k->profile) &&
	       is_same(&g->region, k->region) && g->is_launch == of_launch &&
	       is_same(&g->zone, of_launch ? k->zone : "") &&
	       is_same(&g->type, of_launch ? k->type : "");
}

static struct gate *find(const struct gates *g, const struct gate_key *k, bool of_launch)
{
	for (size_t i = 0; i < g->n; i++)
		if (is_of(&g->v[i], k, of_launch))
			return &g->v[i];
	return NULL;
}

static void forget_quiet(struct gates *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].breaker.failures || g->v[i].breaker.openings)
			g->v[kept++] = g->v[i];
	g->n = kept;
}

static void add(struct gates *g, const struct gate_key *k, bool of_launch)
{
	struct gate *new;

	g->v = xrealloc(g->v, (g->n + 1) * sizeof(*g->v));
	new = &g->v[g->n++];
	*new = (struct gate){ .is_launch = of_launch };
	snprintf(new->driver, sizeof(new->driver), "%s", k->driver);
	snprintf(new->profile, sizeof(new->profile), "%s", k->profile);
	snprintf(new->region, sizeof(new->region), "%s", k->region);
	snprintf(new->zone, sizeof(new->zone), "%s", of_launch ? k->zone : "");
	snprintf(new->type, sizeof(new->type), "%s", of_launch ? k->type : "");
}

static struct gate *get(struct gates *g, const struct gate_key *k, bool of_launch)
{
	struct gate *found = find(g, k, of_launch);

	if (found)
		return found;
	if (g->n >= GATES_MOST)
		forget_quiet(g);
	add(g, k, of_launch);
	return &g->v[g->n - 1];
}

/* ---------------------------------------------------------------- calls */

static void describe(const struct gate *g, enum gate_state why, int64_t wait_ms,
		     struct gate_refusal *ret)
{
	static const char *const words[] = {
		[GATE_OPEN] = "may be asked",
		[GATE_EMPTY] = "was asked as often as its cloud allows",
		[GATE_TOLD] = "is left alone, as its cloud asked for",
		[GATE_BROKEN] = "is left alone, as it failed several times in a row",
		[GATE_NO_ROOM] = "is left alone, as it had no capacity",
		[GATE_TRYING] = "is left alone while one call tries it",
	};
	const bool has_last = why != GATE_EMPTY && why != GATE_OPEN && *g->last.msg;
	char where[6 * GATE_WORD], last[256] = "";

	ret->why = why;
	ret->wait_ms = MAX(wait_ms, INT64_C(1));
	snprintf(where, sizeof(where), "%s%s%s%s%s%s%s%s", g->profile,
		 *g->region ? " in " : "", g->region, g->is_launch ? ", launches" : "",
		 *g->zone ? ", zone " : "", g->zone, *g->type ? ", type " : "", g->type);
	if (has_last)
		snprintf(last, sizeof(last), " (the last: %.120s%s%.64s)", g->last.msg,
			 *g->last.request_id ? ", request " : "", g->last.request_id);
	snprintf(ret->text, sizeof(ret->text), "%s %s for %.1f s more%s", where,
		 words[why], (double)ret->wait_ms / 1000, last);
}

static bool may_pass(const struct gate *g, enum gate_call call, int64_t now,
		     struct gate_refusal *ret)
{
	int64_t wait_ms;
	const enum gate_state state = gate_look(g, call, now, &wait_ms);

	if (wait_ms > 0)
		describe(g, state, wait_ms, ret);
	return wait_ms == 0;
}

bool gates_enter(struct gates *g, const struct gate_key *k, enum gate_call call,
		 double calls_per_s, int64_t trial_ms, struct gate_refusal *ret)
{
	const int64_t now = clock_mono_ms();
	struct gate *all, *own = NULL;
	bool may;

	pthread_mutex_lock(&g->lock);
	if (k->is_launch)
		gate_rate(get(g, k, true), 0, now);
	gate_rate(get(g, k, false), calls_per_s, now);
	/* Both are there: neither is moved any more. */
	all = find(g, k, false);
	if (k->is_launch)
		own = find(g, k, true);
	may = may_pass(all, call, now, ret) && (!own || may_pass(own, call, now, ret));
	if (may) {
		gate_pass(all, trial_ms, now);
		if (own)
			gate_pass(own, trial_ms, now);
	}
	pthread_mutex_unlock(&g->lock);
	return may;
}

bool gates_would(struct gates *g, const struct gate_key *k, struct gate_refusal *ret)
{
	const int64_t now = clock_mono_ms();
	const struct gate *all, *own;
	bool would;

	pthread_mutex_lock(&g->lock);
	all = find(g, k, false);
	own = k->is_launch ? find(g, k, true) : NULL;
	would = (!all || may_pass(all, GATE_CHANGE, now, ret)) &&
		(!own || may_pass(own, GATE_CHANGE, now, ret));
	if (would)
		ret->why = own && own->breaker.state != BREAKER_CLOSED ? GATE_TRYING
								       : GATE_OPEN;
	pthread_mutex_unlock(&g->lock);
	return would;
}

/*
 * A launch that fails says something of its type, in its zone; being asked too often, of
 * all. Of a gate that one call tries, it was that call.
 */
static bool concerns(const struct gate *of, bool is_own, bool has_own, int cls)
{
	return !has_own || of->breaker.state == BREAKER_HALF_OPEN ||
	       is_own == (cls != DRV_THROTTLED);
}

static void tell(const struct gates *g, struct gate *of, bool is_own, bool has_own,
		 const struct drv_err *e)
{
	const bool has_failed =
		e && (gate_is_failure(e->cls) || (is_own && e->cls == DRV_CAPACITY));

	if (!has_failed)
		gate_answered(of);
	else if (concerns(of, is_own, has_own, e->cls))
		gate_fail(of, &g->rule, e, chance(), clock_mono_ms(), clock_now_ms());
}

void gates_leave(struct gates *g, const struct gate_key *k, const struct drv_err *e)
{
	struct gate *all, *own;

	pthread_mutex_lock(&g->lock);
	all = find(g, k, false);
	own = k->is_launch ? find(g, k, true) : NULL;
	if (all)
		tell(g, all, false, own != NULL, e);
	if (own)
		tell(g, own, true, true, e);
	pthread_mutex_unlock(&g->lock);
}

/* ---------------------------------------------------------------- for people */

const char *gate_state_name(enum gate_state s)
{
	static const char *const names[] = {
		[GATE_OPEN] = "open",           [GATE_EMPTY] = "rate-limited",
		[GATE_TOLD] = "told-to-wait",   [GATE_BROKEN] = "broken",
		[GATE_NO_ROOM] = "no-capacity", [GATE_TRYING] = "trying",
	};

	return names[s];
}

static void view(const struct gate *g, int64_t now, struct gate_view *ret)
{
	*ret = (struct gate_view){
		.is_launch = g->is_launch,
		.told_wait_ms = MAX(g->told_until - now, INT64_C(0)),
		.since_ms = g->since_ms,
		.failures = g->breaker.failures,
		.level = g->bucket.rate_per_s > 0 ? bucket_level(&g->bucket, now) : 0,
		.burst = g->bucket.rate_per_s > 0 ? g->bucket.burst : 0,
		.calls_per_s = g->bucket.rate_per_s,
		.last_ms = g->last_ms,
		.last = g->last,
	};
	ret->state = gate_look(g, GATE_CHANGE, now, &ret->wait_ms);
	/* Nobody has tried again yet, and perhaps nobody will. */
	if (ret->state == GATE_OPEN && g->breaker.state != BREAKER_CLOSED &&
	    now - g->breaker.until_ms < UNTRIED_MS)
		ret->state = g->is_capacity ? GATE_NO_ROOM : GATE_BROKEN;
	memcpy(ret->driver, g->driver, sizeof(ret->driver));
	memcpy(ret->profile, g->profile, sizeof(ret->profile));
	memcpy(ret->region, g->region, sizeof(ret->region));
	memcpy(ret->zone, g->zone, sizeof(ret->zone));
	memcpy(ret->type, g->type, sizeof(ret->type));
}

static int by_name(const void *a, const void *b)
{
	const struct gate_view *x = a, *y = b;
	int order = strcmp(x->driver, y->driver);

	order = order ? order : strcmp(x->profile, y->profile);
	order = order ? order : strcmp(x->region, y->region);
	order = order ? order : x->is_launch - y->is_launch;
	order = order ? order : strcmp(x->zone, y->zone);
	return order ? order : strcmp(x->type, y->type);
}

size_t gates_list(struct gates *g, struct gate_view **ret)
{
	const int64_t now = clock_mono_ms();
	size_t n;

	pthread_mutex_lock(&g->lock);
	n = g->n;
	*ret = xcalloc(n + 1, sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		view(&g->v[i], now, &(*ret)[i]);
	pthread_mutex_unlock(&g->lock);
	qsort(*ret, n, sizeof(**ret), by_name);
	return n;
}
