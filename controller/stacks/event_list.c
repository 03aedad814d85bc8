/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "event_list.h"

#include "calendar.h"
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define BEFORE_MS (731 * DAY_MS)
#define NEAR_MS (62 * DAY_MS) /* what models and measuring look back on */
#define AHEAD_MS (366 * DAY_MS)

_Static_assert(EVENT_NAME_MAX == ICAL_NAME_MAX, "a SUMMARY is a name");

void event_list_done(struct event_list *l)
{
	for (size_t i = 0; i < l->n_kinds; i++) {
		free(l->kinds[i].name);
		free(l->kinds[i].source);
		event_terms_done(&l->kinds[i].terms);
	}
	free(l->kinds);
	free(l->v);
	*l = (struct event_list){ 0 };
}

static int is_named(void *arg, const char *tier, struct err *err)
{
	(void)err;
	return strcmp(arg, tier) == 0 ? ERR_CONFLICT : 0;
}

bool event_kind_is_of(const struct event_kind *k, const char *tier)
{
	return !k->terms.tiers ||
	       event_terms_each_tier(&k->terms, is_named, (char *)(uintptr_t)tier,
				     NULL) != 0;
}

static size_t add_kind(struct event_list *l, const char *name, const char *source,
		       const struct event_terms *t)
{
	struct event_kind *k;

	l->kinds = xrealloc(l->kinds, (l->n_kinds + 1) * sizeof(*l->kinds));
	k = &l->kinds[l->n_kinds];
	*k = (struct event_kind){ .name = xstrdup(name),
				  .source = xstrdup(source),
				  .terms = *t };
	k->terms.tiers = t->tiers ? xstrdup(t->tiers) : NULL;
	return l->n_kinds++;
}

static int add(struct event_list *l, size_t kind, int64_t start_ms, int64_t end_ms,
	       struct err *err)
{
	if (l->n == EVENTS_MAX)
		return err_set(err, ERR_LIMIT,
			       "the stack's events have more than %d occurrences",
			       EVENTS_MAX);
	if (l->n % 64 == 0)
		l->v = xrealloc(l->v, (l->n + 64) * sizeof(*l->v));
	l->v[l->n++] = (struct event_occurrence){ kind, start_ms, end_ms };
	return 0;
}

struct adding {
	struct event_list *l;
	size_t kind;
	struct err *err;
};

static int on_span(void *arg, int64_t start_ms, int64_t end_ms)
{
	struct adding *a = arg;

	return add(a->l, a->kind, start_ms, end_ms, a->err);
}

static int read_section(const struct stack_event *e, const struct tz *zone,
			int64_t now_ms, struct event_list *l, struct err *err)
{
	struct adding a = { l, 0, err };
	int rc = 0;

	if (e->n_when == 0)
		return 0;
	a.kind = add_kind(l, e->name, "stack.conf", &e->terms);
	for (size_t i = 0; rc == 0 && i < e->n_when; i++)
		rc = event_when_each(&e->when[i], zone, l->from_ms, now_ms + AHEAD_MS,
				     on_span, &a);
	return rc;
}

/* The event's own terms take precedence over those of its section. */
static int terms_of(const struct stack_events *e, const struct ical_source *s,
		    struct event_terms *ret, struct err *err)
{
	const struct stack_event *section = stack_events_find(e, s->name);
	int rc = 0;

	*ret = (struct event_terms){ .uplift = NAN };
	if (s->extra[0])
		rc = event_terms_set_uplift(ret, s->extra[0], err);
	if (rc == 0 && s->extra[1])
		rc = event_terms_set_tiers(ret, s->extra[1], err);
	if (rc < 0 || !section)
		return rc;
	if (!ret->is_uplift_set)
		ret->uplift = section->terms.uplift;
	if (!ret->is_tiers_set && section->terms.tiers)
		ret->tiers = xstrdup(section->terms.tiers);
	return 0;
}

static int take_sources(const struct stack_events *e, const char *file,
			const struct ical *c, struct event_list *l, struct err *err)
{
	for (size_t i = 0; i < c->n_sources; i++) {
		struct event_terms t = { 0 };
		int rc = terms_of(e, &c->sources[i], &t, err);

		if (rc == 0)
			(void)add_kind(l, c->sources[i].name, file, &t);
		event_terms_done(&t);
		if (rc < 0)
			return err_wrap(err, rc, "%s:%d", file, c->sources[i].line);
	}
	return 0;
}

static int read_file(const struct stack_events *e, size_t file, const struct tz *zone,
		     int64_t now_ms, struct event_list *l, struct err *err)
{
	CLEANUP(ical_done) struct ical c = { 0 };
	const struct ical_opts o = {
		.what = e->files[file].name,
		.zone = zone,
		.from_ms = l->from_ms,
		.to_ms = now_ms + AHEAD_MS,
		.keys = { "X-FORETIDE-UPLIFT", "X-FORETIDE-TIERS" },
	};
	const size_t first = l->n_kinds;
	int rc = ical_read(e->files[file].text, &o, &c, err);

	if (rc == 0)
		rc = take_sources(e, o.what, &c, l, err);
	for (size_t i = 0; rc == 0 && i < c.n; i++)
		rc = add(l, first + c.v[i].source, c.v[i].start_ms, c.v[i].end_ms, err);
	return rc;
}

static bool has_kind(const struct event_list *l, const char *name)
{
	for (size_t i = 0; i < l->n_kinds; i++)
		if (strcmp(l->kinds[i].name, name) == 0)
			return true;
	return false;
}

/* A section without a time is about a calendar's event; without one it is a mistake. */
static int check_timeless(const struct stack_events *e, const struct event_list *l,
			  struct err *err)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].n_when == 0 && !has_kind(l, e->v[i].name))
			return err_set(err, ERR_INVAL,
				       "stack.conf:%d: [event %s] needs a when, or an "
				       "event of that name in events/*.ics",
				       e->v[i].line, e->v[i].name);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct event_occurrence *x = a, *y = b;

	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static int read_from(const struct stack_events *e, const struct tz *zone, int64_t from_ms,
		     int64_t now_ms, struct event_list *ret, struct err *err)
{
	CLEANUP(event_list_done) struct event_list l = { .from_ms = from_ms };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->n; i++)
		rc = read_section(&e->v[i], zone, now_ms, &l, err);
	for (size_t i = 0; rc == 0 && i < e->n_files; i++)
		rc = read_file(e, i, zone, now_ms, &l, err);
	if (rc == 0)
		rc = check_timeless(e, &l, err);
	if (rc < 0)
		return rc;
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_start);
	*ret = l;
	l = (struct event_list){ 0 };
	return 0;
}

int event_list_read(const struct stack_events *e, const struct tz *zone, int64_t now_ms,
		    struct event_list *ret, struct err *err)
{
	int rc = read_from(e, zone, now_ms - BEFORE_MS, now_ms, ret, err);

	/* The past of recurring events grows daily: an applied stack must
	 * stay valid. */
	return rc == ERR_LIMIT ? read_from(e, zone, now_ms - NEAR_MS, now_ms, ret, err)
			       : rc;
}
