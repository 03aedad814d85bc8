/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in functions of text/template. and, or: see eval.c. */
#include "function.h"

#include "check.h"

#include <string.h>

TFUNC(fn_not)
{
	(void)x;
	(void)n;
	(void)err;
	*ret = tval_bool(!tval_is_true(&a[0]));
	return 0;
}

/* ---------------------------------------------------------------- comparison */

static bool is_basic(const struct tval *v)
{
	return v->kind == TV_BOOL || v->kind == TV_INT || v->kind == TV_FLOAT ||
	       v->kind == TV_STRING;
}

static int bad_comparison(struct err *err)
{
	return err_set(err, ERR_INVAL, "incompatible types for comparison");
}

/* Both have the same kind, not a list or map. */
static int order(const struct tval *a, const struct tval *b)
{
	if (a->kind == TV_STRING)
		return tstr_compare(a->str, b->str);
	if (a->kind == TV_FLOAT)
		return (a->f > b->f) - (a->f < b->f);
	if (a->kind == TV_BOOL)
		return (a->b > b->b) - (a->b < b->b);
	return (a->i > b->i) - (a->i < b->i);
}

static bool same_struct(const struct tval *a, const struct tval *b)
{
	if (strcmp(a->map->type, b->map->type) != 0 || a->map->n != b->map->n)
		return false;
	for (size_t i = 0; i < a->map->n; i++)
		if (a->map->m[i].val.kind != b->map->m[i].val.kind ||
		    order(&a->map->m[i].val, &b->map->m[i].val) != 0)
			return false;
	return true;
}

static int equal(const struct tval *a, const struct tval *b, bool *ret, struct err *err)
{
	char text[64];

	*ret = false;
	if (a->kind == TV_NIL || b->kind == TV_NIL) {
		*ret = a->kind == b->kind;
		return 0;
	}
	if (a->kind != b->kind)
		return bad_comparison(err);
	if (b->kind == TV_LIST || b->kind == TV_MAP)
		return err_set(err, ERR_INVAL, "non-comparable type %s",
			       tval_type(b, text));
	if (a->kind == TV_STRUCT)
		*ret = same_struct(a, b);
	else if (a->kind == TV_FLOAT)
		*ret = a->f == b->f;
	else
		*ret = order(a, b) == 0;
	return 0;
}

TFUNC(fn_eq)
{
	bool hit = false;

	(void)x;
	if (n < 2)
		return err_set(err, ERR_INVAL, "missing argument for comparison");
	for (size_t i = 1; i < n && !hit; i++) {
		int rc = equal(&a[0], &a[i], &hit, err);

		if (rc < 0)
			return rc;
	}
	*ret = tval_bool(hit);
	return 0;
}

TFUNC(fn_ne)
{
	int rc = fn_eq(x, a, n, ret, err);

	if (rc == 0)
		ret->b = !ret->b;
	return rc;
}

static int compare(const struct tval *a, int *ret, struct err *err)
{
	if (!is_basic(&a[0]) || !is_basic(&a[1]) || a[0].kind == TV_BOOL)
		return err_set(err, ERR_INVAL, "invalid type for comparison");
	if (a[0].kind != a[1].kind)
		return bad_comparison(err);
	*ret = order(&a[0], &a[1]);
	return 0;
}

#define COMPARISON(name, sign)                                          \
	static int name(struct trun *x, const struct tval *a, size_t n, \
			struct tval *ret, struct err *err)              \
	{                                                               \
		int order_ = 0, rc = compare(a, &order_, err);          \
                                                                        \
		(void)x;                                                \
		(void)n;                                                \
		*ret = tval_bool(order_ sign 0);                        \
		return rc;                                              \
	}                                                               \
	struct comparison_takes_a_semicolon

COMPARISON(fn_lt, <);
COMPARISON(fn_le, <=);
COMPARISON(fn_gt, >);
COMPARISON(fn_ge, >=);

/* ---------------------------------------------------------------- lists and maps */

TFUNC(fn_len)
{
	char text[64];

	(void)x;
	(void)n;
	if (a->kind == TV_STRING)
		*ret = tval_int((int64_t)a->str.n);
	else if (a->kind == TV_LIST)
		*ret = tval_int((int64_t)a->list->n);
	else if (a->kind == TV_MAP)
		*ret = tval_int((int64_t)a->map->n);
	else
		return err_set(err, ERR_INVAL, "len of type %s", tval_type(a, text));
	return 0;
}

static int index_one(const struct tval *v, const struct tval *i, struct tval *ret,
		     struct err *err)
{
	size_t n = v->kind == TV_LIST ? v->list->n : v->str.n;
	const struct tval *member;
	char text[64], text2[64];

	if (v->kind == TV_MAP) {
		if (i->kind != TV_STRING)
			return err_set(err, ERR_INVAL,
				       "value has type %s; should be string",
				       tval_type(i, text));
		member = tval_member(v, i->str);
		*ret = member ? *member : (struct tval){ .kind = TV_NIL };
		return 0;
	}
	if (v->kind != TV_LIST && v->kind != TV_STRING)
		return err_set(err, ERR_INVAL, "can't index item of type %s",
			       v->kind == TV_NIL ? "nil" : tval_type(v, text));
	if (i->kind != TV_INT)
		return err_set(err, ERR_INVAL, "cannot index %s with type %s",
			       tval_type(v, text), tval_type(i, text2));
	if (i->i < 0 || (size_t)i->i >= n)
		return err_set(err, ERR_INVAL, "index out of range: %lld",
			       (long long)i->i);
	*ret = v->kind == TV_LIST ? v->list->v[i->i]
				  : tval_int((unsigned char)v->str.s[i->i]);
	return 0;
}

TFUNC(fn_index)
{
	struct tval v = a[0];

	(void)x;
	for (size_t i = 1; i < n; i++) {
		int rc = index_one(&v, &a[i], &v, err);

		if (rc < 0)
			return rc;
	}
	*ret = v;
	return 0;
}

TFUNC(fn_slice)
{
	bool is_list = a->kind == TV_LIST;
	size_t size, from = 0, to;
	char text[64];

	if (!is_list && a->kind != TV_STRING)
		return err_set(err, ERR_INVAL, "can't slice item of type %s",
			       tval_type(a, text));
	size = to = is_list ? a->list->n : a->str.n;
	for (size_t i = 1; i < n; i++) {
		if (a[i].kind != TV_INT)
			return err_set(err, ERR_INVAL,
				       "cannot index slice/array with type %s",
				       tval_type(&a[i], text));
		if (a[i].i < 0 || (size_t)a[i].i > size)
			return err_set(err, ERR_INVAL, "index out of range: %lld",
				       (long long)a[i].i);
		if (i == 1)
			from = (size_t)a[i].i;
		else
			to = (size_t)a[i].i;
	}
	if (from > to)
		return err_set(err, ERR_INVAL, "invalid slice index: %zu > %zu", from,
			       to);
	if (!is_list) {
		*ret = tval_str(&x->pool, a->str.s + from, to - from);
		return 0;
	}
	*ret = tval_list(&x->pool, a->list->elem);
	for (size_t i = from; i < to; i++)
		tlist_add(&x->pool, ret->list, a->list->v[i]);
	return 0;
}

/* ---------------------------------------------------------------- logic */

TFUNC(fn_logic)
{
	(void)x;
	(void)a;
	(void)n;
	(void)ret;
	return err_set(err, ERR_INTERNAL, "and, or are not plain functions");
}

const struct tfunc tfuncs_go[] = {
	{ "and", "v*", fn_logic },     { "or", "v*", fn_logic },
	{ "not", "v", fn_not },        { "eq", "v?v*", fn_eq },
	{ "ne", "vv", fn_ne },         { "lt", "vv", fn_lt },
	{ "le", "vv", fn_le },         { "gt", "vv", fn_gt },
	{ "ge", "vv", fn_ge },         { "len", "v", fn_len },
	{ "index", "v?v*", fn_index }, { "slice", "v?vvv", fn_slice },
	{ NULL, NULL, NULL },
};
