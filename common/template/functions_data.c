/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confd's functions on lists, maps, numbers and JSON. */
#include "function.h"

#include "check.h"
#include "text.h"

#include <string.h>

#define SEQ_MAX 100000

/* ---------------------------------------------------------------- lists and maps */

TFUNC(fn_map)
{
	if (n % 2)
		return err_set(err, ERR_INVAL, "invalid map call");
	*ret = tval_map(&x->pool);
	for (size_t i = 0; i < n; i += 2) {
		if (a[i].kind != TV_STRING)
			return err_set(err, ERR_INVAL, "map keys must be strings");
		tmap_set(&x->pool, ret, a[i].str, a[i + 1]);
	}
	return 0;
}

TFUNC(fn_reverse)
{
	(void)n;
	(void)err;
	*ret = tval_list(&x->pool, a->list->elem);
	for (size_t i = a->list->n; i > 0; i--)
		tlist_add(&x->pool, ret->list, a->list->v[i - 1]);
	return 0;
}

/* Of a string, or of a KVPair's key. */
static size_t sort_length(const struct tval *v)
{
	if (v->kind == TV_STRUCT && v->map->n)
		v = &v->map->m[0].val;
	return v->kind == TV_STRING ? v->str.n : 0;
}

struct sorted {
	size_t length, at;
};

static int by_length(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Stable. */
TFUNC(fn_sort_by_length)
{
	CLEANUP(free) struct sorted *order = NULL;
	int rc = trun_work(x, a->list->n / 2, err);

	(void)n;
	if (rc < 0)
		return rc;
	*ret = tval_list(&x->pool, a->list->elem);
	order = xcalloc(a->list->n + 1, sizeof(*order));
	for (size_t i = 0; i < a->list->n; i++)
		order[i] = (struct sorted){ sort_length(&a->list->v[i]), i };
	if (a->list->n)
		qsort(order, a->list->n, sizeof(*order), by_length);
	for (size_t i = 0; i < a->list->n; i++)
		tlist_add(&x->pool, ret->list, a->list->v[order[i].at]);
	return 0;
}

TFUNC(fn_seq)
{
	(void)n;
	if (a[1].i >= a[0].i && (uint64_t)a[1].i - (uint64_t)a[0].i >= SEQ_MAX)
		return err_set(err, ERR_LIMIT, "more than %d numbers", SEQ_MAX);
	*ret = tval_list(&x->pool, "int");
	for (int64_t i = a[0].i; i <= a[1].i; i++) {
		tlist_add(&x->pool, ret->list, tval_int(i));
		if (i == INT64_MAX)
			break;
	}
	return 0;
}

/* ---------------------------------------------------------------- numbers */

/* Numbers wrap around, as Go's do. */
#define ARITHMETIC(name, sign)                                                      \
	TFUNC(name)                                                                 \
	{                                                                           \
		(void)x;                                                            \
		(void)n;                                                            \
		(void)err;                                                          \
		*ret = tval_int((int64_t)((uint64_t)a[0].i sign(uint64_t) a[1].i)); \
		return 0;                                                           \
	}                                                                           \
	struct arithmetic_takes_a_semicolon

ARITHMETIC(fn_add, +);
ARITHMETIC(fn_sub, -);
ARITHMETIC(fn_mul, *);

static int divide(const struct tval *a, bool remainder, struct tval *ret, struct err *err)
{
	if (a[1].i == 0)
		return err_set(err, ERR_INVAL, "integer divide by zero");
	if (a[1].i == -1)
		*ret = tval_int(remainder ? 0 : (int64_t)(0 - (uint64_t)a[0].i));
	else
		*ret = tval_int(remainder ? a[0].i % a[1].i : a[0].i / a[1].i);
	return 0;
}

TFUNC(fn_div)
{
	(void)x;
	(void)n;
	return divide(a, false, ret, err);
}

TFUNC(fn_mod)
{
	(void)x;
	(void)n;
	return divide(a, true, ret, err);
}

/* ---------------------------------------------------------------- JSON and defaults */

static int read_json(struct trun *x, struct tstr s, bool array, struct tval *ret,
		     struct err *err)
{
	CLEANUP(json_decref) json_t *j = NULL;
	json_error_t e;
	int rc = trun_work(x, s.n / 16, err);

	if (rc < 0)
		return rc;
	j = json_loadb(s.s, s.n, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);
	if (!j)
		return err_set(err, ERR_INVAL, "not JSON: %s at line %d, column %d",
			       e.text, e.line, e.column);
	if (array ? !json_is_array(j) : !json_is_object(j))
		return err_set(err, ERR_INVAL, "the JSON is not an %s",
			       array ? "array" : "object");
	return tval_from_json(&x->pool, j, ret, err);
}

TFUNC(fn_json)
{
	(void)n;
	return read_json(x, a->str, false, ret, err);
}

TFUNC(fn_json_array)
{
	(void)n;
	return read_json(x, a->str, true, ret, err);
}

TFUNC(fn_to_json)
{
	CLEANUP(buf_done) struct buf b;

	(void)n;
	buf_init(&b, TSTR_MAX);
	tval_to_json(&b, a);
	return tval_from_buf(&x->pool, &b, ret, err);
}

/* default D V: V, or D when V is empty. */
TFUNC(fn_default)
{
	(void)x;
	(void)err;
	*ret = n > 1 && tval_is_true(&a[1]) ? a[1] : a[0];
	return 0;
}

const struct tfunc tfuncs_data[] = {
	{ "map", "?v*", fn_map },
	{ "reverse", "k", fn_reverse },
	{ "sortByLength", "l", fn_sort_by_length },
	{ "sortKVByLength", "k", fn_sort_by_length },
	{ "seq", "ii", fn_seq },
	{ "add", "ii", fn_add },
	{ "sub", "ii", fn_sub },
	{ "mul", "ii", fn_mul },
	{ "div", "ii", fn_div },
	{ "mod", "ii", fn_mod },
	{ "json", "s", fn_json },
	{ "jsonArray", "s", fn_json_array },
	{ "toJson", "v", fn_to_json },
	{ "default", "v?v", fn_default },
	{ NULL, NULL, NULL },
};
