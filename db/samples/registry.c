/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registry.h"

#include "check.h"
#include "labels.h"
#include "sorted.h"

#include <string.h>

const char *db_series_kind_name(enum db_series_kind k)
{
	return k == DB_COUNTER ? "counter" : "gauge";
}

static uint32_t hash_of(const char *name, const char *labels)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	h *= 16777619u;
	for (; *labels; labels++)
		h = (h ^ (unsigned char)*labels) * 16777619u;
	return h;
}

/* ---------------------------------------------------------------- registry */

static void slot_in(struct db_metrics *m, struct db_entry *e)
{
	size_t i = e->hash & (m->n_slots - 1);

	while (m->slots[i])
		i = (i + 1) & (m->n_slots - 1);
	m->slots[i] = e;
}

static void slots_rebuild(struct db_metrics *m, size_t want)
{
	size_t n = 64;

	while (n < want * 2)
		n *= 2;
	free(m->slots);
	m->slots = xcalloc(n, sizeof(struct db_entry *));
	m->n_slots = n;
	for (size_t i = 0; i < m->n; i++)
		slot_in(m, m->v[i]);
}

struct db_entry *db_entry_find(struct db_metrics *m, const char *name, const char *labels)
{
	uint32_t hash = hash_of(name, labels);

	for (size_t i = hash & (m->n_slots - 1); m->slots[i];
	     i = (i + 1) & (m->n_slots - 1)) {
		struct db_entry *e = m->slots[i];

		if (e->hash == hash && strcmp(e->name, name) == 0 &&
		    strcmp(e->labels, labels) == 0)
			return e;
	}
	return NULL;
}

size_t db_entries_after(const struct db_metrics *m, int64_t id)
{
	return SORTED_PLACE(m->n, i, m->v[i]->id <= id);
}

struct db_entry *db_entry_by_id(struct db_metrics *m, int64_t id)
{
	size_t i = db_entries_after(m, id - 1);

	return i < m->n && m->v[i]->id == id ? m->v[i] : NULL;
}

struct db_entry *db_entry_add(struct db_metrics *m, int64_t id, const char *name,
			      const char *labels, enum db_series_kind kind)
{
	size_t name_size = strlen(name) + 1, labels_size = strlen(labels) + 1;
	struct db_entry *e = xcalloc(1, sizeof(*e) + name_size + labels_size);
	char *text = (char *)(e + 1);
	struct label_span host;

	memcpy(text, name, name_size);
	memcpy(text + name_size, labels, labels_size);
	e->id = id;
	e->name = text;
	e->labels = text + name_size;
	e->kind = kind;
	e->ephemeral = labels_get(labels, "host", &host);
	e->is_answer = strcmp(name, DB_ANSWER_NAME) == 0;
	e->hash = hash_of(name, labels);
	e->packed_to = INT64_MIN;
	CHECK(m->n == 0 || m->v[m->n - 1]->id < id);
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->v = xrealloc(m->v, m->cap * sizeof(struct db_entry *));
	}
	m->v[m->n++] = e;
	if (m->n * 2 > m->n_slots)
		slots_rebuild(m, m->n);
	else
		slot_in(m, e);
	return e;
}

static void entry_free(struct db_entry *e)
{
	free(e->head);
	free(e);
}

void db_entries_drop(struct db_metrics *m, bool (*drop)(const struct db_entry *e))
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (drop(m->v[i]))
			entry_free(m->v[i]);
		else
			m->v[kept++] = m->v[i];
	}
	if (kept == m->n)
		return;
	m->n = kept;
	m->generation++;
	slots_rebuild(m, m->n);
}

static bool is_fresh(const struct db_entry *e)
{
	return e->fresh;
}

void db_entries_drop_fresh(struct db_metrics *m)
{
	pthread_mutex_lock(&m->lock);
	db_entries_drop(m, is_fresh);
	pthread_mutex_unlock(&m->lock);
}

bool db_entry_view(struct db *db, int64_t id, struct db_entry_view *ret)
{
	struct db_metrics *m = db->metrics;
	const struct db_entry *e;

	pthread_mutex_lock(&m->lock);
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
	slots_rebuild(m, 0);
	return m;
}

void db_registry_free(struct db_metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_free(m->v[i]);
	free(m->v);
	free(m->slots);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
