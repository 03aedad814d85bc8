/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each tier's own demand, by the minute. */
#include "add.h"
#include "check.h"
#include "labels.h"
#include "registry.h"
#include "roll.h"
#include "rollup.h"
#include "sample_list.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define FUTURE_MAX_MS 600000
#define IMPORT_MAX_MS (400 * DAY_MS)

static char *labels_of(const char *stack, const char *tier)
{
	CLEANUP(buf_done) struct buf b;
	struct label l[] = { { "stack", stack }, { "tier", tier } };

	buf_init(&b, LABELS_MAX_BYTES * 2);
	/* Names of stacks and tiers are short words; an invalid one finds no series. */
	if (labels_format(l, 2, &b, NULL) < 0)
		return xstrdup("");
	return xstrdup(buf_str(&b));
}

static bool find(struct db *db, const char *stack, const char *tier,
		 struct db_entry_view *ret)
{
	CLEANUP(free) char *labels = labels_of(stack, tier);
	struct db_metrics *m = db->metrics;
	const struct db_entry *e;
	int64_t id = 0;

	db_registry_lock(m);
	e = db_entry_find(m, DEMAND_NAME, labels);
	if (e)
		id = e->id;
	pthread_mutex_unlock(&m->lock);
	return id && db_entry_view(db, id, ret);
}

int db_demand_add(struct db *db, const struct db_demand *d, size_t n, int64_t t_ms,
		  struct err *err)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(n + 1, sizeof(*in));
	CLEANUP(free) char **labels = xcalloc(n + 1, sizeof(char *));
	size_t used = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (isnan(d[i].v))
			continue;
		labels[used] = labels_of(d[i].stack, d[i].tier);
		in[used] =
			(struct db_sample_in){ DEMAND_NAME, labels[used], DB_GAUGE,
					       d[i].at_ms ? d[i].at_ms : t_ms, d[i].v };
		used++;
	}
	rc = db_samples_add(db, in, used, t_ms, NULL, err);
	for (size_t i = 0; i < used; i++)
		free(labels[i]);
	return rc;
}

int db_demand_range(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		    double *out, size_t n, struct err *err)
{
	struct db_entry_view e;

	CHECK(from_ms % DB_DEMAND_STEP_MS == 0);
	if (!find(db, stack, tier, &e)) {
		for (size_t i = 0; i < n; i++)
			out[i] = NAN;
		return 0;
	}
	return db_samples_range(db, e.id, from_ms, DB_DEMAND_STEP_MS, DB_AGG_AVG, out, n,
				err);
}

int db_demand_span(struct db *db, const char *stack, const char *tier, int64_t *ret_first,
		   int64_t *ret_last, struct err *err)
{
	struct db_entry_view e = { 0 };

	(void)err;
	(void)find(db, stack, tier, &e);
	*ret_first = e.first_ms;
	*ret_last = e.last_ms;
	return 0;
}

/* ---------------------------------------------------------------- import */

static int check_import(int64_t from_ms, const double *v, size_t n, int64_t now_ms,
			struct err *err)
{
	if (from_ms <= 0 || from_ms % DB_DEMAND_STEP_MS)
		return err_set(err, ERR_INVAL, "history must begin on a minute");
	if (n > IMPORT_MAX_MS / DB_DEMAND_STEP_MS)
		return err_set(err, ERR_LIMIT,
			       "at most 400 days of history can be imported");
	for (size_t i = 0; i < n; i++) {
		int64_t t = from_ms + (int64_t)i * DB_DEMAND_STEP_MS;

		if (isinf(v[i]))
			return err_set(err, ERR_INVAL, "value %zu is infinite", i + 1);
		if (!isnan(v[i]) && t > now_ms + FUTURE_MAX_MS)
			return err_set(err, ERR_INVAL, "value %zu is in the future",
				       i + 1);
	}
	return 0;
}

/* The minutes of the recent days, as samples; those that have a value are skipped. */
static int import_recent(struct db *db, const char *labels, const double *old,
			 int64_t from_ms, const double *v, size_t n, int64_t now_ms,
			 size_t *ret_added, struct err *err)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(n + 1, sizeof(*in));
	struct db_samples_result result = { 0 };
	size_t used = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]) && isnan(old[i]))
			in[used++] = (struct db_sample_in){
				DEMAND_NAME, labels, DB_GAUGE,
				from_ms + (int64_t)i * DB_DEMAND_STEP_MS, v[i]
			};
	rc = db_samples_store_locked(db, in, used, now_ms, DB_KEEP_UNROLLED, &result,
				     err);
	*ret_added = result.added;
	return rc;
}

/* Ensures that the series exists; its first sample may be long ago. */
static int ensure_series(struct db *db, struct db_conn *c, const char *labels,
			 int64_t first_ms, int64_t last_ms, struct db_entry **ret,
			 struct err *err)
{
	struct db_metrics *m = db->metrics;
	struct db_entry *e = db_entry_find(m, DEMAND_NAME, labels);
	int rc;

	if (e) {
		*ret = e;
		return db_run(c, err,
			      "UPDATE series SET first_ms = min(first_ms, ?2),"
			      " last_ms = max(last_ms, ?3) WHERE id = ?1",
			      "iii", e->id, first_ms, last_ms);
	}
	rc = db_run(c, err,
		    "INSERT INTO series (name, labels, kind, first_ms, last_ms)"
		    " VALUES (?1, ?2, 'gauge', ?3, ?4)",
		    "ttii", DEMAND_NAME, labels, first_ms, last_ms);
	if (rc < 0)
		return rc;
	db_registry_lock(m);
	*ret = db_entry_add(m, sqlite3_last_insert_rowid(c->sql), DEMAND_NAME, labels,
			    DB_GAUGE);
	(*ret)->fresh = true;
	(*ret)->first_ms = first_ms;
	(*ret)->last_ms = last_ms;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static int roll_minutes(struct db_conn *c, int64_t series, const struct db_samples *s,
			size_t *ret_added, struct err *err)
{
	for (const int64_t *res = db_rollup_resolutions(DEMAND_NAME); *res; res++) {
		CLEANUP(db_buckets_done) struct db_buckets b = { 0 };
		int rc;

		db_rollup_make(s->v, s->n, NULL, *res, &b);
		rc = db_rollup_put(c, series, DB_GAUGE, *res, &b, true, ret_added, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int write_old(struct db *db, const char *labels, const struct db_samples *s,
		     size_t *ret_added, struct err *err)
{
	struct db_metrics *m = db->metrics;
	struct db_entry *e = NULL;
	struct db_conn *c;
	int rc = db_write_open(db, false, &c, err);

	if (rc < 0)
		return rc;
	rc = db_rolled_save(c, m, err);
	if (rc == 0)
		rc = ensure_series(db, c, labels, s->v[0].t_ms, s->v[s->n - 1].t_ms, &e,
				   err);
	if (rc == 0)
		rc = roll_minutes(c, e->id, s, ret_added, err);
	rc = db_write_finish(db, rc, err);
	if (rc < 0) {
		db_entries_drop_fresh(m);
		return rc;
	}
	m->rolled_saved = true;
	db_registry_lock(m);
	e->fresh = false;
	e->first_ms = MIN(e->first_ms, s->v[0].t_ms);
	e->last_ms = MAX(e->last_ms, s->v[s->n - 1].t_ms);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

/* The minutes of days that are rolled up, directly into their roll-ups. */
static int import_old(struct db *db, const char *labels, int64_t from_ms, const double *v,
		      size_t n, size_t *ret_added, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };

	*ret_added = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			db_samples_push(&s, from_ms + (int64_t)i * DB_DEMAND_STEP_MS,
					v[i]);
	if (s.n == 0)
		return 0;
	return write_old(db, labels, &s, ret_added, err);
}

/* Minutes from from_ms on that belong to days that are rolled up. */
static size_t old_minutes(struct db *db, int64_t from_ms, size_t n, int64_t now_ms)
{
	struct db_metrics *m = db->metrics;
	int64_t border;

	db_rolled_init(m, now_ms);
	border = m->rolled_to;
	return border <= from_ms
		       ? 0
		       : MIN(n, (size_t)((border - from_ms) / DB_DEMAND_STEP_MS));
}

/* The write lock is held since the limit was read: a day that is rolled up in the
 * meantime would lose its minutes. */
static int import_locked(struct db *db, const struct db_demand *of, int64_t from_ms,
			 const double *v, size_t n, int64_t now_ms, size_t *ret_added,
			 struct err *err)
{
	CLEANUP(free) char *labels = labels_of(of->stack, of->tier);
	size_t split = old_minutes(db, from_ms, n, now_ms);
	int64_t split_ms = from_ms + (int64_t)split * DB_DEMAND_STEP_MS;
	CLEANUP(free) double *old = xcalloc(n - split + 1, sizeof(*old));
	size_t added_old = 0, added_recent = 0;
	int rc;

	if ((rc = db_demand_range(db, of->stack, of->tier, split_ms, old, n - split,
				  err)) < 0 ||
	    (rc = import_old(db, labels, from_ms, v, split, &added_old, err)) < 0 ||
	    (rc = import_recent(db, labels, old, split_ms, v + split, n - split, now_ms,
				&added_recent, err)) < 0)
		return rc;
	*ret_added = added_old + added_recent;
	return 0;
}

int db_demand_import(struct db *db, const char *stack, const char *tier, int64_t from_ms,
		     const double *v, size_t n, int64_t now_ms, size_t *ret_added,
		     struct err *err)
{
	const struct db_demand of = { .stack = stack, .tier = tier };
	int rc = check_import(from_ms, v, n, now_ms, err);

	if (rc < 0)
		return rc;
	db_write_lock(db);
	rc = import_locked(db, &of, from_ms, v, n, now_ms, ret_added, err);
	db_write_unlock(db);
	return rc;
}
