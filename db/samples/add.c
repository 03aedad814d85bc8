/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches of samples are stored. */
#include "add.h"

#include "check.h"
#include "chunk.h"
#include "head.h"
#include "journal.h"
#include "labels.h"
#include "roll.h"
#include "sample_list.h"
#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define FUTURE_MAX_MS 600000
#define JOURNAL_MAX_BYTES (64u << 20)

struct pending {
	struct db_entry *e;
	int64_t t_ms;
	double v;
};

struct batch {
	struct db *db;
	struct db_conn *c;
	int64_t now_ms, oldest_ms;
	enum db_samples_kept kept;
	struct pending *fresh; /* go into the journal */
	size_t n_fresh;
	struct pending *late; /* go into chunks */
	size_t n_late;
	struct db_samples_result result;
};

static void batch_done(struct batch *b)
{
	free(b->fresh);
	free(b->late);
}
DEFINE_CLEANUP_OBJECT(struct batch, batch_done);

static bool name_before(const struct label_span *a, const struct label_span *b)
{
	int order = memcmp(a->name, b->name, MIN(a->name_len, b->name_len));

	return order < 0 || (order == 0 && a->name_len < b->name_len);
}

/* Valid names in ascending order, values that are not empty, and nothing else: a line for
 * people, as all is that is shown to them. */
static bool labels_ok(const char *labels)
{
	struct label_span l, before = { "", 0, "", 0 };
	const char *pos = labels;

	if (!utf8_is_plain(labels, LABELS_MAX_BYTES))
		return false;
	for (size_t n = 0; *pos; n++) {
		CLEANUP(free) char *name = NULL;

		if (n == LABELS_MAX || (n > 0) != (*pos == ',') ||
		    !labels_next(&pos, &l) || l.value_len == 0 ||
		    !name_before(&before, &l))
			return false;
		name = xstrndup(l.name, l.name_len);
		if (!labels_name_ok(name))
			return false;
		before = l;
	}
	return true;
}

static bool has_room(struct batch *b, const struct db_sample_in *in)
{
	struct db_metrics *m = b->db->metrics;
	int rc;

	db_registry_lock(m);
	rc = quota_check(&m->quota, &m->limits, m->n, in->name, in->labels, NULL);
	pthread_mutex_unlock(&m->lock);
	return rc == 0;
}

static int make_series(struct batch *b, const struct db_sample_in *in,
		       struct db_entry **ret, struct err *err)
{
	struct db_metrics *m = b->db->metrics;
	int rc;

	rc = db_run(b->c, err,
		    "INSERT INTO series (name, labels, kind, first_ms, last_ms)"
		    " VALUES (?1, ?2, ?3, ?4, ?4)",
		    "ttti", in->name, in->labels, db_series_kind_name(in->kind),
		    in->t_ms);
	if (rc < 0)
		return rc;
	db_registry_lock(m);
	*ret = db_entry_add(m, sqlite3_last_insert_rowid(b->c->sql), in->name, in->labels,
			    in->kind);
	(*ret)->fresh = true;
	(*ret)->first_ms = (*ret)->last_ms = in->t_ms;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static int leave_out(struct batch *b, const struct db_sample_in *in, size_t *n,
		     const char *why)
{
	++*n;
	if (!b->result.left_out) {
		b->result.left_out = in;
		b->result.why = why;
	}
	return 0;
}

static int sort_in(struct batch *b, const struct db_sample_in *in, struct err *err)
{
	struct db_entry *e;
	struct pending p;
	int rc;

	if (!in->name || !in->labels || !isfinite(in->v) ||
	    in->t_ms > b->now_ms + FUTURE_MAX_MS || in->t_ms <= 0)
		return leave_out(b, in, &b->result.refused,
				 "it has no name, value or time that can be");
	if (in->t_ms < b->oldest_ms)
		return leave_out(b, in, &b->result.too_old,
				 "it is older than samples are kept");
	e = db_entry_find(b->db->metrics, in->name, in->labels);
	if (!e) {
		if (!labels_metric_ok(in->name) || !labels_ok(in->labels))
			return leave_out(b, in, &b->result.refused,
					 "it has no name and labels that can be");
		/* The others of the batch are of use without it. */
		if (!has_room(b, in))
			return leave_out(b, in, &b->result.no_room,
					 "its series would be one too many");
		rc = make_series(b, in, &e, err);
		if (rc < 0)
			return rc;
	}
	if (b->kept == DB_KEEP_IN_ORDER && e->kind == DB_COUNTER && !e->fresh &&
	    in->t_ms <= e->last_ms) {
		b->result.duplicate++;
		return 0;
	}
	p = (struct pending){ e, in->t_ms, in->v };
	if (in->t_ms > e->packed_to)
		b->fresh[b->n_fresh++] = p;
	else
		b->late[b->n_late++] = p;
	return 0;
}

static int write_journal(struct batch *b, struct err *err)
{
	CLEANUP(buf_done) struct buf data = { 0 };
	int64_t t = 0;

	if (b->n_fresh == 0)
		return 0;
	buf_init(&data, JOURNAL_MAX_BYTES);
	for (size_t i = 0; i < b->n_fresh; i++) {
		const struct pending *p = &b->fresh[i];

		db_journal_sample(&data, p->e->id, p->t_ms - t, p->v);
		t = p->t_ms;
	}
	if (buf_is_full(&data))
		return err_set(err, ERR_LIMIT, "a batch of %zu samples is too large",
			       b->n_fresh);
	return db_run(b->c, err, "INSERT INTO sample_log (data) VALUES (?1)", "b",
		      data.data, data.len);
}

static int by_series_and_time(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->e->id != y->e->id)
		return x->e->id < y->e->id ? -1 : 1;
	return x->t_ms < y->t_ms ? -1 : x->t_ms > y->t_ms;
}

/* Merges each series' late samples into its chunks. */
static int write_late(struct batch *b, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples run = { 0 };

	if (b->n_late > 1)
		qsort(b->late, b->n_late, sizeof(*b->late), by_series_and_time);
	for (size_t i = 0, k; i < b->n_late; i = k) {
		size_t added = 0;
		int rc;

		run.n = 0;
		for (k = i; k < b->n_late && b->late[k].e == b->late[i].e; k++)
			if (run.n == 0 || run.v[run.n - 1].t_ms != b->late[k].t_ms)
				db_samples_push(&run, b->late[k].t_ms, b->late[k].v);
		rc = db_chunk_merge(b->c, b->late[i].e->id, run.v, run.n, &added, err);
		if (rc < 0)
			return rc;
		b->result.added += added;
		b->result.duplicate += k - i - added;
	}
	return 0;
}

static void apply(struct batch *b)
{
	struct db_metrics *m = b->db->metrics;

	db_registry_lock(m);
	m->n_waiting += b->n_fresh;
	for (size_t i = 0; i < b->n_fresh + b->n_late; i++) {
		bool late = i >= b->n_fresh;
		struct pending *p = late ? &b->late[i - b->n_fresh] : &b->fresh[i];
		bool added = db_head_insert(p->e, p->t_ms, p->v);

		p->e->fresh = false;
		p->e->last_ms = MAX(p->e->last_ms, p->t_ms);
		p->e->first_ms = MIN(p->e->first_ms, p->t_ms);
		if (!late && added)
			b->result.added++;
		else if (!late)
			b->result.duplicate++;
	}
	pthread_mutex_unlock(&m->lock);
}

/* Rolls up days again that were rolled up before a late sample arrived. */
static int roll_again(struct batch *b, struct err *err)
{
	struct db_metrics *m = b->db->metrics;
	int64_t day = -1, series = -1;

	for (size_t i = 0; i < b->n_late; i++) {
		const struct pending *p = &b->late[i];
		int64_t its = p->t_ms - p->t_ms % DAY_MS;
		int rc;

		if (its >= m->rolled_to || (its == day && p->e->id == series))
			continue;
		day = its;
		series = p->e->id;
		rc = db_rollup_day(b->db, b->c, p->e, day, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int store(struct batch *b, const struct db_sample_in *in, size_t n,
		 struct err *err)
{
	int rc = db_rolled_save(b->c, b->db->metrics, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = sort_in(b, &in[i], err);
	if (rc == 0)
		rc = write_journal(b, err);
	if (rc == 0)
		rc = write_late(b, err);
	return rc;
}

static int add_batch(struct batch *b, const struct db_sample_in *in, size_t n,
		     struct err *err)
{
	struct db_metrics *m = b->db->metrics;
	int rc = db_write_open(b->db, false, &b->c, err);

	if (rc < 0)
		return rc;
	db_rolled_init(m, b->now_ms);
	b->oldest_ms = b->now_ms - m->limits.raw_retention_ms;
	if (b->kept == DB_KEEP_UNROLLED)
		b->oldest_ms = MIN(b->oldest_ms, m->rolled_to);
	rc = db_write_finish(b->db, store(b, in, n, err), err);
	if (rc == 0) {
		m->rolled_saved = true;
		apply(b);
		return 0;
	}
	db_entries_drop_fresh(m);
	return rc;
}

/* Two transactions under one lock of the writer: the second reads what the
 * first wrote. */
static int add_and_roll(struct batch *b, const struct db_sample_in *in, size_t n,
			struct err *err)
{
	int rc = add_batch(b, in, n, err);

	if (rc < 0 || b->n_late == 0)
		return rc;
	rc = db_write_open(b->db, false, &b->c, err);
	return rc < 0 ? rc : db_write_finish(b->db, roll_again(b, err), err);
}

int db_samples_store_locked(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, enum db_samples_kept kept,
			    struct db_samples_result *ret, struct err *err)
{
	CLEANUP(batch_done)
	struct batch b = { .db = db, .now_ms = now_ms, .kept = kept };
	int rc;

	b.fresh = xmalloc((n + 1) * sizeof(*b.fresh));
	b.late = xmalloc((n + 1) * sizeof(*b.late));
	rc = add_and_roll(&b, in, n, err);
	if (rc == 0 && ret)
		*ret = b.result;
	return rc;
}

static int add(struct db *db, const struct db_sample_in *in, size_t n, int64_t now_ms,
	       enum db_samples_kept kept, struct db_samples_result *ret, struct err *err)
{
	int rc;

	db_write_lock(db);
	rc = db_samples_store_locked(db, in, n, now_ms, kept, ret, err);
	db_write_unlock(db);
	return rc;
}

int db_samples_add(struct db *db, const struct db_sample_in *in, size_t n, int64_t now_ms,
		   struct db_samples_result *ret, struct err *err)
{
	return add(db, in, n, now_ms, DB_KEEP_ALL, ret, err);
}

int db_samples_add_in_order(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, struct db_samples_result *ret,
			    struct err *err)
{
	return add(db, in, n, now_ms, DB_KEEP_IN_ORDER, ret, err);
}
