/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "check.h"
#include "sorted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void watch_free(struct watch *w)
{
	free(w->stack);
	free(w->tier);
	free(w->latency_text);
	metrics_expr_free(w->latency);
	free(w->open);
	free(w);
}

void watch_list_done(struct watch_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		watch_free(l->v[i]);
	free(l->v);
	*l = (struct watch_list){ .v = NULL };
}

static int order(const struct watch *w, const char *stack, const char *tier)
{
	int c = strcmp(w->stack, stack);

	return c ? c : strcmp(w->tier, tier);
}

static size_t place_of(const struct watch_list *l, const char *stack, const char *tier)
{
	return SORTED_PLACE(l->n, i, order(l->v[i], stack, tier) < 0);
}

struct watch *watch_find(const struct watch_list *l, const char *stack, const char *tier)
{
	const size_t at = place_of(l, stack, tier);

	return at < l->n && order(l->v[at], stack, tier) == 0 ? l->v[at] : NULL;
}

static struct watch *add(struct watch_list *l, const struct db_tier *t)
{
	const size_t at = place_of(l, t->stack, t->name);
	struct watch *w = xcalloc(1, sizeof(*w));

	w->stack = xstrdup(t->stack);
	w->tier = xstrdup(t->name);
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof(*l->v));
	l->v[at] = w;
	l->n++;
	return w;
}

/* ---------------------------------------------------------------- minutes */

const struct watch_minute *watch_minute(const struct watch *w, int64_t start_ms)
{
	const size_t at = SORTED_PLACE(w->n, i, w->open[i].start_ms < start_ms);

	return at < w->n && w->open[at].start_ms == start_ms ? &w->open[at] : NULL;
}

/* The one that starts then, as the last one. */
static struct watch_minute *open_minute(struct watch *w, int64_t start_ms)
{
	if (w->n == 0 || w->open[w->n - 1].start_ms < start_ms) {
		w->open = xrealloc(w->open, (w->n + 1) * sizeof(*w->open));
		w->open[w->n++] = (struct watch_minute){ .start_ms = start_ms };
	}
	return &w->open[w->n - 1];
}

/* What was seen at from_ms held until to_ms. */
static void hold(struct watch *w, int64_t from_ms, int64_t to_ms)
{
	while (from_ms < to_ms) {
		const int64_t start = from_ms - from_ms % MINUTE_MS;
		const int64_t end = MIN(start + MINUTE_MS, to_ms);
		struct watch_minute *m = open_minute(w, start);
		const double ms = (double)(end - from_ms);

		m->seen_ms += end - from_ms;
		m->served += w->served * ms;
		m->placed += w->placed * ms;
		m->loaded += w->loaded * ms;
		from_ms = end;
	}
}

static void forget_minutes(struct watch *w, int64_t before_ms)
{
	const size_t n = SORTED_PLACE(w->n, i, w->open[i].start_ms < before_ms);

	if (n == 0)
		return;
	w->n -= n;
	memmove(w->open, w->open + n, w->n * sizeof(*w->open));
}

void watch_forget(struct watch_list *l, int64_t before_ms)
{
	for (size_t i = 0; i < l->n; i++)
		forget_minutes(l->v[i], before_ms);
}

/* The clock was set back: they are yet to come. */
static void forget_later(struct watch *w, int64_t now_ms)
{
	while (w->n > 0 && w->open[w->n - 1].start_ms > now_ms)
		w->n--;
}

/* ---------------------------------------------------------------- a round */

static void see(struct watch *w, const struct fleet *f, const struct fleet_tier *ft)
{
	w->placed = w->loaded = 0;
	for (size_t i = 0; i < ft->n_units; i++) {
		const struct fleet_host *h = f->units[ft->first_unit + i].host;

		if (!h || h->n_units == 0)
			continue;
		w->placed++;
		w->loaded += 1.0 / (double)h->n_units;
	}
	if (ft->is_decided) {
		w->capacity = ft->t.capacity;
		w->lead_ms = ft->lead_ms;
		w->least = ft->least;
		w->most = ft->most;
	}
	w->served = w->capacity * (double)ft->healthy;
	w->is_used = true;
}

static void forget_unused(struct watch_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i]->is_used)
			l->v[n++] = l->v[i];
		else
			watch_free(l->v[i]);
	}
	l->n = n;
}

void watch_round(struct watch_list *l, const struct fleet *f, bool is_fresh,
		 int64_t gap_ms, bool *ret_new)
{
	const int64_t passed = l->last_ms ? f->now_ms - l->last_ms : 0;

	*ret_new = false;
	for (size_t i = 0; i < l->n; i++) {
		struct watch *w = l->v[i];

		if (passed < 0)
			forget_later(w, f->now_ms);
		else if (w->is_seen && passed <= gap_ms)
			hold(w, l->last_ms, f->now_ms);
		w->is_used = w->is_seen = false;
	}
	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *ft = &f->tiers[i];
		struct watch *w = watch_find(l, ft->t.stack, ft->t.name);

		if (!w && !ft->is_decided)
			continue;
		*ret_new |= !w;
		w = w ? w : add(l, &ft->t);
		see(w, f, ft);
		w->is_seen = is_fresh;
	}
	forget_unused(l);
	l->last_ms = f->now_ms;
}

/* ---------------------------------------------------------------- latency */

#define LATENCY_FRESH_MS 90000
#define LATENCIES_MS 1000 /* clock_cpu_ms(), of a round, for their expressions */

/* NaN: not measured. */
static double latency_now(struct watch *w, struct db *db, const struct db_tier *t,
			  int64_t now_ms, struct metrics_turns *turns)
{
	int64_t at_ms = 0;
	double v = NAN;

	if (metrics_expr_follow(t->latency, t->stack, "", &w->latency_text, &w->latency,
				NULL) < 0 ||
	    !w->latency ||
	    metrics_expr_in_turn(db, w->latency, turns, now_ms, &v, &at_ms, NULL) < 0)
		return NAN;
	return now_ms - at_ms <= LATENCY_FRESH_MS && isfinite(v) ? v : NAN;
}

static void note_latency(struct watch_list *l, struct db *db, const struct fleet_tier *ft,
			 int64_t now_ms, struct metrics_turns *turns)
{
	/* What is measured now is of the time before: at a minute's end, of that minute.
	 */
	const int64_t at_ms = now_ms - 1;
	struct watch *w = watch_find(l, ft->t.stack, ft->t.name);
	struct watch_minute *m;
	double v;

	if (!w || !ft->is_decided || ft->t.latency_max_ms == 0)
		return;
	v = latency_now(w, db, &ft->t, now_ms, turns);
	if (isnan(v))
		return;
	m = open_minute(w, at_ms - at_ms % MINUTE_MS);
	m->latency_s += v;
	m->n_latencies++;
}

void watch_latency(struct watch_list *l, struct db *db, const struct fleet *f)
{
	const size_t first = l->first;
	struct metrics_turns turns;

	metrics_turns_begin(&turns, LATENCIES_MS);
	for (size_t k = 0; k < f->n_tiers; k++) {
		const size_t i = (first + k) % f->n_tiers, waiting = turns.n_waiting;

		note_latency(l, db, &f->tiers[i], f->now_ms, &turns);
		if (waiting == 0 && turns.n_waiting > 0)
			l->first = i;
	}
}
