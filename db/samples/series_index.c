/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series_index.h"

#include "check.h"
#include "fnv.h"
#include "labels.h"
#include "registry.h"
#include "sorted.h"

#include <string.h>

#define SLOTS_FIRST 64

const char *db_indexed_label(enum db_indexed by)
{
	static const char *const labels[DB_INDEXED] = {
		[DB_BY_HOST] = "host", [DB_BY_TIER] = "tier", [DB_BY_STACK] = "stack"
	};

	return labels[by];
}

static uint32_t hash_of(enum db_indexed by, const char *text, size_t len)
{
	return (uint32_t)fnv(FNV_START + by, text, len);
}

void db_index_init(struct db_series_index *x)
{
	x->slots = xcalloc(SLOTS_FIRST, sizeof(*x->slots));
	x->n_slots = SLOTS_FIRST;
	x->n = 0;
}

static void posting_free(struct db_posting *p)
{
	free(p->v);
	free(p);
}

void db_index_done(struct db_series_index *x)
{
	for (size_t i = 0; i < x->n_slots; i++)
		for (struct db_posting *p = x->slots[i], *next; p; p = next) {
			next = p->next;
			posting_free(p);
		}
	free(x->slots);
}

static struct db_posting *find(const struct db_series_index *x, enum db_indexed by,
			       const char *text, size_t len)
{
	const uint32_t hash = hash_of(by, text, len);
	struct db_posting *p = x->slots[hash & (x->n_slots - 1)];

	while (p && (p->hash != hash || p->by != by || p->len != len ||
		     memcmp(p->text, text, len) != 0))
		p = p->next;
	return p;
}

const struct db_posting *db_index_find(const struct db_series_index *x,
				       enum db_indexed by, const char *text, size_t len)
{
	return find(x, by, text, len);
}

static void grow(struct db_series_index *x)
{
	struct db_posting **old = x->slots;
	const size_t n_old = x->n_slots;

	x->n_slots *= 2;
	x->slots = xcalloc(x->n_slots, sizeof(*x->slots));
	for (size_t i = 0; i < n_old; i++)
		for (struct db_posting *p = old[i], *next; p; p = next) {
			struct db_posting **slot = &x->slots[p->hash & (x->n_slots - 1)];

			next = p->next;
			p->next = *slot;
			*slot = p;
		}
	free(old);
}

static struct db_posting *get(struct db_series_index *x, enum db_indexed by,
			      const char *text, size_t len)
{
	struct db_posting *p = find(x, by, text, len), **slot;

	if (p)
		return p;
	if (x->n == x->n_slots)
		grow(x);
	p = xcalloc(1, sizeof(*p) + len + 1);
	p->hash = hash_of(by, text, len);
	p->by = by;
	p->len = len;
	memcpy(p->text, text, len);
	slot = &x->slots[p->hash & (x->n_slots - 1)];
	p->next = *slot;
	*slot = p;
	x->n++;
	return p;
}

static void push(struct db_posting *p, struct db_entry *e)
{
	if (p->n == p->cap) {
		p->cap += p->cap / 2 + 4;
		p->v = xrealloc(p->v, p->cap * sizeof(struct db_entry *));
	}
	p->v[p->n++] = e;
}

const char *db_index_add(struct db_series_index *x, struct db_entry *e, const char *name)
{
	struct db_posting *named = get(x, DB_BY_NAME, name, strlen(name));

	push(named, e);
	for (unsigned by = DB_BY_NAME + 1; by < DB_INDEXED; by++) {
		struct label_span l;

		if (labels_get(e->labels, db_indexed_label(by), &l))
			push(get(x, by, l.value, l.value_len), e);
	}
	return named->text;
}

/* ---------------------------------------------------------------- removal */

/* Of a run of ids, those that are marked; with the first of them they all went. */
static void filter(struct db_posting *p, int64_t first, int64_t last)
{
	const size_t from = SORTED_PLACE(p->n, i, p->v[i]->id < first);
	size_t kept = from, i = from;

	if (from == p->n || p->v[from]->id != first)
		return;
	for (; i < p->n && p->v[i]->id <= last; i++)
		if (!p->v[i]->is_dropped)
			p->v[kept++] = p->v[i];
	if (i < p->n)
		memmove(p->v + kept, p->v + i, (p->n - i) * sizeof(struct db_entry *));
	p->n -= i - kept;
}

/* Takes it out when it is empty; its text is still in use. */
static void unlink_empty(struct db_series_index *x, struct db_posting *p,
			 struct db_posting **empty)
{
	struct db_posting **at = &x->slots[p->hash & (x->n_slots - 1)];

	if (p->n > 0)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	x->n--;
	p->next = *empty;
	*empty = p;
}

static void drop_from(struct db_series_index *x, enum db_indexed by, const char *text,
		      size_t len, const int64_t ids[2], struct db_posting **empty)
{
	struct db_posting *p = find(x, by, text, len);

	if (!p)
		return;
	filter(p, ids[0], ids[1]);
	unlink_empty(x, p, empty);
}

void db_index_drop(struct db_series_index *x, struct db_entry *const *v, size_t n)
{
	struct db_posting *empty = NULL;

	for (size_t i = 0; i < n; i++)
		v[i]->is_dropped = true;
	for (size_t i = 0; i < n; i++) {
		const int64_t ids[2] = { v[i]->id, v[n - 1]->id };
		struct label_span l;

		drop_from(x, DB_BY_NAME, v[i]->name, strlen(v[i]->name), ids, &empty);
		for (unsigned by = DB_BY_NAME + 1; by < DB_INDEXED; by++)
			if (labels_get(v[i]->labels, db_indexed_label(by), &l))
				drop_from(x, by, l.value, l.value_len, ids, &empty);
	}
	for (struct db_posting *p = empty, *next; p; p = next) {
		next = p->next;
		posting_free(p);
	}
}
