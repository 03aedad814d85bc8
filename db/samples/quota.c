/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "quota.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "registry.h"

#include <string.h>

#define TOLD_MS 600000

static uint64_t *slot_of(struct tally *t, uint64_t key, size_t **ret_n)
{
	size_t i = key & (t->cap - 1);

	while (t->slots[i].key && t->slots[i].key != key)
		i = (i + 1) & (t->cap - 1);
	*ret_n = &t->slots[i].n;
	return &t->slots[i].key;
}

static void grow(struct tally *t)
{
	struct tally more = { 0 };
	size_t n_live = 0, *n;

	for (size_t i = 0; i < t->cap; i++)
		n_live += t->slots[i].n > 0;
	for (more.cap = 64; more.cap < 4 * n_live;)
		more.cap *= 2;

	more.slots = xcalloc(more.cap, sizeof(*more.slots));
	for (size_t i = 0; i < t->cap; i++) {
		if (!t->slots[i].key || !t->slots[i].n)
			continue;
		*slot_of(&more, t->slots[i].key, &n) = t->slots[i].key;
		*n = t->slots[i].n;
		more.n++;
	}
	free(t->slots);
	*t = more;
}

static void tally_add(struct tally *t, uint64_t key)
{
	uint64_t *at;
	size_t *n;

	if (t->n * 2 >= t->cap)
		grow(t);
	at = slot_of(t, key, &n);
	t->n += *at == 0;
	*at = key;
	++*n;
}

/* Its place is kept until the next time that all move. */
static void tally_remove(struct tally *t, uint64_t key)
{
	size_t *n;

	if (t->cap == 0)
		return;
	(void)slot_of(t, key, &n);
	*n -= *n > 0;
}

static size_t tally_of(struct tally *t, uint64_t key)
{
	size_t *n;

	if (t->cap == 0)
		return 0;
	(void)slot_of(t, key, &n);
	return *n;
}

void quota_done(struct quota *q)
{
	free(q->hosts.slots);
	free(q->units.slots);
	q->hosts = q->units = (struct tally){ 0 };
}

/* Of the labels host and unit; 0: it has none. */
static void keys_of(const char *labels, uint64_t *ret_host, uint64_t *ret_unit)
{
	struct label_span host, unit;

	*ret_host = *ret_unit = 0;
	if (!labels_get(labels, "host", &host))
		return;
	*ret_host = fnv(FNV_START, host.value, host.value_len) | 1;
	if (labels_get(labels, "unit", &unit))
		*ret_unit = fnv(*ret_host, unit.value, unit.value_len) | 1;
}

void quota_add(struct quota *q, const char *labels)
{
	uint64_t host, unit;

	keys_of(labels, &host, &unit);
	if (host)
		tally_add(&q->hosts, host);
	if (unit)
		tally_add(&q->units, unit);
}

void quota_remove(struct quota *q, const char *labels)
{
	uint64_t host, unit;

	keys_of(labels, &host, &unit);
	if (host)
		tally_remove(&q->hosts, host);
	if (unit)
		tally_remove(&q->units, unit);
}

int quota_check(struct quota *q, const struct db_limits *l, size_t n, const char *name,
		const char *labels, struct err *err)
{
	const char *of = NULL;
	uint64_t host, unit;
	struct err why;
	size_t most = 0;

	keys_of(labels, &host, &unit);
	if (n >= l->max_series) {
		of = "in all";
		most = l->max_series;
	} else if (host && tally_of(&q->hosts, host) >= l->max_host_series) {
		of = "of its host";
		most = l->max_host_series;
	} else if (unit && tally_of(&q->units, unit) >= l->max_unit_series) {
		of = "of its unit";
		most = l->max_unit_series;
	}
	if (!of)
		return 0;
	err_set(&why, ERR_LIMIT, "'%.80s{%.120s}'; there are %zu %s", name, labels, most,
		of);
	q->n_refused++;
	q->refused_mono_ms = clock_mono_ms();
	snprintf(q->refused, sizeof(q->refused), "%.255s", why.msg);
	return err_set(err, ERR_LIMIT, "a new metric series is refused: %s", why.msg);
}

bool db_series_problem(struct db *db, char *text, size_t n)
{
	struct db_metrics *m = db->metrics;
	struct quota *q = &m->quota;
	bool is_told;

	db_registry_lock(m);
	is_told = q->n_refused && clock_mono_ms() - q->refused_mono_ms < TOLD_MS;
	if (is_told)
		snprintf(text, n,
			 "new metric series are refused, the last one %s; report fewer "
			 "labels that vary",
			 q->refused);
	pthread_mutex_unlock(&m->lock);
	return is_told;
}
