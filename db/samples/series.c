/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series looked up and listed. */
#include "check.h"
#include "selector.h"

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

static int by_text(const void *a, const void *b)
{
	const struct db_entry *x = *(struct db_entry *const *)a;
	const struct db_entry *y = *(struct db_entry *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->labels, y->labels);
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

static int list_page(struct db_metrics *m, struct db_selector *s, int64_t after,
		     size_t limit, struct db_series_list *ret, struct err *err)
{
	CLEANUP(free) struct db_entry **found = NULL;
	const struct db_entry *last = after ? db_entry_by_id(m, after) : NULL;
	size_t n = 0, i = 0, n_ids;
	const int64_t *ids;

	if (after && !last)
		return err_set(err, ERR_INVAL, "no series %" PRId64 " to continue after",
			       after);
	ids = db_selector_update(m, s, &n_ids);
	found = xcalloc(n_ids + 1, sizeof(struct db_entry *));
	for (size_t k = 0; k < n_ids; k++)
		if ((found[n] = db_entry_by_id(m, ids[k])))
			n++;
	qsort(found, n, sizeof(struct db_entry *), by_text);
	while (last && i < n && by_text(&found[i], &last) <= 0)
		i++;
	n -= i;
	n = limit && n > limit ? limit : n;
	ret->v = xcalloc(n + 1, sizeof(*ret->v));
	for (ret->n = 0; ret->n < n; ret->n++)
		copy_entry(&ret->v[ret->n], found[i + ret->n]);
	return 0;
}

int db_series_find(struct db *db, struct db_selector *s, int64_t after, size_t limit,
		   struct db_series_list *ret, struct err *err)
{
	int rc;

	pthread_mutex_lock(&db->metrics->lock);
	rc = list_page(db->metrics, s, after, limit, ret, err);
	pthread_mutex_unlock(&db->metrics->lock);
	return rc;
}

int db_series_get(struct db *db, int64_t id, struct db_series *ret, struct err *err)
{
	const struct db_entry *e;

	pthread_mutex_lock(&db->metrics->lock);
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

	pthread_mutex_lock(&db->metrics->lock);
	e = db_entry_find(db->metrics, name, labels);
	id = e ? e->id : 0;
	pthread_mutex_unlock(&db->metrics->lock);
	return id;
}

size_t db_series_count(struct db *db)
{
	size_t n;

	pthread_mutex_lock(&db->metrics->lock);
	n = db->metrics->n;
	pthread_mutex_unlock(&db->metrics->lock);
	return n;
}
