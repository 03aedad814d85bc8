/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_store.h"

#include "expression.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define REPLACED_MS ((int64_t)900000) /* calendar; before it leaves */

char *promstore_labels(const json_t *metric)
{
	CLEANUP(buf_done) struct buf text;
	struct label l[LABELS_MAX];
	const char *name;
	const json_t *value;
	size_t n = 0;

	buf_init(&text, LABELS_MAX_BYTES / 2);
	json_object_foreach((json_t *)(uintptr_t)metric, name, value)
	{
		if (n == LABELS_MAX || !json_is_string(value))
			return NULL;
		l[n++] = (struct label){ name, json_string_value(value) };
	}
	if (labels_format(l, n, &text, NULL) < 0)
		return NULL;
	return xasprintf("{%s}", buf_str(&text));
}

struct promstore_value promstore_sum(const struct promstore_value *v, size_t n)
{
	static char none[] = "{}";
	struct promstore_value sum = { .labels = none };

	for (size_t i = 0; i < n; i++) {
		sum.v += v[i].v;
		sum.at_ms = MAX(sum.at_ms, v[i].at_ms);
	}
	return sum;
}

/* ---------------------------------------------------------------- the answer */

/* What is stored of it, in one batch. */
struct fetched {
	const char *stack, *tier, *mark;
	int64_t at_ms;
	struct db_sample_in v[PROMSTORE_SERIES_MAX];
	int64_t ids[PROMSTORE_SERIES_MAX]; /* 0: a new series */
	size_t n;
	bool is_summed;
};

static void forget_samples(struct fetched *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->v[i].labels);
	f->n = 0;
}
DEFINE_CLEANUP_OBJECT(struct fetched, forget_samples);

static bool has_sample_of(const struct fetched *f, const char *labels)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].labels, labels) == 0)
			return true;
	return false;
}

/* False: it cannot be told from the others. */
static bool add_value(struct fetched *f, const struct promstore_value *x)
{
	CLEANUP(buf_done) struct buf labels;
	struct label l[] = { { "stack", f->stack },
			     { "tier", f->tier },
			     { "query", f->mark },
			     { METRICS_PROMETHEUS_LABEL, x->labels } };

	buf_init(&labels, LABELS_MAX_BYTES);
	if (!x->labels || f->n == ARRAY_SIZE(f->v) ||
	    labels_format(l, ARRAY_SIZE(l), &labels, NULL) < 0 ||
	    has_sample_of(f, buf_str(&labels)))
		return false;
	f->v[f->n++] = (struct db_sample_in){ .name = METRICS_PROMETHEUS_SERIES,
					      .labels = xstrdup(buf_str(&labels)),
					      .kind = DB_GAUGE,
					      .t_ms = f->at_ms,
					      .v = x->v };
	return true;
}

static void take_answer(struct fetched *f, const struct promstore_value *v, size_t n,
			const struct promstore_value *sum)
{
	size_t i = 0;

	while (i < n && add_value(f, &v[i]))
		i++;
	f->is_summed = i < n;
	if (!f->is_summed)
		return;
	forget_samples(f);
	CHECK(add_value(f, sum));
}

static bool has_series(const struct fetched *f, int64_t id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->ids[i] == id)
			return true;
	return false;
}

/* ---------------------------------------------------------------- what it replaces */

/* The label sets that there were in answers of this query. */
struct known {
	struct db *db;
	const int64_t *ids;
	struct db_series_pace *pace;
	size_t n;
	int64_t newest_ms; /* time of the previous answer */
	/* Label sets of the answer at that time, and how many of them are there still. */
	int64_t then_ms;
	size_t n_then, n_kept;
};

static void known_done(struct known *k)
{
	free(k->pace);
}
DEFINE_CLEANUP_OBJECT(struct known, known_done);

static int find_known(struct known *k, const struct fetched *f, struct db_selector **ret,
		      struct err *err)
{
	const struct db_matcher m[] = { { "stack", DB_MATCH_EQ, f->stack },
					{ "tier", DB_MATCH_EQ, f->tier },
					{ "query", DB_MATCH_EQ, f->mark } };
	int rc = db_selector_new(METRICS_PROMETHEUS_SERIES, m, ARRAY_SIZE(m), ret, err);

	if (rc == 0)
		rc = db_selector_ids(k->db, *ret, &k->ids, &k->n, err);
	if (rc < 0)
		return rc;
	k->pace = xcalloc(k->n + 1, sizeof(*k->pace));
	for (size_t i = 0; i < k->n; i++)
		if (db_series_pace(k->db, k->ids[i], &k->pace[i]))
			k->newest_ms = MAX(k->newest_ms, k->pace[i].last_ms);
	return 0;
}

static bool has_changed(const struct known *k, const struct fetched *f)
{
	size_t n_before = 0, n_kept = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (k->pace[i].last_ms != k->newest_ms)
			continue;
		n_before++;
		n_kept += has_series(f, k->ids[i]);
	}
	return n_kept < n_before || n_kept < f->n;
}

/* The answer of which the series had its first sample within the time before it left. */
static int find_then(struct known *k, const struct fetched *f, size_t left,
		     struct db_samples *scratch, struct err *err)
{
	const int64_t last_ms = k->pace[left].last_ms;
	int64_t then_ms;
	int rc = db_samples_get(k->db, k->ids[left], last_ms - REPLACED_MS, last_ms,
				scratch, err);

	if (rc < 0)
		return rc;
	then_ms = scratch->n ? scratch->v[0].t_ms : last_ms;
	if (then_ms == k->then_ms)
		return 0;
	k->then_ms = then_ms;
	k->n_then = k->n_kept = 0;
	for (size_t i = 0; i < k->n; i++) {
		if (k->pace[i].last_ms < then_ms)
			continue;
		rc = db_samples_get(k->db, k->ids[i], then_ms, then_ms, scratch, err);
		if (rc < 0)
			return rc;
		if (scratch->n == 0)
			continue;
		k->n_then++;
		k->n_kept += has_series(f, k->ids[i]);
	}
	return 0;
}

static int find_replaced(struct known *k, const struct fetched *f, int64_t *ret,
			 size_t *ret_n, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples scratch = { 0 };

	for (size_t i = 0; i < k->n; i++) {
		int rc;

		if (k->pace[i].is_over || has_series(f, k->ids[i]) ||
		    f->at_ms - k->pace[i].last_ms > METRICS_WAIT_MS)
			continue;
		rc = f->is_summed ? 0 : find_then(k, f, i, &scratch, err);
		if (rc < 0)
			return rc;
		if (f->is_summed || f->n >= k->n_then || k->n_kept == 0)
			ret[(*ret_n)++] = k->ids[i];
	}
	return 0;
}

static int end_replaced(struct db *db, struct fetched *f, struct err *err)
{
	CLEANUP(db_selector_free) struct db_selector *selector = NULL;
	CLEANUP(known_done) struct known k = { .db = db };
	CLEANUP(free) int64_t *replaced = NULL;
	size_t n = 0, n_ended;
	int rc = find_known(&k, f, &selector, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < f->n; i++)
		f->ids[i] = db_series_id(db, f->v[i].name, f->v[i].labels);
	if (!has_changed(&k, f))
		return 0;
	replaced = xcalloc(k.n + 1, sizeof(*replaced));
	rc = find_replaced(&k, f, replaced, &n, err);
	if (rc < 0 || n == 0)
		return rc;
	return db_series_end_ids(db, replaced, n, f->at_ms, &n_ended, err);
}

int promstore_add(struct db *db, const char *stack, const char *tier, const char *mark,
		  const struct promstore_value *v, size_t n, int64_t now_ms,
		  struct err *err)
{
	const struct promstore_value sum = promstore_sum(v, n);
	CLEANUP(forget_samples)
	/* With a time scale the server's clock is not ours: take the value as of now. */
	struct fetched f = { .stack = stack,
			     .tier = tier,
			     .mark = mark,
			     .at_ms = clock_scale() == 1.0 ? sum.at_ms : now_ms };
	int rc;

	take_answer(&f, v, n, &sum);
	/* First, so that no moment has both what left and what came instead. */
	rc = end_replaced(db, &f, err);
	return rc < 0 ? rc : db_samples_add(db, f.v, f.n, now_ms, NULL, err);
}
