/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registry.h"

#include "check.h"
#include "fnv.h"
#include "labels.h"
#include "sorted.h"

#include <string.h>

const char *db_series_kind_name(enum db_series_kind k)
{
	return k == DB_COUNTER ? "counter" : "gauge";
}

static uint32_t hash_of(const char *name, const char *labels)
{
	return (uint32_t)fnv(fnv(FNV_START, name, strlen(name) + 1), labels,
			     strlen(labels));
}

/* ---------------------------------------------------------------- registry */

static struct db_entry **slot_of(const struct db_metrics *m, uint32_t hash)
{
	return &m->slots[hash & (m->n_slots - 1)];
}

static void slot_in(struct db_metrics *m, struct db_entry *e)
{
	struct db_entry **slot = slot_of(m, e->hash);

	e->next = *slot;
	*slot = e;
}

static void slot_out(struct db_metrics *m, const struct db_entry *e)
{
	struct db_entry **at = slot_of(m, e->hash);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
}

static void slots_grow(struct db_metrics *m)
{
	m->n_slots = m->n_slots ? m->n_slots * 2 : 64;
	free(m->slots);
	m->slots = xcalloc(m->n_slots, sizeof(struct db_entry *));
	for (size_t i = 0; i < m->n; i++)
		slot_in(m, m->v[i]);
}

struct db_entry *db_entry_find(struct db_metrics *m, const char *name, const char *labels)
{
	const uint32_t hash = hash_of(name, labels);
	struct db_entry *e = *slot_of(m, hash);

	while (e && (e->hash != hash || strcmp(e->name, name) != 0 ||
		     strcmp(e->labels, labels) != 0))
		e = e->next;
	return e;
}

/* Ids begin with the first one and have gaps where series were deleted, so that none is
 * further on than it would be without; most are there. */
static size_t guess(const struct db_metrics *m, int64_t id)
{
	const int64_t at = m->n ? id - m->v[0]->id : 0;

	return at < 0 ? 0 : (size_t)MIN(at, (int64_t)m->n);
}

size_t db_entries_after(const struct db_metrics *m, int64_t id)
{
	const size_t n = guess(m, id);

	if (n < m->n && m->v[n]->id == id)
		return n + 1;
	return SORTED_PLACE(n, i, m->v[i]->id <= id);
}

struct db_entry *db_entry_by_id(struct db_metrics *m, int64_t id)
{
	const size_t after = db_entries_after(m, id);

	return after > 0 && m->v[after - 1]->id == id ? m->v[after - 1] : NULL;
}

struct db_entry *db_entry_add(struct db_metrics *m, int64_t id, const char *name,
			      const char *labels, enum db_series_kind kind)
{
	const size_t labels_size = strlen(labels) + 1;
	struct db_entry *e = xcalloc(1, sizeof(*e) + labels_size);
	struct label_span host;

	memcpy(e->labels, labels, labels_size);
	e->id = id;
	e->kind = (uint8_t)kind;
	e->ephemeral = labels_get(labels, "host", &host);
	e->is_answer = strcmp(name, DB_ANSWER_NAME) == 0;
	e->hash = hash_of(name, labels);
	e->packed_to = INT64_MIN;
	e->name = db_index_add(&m->index, e, name);
	CHECK(m->n == 0 || m->v[m->n - 1]->id < id);
	if (m->n == m->cap) {
		m->cap += m->cap / 2 + 64;
		m->v = xrealloc(m->v, m->cap * sizeof(struct db_entry *));
	}
	m->v[m->n++] = e;
	quota_add(&m->quota, e->labels);
	if (m->n > m->n_slots)
		slots_grow(m);
	else
		slot_in(m, e);
	return e;
}

static void entry_free(struct db_entry *e)
{
	free(e->head);
	free(e);
}

void db_entries_drop(struct db_metrics *m, size_t from, size_t to,
		     bool (*drop)(const struct db_entry *e))
{
	CLEANUP(free)
	struct db_entry **gone = xcalloc(to - from + 1, sizeof(struct db_entry *));
	size_t n = 0, kept = from;

	for (size_t i = from; i < to; i++) {
		if (drop(m->v[i]))
			gone[n++] = m->v[i];
		else
			m->v[kept++] = m->v[i];
	}
	if (n == 0)
		return;
	if (to < m->n)
		memmove(m->v + kept, m->v + to, (m->n - to) * sizeof(struct db_entry *));
	m->n -= n;
	m->generation++;
	db_index_drop(&m->index, gone, n);
	for (size_t i = 0; i < n; i++) {
		quota_remove(&m->quota, gone[i]->labels);
		slot_out(m, gone[i]);
		entry_free(gone[i]);
	}
}

static bool is_fresh(const struct db_entry *e)
{
	return e->fresh;
}

void db_entries_drop_fresh(struct db_metrics *m)
{
	size_t from;

	db_registry_lock(m);
	for (from = m->n; from > 0 && m->v[from - 1]->fresh;)
		from--;
	m->epoch += from < m->n;
	db_entries_drop(m, from, m->n, is_fresh);
	pthread_mutex_unlock(&m->lock);
}

bool db_entry_view(struct db *db, int64_t id, struct db_entry_view *ret)
{
	struct db_metrics *m = db->metrics;
	const struct db_entry *e;

	db_registry_lock(m);
	e = db_entry_by_id(m, id);
	if (e)
		*ret = (struct db_entry_view){
			id,          e->kind,    strcmp(e->name, DEMAND_NAME) == 0,
			e->first_ms, e->last_ms, m->rolled_to
		};
	pthread_mutex_unlock(&m->lock);
	return e != NULL;
}

struct db_metrics *db_registry_new(void)
{
	struct db_metrics *m = xcalloc(1, sizeof(*m));

	CHECK(pthread_mutex_init(&m->lock, NULL) == 0);
	CHECK(pthread_cond_init(&m->passed, NULL) == 0);
	db_index_init(&m->index);
	slots_grow(m);
	return m;
}

void db_registry_free(struct db_metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_free(m->v[i]);
	db_index_done(&m->index);
	free(m->v);
	free(m->slots);
	quota_done(&m->quota);
	pthread_cond_destroy(&m->passed);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
