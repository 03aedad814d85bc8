/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registrations.h"

#include "check.h"
#include "registration.h"
#include "sorted.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* A key that is not as it should be. */
struct odd {
	char *key;
	char *unit; /* that lacks its record; NULL: the record is nobody's */
	int64_t since_ms;
	bool is_told; /* the grace is over */
	bool is_seen;
};

struct registrations {
	struct odd *v; /* by key */
	size_t n, cap;
	int64_t now_ms;
};

/* ---------------------------------------------------------------- what is odd */

static void odd_done(struct odd *o)
{
	free(o->key);
	free(o->unit);
}

/* unit NULL: a record of nobody. */
static void see(struct registrations *g, const char *key, const char *unit)
{
	size_t at = SORTED_PLACE(g->n, i, strcmp(g->v[i].key, key) < 0);
	struct odd *o = &g->v[at];

	if (at == g->n || strcmp(o->key, key) != 0) {
		if (g->n == g->cap) {
			g->cap = g->cap * 2 + 16;
			g->v = xrealloc(g->v, g->cap * sizeof(*g->v));
		}
		o = &g->v[at];
		memmove(o + 1, o, (g->n++ - at) * sizeof(*o));
		*o = (struct odd){ .key = xstrdup(key), .since_ms = g->now_ms };
	}
	free(o->unit);
	o->unit = unit ? xstrdup(unit) : NULL;
	o->is_seen = true;
	o->is_told = g->now_ms - o->since_ms >= REGISTRATIONS_GRACE_MS;
}

static void forget_unseen(struct registrations *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->v[i].is_seen)
			g->v[n++] = g->v[i];
		else
			odd_done(&g->v[i]);
	}
	g->n = n;
}

/* ---------------------------------------------------------------- the comparison */

static json_t *object_of(const char *value, size_t len)
{
	json_t *doc = NULL;

	return json_parse(value, len, "the record", &doc, NULL) < 0 ? NULL : doc;
}

static bool is_right(const struct view_kv *kv, const struct rights_record *r)
{
	CLEANUP(json_decref) json_t *is = NULL;
	CLEANUP(json_decref) json_t *should = NULL;

	if (!kv)
		return false;
	if (strcmp(kv->value, r->value) == 0)
		return true;
	is = object_of(kv->value, kv->len);
	should = object_of(r->value, strlen(r->value));
	return is && should && json_equal(is, should);
}

/* Of two that may be under one key (its text is being replaced) one is enough. */
static bool has_record(const struct view_snapshot *s, const struct rights_record *all,
		       size_t n, const struct rights_record *r)
{
	const struct view_kv *kv = view_find(s, r->key);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].key, r->key) == 0 && is_right(kv, &all[i]))
			return true;
	return false;
}

static void look_at_unit(struct registrations *g, const struct fleet_unit *u,
			 const struct rights *r, const struct view_snapshot *s)
{
	size_t n;
	const struct rights_record *records = rights_records(r, u->host->h.id, &n);
	char name[UNIT_NAME_TEXT];

	fleet_unit_name(u, name);
	for (size_t i = 0; i < n; i++)
		if (strcmp(records[i].unit, name) == 0 &&
		    !has_record(s, records, n, &records[i]))
			see(g, records[i].key, u->u.name);
}

static bool is_withdrawn(const struct view_kv *kv)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	if (!memmem(kv->value, kv->len, "withdrawn", strlen("withdrawn")))
		return false;
	doc = object_of(kv->value, kv->len);
	return doc && json_is_true(json_object_get(doc, "withdrawn"));
}

bool registrations_update(struct registrations *g, const struct fleet *f,
			  const struct rights *r, const struct view_snapshot *s,
			  const char *domain, int64_t now_ms)
{
	CLEANUP(free) char *root = registration_root(domain);
	bool waits = false;

	g->now_ms = now_ms;
	for (size_t i = 0; i < g->n; i++)
		g->v[i].is_seen = false;
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (u->healthy && u->host && !u->gone)
			look_at_unit(g, u, r, s);
	}
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->kvs[i].key, root, strlen(root)) == 0 &&
		    !rights_find(r, s->kvs[i].key) && !is_withdrawn(&s->kvs[i]))
			see(g, s->kvs[i].key, NULL);
	forget_unseen(g);
	for (size_t i = 0; i < g->n; i++)
		waits |= !g->v[i].is_told;
	return waits;
}

/* ---------------------------------------------------------------- for people */

/* The first that is told of the kind, and how many there are. */
static const struct odd *first(const struct registrations *g, bool missing, size_t *ret_n)
{
	const struct odd *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct odd *o = &g->v[i];

		if (!o->is_told || (o->unit != NULL) != missing)
			continue;
		if (!found)
			found = o;
		++*ret_n;
	}
	return found;
}

static void add_others(char *text, size_t size, size_t n)
{
	size_t len = strlen(text);

	if (n > 1 && len < size)
		snprintf(text + len, size - len, " (and %zu more)", n - 1);
}

bool registrations_missing(const struct registrations *g, char *ret, size_t size)
{
	size_t n;
	const struct odd *o = first(g, true, &n);

	if (!o)
		return false;
	snprintf(ret, size,
		 "unit %s is healthy, but its record %s is not in the store as it should "
		 "be: see its agent's log",
		 o->unit, o->key);
	add_others(ret, size, n);
	return true;
}

bool registrations_foreign(const struct registrations *g, char *ret, size_t size)
{
	size_t n;
	const struct odd *o = first(g, false, &n);

	if (!o)
		return false;
	snprintf(
		ret, size,
		"record %s belongs to no unit: delete it, or put it under another domain",
		o->key);
	add_others(ret, size, n);
	return true;
}

struct registrations *registrations_new(void)
{
	return xcalloc(1, sizeof(struct registrations));
}

void registrations_free(struct registrations *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		odd_done(&g->v[i]);
	free(g->v);
	free(g);
}
