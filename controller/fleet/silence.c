/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "silence.h"

#include "check.h"
#include "silence_doubt.h"
#include "sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_POOL_MS 60000
#define END_ALL_MS 10000
#define PUSH_SLACK_MS 1000    /* by which a push may come late */
#define LONGEST_PUSH_MS 15000 /* pushes that are rarer are not waited for */

/* A host whose lease is gone. */
struct silent {
	char id[64];
	int64_t gone_ms;  /* when this was seen */
	int64_t since_ms; /* from when its silence counts */
	bool is_unknown, is_replaced;
	bool is_new, is_seen;
};

/* When the latest host was ended for silence. */
struct end {
	char pool[64]; /* "": of any */
	int64_t real_ms, calendar_ms;
};

struct silences {
	struct silent *v; /* by id */
	size_t n, cap;
	struct doubts doubts;
	struct end *ends; /* one a pool and one of all; those of the last minute */
	size_t n_ends;
};

struct silences *silences_new(void)
{
	return xcalloc(1, sizeof(struct silences));
}

void silences_free(struct silences *s)
{
	if (!s)
		return;
	doubts_done(&s->doubts);
	free(s->v);
	free(s->ends);
	free(s);
}

/* ---------------------------------------------------------------- who is missing */

static size_t place_of(const struct silences *s, const char *id)
{
	return SORTED_PLACE(s->n, i, strcmp(s->v[i].id, id) < 0);
}

static struct silent *find(const struct silences *s, const char *id)
{
	const size_t at = place_of(s, id);

	return at < s->n && strcmp(s->v[at].id, id) == 0 ? &s->v[at] : NULL;
}

/* One that was unknown to the controller before this one stays so meanwhile. */
static struct silent *add(struct silences *s, const struct silence_host *h,
			  int64_t now_ms)
{
	const size_t at = place_of(s, h->id);

	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 16;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	memmove(s->v + at + 1, s->v + at, (s->n++ - at) * sizeof(*s->v));
	s->v[at] = (struct silent){ .is_new = true,
				    .gone_ms = now_ms,
				    .since_ms = now_ms,
				    .is_unknown = h->was_unknown,
				    .is_replaced = h->was_unknown && h->was_replaced };
	snprintf(s->v[at].id, sizeof(s->v[at].id), "%s", h->id);
	return &s->v[at];
}

static void note_missing(struct silences *s, const struct silence_moment *m,
			 const struct silence_host *hosts, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct silent *is = find(s, hosts[i].id);

		if (hosts[i].alive)
			continue;
		if (!is)
			is = add(s, &hosts[i], m->now_ms);
		is->is_seen = true;
		is->since_ms = MAX(is->since_ms, m->heard_ms);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].is_seen)
			continue;
		s->v[kept] = s->v[i];
		s->v[kept++].is_seen = false;
	}
	s->n = kept;
}

/* ---------------------------------------------------------------- one host */

/* Heard by the controller, though not by the store. */
static bool pushes_on(const struct silence_moment *m, const struct silent *is,
		      const struct silence_host *h)
{
	return h->pushed_ms >= is->gone_ms &&
	       m->now_ms - h->pushed_ms <= 2 * m->push_ms + PUSH_SLACK_MS;
}

/* Its next push is not late yet: it may just be cut off from the store. So it is when the
 * controller began to listen only now. */
static bool may_push_yet(const struct silence_moment *m, const struct silence_host *h)
{
	return m->push_ms <= LONGEST_PUSH_MS &&
	       m->now_ms - MAX(h->pushed_ms, m->heard_ms) <= m->push_ms + PUSH_SLACK_MS;
}

static void look_at(const struct silences *s, const struct silence_moment *m,
		    struct silence_host *h)
{
	struct silent *is = find(s, h->id);

	h->is_missing = is != NULL;
	h->silent_ms = 0;
	h->is_new = h->is_unknown = h->is_cut = h->is_replaced = false;
	h->is_long = h->is_due = false;
	if (!is)
		return;
	h->is_new = is->is_new;
	is->is_new = false;
	h->silent_ms = m->now_ms - is->since_ms;
	is->is_unknown |= h->silent_ms >= m->grace_ms;
	h->is_unknown = is->is_unknown;
	h->is_cut = is->is_unknown && pushes_on(m, is, h);
	h->is_replaced = is->is_replaced;
}

/* When a host whose lease is there pushed last; 0: none ever did. */
static int64_t newest_push(const struct silence_host *hosts, size_t n)
{
	int64_t newest_ms = 0;

	for (size_t i = 0; i < n; i++)
		if (hosts[i].alive)
			newest_ms = MAX(newest_ms, hosts[i].pushed_ms);
	return newest_ms;
}

/* Others were heard since it was not: it alone is silent. Leases of hosts that are cut
 * off together do not end together. After a while it is believed without. */
static bool is_alone(const struct silence_moment *m, const struct silent *is,
		     int64_t newest_push_ms)
{
	return !newest_push_ms || m->push_ms > LONGEST_PUSH_MS ||
	       newest_push_ms >= is->gone_ms ||
	       m->now_ms - is->gone_ms > 3 * m->push_ms + PUSH_SLACK_MS;
}

static int by_silence(const void *a, const void *b)
{
	const struct silence_host *x = *(struct silence_host *const *)a;
	const struct silence_host *y = *(struct silence_host *const *)b;

	if (x->silent_ms != y->silent_ms)
		return x->silent_ms > y->silent_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* The longest silent first, as many as may be. */
static void choose_replaced(struct silences *s, const struct silence_moment *m,
			    struct silence_host *hosts, size_t n)
{
	CLEANUP(free) struct silence_host **v = xcalloc(n, sizeof(*v));
	const int64_t newest_ms = newest_push(hosts, n);
	size_t n_v = 0;

	for (size_t i = 0; i < n; i++)
		if (hosts[i].is_unknown && !hosts[i].is_cut && !hosts[i].is_replaced &&
		    hosts[i].silent_ms >= m->grace_ms && !may_push_yet(m, &hosts[i]) &&
		    is_alone(m, find(s, hosts[i].id), newest_ms))
			v[n_v++] = &hosts[i];
	if (n_v > 1)
		qsort(v, n_v, sizeof(*v), by_silence);
	for (size_t i = 0; i < n_v; i++) {
		struct doubt *pool = doubts_of(&s->doubts, v[i]->pool);

		if (!doubts_may_replace(&s->doubts, pool, m->now_ms))
			continue;
		v[i]->is_replaced = find(s, v[i]->id)->is_replaced = true;
		pool->replaced++;
		s->doubts.all.replaced++;
	}
}

/* Neither lease nor push was heard for so long. */
static bool is_silent_for(const struct silence_moment *m, const struct silence_host *h,
			  int64_t after_ms)
{
	return h->is_unknown && h->lost_after >= 0 && h->silent_ms >= after_ms &&
	       (!h->pushed_ms || m->now_ms - h->pushed_ms >= after_ms);
}

static bool is_due(struct silences *s, const struct silence_moment *m,
		   const struct silence_host *h)
{
	const struct doubt *pool = doubts_of(&s->doubts, h->pool);
	const bool is_last = pool->silent == pool->expected;

	return !pool->is_on && !s->doubts.all.is_on &&
	       is_silent_for(m, h, is_last ? 2 * h->lost_after : h->lost_after);
}

/* ---------------------------------------------------------------- all */

static void count_all(struct silences *s, const struct silence_moment *m,
		      const struct silence_host *hosts, size_t n)
{
	doubts_begin(&s->doubts);
	for (size_t i = 0; i < n; i++)
		doubts_count(&s->doubts, hosts[i].pool,
			     hosts[i].is_missing && !hosts[i].is_cut,
			     hosts[i].is_replaced);
	doubts_settle(&s->doubts, m->now_ms);
}

/* Where a doubt is over, every silence begins anew. */
static void begin_anew(struct silences *s, const struct silence_moment *m,
		       struct silence_host *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!hosts[i].is_missing ||
		    !(s->doubts.all.has_ended ||
		      doubts_of(&s->doubts, hosts[i].pool)->has_ended))
			continue;
		find(s, hosts[i].id)->since_ms = m->now_ms;
		hosts[i].silent_ms = 0;
	}
}

void silences_look(struct silences *s, const struct silence_moment *m,
		   struct silence_host *hosts, size_t n)
{
	note_missing(s, m, hosts, n);
	for (size_t i = 0; i < n; i++)
		look_at(s, m, &hosts[i]);
	count_all(s, m, hosts, n);
	begin_anew(s, m, hosts, n);
	choose_replaced(s, m, hosts, n);
	for (size_t i = 0; i < n; i++) {
		hosts[i].is_long = is_silent_for(m, &hosts[i], hosts[i].lost_after);
		hosts[i].is_due = is_due(s, m, &hosts[i]);
	}
}

bool silences_doubt_all(const struct silences *s)
{
	return s->doubts.all.is_on;
}

static void describe(const struct doubt *d, char *text, size_t size)
{
	const char *of = *d->pool ? " of pool " : "";

	if (d->low_ms)
		snprintf(text, size,
			 "%zu of %zu hosts%s%s are not heard yet, after many stopped "
			 "responding together: none is ended for that",
			 d->silent, d->expected, of, d->pool);
	else
		snprintf(
			text, size,
			"%zu of %zu hosts%s%s stopped responding together, so their "
			"common way to the controller is doubted: none is ended, and few "
			"are replaced; look at the network, the store and the "
			"controller's machine, and give up those that are dead with "
			"'foretide drain HOST'",
			d->silent, d->expected, of, d->pool);
}

bool silences_doubt_text(const struct silences *s, char *text, size_t size)
{
	if (s->doubts.all.is_on) {
		describe(&s->doubts.all, text, size);
		return true;
	}
	for (size_t i = 0; i < s->doubts.n; i++) {
		if (!s->doubts.v[i].is_on)
			continue;
		describe(&s->doubts.v[i], text, size);
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- ends */

static void forget_ends(struct silences *s, int64_t now_ms, int64_t calendar_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_ends; i++) {
		const struct end *e = &s->ends[i];

		if (now_ms - e->real_ms < END_POOL_MS ||
		    llabs(calendar_ms - e->calendar_ms) < END_POOL_MS)
			s->ends[kept++] = *e;
	}
	s->n_ends = kept;
}

static struct end *end_of(const struct silences *s, const char *pool)
{
	for (size_t i = 0; i < s->n_ends; i++)
		if (strcmp(s->ends[i].pool, pool) == 0)
			return &s->ends[i];
	return NULL;
}

static bool was_within(const struct end *e, int64_t ms, int64_t now_ms,
		       int64_t calendar_ms)
{
	return e &&
	       (now_ms - e->real_ms < ms || llabs(calendar_ms - e->calendar_ms) < ms);
}

static void note_end(struct silences *s, const char *pool, int64_t now_ms,
		     int64_t calendar_ms)
{
	struct end *e = end_of(s, pool);

	if (!e) {
		s->ends = xrealloc(s->ends, (s->n_ends + 1) * sizeof(*s->ends));
		e = &s->ends[s->n_ends++];
		snprintf(e->pool, sizeof(e->pool), "%s", pool);
	}
	e->real_ms = now_ms;
	e->calendar_ms = calendar_ms;
}

bool silences_may_end(struct silences *s, const char *pool, int64_t now_ms,
		      int64_t calendar_ms)
{
	forget_ends(s, now_ms, calendar_ms);
	if (was_within(end_of(s, ""), END_ALL_MS, now_ms, calendar_ms) ||
	    was_within(end_of(s, pool), END_POOL_MS, now_ms, calendar_ms))
		return false;
	note_end(s, "", now_ms, calendar_ms);
	note_end(s, pool, now_ms, calendar_ms);
	return true;
}
