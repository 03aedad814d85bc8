/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mirror.h"

#include "check.h"
#include "clock.h"
#include "sorted.h"

#include <string.h>

#define MIRROR_MAGIC 0x6d697272u
#define PAGE_KEYS 500
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 3000
#define REFUSED_MS 800 /* a pause as long as this was preceded by some refusals */

/* Sorted by key. Entries are on the heap so that pointers stay valid. */
struct table {
	struct store_kv **kv;
	size_t n, cap;
};

struct mirror {
	uint32_t magic;
	struct store *s;
	char *prefix, *end; /* end NULL: of the one key */
	mirror_fn *fn;
	mirror_judge_fn *judge; /* NULL: every event is taken as it is */
	mirror_read_fn *on_read;
	mirror_refused_fn *on_refused;
	void *arg;
	struct table table;
	struct table fresh; /* what was read so far */
	int64_t read_rev;   /* of the read in progress; 0: before its first page */
	struct store_call *call;
	struct store_watch *watch;
	struct loop_timer *retry;
	int64_t retry_ms;
	int64_t rev;
	int64_t seed_rev; /* of what was seeded, at least */
	int64_t stale_since_ms;
	bool has_copy;
	bool watching;
	bool went_back; /* the store, as a watch has told */
	bool refused;   /* on_refused was told */
};

/* ---------------------------------------------------------------- tables */

static void kv_free(struct store_kv *kv)
{
	if (!kv)
		return;
	store_kv_done(kv);
	free(kv);
}

static struct store_kv *kv_new(const struct store_kv *from)
{
	struct store_kv *kv = xmalloc(sizeof(*kv));

	*kv = store_kv_copy(from);
	return kv;
}

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		kv_free(t->kv[i]);
	free(t->kv);
	*t = (struct table){ 0 };
}
DEFINE_CLEANUP_OBJECT(struct table, table_done);

/* The place of key, also when absent. */
static size_t table_find(const struct table *t, const char *key, size_t len, bool *ret_is)
{
	size_t at = SORTED_PLACE(
		t->n, i, store_key_cmp(t->kv[i]->key, t->kv[i]->key_len, key, len) < 0);

	*ret_is = at < t->n &&
		  store_key_cmp(t->kv[at]->key, t->kv[at]->key_len, key, len) == 0;
	return at;
}

static void table_insert(struct table *t, size_t at, struct store_kv *kv)
{
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 16;
		t->kv = xrealloc(t->kv, t->cap * sizeof(struct store_kv *));
	}
	memmove(t->kv + at + 1, t->kv + at, (t->n - at) * sizeof(struct store_kv *));
	t->kv[at] = kv;
	t->n++;
}

static void table_remove(struct table *t, size_t at)
{
	memmove(t->kv + at, t->kv + at + 1, (--t->n - at) * sizeof(struct store_kv *));
}

/* ---------------------------------------------------------------- changes */

struct changes {
	struct mirror_change *list;
	size_t n, cap;
	struct table gone; /* old entries, until the callback returned */
};

static void changes_done(struct changes *c)
{
	free(c->list);
	table_done(&c->gone);
}
DEFINE_CLEANUP_OBJECT(struct changes, changes_done);

/* old, if any, leaves the table; kv NULL: a deletion. */
static void changes_add(struct changes *c, const struct store_kv *kv,
			struct store_kv *old)
{
	if (c->n == c->cap) {
		c->cap = c->cap * 2 + 16;
		c->list = xrealloc(c->list, c->cap * sizeof(*c->list));
	}
	c->list[c->n++] = (struct mirror_change){
		.deleted = !kv,
		.kv = kv ? kv : old,
		.old = old,
	};
	if (old)
		table_insert(&c->gone, c->gone.n, old);
}

static enum mirror_verdict judge(const struct mirror *m, const struct store_kv *kv,
				 const struct store_kv *old, bool is_read)
{
	const struct mirror_change change = {
		.deleted = !kv, .unread = !kv && is_read, .kv = kv ? kv : old, .old = old
	};

	return m->judge ? m->judge(m->arg, &change) : MIRROR_TAKE;
}

static void apply(struct mirror *m, const struct store_event *e, struct changes *c)
{
	bool is;
	size_t at = table_find(&m->table, e->kv.key, e->kv.key_len, &is);
	struct store_kv *old = is ? m->table.kv[at] : NULL;
	struct store_kv *kv;
	enum mirror_verdict v;

	if (e->deleted && !old)
		return;
	v = judge(m, e->deleted ? NULL : &e->kv, old, false);
	if (e->deleted || v == MIRROR_DELETE) {
		if (!old || v == MIRROR_KEEP)
			return;
		table_remove(&m->table, at);
		changes_add(c, NULL, old);
		return;
	}
	kv = kv_new(&e->kv);
	if (old)
		m->table.kv[at] = kv;
	else
		table_insert(&m->table, at, kv);
	changes_add(c, kv, old);
}

/* A store that was restored may have given the revision twice. */
static bool is_same(const struct store_kv *a, const struct store_kv *b)
{
	return a->mod_rev == b->mod_rev && a->value_len == b->value_len &&
	       memcmp(a->value, b->value, a->value_len) == 0;
}

/* A key that was not read again: it goes, or stays at its place. True: it stays. */
static bool replace_absent(struct mirror *m, size_t at, struct store_kv *old,
			   struct changes *c)
{
	if (judge(m, NULL, old, true) != MIRROR_KEEP) {
		changes_add(c, NULL, old);
		return false;
	}
	table_insert(&m->table, at, old);
	return true;
}

/* A key that was read, at its place in the new table. True: it stays. */
static bool replace_read(struct mirror *m, size_t at, struct store_kv *old,
			 struct changes *c)
{
	struct store_kv *new = m->table.kv[at];

	if (judge(m, new, old, true) == MIRROR_DELETE) {
		table_remove(&m->table, at);
		kv_free(new);
		if (old)
			changes_add(c, NULL, old);
		return false;
	}
	if (!old || !is_same(old, new))
		changes_add(c, new, old);
	else
		kv_free(old);
	return true;
}

/* Replaces the table by the fresh one; c gets the differences. */
static void replace(struct mirror *m, struct changes *c)
{
	struct table was = m->table;
	size_t a = 0, b = 0;

	m->table = m->fresh;
	m->fresh = (struct table){ 0 };
	while (a < was.n || b < m->table.n) {
		struct store_kv *old = a < was.n ? was.kv[a] : NULL;
		const struct store_kv *new = b < m->table.n ? m->table.kv[b] : NULL;
		int cmp = !old   ? 1
			  : !new ? -1
				 : store_key_cmp(old->key, old->key_len, new->key,
						 new->key_len);

		a += cmp <= 0;
		b += cmp < 0 ? replace_absent(m, b, old, c)
			     : replace_read(m, b, cmp == 0 ? old : NULL, c);
	}
	free(was.kv);
}

/* ---------------------------------------------------------------- reading */

static void read_page(struct mirror *m);

static void lost(struct mirror *m)
{
	m->watching = false;
	if (!m->stale_since_ms)
		m->stale_since_ms = clock_mono_ms();
}

/* A right that ends may end a moment before its user stops asking. */
static void note_refusal(struct mirror *m, const struct err *err)
{
	const bool refused = err && err->code == ERR_DENIED;

	if (refused == m->refused || (refused && m->retry_ms < REFUSED_MS))
		return;
	m->refused = refused;
	if (m->on_refused)
		m->on_refused(m->arg, refused ? err : NULL);
}

static void read_again(struct mirror *m, const struct err *err)
{
	note_refusal(m, err);
	lost(m);
	store_watch_stop(m->watch);
	m->watch = NULL;
	table_done(&m->fresh);
	m->read_rev = 0;
	loop_timer_in(m->retry, m->retry_ms);
	m->retry_ms = MIN(m->retry_ms * 2, RETRY_MAX_MS);
}

static void on_retry(void *arg)
{
	struct mirror *m = arg;

	CHECK_MAGIC(m, MIRROR_MAGIC);
	read_page(m);
}

static void on_watch(void *arg, const struct store_event *events, size_t n, int64_t rev,
		     const struct err *err)
{
	CLEANUP(changes_done) struct changes c = { 0 };
	struct mirror *m = arg;

	CHECK_MAGIC(m, MIRROR_MAGIC);
	if (err) {
		lost(m);
		m->went_back |= err->code == ERR_LIMIT && rev == 0;
		if (err->code == ERR_LIMIT || err->code == ERR_INVAL ||
		    err->code == ERR_DENIED)
			read_again(m, err);
		return;
	}
	note_refusal(m, NULL);
	m->retry_ms = RETRY_MIN_MS;
	m->watching = true;
	m->stale_since_ms = 0;
	m->rev = MAX(m->rev, rev);
	for (size_t i = 0; i < n; i++)
		apply(m, &events[i], &c);
	if (c.n)
		m->fn(m->arg, c.list, c.n);
}

static void on_complete(struct mirror *m)
{
	CLEANUP(changes_done) struct changes c = { 0 };
	bool first = !m->has_copy;

	m->went_back |= m->read_rev < (m->rev ? m->rev : m->seed_rev);
	if (m->on_read)
		m->on_read(m->arg, m->went_back);
	replace(m, &c);
	m->went_back = false;
	m->has_copy = true;
	m->rev = m->read_rev;
	m->watch =
		store_watch(m->s, m->prefix, m->end, m->read_rev + 1, false, on_watch, m);
	m->read_rev = 0;
	if (c.n || first)
		m->fn(m->arg, c.list, c.n);
}

static void on_page(void *arg, const struct store_range_res *res, const struct err *err)
{
	struct mirror *m = arg;

	CHECK_MAGIC(m, MIRROR_MAGIC);
	m->call = NULL;
	if (err) {
		read_again(m, err);
		return;
	}
	for (size_t i = 0; i < res->n; i++)
		table_insert(&m->fresh, m->fresh.n, kv_new(&res->kvs[i]));
	if (!m->read_rev)
		m->read_rev = res->rev;
	if (res->more && res->n)
		read_page(m);
	else
		on_complete(m);
}

/* Pages are read at the revision of the first, so together they are one snapshot. */
static void read_page(struct mirror *m)
{
	const struct store_kv *last = m->fresh.n ? m->fresh.kv[m->fresh.n - 1] : NULL;
	struct store_range_req req = {
		.key = *m->prefix ? m->prefix : "\0",
		.key_len = *m->prefix ? strlen(m->prefix) : 1,
		.end = m->end && !*m->end ? "\0" : m->end,
		.end_len = !m->end   ? 0
			   : *m->end ? strlen(m->end)
				     : 1,
		.limit = PAGE_KEYS,
		.at_rev = m->read_rev,
	};

	if (last) {
		req.key = last->key; /* with its NUL: the next possible key */
		req.key_len = last->key_len + 1;
	}
	m->call = store_range_full(m->s, &req, on_page, m);
}

/* ---------------------------------------------------------------- public */

static struct mirror *open_mirror(struct store *s, const char *prefix, char *take_end,
				  mirror_fn *fn, void *arg)
{
	struct mirror *m = xcalloc(1, sizeof(*m));

	m->magic = MIRROR_MAGIC;
	m->s = s;
	m->prefix = xstrdup(prefix);
	m->end = take_end;
	m->fn = fn;
	m->arg = arg;
	m->retry_ms = RETRY_MIN_MS;
	m->stale_since_ms = clock_mono_ms();
	m->retry = loop_timer_new(store_loop(s), on_retry, m);
	read_page(m);
	return m;
}

struct mirror *mirror_new(struct store *s, const char *prefix, mirror_fn *fn, void *arg)
{
	return open_mirror(s, prefix, store_prefix_end(prefix), fn, arg);
}

struct mirror *mirror_new_key(struct store *s, const char *key, mirror_fn *fn, void *arg)
{
	return open_mirror(s, key, NULL, fn, arg);
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	CHECK_MAGIC(m, MIRROR_MAGIC);
	store_cancel(m->call);
	store_watch_stop(m->watch);
	loop_timer_free(m->retry);
	table_done(&m->table);
	table_done(&m->fresh);
	free(m->prefix);
	free(m->end);
	m->magic = 0;
	free(m);
}

void mirror_set_judge(struct mirror *m, mirror_judge_fn *fn)
{
	m->judge = fn;
}

void mirror_on_read(struct mirror *m, mirror_read_fn *fn)
{
	m->on_read = fn;
}

void mirror_on_refused(struct mirror *m, mirror_refused_fn *fn)
{
	m->on_refused = fn;
}

bool mirror_was_read(const struct mirror *m, const char *key)
{
	bool is;

	(void)table_find(&m->fresh, key, strlen(key), &is);
	return is;
}

void mirror_seed(struct mirror *m, const struct store_kv *kv)
{
	bool is;
	size_t at = table_find(&m->table, kv->key, kv->key_len, &is);

	m->has_copy = true;
	m->seed_rev = MAX(m->seed_rev, kv->mod_rev);
	if (!is)
		table_insert(&m->table, at, kv_new(kv));
}

void mirror_restore(struct mirror *m, const struct store_kv *kv)
{
	struct mirror_change change = { 0 };
	bool is;
	size_t at = table_find(&m->table, kv->key, kv->key_len, &is);

	if (is)
		return;
	table_insert(&m->table, at, kv_new(kv));
	change.kv = m->table.kv[at];
	m->fn(m->arg, &change, 1);
}

void mirror_remove(struct mirror *m, const char *key)
{
	CLEANUP(changes_done) struct changes c = { 0 };
	bool is;
	size_t at = table_find(&m->table, key, strlen(key), &is);
	struct store_kv *old = is ? m->table.kv[at] : NULL;

	if (!old)
		return;
	table_remove(&m->table, at);
	changes_add(&c, NULL, old);
	m->fn(m->arg, c.list, c.n);
}

bool mirror_has_copy(const struct mirror *m)
{
	return m->has_copy;
}

bool mirror_is_synced(const struct mirror *m)
{
	return m->has_copy && m->watching;
}

int64_t mirror_stale_since_ms(const struct mirror *m)
{
	return m->stale_since_ms;
}

int64_t mirror_rev(const struct mirror *m)
{
	return m->rev;
}

const struct store_kv *mirror_get(const struct mirror *m, const char *key)
{
	bool is;
	size_t at = table_find(&m->table, key, strlen(key), &is);

	return is ? m->table.kv[at] : NULL;
}

size_t mirror_count(const struct mirror *m)
{
	return m->table.n;
}

void mirror_each(const struct mirror *m, const char *prefix, mirror_each_fn *fn,
		 void *arg)
{
	size_t len = prefix ? strlen(prefix) : 0;
	bool is;

	for (size_t i = len ? table_find(&m->table, prefix, len, &is) : 0; i < m->table.n;
	     i++) {
		const struct store_kv *kv = m->table.kv[i];

		if (kv->key_len < len || (len && memcmp(kv->key, prefix, len) != 0))
			return;
		if (!fn(arg, kv))
			return;
	}
}
