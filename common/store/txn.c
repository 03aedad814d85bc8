/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions written as JSON, and their answers read. */
#include "call.h"
#include "check.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

/* ---------------------------------------------------------------- the request */

static void add_cmp(struct buf *b, const struct store_cmp *cmp)
{
	static const struct {
		const char *name, *member;
	} targets[] = {
		[STORE_VERSION] = { "VERSION", "version" },
		[STORE_CREATE] = { "CREATE", "create_revision" },
		[STORE_MOD] = { "MOD", "mod_revision" },
		[STORE_VALUE] = { "VALUE", "value" },
		[STORE_LEASE] = { "LEASE", "lease" },
	};
	static const char *const relations[] = {
		[STORE_EQUAL] = "EQUAL",
		[STORE_GREATER] = "GREATER",
		[STORE_LESS] = "LESS",
		[STORE_NOT_EQUAL] = "NOT_EQUAL",
	};

	ejson_open(b, NULL, '{');
	store_wire_add_range(b, cmp->key, cmp->end);
	ejson_add_word(b, "target", targets[cmp->target].name);
	ejson_add_word(b, "result", relations[cmp->relation]);
	if (cmp->target == STORE_VALUE)
		ejson_add_bytes(b, "value", cmp->value, cmp->value_len);
	else
		ejson_add_int(b, targets[cmp->target].member, cmp->number);
	ejson_close(b, '}');
}

static void add_op(struct buf *b, const struct store_op *op)
{
	static const char *const names[] = {
		[STORE_OP_RANGE] = "request_range",
		[STORE_OP_PUT] = "request_put",
		[STORE_OP_DELETE] = "request_delete_range",
	};

	ejson_open(b, NULL, '{');
	ejson_open(b, names[op->kind], '{');
	store_wire_add_range(b, op->key, op->kind == STORE_OP_PUT ? NULL : op->end);
	if (op->kind == STORE_OP_RANGE) {
		ejson_add_int(b, "limit", op->limit);
		ejson_add_int(b, "revision", op->at_rev);
	} else {
		ejson_add_true(b, "prev_kv", op->prev_kv);
	}
	if (op->kind == STORE_OP_PUT) {
		ejson_add_bytes(b, "value", op->value, op->value_len);
		ejson_add_int(b, "lease", op->lease);
	}
	ejson_close(b, '}');
	ejson_close(b, '}');
}

static void add_ops(struct buf *b, const char *name, const struct store_op *ops, size_t n)
{
	ejson_open(b, name, '[');
	for (size_t i = 0; i < n; i++)
		add_op(b, &ops[i]);
	ejson_close(b, ']');
}

/* ---------------------------------------------------------------- the answer */

struct answer {
	struct store_txn_res res;
	struct store_op_result *results;
	struct store_kv_list *lists; /* [n] own the kvs of results */
	size_t n;
};

static void answer_done(struct answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		store_kv_list_done(&a->lists[i]);
	free(a->lists);
	free(a->results);
}
DEFINE_CLEANUP_OBJECT(struct answer, answer_done);

static int read_put(const json_t *o, struct store_kv_list *l, struct err *err)
{
	const json_t *prev = ejson_get(o, "prev_kv");
	int rc;

	l->kvs = xcalloc(1, sizeof(*l->kvs));
	if (!prev)
		return 0;
	rc = store_wire_kv(prev, l->kvs, err);
	l->n = rc == 0;
	return rc;
}

static int read_result(const json_t *o, struct store_op_result *r,
		       struct store_kv_list *l, struct err *err)
{
	const json_t *range = ejson_get(o, "response_range");
	const json_t *put = ejson_get(o, "response_put");
	const json_t *del = ejson_get(o, "response_delete_range");
	int rc;

	if (range) {
		r->kind = STORE_OP_RANGE;
		rc = ejson_read_int(range, "count", &r->count, err);
		if (rc == 0)
			rc = store_wire_kvs(range, "kvs", l, err);
	} else if (put) {
		r->kind = STORE_OP_PUT;
		rc = read_put(put, l, err);
	} else if (del) {
		r->kind = STORE_OP_DELETE;
		rc = ejson_read_int(del, "deleted", &r->count, err);
		if (rc == 0)
			rc = store_wire_kvs(del, "prev_kvs", l, err);
	} else {
		return err_set(err, ERR_PROTO, "a result of a txn is of an unknown kind");
	}
	r->kvs = l->kvs;
	r->n = l->n;
	return rc;
}

static int read_answer(const json_t *doc, struct answer *a, struct err *err)
{
	const json_t *list;
	int rc = ejson_read_array(doc, "responses", &list, err);

	if (rc == 0)
		rc = ejson_read_bool(doc, "succeeded", &a->res.succeeded, err);
	if (rc == 0)
		rc = store_wire_rev(doc, &a->res.rev, err);
	a->n = json_array_size(list);
	a->results = xcalloc(a->n + 1, sizeof(*a->results));
	a->lists = xcalloc(a->n + 1, sizeof(*a->lists));
	for (size_t i = 0; rc == 0 && i < a->n; i++)
		rc = read_result(json_array_get(list, i), &a->results[i], &a->lists[i],
				 err);
	a->res.results = a->results;
	a->res.n = a->n;
	return rc;
}

static void on_txn(struct store_call *c, const json_t *doc, const struct err *err)
{
	CLEANUP(answer_done) struct answer a = { 0 };
	struct err bad;

	if (err) {
		c->fn.txn(c->arg, NULL, err);
		return;
	}
	if (read_answer(doc, &a, &bad) < 0) {
		bad.code = ERR_PROTO;
		c->fn.txn(c->arg, NULL, &bad);
		return;
	}
	c->fn.txn(c->arg, &a.res, NULL);
}

/* A txn of nothing but ranges changes nothing, so it may be sent twice. */
static bool only_reads(const struct store_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i].kind != STORE_OP_RANGE)
			return false;
	return true;
}

struct store_call *store_do_txn(struct store *s, const struct store_txn *txn,
				store_txn_fn *fn, void *arg)
{
	bool repeatable = only_reads(txn->then_ops, txn->n_then) &&
			  only_reads(txn->else_ops, txn->n_else);
	struct store_call *c = store_call_new(s, "/v3/kv/txn", repeatable, on_txn, arg);

	c->fn.txn = fn;
	ejson_open(&c->body, "compare", '[');
	for (size_t i = 0; i < txn->n_cmps; i++)
		add_cmp(&c->body, &txn->cmps[i]);
	ejson_close(&c->body, ']');
	add_ops(&c->body, "success", txn->then_ops, txn->n_then);
	add_ops(&c->body, "failure", txn->else_ops, txn->n_else);
	return store_call_send(c);
}
