/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication.h"

#include "check.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

#define OPS_AT_ONCE 100 /* etcd's default limit is 128 a transaction */

static const char *const owned[] = { "/foretide/schedule/", "/foretide/units/",
				     "/foretide/conf/", "/foretide/secrets/" };

struct entry {
	char *key;
	char *value;
	size_t len;
};

struct publication {
	struct entry *entries;
	size_t n, cap;
	struct words kept; /* prefixes */
};

struct publication *publication_new(void)
{
	return xcalloc(1, sizeof(struct publication));
}

void publication_free(struct publication *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->entries[i].key);
		free(p->entries[i].value);
	}
	free(p->entries);
	words_done(&p->kept);
	free(p);
}

void publication_keep(struct publication *p, const char *prefix)
{
	words_add(&p->kept, prefix);
}

void publication_add(struct publication *p, const char *key, const char *value,
		     size_t len)
{
	if (p->n == p->cap) {
		p->cap = p->cap * 2 + 64;
		p->entries = xrealloc(p->entries, p->cap * sizeof(*p->entries));
	}
	p->entries[p->n++] = (struct entry){
		.key = xstrdup(key),
		.value = xstrndup(value, len),
		.len = len,
	};
}

/* ---------------------------------------------------------------- schedules */

static int build_schedule(struct fleet *f, const struct fleet_host *h,
			  struct schedule **ret, struct err *err)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(0);

	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];
		int rc;

		if (u->host != h || u->gone)
			continue;
		rc = schedule_add(s,
				  &(struct schedule_unit){
					  .name = u->u.name,
					  .hash = u->u.hash,
					  .state = SCHEDULE_LAUNCHED,
					  .stack = u->u.stack,
					  .tier = u->u.tier,
					  .drain = u->u.goal == DB_GOAL_DRAIN,
				  },
				  err);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE(s);
	return 0;
}

static void set_epoch(struct fleet *f, const struct fleet_host *h, int64_t epoch)
{
	for (size_t i = 0; i < f->n_units; i++) {
		if (f->units[i].host != h)
			continue;
		f->units[i].u.epoch = epoch;
		f->units[i].dirty = true;
	}
}

/* A text that is rolled out no more stays as long as an instance runs it. */
static void keep_texts(struct publication *p, const struct schedule *want,
		       const struct view_snapshot *s)
{
	for (size_t i = 0; i < want->n; i++) {
		CLEANUP(free)
		char *key = xasprintf("/foretide/units/%s", want->units[i].hash);
		const struct view_kv *kv = view_find(s, key);

		if (kv)
			publication_add(p, key, kv->value, kv->len);
	}
}

static int add_schedule(struct publication *p, struct fleet *f, struct fleet_host *h,
			const struct view_snapshot *s, struct err *err)
{
	CLEANUP(schedule_free) struct schedule *is = NULL;
	CLEANUP(schedule_free) struct schedule *want = NULL;
	CLEANUP(free) char *text = NULL;
	const struct view_kv *kv;
	char key[256];
	int rc = build_schedule(f, h, &want, err);

	if (rc < 0)
		return rc;
	keep_texts(p, want, s);
	snprintf(key, sizeof(key), "/foretide/schedule/%s", h->h.id);
	kv = view_find(s, key);
	/* One that cannot be read is replaced. */
	if (kv && schedule_parse(kv->value, kv->len, &is, NULL) < 0)
		is = NULL;
	if (is && schedule_is_equal(is, want)) {
		publication_add(p, key, kv->value, kv->len);
		return 0;
	}
	want->epoch = is ? is->epoch + 1 : 1;
	set_epoch(f, h, want->epoch);
	text = schedule_format(want);
	publication_add(p, key, text, strlen(text));
	return 0;
}

int publication_add_schedules(struct publication *p, struct fleet *f,
			      const struct view_snapshot *s, struct err *err)
{
	for (size_t i = 0; i < f->n_hosts; i++) {
		int rc;

		if (f->hosts[i].h.state >= DB_HOST_TERMINATING)
			continue;
		rc = add_schedule(p, f, &f->hosts[i], s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- differences */

static int entry_order(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static int entry_by_key(const void *key, const void *item)
{
	return strcmp(key, ((const struct entry *)item)->key);
}

static bool is_below(const char *key, const char *prefix)
{
	return strncmp(key, prefix, strlen(prefix)) == 0;
}

/* Whether a publication that does not name the key deletes it. */
static bool is_owned(const struct publication *p, const char *key)
{
	for (size_t i = 0; i < p->kept.n; i++)
		if (is_below(key, p->kept.v[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		if (is_below(key, owned[i]))
			return true;
	return false;
}

static bool is_there(const struct view_snapshot *s, const struct entry *e)
{
	const struct view_kv *kv = view_find(s, e->key);

	return kv && kv->len == e->len && memcmp(kv->value, e->value, e->len) == 0;
}

static size_t collect_ops(struct publication *p, const struct view_snapshot *s,
			  struct store_op *ops)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct entry *e = &p->entries[i];

		if (is_there(s, e) || (i > 0 && strcmp(e->key, e[-1].key) == 0))
			continue;
		ops[n++] = (struct store_op){
			.kind = STORE_OP_PUT,
			.key = e->key,
			.value = e->value,
			.value_len = e->len,
		};
	}
	for (size_t i = 0; i < s->n; i++) {
		if (is_owned(p, s->kvs[i].key) &&
		    (p->n == 0 || !bsearch(s->kvs[i].key, p->entries, p->n,
					   sizeof(*p->entries), entry_by_key)))
			ops[n++] = (struct store_op){
				.kind = STORE_OP_DELETE,
				.key = s->kvs[i].key,
			};
	}
	return n;
}

/* Texts and documents before the schedules that name them. */
static int op_order(const void *a, const void *b)
{
	const struct store_op *x = a, *y = b;
	static const char schedule[] = "/foretide/schedule/";
	int sx = is_below(x->key, schedule);
	int sy = is_below(y->key, schedule);

	return sx != sy ? sx - sy : strcmp(x->key, y->key);
}

int publication_write(struct publication *p, const struct view_snapshot *s,
		      struct store_sync *store, int64_t *ret_rev, struct err *err)
{
	CLEANUP(free) struct store_op *ops = xcalloc(p->n + s->n, sizeof(*ops));
	size_t n;
	int64_t rev = 0;

	if (p->n)
		qsort(p->entries, p->n, sizeof(*p->entries), entry_order);
	n = collect_ops(p, s, ops);
	if (n)
		qsort(ops, n, sizeof(*ops), op_order);
	for (size_t i = 0; i < n; i += OPS_AT_ONCE) {
		struct store_txn txn = {
			.then_ops = ops + i,
			.n_then = MIN(n - i, (size_t)OPS_AT_ONCE),
		};
		bool succeeded;
		int rc = store_sync_txn(store, &txn, &succeeded, &rev, err);

		if (rc < 0)
			return err_wrap(err, rc, "publishing to the store");
	}
	*ret_rev = rev;
	return 0;
}
