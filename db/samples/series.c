/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series looked up and listed. */
#include "check.h"
#include "registry.h"

#include <inttypes.h>
#include <string.h>

void db_series_done(struct db_series *s)
{
	free(s->name);
	free(s->labels);
	memset(s, 0, sizeof(*s));
}

void db_series_list_done(struct db_series_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		db_series_done(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static void copy_entry(struct db_series *s, const struct db_entry *e)
{
	s->id = e->id;
	s->name = xstrdup(e->name);
	s->labels = xstrdup(e->labels);
	s->kind = e->kind;
	s->first_ms = e->first_ms;
	s->last_ms = e->last_ms;
}

/* ---------------------------------------------------------------- a page */

#define SLICE 1024u /* series that are looked at without giving the lock back */

static int order(const struct db_series *a, const char *name, const char *labels)
{
	const int c = strcmp(a->name, name);

	return c ? c : strcmp(a->labels, labels);
}

static int by_text(const void *a, const void *b)
{
	const struct db_series *y = b;

	return order(a, y->name, y->labels);
}

/* The first of those that follow; more of them for a while. */
struct page {
	struct db_series_list *l;
	size_t cap, limit;
	const struct db_series *after; /* NULL: none */
	bool is_full;                  /* the last one of limit is known */
};

/* Under the lock. */
static void add(struct page *p, const struct db_entry *e)
{
	struct db_series_list *l = p->l;

	if ((p->after && order(p->after, e->name, e->labels) >= 0) ||
	    (p->is_full && order(&l->v[p->limit - 1], e->name, e->labels) < 0))
		return;
	if (l->n == p->cap) {
		p->cap = p->cap * 2 + SLICE;
		l->v = xrealloc(l->v, p->cap * sizeof(*l->v));
	}
	copy_entry(&l->v[l->n++], e);
}

static void cut(struct page *p)
{
	struct db_series_list *l = p->l;

	qsort(l->v, l->n, sizeof(*l->v), by_text);
	while (p->limit && l->n > p->limit)
		db_series_done(&l->v[--l->n]);
	p->is_full = p->limit && l->n == p->limit;
}

static void list_page(struct db_metrics *m, struct page *p, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n;) {
		const size_t end = MIN(n, i + SLICE);

		db_registry_lock(m);
		for (; i < end; i++) {
			const struct db_entry *e = db_entry_by_id(m, ids[i]);

			if (e)
				add(p, e);
		}
		db_registry_let_pass(m);
		pthread_mutex_unlock(&m->lock);
		if (p->limit && p->l->n >= 2 * p->limit + SLICE)
			cut(p);
	}
	cut(p);
}

int db_series_find(struct db *db, struct db_selector *s, int64_t after, size_t limit,
		   struct db_series_list *ret, struct err *err)
{
	CLEANUP(db_series_done) struct db_series last = { 0 };
	struct page p = { .l = ret, .limit = limit, .after = after ? &last : NULL };
	const int64_t *ids;
	size_t n_ids;
	int rc = db_selector_ids(db, s, &ids, &n_ids, err);

	if (rc < 0)
		return rc;
	if (after && db_series_get(db, after, &last, NULL) < 0)
		return err_set(err, ERR_INVAL, "no series %" PRId64 " to continue after",
			       after);
	*ret = (struct db_series_list){ xcalloc(1, sizeof(*ret->v)), 0 };
	p.cap = 1;
	list_page(db->metrics, &p, ids, n_ids);
	return 0;
}

int db_series_get(struct db *db, int64_t id, struct db_series *ret, struct err *err)
{
	const struct db_entry *e;

	db_registry_lock(db->metrics);
	e = db_entry_by_id(db->metrics, id);
	if (e)
		copy_entry(ret, e);
	pthread_mutex_unlock(&db->metrics->lock);
	return e ? 0 : err_set(err, ERR_NOT_FOUND, "no series %" PRId64, id);
}

int64_t db_series_id(struct db *db, const char *name, const char *labels)
{
	const struct db_entry *e;
	int64_t id;

	db_registry_lock(db->metrics);
	e = db_entry_find(db->metrics, name, labels);
	id = e ? e->id : 0;
	pthread_mutex_unlock(&db->metrics->lock);
	return id;
}

size_t db_series_count(struct db *db)
{
	size_t n;

	db_registry_lock(db->metrics);
	n = db->metrics->n;
	pthread_mutex_unlock(&db->metrics->lock);
	return n;
}
