/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "killers.h"

#include "check.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define WITHIN_MS 300000                  /* real: of the unit's start */
#define REMEMBER_MS (60 * INT64_C(60000)) /* real */
#define DOUBT_MS 30000 /* real: no push of one that is silent is on its way */

/* A unit as it was seen last. */
struct seen {
	char *stack, *tier, *unit, *hash, *host;
	int64_t since_mono_ms; /* with this text on this host; long ago when not known */
};

/* A text that may have taken a host. */
struct suspect {
	char *hash;
	char host[64];
	int64_t fell_mono_ms;
};

struct killers {
	struct seen *seen; /* in the fleet's order */
	size_t n_seen;
	struct words lost; /* hosts that were judged */
	struct suspect *suspects;
	size_t n_suspects;
};

/* ---------------------------------------------------------------- the object */

struct killers *killers_new(void)
{
	return xcalloc(1, sizeof(struct killers));
}

static void forget_seen(struct seen *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].stack);
		free(v[i].tier);
		free(v[i].unit);
		free(v[i].hash);
		free(v[i].host);
	}
	free(v);
}

void killers_free(struct killers *k)
{
	if (!k)
		return;
	forget_seen(k->seen, k->n_seen);
	for (size_t i = 0; i < k->n_suspects; i++)
		free(k->suspects[i].hash);
	free(k->suspects);
	words_done(&k->lost);
	free(k);
}

/* ---------------------------------------------------------------- who was where */

static int order(const struct seen *s, const struct fleet_unit *u)
{
	int c = strcmp(s->stack, u->u.stack);

	c = c ? c : strcmp(s->tier, u->u.tier);
	return c ? c : strcmp(s->unit, u->u.name);
}

/* Since when it may run as it does; of one that was not seen before, by its record. */
static int64_t start_of(const struct seen *was, const struct fleet_unit *u,
			int64_t now_ms, int64_t now_mono_ms)
{
	const int64_t age_ms = now_ms - u->u.placed_ms;

	if (!u->host || !u->host->h.ready_ms)
		return now_mono_ms;
	if (was && strcmp(was->hash, u->u.hash) == 0 && strcmp(was->host, u->u.host) == 0)
		return was->since_mono_ms;
	if (was || (age_ms >= 0 && age_ms < WITHIN_MS))
		return now_mono_ms;
	return now_mono_ms - WITHIN_MS;
}

static void look_at_units(struct killers *k, const struct fleet *f, int64_t now_mono_ms)
{
	struct seen *now = xcalloc(f->n_units + 1, sizeof(*now));
	size_t n = 0, at = 0;

	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];
		const struct seen *was;

		while (at < k->n_seen && order(&k->seen[at], u) < 0)
			at++;
		was = at < k->n_seen && order(&k->seen[at], u) == 0 ? &k->seen[at] : NULL;
		if (u->u.goal != DB_GOAL_RUN || !*u->u.host)
			continue;
		now[n++] = (struct seen){
			.stack = xstrdup(u->u.stack),
			.tier = xstrdup(u->u.tier),
			.unit = xstrdup(u->u.name),
			.hash = xstrdup(u->u.hash),
			.host = xstrdup(u->u.host),
			.since_mono_ms = start_of(was, u, f->now_ms, now_mono_ms),
		};
	}
	forget_seen(k->seen, k->n_seen);
	k->seen = now;
	k->n_seen = n;
}

/* ---------------------------------------------------------------- suspicion */

static bool is_heard(const struct fleet_host *h)
{
	return h->alive || h->is_cut;
}

static bool is_missing(const struct fleet_host *h)
{
	return !is_heard(h) && h->h.ready_ms && h->h.state >= DB_HOST_UP &&
	       h->h.state <= DB_HOST_TERMINATING;
}

/* It is believed to be lost, as other hosts run its units; in a doubt, where none do,
 * when nothing is heard of it for a while. */
static bool is_lost(const struct fleet_host *h, enum roll_out_trust trust)
{
	return is_missing(h) && (h->h.is_replaced || (trust == ROLL_OUT_TRUST_STORE &&
						      h->silent_ms >= DOUBT_MS));
}

static bool was_young(const struct seen *s, const struct fleet_host *h,
		      int64_t now_mono_ms)
{
	return strcmp(s->host, h->h.id) == 0 &&
	       now_mono_ms - h->silent_ms - s->since_mono_ms < WITHIN_MS;
}

/* Another with its text has run for longer than it takes. */
static bool is_cleared(const struct killers *k, struct fleet *f, const struct seen *s,
		       int64_t now_mono_ms)
{
	for (size_t i = 0; i < k->n_seen; i++) {
		const struct seen *o = &k->seen[i];
		const struct fleet_host *h;

		if (strcmp(o->hash, s->hash) != 0 || strcmp(o->host, s->host) == 0 ||
		    now_mono_ms - o->since_mono_ms < WITHIN_MS)
			continue;
		h = fleet_host(f, o->host);
		if (h && h->alive)
			return true;
	}
	return false;
}

static struct suspect *find_suspect(struct killers *k, const char *hash)
{
	for (size_t i = 0; i < k->n_suspects; i++)
		if (strcmp(k->suspects[i].hash, hash) == 0)
			return &k->suspects[i];
	return NULL;
}

static void suspect(struct killers *k, const struct seen *s, int64_t now_mono_ms)
{
	struct suspect *x = find_suspect(k, s->hash);

	if (!x) {
		k->suspects =
			xrealloc(k->suspects, (k->n_suspects + 1) * sizeof(*k->suspects));
		x = &k->suspects[k->n_suspects++];
		x->hash = xstrdup(s->hash);
	}
	snprintf(x->host, sizeof(x->host), "%s", s->host);
	x->fell_mono_ms = now_mono_ms;
}

/* One whose host is heard again has not taken it. */
static void forget_suspects(struct killers *k, struct fleet *f, int64_t now_mono_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->n_suspects; i++) {
		const struct fleet_host *h = fleet_host(f, k->suspects[i].host);

		if (now_mono_ms - k->suspects[i].fell_mono_ms < REMEMBER_MS &&
		    !(h && is_heard(h)))
			k->suspects[kept++] = k->suspects[i];
		else
			free(k->suspects[i].hash);
	}
	k->n_suspects = kept;
}

/* It was young on every host that is missing, or took it before: that they have no more
 * in common than the way to them is then the less likely cause. */
static bool explains_all(struct killers *k, const struct fleet *f, const char *hash,
			 int64_t now_mono_ms)
{
	const struct suspect *first = find_suspect(k, hash);

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];
		bool is_explained = first && strcmp(first->host, h->h.id) == 0;

		for (size_t j = 0; j < k->n_seen && !is_explained; j++)
			is_explained = strcmp(k->seen[j].hash, hash) == 0 &&
				       was_young(&k->seen[j], h, now_mono_ms);
		if (is_missing(h) && !is_explained)
			return false;
	}
	return true;
}

/* The unit was young on a host when that fell silent. */
static void blame(struct killers *k, struct fleet *f, const struct seen *s,
		  int64_t now_mono_ms,
		  void (*found)(void *arg, const struct killer *killer), void *arg)
{
	const struct suspect *first = find_suspect(k, s->hash);
	struct killer x = { .tier = fleet_tier(f, s->stack, s->tier), .hash = s->hash };

	if (is_cleared(k, f, s, now_mono_ms))
		return;
	if (x.tier && first && strcmp(first->host, s->host) != 0 &&
	    s->since_mono_ms >= first->fell_mono_ms) {
		snprintf(x.unit, sizeof(x.unit), "%s", s->unit);
		snprintf(x.hosts[0], sizeof(x.hosts[0]), "%s", first->host);
		snprintf(x.hosts[1], sizeof(x.hosts[1]), "%s", s->host);
		found(arg, &x);
	}
	suspect(k, s, now_mono_ms);
}

static void judge(struct killers *k, struct fleet *f, const struct fleet_host *h,
		  enum roll_out_trust trust, int64_t now_mono_ms,
		  void (*found)(void *arg, const struct killer *killer), void *arg)
{
	for (size_t i = 0; i < k->n_seen; i++) {
		const struct seen *s = &k->seen[i];

		if (was_young(s, h, now_mono_ms) &&
		    (trust == ROLL_OUT_TRUST_ALL ||
		     explains_all(k, f, s->hash, now_mono_ms)))
			blame(k, f, s, now_mono_ms, found, arg);
	}
}

void killers_update(struct killers *k, struct fleet *f, enum roll_out_trust trust,
		    int64_t now_mono_ms,
		    void (*found)(void *arg, const struct killer *killer), void *arg)
{
	struct words lost = { 0 };

	forget_suspects(k, f, now_mono_ms);
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];
		const bool was_lost = words_has(&k->lost, h->h.id);

		if (!(was_lost ? is_missing(h)
			       : trust != ROLL_OUT_TRUST_NOTHING && is_lost(h, trust)))
			continue;
		words_add(&lost, h->h.id);
		if (!was_lost)
			judge(k, f, h, trust, now_mono_ms, found, arg);
	}
	words_done(&k->lost);
	k->lost = lost;
	look_at_units(k, f, now_mono_ms);
}

bool killers_is_heard(struct fleet *f, const char *hosts)
{
	CLEANUP(words_done) struct words ids = { 0 };

	if (words_split(&ids, hosts, NULL) < 0)
		return false;
	for (size_t i = 0; i < ids.n; i++) {
		const struct fleet_host *h = fleet_host(f, ids.v[i]);

		if (h && is_heard(h))
			return true;
	}
	return false;
}
