/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "kv.h"

#include <string.h>

const struct kv_fault kv_no_key = { 3, "etcdserver: key is not provided" };
const struct kv_fault kv_value_provided = { 3, "etcdserver: value is provided" };
const struct kv_fault kv_lease_provided = { 3, "etcdserver: lease is provided" };
const struct kv_fault kv_key_not_found = { 3, "etcdserver: key not found" };
const struct kv_fault kv_too_large = { 3, "etcdserver: request is too large" };
const struct kv_fault kv_too_many_ops = {
	3, "etcdserver: too many operations in txn request"
};
const struct kv_fault kv_duplicate_key = {
	3, "etcdserver: duplicate key given in txn request"
};
const struct kv_fault kv_compacted = {
	11, "etcdserver: mvcc: required revision has been compacted"
};
const struct kv_fault kv_future_rev = {
	11, "etcdserver: mvcc: required revision is a future revision"
};
const struct kv_fault kv_no_space = { 8, "etcdserver: mvcc: database space exceeded" };
const struct kv_fault kv_denied = { 7, "etcdserver: permission denied" };
const struct kv_fault kv_db_failed = { 14, "etcdserver: the database cannot be written" };
const struct kv_fault kv_answer_too_large = { 8, "etcdserver: answer is too large" };

/* A transaction while it is carried out. */
struct run {
	struct kv *kv;
	const struct kv_access *access;
	struct kv_batch batch;
	struct buf *to;
};

/* ---------------------------------------------------------------- checks without state
 */

static const struct kv_fault *check_txn(const struct kv_txn *t,
					const struct kv_access *a);

static const struct kv_fault *check_put(const struct kv_op *op, const struct kv_access *a)
{
	if (op->ignore_value && op->value.len)
		return &kv_value_provided;
	if (op->ignore_lease && op->lease)
		return &kv_lease_provided;
	if (op->key.len + op->value.len > KV_REQUEST_BYTES)
		return &kv_too_large;
	if (!kv_may(a, true, &op->key, &op->end) ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return &kv_denied;
	return NULL;
}

const struct kv_fault *kv_op_check(const struct kv_op *op, const struct kv_access *a)
{
	if (op->kind == KV_NOTHING)
		return &kv_key_not_found;
	if (op->kind == KV_TXN)
		return check_txn(op->txn, a);
	if (op->key.len == 0)
		return &kv_no_key;
	if (op->kind == KV_PUT)
		return check_put(op, a);
	if (op->kind == KV_RANGE)
		return kv_may(a, false, &op->key, &op->end) ? NULL : &kv_denied;
	if (!kv_may(a, true, &op->key, &op->end) ||
	    (op->prev_kv && !kv_may(a, false, &op->key, &op->end)))
		return &kv_denied;
	return NULL;
}

/* The writes of one branch: no key may be changed twice. */
struct writes {
	const struct kv_op **ops;
	size_t n, cap;
};

static void writes_done(struct writes *w)
{
	free(w->ops);
}
DEFINE_CLEANUP_OBJECT(struct writes, writes_done);

static bool covers(const struct kv_op *del, const struct kv_bytes *key)
{
	size_t n = MIN(key->len, del->key.len);
	int from = n ? memcmp(key->data, del->key.data, n) : 0;
	int to;

	if (from == 0)
		from = (key->len > del->key.len) - (key->len < del->key.len);
	if (del->end.len == 0)
		return from == 0;
	if (from < 0)
		return false;
	if (del->end.len == 1 && del->end.data[0] == '\0')
		return true;
	n = MIN(key->len, del->end.len);
	to = memcmp(key->data, del->end.data, n);
	return to < 0 || (to == 0 && key->len < del->end.len);
}

static bool clash(const struct kv_op *a, const struct kv_op *b)
{
	if (a->kind == KV_DELETE && b->kind == KV_DELETE)
		return false;
	if (a->kind == KV_PUT && b->kind == KV_PUT)
		return a->key.len == b->key.len &&
		       memcmp(a->key.data, b->key.data, a->key.len) == 0;
	return a->kind == KV_DELETE ? covers(a, &b->key) : covers(b, &a->key);
}

static bool clashes(const struct writes *w, size_t n, const struct kv_op *op)
{
	for (size_t i = 0; i < n; i++)
		if (clash(w->ops[i], op))
			return true;
	return false;
}

static void add_write(struct writes *w, const struct kv_op *op)
{
	if (w->n == w->cap) {
		w->cap = w->cap * 2 + 8;
		w->ops = xrealloc(w->ops, w->cap * sizeof(const struct kv_op *));
	}
	w->ops[w->n++] = op;
}

/* Adds the writes of ops to w. False when two of them clash. */
static bool collect(const struct kv_op *ops, size_t n_ops, struct writes *w)
{
	for (size_t i = 0; i < n_ops; i++) {
		size_t before = w->n;

		if (ops[i].kind == KV_PUT || ops[i].kind == KV_DELETE) {
			if (clashes(w, w->n, &ops[i]))
				return false;
			add_write(w, &ops[i]);
		}
		if (ops[i].kind != KV_TXN)
			continue;
		/* Only one side will happen, so the two may have keys in common. */
		for (int side = 0; side < 2; side++) {
			CLEANUP(writes_done) struct writes inner = { 0 };

			if (!collect(ops[i].txn->ops[side], ops[i].txn->n_ops[side],
				     &inner))
				return false;
			for (size_t j = 0; j < inner.n; j++) {
				if (clashes(w, before, inner.ops[j]))
					return false;
				add_write(w, inner.ops[j]);
			}
		}
	}
	return true;
}

static const struct kv_fault *check_txn(const struct kv_txn *t, const struct kv_access *a)
{
	const struct kv_fault *f = NULL;

	if (MAX(t->n_cmps, MAX(t->n_ops[0], t->n_ops[1])) > KV_MAX_OPS)
		return &kv_too_many_ops;
	for (size_t i = 0; i < t->n_cmps; i++) {
		if (t->cmps[i].key.len == 0)
			return &kv_no_key;
		if (!kv_may(a, false, &t->cmps[i].key, &t->cmps[i].end))
			return &kv_denied;
	}
	for (int side = 1; side >= 0; side--) {
		CLEANUP(writes_done) struct writes w = { 0 };

		for (size_t i = 0; !f && i < t->n_ops[side]; i++)
			f = kv_op_check(&t->ops[side][i], a);
		if (f)
			return f;
		if (!collect(t->ops[side], t->n_ops[side], &w))
			return &kv_duplicate_key;
	}
	return NULL;
}

/* ---------------------------------------------------------------- compares */

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static bool holds_for(const struct kv_cmp *cmp, const struct kv_change *c)
{
	int order;

	switch (cmp->target) {
	case 0:
		order = order_of(c ? c->version : 0, cmp->number);
		break;
	case 1:
		order = order_of(c ? c->create_rev : 0, cmp->number);
		break;
	case 2:
		order = order_of(c ? c->rev : 0, cmp->number);
		break;
	case 3:
		if (!c)
			return false;
		order = memcmp(c->value, cmp->value.data,
			       MIN(c->value_len, cmp->value.len));
		if (order == 0)
			order = order_of((int64_t)c->value_len, (int64_t)cmp->value.len);
		break;
	default:
		order = order_of(c ? c->lease : 0, cmp->number);
	}
	switch (cmp->relation) {
	case 0:
		return order == 0;
	case 1:
		return order > 0;
	case 2:
		return order < 0;
	default:
		return order != 0;
	}
}

static bool holds(const struct kv *kv, const struct kv_cmp *cmp)
{
	size_t from, to;
	bool any = false;

	kv_find_range(kv, &cmp->key, &cmp->end, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct kv_change *c = kv_at(kv->keys[i], 0);

		if (!c)
			continue;
		any = true;
		if (!holds_for(cmp, c))
			return false;
	}
	return any || holds_for(cmp, NULL);
}

/* All compares, those of nested transactions too, look at what was before the first op.
 */
static void decide(const struct kv *kv, struct kv_txn *t)
{
	t->held = true;
	for (size_t i = 0; t->held && i < t->n_cmps; i++)
		t->held = holds(kv, &t->cmps[i]);
	for (size_t i = 0; i < t->n_ops[t->held]; i++)
		if (t->ops[t->held][i].kind == KV_TXN)
			decide(kv, t->ops[t->held][i].txn);
}

/* ---------------------------------------------------------------- checks with state */

static const struct kv_change *current(const struct kv *kv, const struct kv_bytes *key)
{
	bool is;
	size_t at = kv_find(kv, key->data, key->len, &is);

	return is ? kv_at(kv->keys[at], 0) : NULL;
}

static const struct kv_fault *precheck_put(struct run *r, const struct kv_op *op,
					   size_t *need)
{
	const struct kv_lease *l = op->lease ? kv_lease_find(r->kv, op->lease) : NULL;

	*need += op->key.len + op->value.len + 256;
	if ((op->ignore_value || op->ignore_lease) && !current(r->kv, &op->key))
		return &kv_key_not_found;
	if (op->lease && !l)
		return &kv_lease_not_found;
	return l && !kv_lease_may(l, r->access) ? &kv_denied : NULL;
}

static const struct kv_fault *precheck(struct run *r, const struct kv_op *op,
				       size_t *need)
{
	const struct kv_fault *f = NULL;

	if (op->kind == KV_PUT)
		return precheck_put(r, op, need);
	if (op->kind == KV_RANGE) {
		if (op->at_rev > r->kv->rev)
			return &kv_future_rev;
		return op->at_rev > 0 && op->at_rev < r->kv->compacted ? &kv_compacted
								       : NULL;
	}
	if (op->kind == KV_TXN) {
		const struct kv_txn *t = op->txn;

		for (size_t i = 0; !f && i < t->n_ops[t->held]; i++)
			f = precheck(r, &t->ops[t->held][i], need);
	}
	return f;
}

/* ---------------------------------------------------------------- ranges */

struct found {
	const struct kv_change **list;
	size_t n;
};

static bool passes(const struct kv_op *op, const struct kv_change *c)
{
	return (!op->min_mod || c->rev >= op->min_mod) &&
	       (!op->max_mod || c->rev <= op->max_mod) &&
	       (!op->min_create || c->create_rev >= op->min_create) &&
	       (!op->max_create || c->create_rev <= op->max_create);
}

static int by_target(const void *pa, const void *pb, void *arg)
{
	const struct kv_change *a = *(const struct kv_change *const *)pa;
	const struct kv_change *b = *(const struct kv_change *const *)pb;
	const struct kv_op *op = arg;
	size_t n = MIN(a->value_len, b->value_len);
	int c = 0;

	if (op->target == 1)
		c = order_of(a->version, b->version);
	else if (op->target == 2)
		c = order_of(a->create_rev, b->create_rev);
	else if (op->target == 3)
		c = order_of(a->rev, b->rev);
	else if (op->target == 4)
		c = memcmp(a->value, b->value, n);
	if (c == 0 && op->target == 4)
		c = order_of((int64_t)a->value_len, (int64_t)b->value_len);
	if (c == 0)
		c = memcmp(a->key->name, b->key->name, MIN(a->key->len, b->key->len));
	if (c == 0)
		c = order_of((int64_t)a->key->len, (int64_t)b->key->len);
	return op->order == 2 ? -c : c;
}

static void add_found(const struct kv_op *op, const struct found *f, struct buf *to)
{
	size_t n = f->n;

	if (op->limit > 0 && (uint64_t)op->limit < n)
		n = (size_t)op->limit;
	if (n == 0)
		return;
	ejson_open(to, "kvs", '[');
	for (size_t i = 0; i < n; i++)
		kv_add_change(to, NULL, f->list[i], !op->keys_only);
	ejson_close(to, ']');
	ejson_add_true(to, "more", n < f->n);
}

/* An operation in a transaction tells the revision at it. */
static void add_inner_header(struct run *r, bool writes)
{
	ejson_open(r->to, "header", '{');
	ejson_add_int(r->to, "revision", r->kv->rev + (writes || r->batch.n > 0));
	ejson_close(r->to, '}');
}

static void run_range(struct run *r, struct kv_op *op, bool inner)
{
	CLEANUP(free) const struct kv_change **list = NULL;
	struct found f = { 0 };
	size_t from, to;
	int64_t count = 0;

	kv_find_range(r->kv, &op->key, &op->end, &from, &to);
	list = xcalloc(to - from + 1, sizeof(const struct kv_change *));
	for (size_t i = from; i < to; i++) {
		const struct kv_change *c = kv_at(r->kv->keys[i], op->at_rev);

		if (!c)
			continue;
		count++;
		if (passes(op, c))
			list[f.n++] = c;
	}
	f.list = list;
	if (inner)
		add_inner_header(r, false);
	if (op->order == 2 || op->target > 0)
		qsort_r(list, f.n, sizeof(const struct kv_change *), by_target, op);
	if (!op->count_only)
		add_found(op, &f, r->to);
	ejson_add_int(r->to, "count", count);
}

/* ---------------------------------------------------------------- writes */

static void run_put(struct run *r, const struct kv_op *op, bool inner)
{
	const struct kv_change *old = current(r->kv, &op->key);
	struct kv_bytes value = op->value;
	int64_t lease = op->lease;

	if (op->ignore_lease)
		lease = old->lease;
	if (op->ignore_value) {
		value.data = (char *)(uintptr_t)old->value; /* only read */
		value.len = old->value_len;
	}
	if (inner)
		add_inner_header(r, true);
	if (op->prev_kv && old)
		kv_add_change(r->to, "prev_kv", old, true);
	kv_batch_put(&r->batch, &op->key, &value, lease);
}

static void run_delete(struct run *r, const struct kv_op *op, bool inner)
{
	CLEANUP(free) const struct kv_change **gone = NULL;
	size_t from, to, n = 0;

	kv_find_range(r->kv, &op->key, &op->end, &from, &to);
	gone = xcalloc(to - from + 1, sizeof(const struct kv_change *));
	for (size_t i = from; i < to; i++) {
		const struct kv_change *c = kv_at(r->kv->keys[i], 0);

		if (!c)
			continue;
		gone[n++] = c;
		kv_batch_delete(&r->batch, c->key);
	}
	if (inner)
		add_inner_header(r, false);
	ejson_add_int(r->to, "deleted", (int64_t)n);
	if (!op->prev_kv || n == 0)
		return;
	ejson_open(r->to, "prev_kvs", '[');
	for (size_t i = 0; i < n; i++)
		kv_add_change(r->to, NULL, gone[i], true);
	ejson_close(r->to, ']');
}

/* ---------------------------------------------------------------- transactions */

static void run_op(struct run *r, struct kv_op *op, bool inner);

static void run_branch(struct run *r, const struct kv_txn *t)
{
	static const char *const names[] = {
		[KV_RANGE] = "response_range",
		[KV_PUT] = "response_put",
		[KV_DELETE] = "response_delete_range",
		[KV_TXN] = "response_txn",
	};

	ejson_add_true(r->to, "succeeded", t->held);
	if (t->n_ops[t->held] == 0)
		return;
	ejson_open(r->to, "responses", '[');
	for (size_t i = 0; i < t->n_ops[t->held]; i++) {
		struct kv_op *op = &t->ops[t->held][i];

		ejson_open(r->to, NULL, '{');
		ejson_open(r->to, names[op->kind], '{');
		run_op(r, op, true);
		ejson_close(r->to, '}');
		ejson_close(r->to, '}');
	}
	ejson_close(r->to, ']');
}

static void run_op(struct run *r, struct kv_op *op, bool inner)
{
	switch (op->kind) {
	case KV_RANGE:
		run_range(r, op, inner);
		break;
	case KV_PUT:
		run_put(r, op, inner);
		break;
	case KV_DELETE:
		run_delete(r, op, inner);
		break;
	case KV_TXN:
		if (inner) {
			ejson_open(r->to, "header", '{');
			ejson_close(r->to, '}');
		}
		run_branch(r, op->txn);
		break;
	case KV_NOTHING:
		break;
	}
}

static const struct kv_fault *run_locked(struct run *r, struct kv_op *op)
{
	const struct kv_fault *f;
	size_t need = 0;

	if (op->kind == KV_TXN)
		decide(r->kv, op->txn);
	f = precheck(r, op, &need);
	if (!f && need && !kv_has_room(r->kv, need))
		f = &kv_no_space;
	if (f)
		return f;
	run_op(r, op, false);
	return kv_batch_commit(&r->batch);
}

const struct kv_fault *kv_op_run(struct kv *kv, struct kv_op *op,
				 const struct kv_access *a, struct buf *to)
{
	CLEANUP(buf_done) struct buf body;
	struct run r = { .kv = kv, .access = a, .batch = { .kv = kv }, .to = &body };
	const struct kv_fault *f;

	buf_init(&body, KV_ANSWER_BYTES);
	pthread_mutex_lock(&kv->lock);
	f = run_locked(&r, op);
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	pthread_mutex_unlock(&kv->lock);
	if (f)
		return f;
	if (body.len)
		buf_putc(to, ',');
	buf_add(to, buf_str(&body), body.len);
	ejson_close(to, '}');
	return buf_is_full(&body) || buf_is_full(to) ? &kv_answer_too_large : NULL;
}
