/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication.h"

#include "check.h"
#include "unitfile.h"

#include <stdlib.h>
#include <string.h>

#define OPS_AT_ONCE 100 /* etcd's default limit is 128 per transaction */

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

/* Whether the key is deleted unless the publication has it. */
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
