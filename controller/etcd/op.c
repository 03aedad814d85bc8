/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "op.h"

#include "check.h"
#include "fault.h"

#include <string.h>

int kv_parse_bytes(const json_t *o, const char *name, struct kv_bytes *ret,
		   struct err *err)
{
	return ejson_read_bytes(o, name, &ret->data, &ret->len, err);
}

static int parse_range(const json_t *o, struct kv_op *op, struct err *err)
{
	static const char *const orders[] = { "NONE", "ASCEND", "DESCEND", NULL };
	static const char *const targets[] = { "KEY", "VERSION", "CREATE",
					       "MOD", "VALUE",   NULL };
	int rc;

	if ((rc = ejson_read_int(o, "limit", &op->limit, err)) < 0 ||
	    (rc = ejson_read_int(o, "revision", &op->at_rev, err)) < 0 ||
	    (rc = ejson_read_enum(o, "sort_order", orders, &op->order, err)) < 0 ||
	    (rc = ejson_read_enum(o, "sort_target", targets, &op->target, err)) < 0 ||
	    (rc = ejson_read_bool(o, "keys_only", &op->keys_only, err)) < 0 ||
	    (rc = ejson_read_bool(o, "count_only", &op->count_only, err)) < 0 ||
	    (rc = ejson_read_int(o, "min_mod_revision", &op->min_mod, err)) < 0 ||
	    (rc = ejson_read_int(o, "max_mod_revision", &op->max_mod, err)) < 0 ||
	    (rc = ejson_read_int(o, "min_create_revision", &op->min_create, err)) < 0)
		return rc;
	return ejson_read_int(o, "max_create_revision", &op->max_create, err);
}

static int parse_put(const json_t *o, struct kv_op *op, struct err *err)
{
	int rc;

	if ((rc = kv_parse_bytes(o, "value", &op->value, err)) < 0 ||
	    (rc = ejson_read_int(o, "lease", &op->lease, err)) < 0 ||
	    (rc = ejson_read_bool(o, "prev_kv", &op->prev_kv, err)) < 0 ||
	    (rc = ejson_read_bool(o, "ignore_value", &op->ignore_value, err)) < 0)
		return rc;
	return ejson_read_bool(o, "ignore_lease", &op->ignore_lease, err);
}

/* ---------------------------------------------------------------- transactions */

static int parse_cmp(const json_t *o, struct kv_cmp *cmp, struct err *err)
{
	static const char *const relations[] = { "EQUAL", "GREATER", "LESS", "NOT_EQUAL",
						 NULL };
	static const char *const targets[] = { "VERSION", "CREATE", "MOD",
					       "VALUE",   "LEASE",  NULL };
	static const char *const members[] = { "version", "create_revision",
					       "mod_revision", "value", "lease" };
	int rc;

	if ((rc = kv_parse_bytes(o, "key", &cmp->key, err)) < 0 ||
	    (rc = kv_parse_bytes(o, "range_end", &cmp->end, err)) < 0 ||
	    (rc = ejson_read_enum(o, "target", targets, &cmp->target, err)) < 0 ||
	    (rc = ejson_read_enum(o, "result", relations, &cmp->relation, err)) < 0)
		return rc;
	if (strcmp(targets[cmp->target], "VALUE") == 0)
		return kv_parse_bytes(o, "value", &cmp->value, err);
	return ejson_read_int(o, members[cmp->target], &cmp->number, err);
}

static int parse_at(const json_t *o, enum kv_op_kind kind, size_t depth, size_t *left,
		    struct kv_op *ret, struct err *err);

static int parse_request(const json_t *o, size_t depth, size_t *left, struct kv_op *ret,
			 struct err *err)
{
	static const struct {
		const char *name;
		enum kv_op_kind kind;
	} kinds[] = {
		{ "request_range", KV_RANGE },
		{ "request_put", KV_PUT },
		{ "request_delete_range", KV_DELETE },
		{ "request_txn", KV_TXN },
	};

	ret->kind = KV_NOTHING;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const json_t *r = ejson_get(o, kinds[i].name);

		if (r)
			return parse_at(r, kinds[i].kind, depth, left, ret, err);
	}
	return 0;
}

static int parse_requests(const json_t *list, size_t depth, size_t *left,
			  struct kv_op **ret, size_t *ret_n, struct err *err)
{
	int rc = 0;

	*ret_n = json_array_size(list);
	*ret = xcalloc(*ret_n + 1, sizeof(**ret));
	for (size_t i = 0; rc == 0 && i < *ret_n; i++)
		rc = parse_request(json_array_get(list, i), depth, left, &(*ret)[i], err);
	return rc;
}

static int parse_cmps(const json_t *list, struct kv_txn *t, struct err *err)
{
	int rc = 0;

	t->n_cmps = json_array_size(list);
	t->cmps = xcalloc(t->n_cmps + 1, sizeof(*t->cmps));
	for (size_t i = 0; rc == 0 && i < t->n_cmps; i++)
		rc = parse_cmp(json_array_get(list, i), &t->cmps[i], err);
	return rc;
}

static int parse_txn(const json_t *o, size_t depth, size_t *left, struct kv_txn **ret,
		     struct err *err)
{
	struct kv_txn *t = xcalloc(1, sizeof(*t));
	const json_t *cmps, *then, *or_else;
	size_t n;
	int rc;

	*ret = t; /* freed with the op, complete or not */
	if (depth > KV_MAX_DEPTH)
		return err_set(err, ERR_INVAL, "transactions are nested too deeply");
	if ((rc = ejson_read_array(o, "compare", &cmps, err)) < 0 ||
	    (rc = ejson_read_array(o, "success", &then, err)) < 0 ||
	    (rc = ejson_read_array(o, "failure", &or_else, err)) < 0)
		return rc;
	n = MAX(json_array_size(cmps),
		MAX(json_array_size(then), json_array_size(or_else)));
	if (n > *left)
		return err_set(err, ERR_INVAL, "%s", kv_too_many_ops.words);
	*left -= n;
	if ((rc = parse_cmps(cmps, t, err)) < 0 ||
	    (rc = parse_requests(then, depth + 1, left, &t->ops[1], &t->n_ops[1], err)) <
		    0)
		return rc;
	return parse_requests(or_else, depth + 1, left, &t->ops[0], &t->n_ops[0], err);
}

static void bytes_done(struct kv_bytes *b)
{
	free(b->data);
	*b = (struct kv_bytes){ 0 };
}

static void txn_free(struct kv_txn *t)
{
	for (size_t i = 0; t->cmps && i < t->n_cmps; i++) {
		bytes_done(&t->cmps[i].key);
		bytes_done(&t->cmps[i].end);
		bytes_done(&t->cmps[i].value);
	}
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; t->ops[side] && i < t->n_ops[side]; i++)
			kv_op_done(&t->ops[side][i]);
		free(t->ops[side]);
	}
	free(t->cmps);
	free(t);
}

void kv_op_done(struct kv_op *op)
{
	bytes_done(&op->key);
	bytes_done(&op->end);
	bytes_done(&op->value);
	kv_found_done(&op->found);
	if (op->txn)
		txn_free(op->txn);
	op->txn = NULL;
}

/* ---------------------------------------------------------------- one operation */

static int parse_at(const json_t *o, enum kv_op_kind kind, size_t depth, size_t *left,
		    struct kv_op *ret, struct err *err)
{
	int rc;

	ret->kind = kind;
	if (kind == KV_TXN)
		return parse_txn(o, depth, left, &ret->txn, err);
	if ((rc = kv_parse_bytes(o, "key", &ret->key, err)) < 0)
		return rc;
	if (kind == KV_PUT)
		return parse_put(o, ret, err);
	if ((rc = kv_parse_bytes(o, "range_end", &ret->end, err)) < 0)
		return rc;
	if (kind == KV_RANGE)
		return parse_range(o, ret, err);
	return ejson_read_bool(o, "prev_kv", &ret->prev_kv, err);
}

int kv_parse_op(const json_t *o, enum kv_op_kind kind, struct kv_op *ret, struct err *err)
{
	size_t left = KV_MAX_OPS;

	return parse_at(o, kind, 0, &left, ret, err);
}
