/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include "check.h"
#include "sorted.h"

#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 4096

struct tpool_chunk {
	struct tpool_chunk *next;
	size_t used, cap;
	max_align_t data[];
};

void tpool_init(struct tpool *p, size_t max_bytes)
{
	*p = (struct tpool){ .max = max_bytes };
}

void tpool_done(struct tpool *p)
{
	struct tpool_chunk *next;

	for (struct tpool_chunk *c = p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	*p = (struct tpool){ .max = p->max };
}

void *tpool_alloc(struct tpool *p, size_t n)
{
	struct tpool_chunk *c = p->chunks;
	void *at;

	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!c || c->cap - c->used < n) {
		size_t cap = MAX(n, (size_t)CHUNK_BYTES);

		c = xmalloc(sizeof(*c) + cap);
		*c = (struct tpool_chunk){ .next = p->chunks, .cap = cap };
		p->chunks = c;
	}
	at = (char *)c->data + c->used;
	c->used += n;
	p->used += n;
	return memset(at, 0, n);
}

bool tpool_is_full(const struct tpool *p)
{
	return p->used > p->max;
}

struct tstr tstr_new(struct tpool *p, const char *s, size_t n)
{
	char *copy = tpool_alloc(p, n + 1);

	if (n)
		memcpy(copy, s, n);
	return (struct tstr){ .s = copy, .n = n };
}

bool tstr_is(struct tstr s, const char *text)
{
	return strlen(text) == s.n && memcmp(s.s, text, s.n) == 0;
}

int tstr_compare(struct tstr a, struct tstr b)
{
	size_t n = MIN(a.n, b.n);
	int d = n ? memcmp(a.s, b.s, n) : 0;

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

struct tval tval_bool(bool b)
{
	return (struct tval){ .kind = TV_BOOL, .b = b };
}

struct tval tval_int(int64_t i)
{
	return (struct tval){ .kind = TV_INT, .i = i };
}

struct tval tval_float(double f)
{
	return (struct tval){ .kind = TV_FLOAT, .f = f };
}

struct tval tval_str(struct tpool *p, const char *s, size_t n)
{
	return (struct tval){ .kind = TV_STRING, .str = tstr_new(p, s, n) };
}

struct tval tval_cstr(struct tpool *p, const char *s)
{
	return tval_str(p, s, strlen(s));
}

int tval_from_buf(struct tpool *p, struct buf *b, struct tval *ret, struct err *err)
{
	if (buf_is_full(b))
		return err_set(err, ERR_LIMIT, "the result is too long");
	*ret = tval_str(p, buf_str(b), b->len);
	return 0;
}

struct tval tval_list(struct tpool *p, const char *elem)
{
	struct tlist *l = tpool_alloc(p, sizeof(*l));

	l->elem = elem;
	return (struct tval){ .kind = TV_LIST, .list = l };
}

static struct tval new_map(struct tpool *p, enum tkind kind, const char *type)
{
	struct tmap *m = tpool_alloc(p, sizeof(*m));

	m->type = type;
	return (struct tval){ .kind = kind, .map = m };
}

struct tval tval_map(struct tpool *p)
{
	return new_map(p, TV_MAP, "map[string]interface {}");
}

struct tval tval_struct(struct tpool *p, const char *type)
{
	return new_map(p, TV_STRUCT, type);
}

unsigned tval_depth(const struct tval *v)
{
	if (v->kind == TV_LIST)
		return v->list->depth + 1;
	if (v->kind == TV_MAP || v->kind == TV_STRUCT)
		return v->map->depth + 1;
	return 0;
}

void tlist_add(struct tpool *p, struct tlist *l, struct tval v)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		struct tval *more = tpool_alloc(p, cap * sizeof(*more));

		if (l->n)
			memcpy(more, l->v, l->n * sizeof(*more));
		l->v = more;
		l->cap = cap;
	}
	l->v[l->n++] = v;
	l->depth = MAX(l->depth, tval_depth(&v));
}

static int by_text(const void *a, const void *b)
{
	const struct tval *x = a, *y = b;

	return tstr_compare(x->str, y->str);
}

void tlist_sort(struct tlist *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_text);
}

/* The place of key among a sorted map's members, also when absent. */
static size_t map_position(const struct tmap *m, struct tstr key)
{
	return SORTED_PLACE(m->n, i, tstr_compare(m->m[i].key, key) < 0);
}

static void make_room(struct tpool *p, struct tmap *m)
{
	size_t cap = m->cap ? m->cap * 2 : 4;
	struct tmember *more;

	if (m->n < m->cap)
		return;
	more = tpool_alloc(p, cap * sizeof(*more));
	if (m->n)
		memcpy(more, m->m, m->n * sizeof(*more));
	m->m = more;
	m->cap = cap;
}

static void map_append(struct tpool *p, struct tmap *m, struct tstr key, struct tval v)
{
	make_room(p, m);
	m->m[m->n++] = (struct tmember){ .key = key, .val = v };
	m->depth = MAX(m->depth, tval_depth(&v));
}

static int by_key(const void *a, const void *b)
{
	const struct tmember *x = a, *y = b;

	return tstr_compare(x->key, y->key);
}

void tmap_set(struct tpool *p, const struct tval *map, struct tstr key, struct tval v)
{
	struct tmap *m = map->map;
	size_t at = map->kind == TV_MAP ? map_position(m, key) : m->n;

	m->depth = MAX(m->depth, tval_depth(&v));
	if (at < m->n && tstr_compare(m->m[at].key, key) == 0) {
		m->m[at].val = v;
		return;
	}
	make_room(p, m);
	memmove(m->m + at + 1, m->m + at, (m->n - at) * sizeof(*m->m));
	m->m[at] = (struct tmember){ .key = key, .val = v };
	m->n++;
}

const struct tval *tval_member(const struct tval *map, struct tstr key)
{
	const struct tmap *m = map->map;
	size_t at = 0;

	if (map->kind == TV_MAP)
		at = map_position(m, key);
	else
		while (at < m->n && tstr_compare(m->m[at].key, key) != 0)
			at++;
	return at < m->n && tstr_compare(m->m[at].key, key) == 0 ? &m->m[at].val : NULL;
}

bool tval_is_true(const struct tval *v)
{
	switch (v->kind) {
	case TV_NIL:
		return false;
	case TV_BOOL:
		return v->b;
	case TV_INT:
		return v->i != 0;
	case TV_FLOAT:
		return v->f != 0;
	case TV_STRING:
		return v->str.n > 0;
	case TV_LIST:
		return v->list->n > 0;
	case TV_MAP:
		return v->map->n > 0;
	case TV_STRUCT:
	case TV_TIME:
		return true;
	}
	return false;
}

const char *tval_type(const struct tval *v, char text[64])
{
	switch (v->kind) {
	case TV_NIL:
		return "<nil>";
	case TV_BOOL:
		return "bool";
	case TV_INT:
		return "int";
	case TV_FLOAT:
		return "float64";
	case TV_STRING:
		return "string";
	case TV_LIST:
		snprintf(text, 64, "[]%s", v->list->elem);
		return text;
	case TV_MAP:
	case TV_STRUCT:
		return v->map->type;
	case TV_TIME:
		return "time.Time";
	}
	return "?";
}

static int list_from_json(struct tpool *p, const json_t *j, struct tval *ret,
			  struct err *err)
{
	const json_t *e;
	size_t i;

	*ret = tval_list(p, "interface {}");
	json_array_foreach(j, i, e)
	{
		struct tval v;
		int rc = tval_from_json(p, e, &v, err);

		if (rc < 0)
			return rc;
		tlist_add(p, ret->list, v);
	}
	return 0;
}

static int map_from_json(struct tpool *p, const json_t *j, struct tval *ret,
			 struct err *err)
{
	/* jansson iterates only over mutable objects; nothing is changed here. */
	json_t *mutable = (json_t *)(uintptr_t)j;
	const char *key;
	json_t *e;

	*ret = tval_map(p);
	json_object_foreach(mutable, key, e)
	{
		struct tval v;
		int rc = tval_from_json(p, e, &v, err);

		if (rc < 0)
			return rc;
		map_append(p, ret->map, tstr_new(p, key, strlen(key)), v);
	}
	/* At the end, as the members of a large document come in any order. */
	if (ret->map->n)
		qsort(ret->map->m, ret->map->n, sizeof(*ret->map->m), by_key);
	return 0;
}

int tval_from_json(struct tpool *p, const json_t *j, struct tval *ret, struct err *err)
{
	if (tpool_is_full(p))
		return err_set(err, ERR_LIMIT, "the JSON document is too large");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return map_from_json(p, j, ret, err);
	case JSON_ARRAY:
		return list_from_json(p, j, ret, err);
	case JSON_STRING:
		*ret = tval_str(p, json_string_value(j), json_string_length(j));
		return 0;
	case JSON_INTEGER:
	case JSON_REAL:
		*ret = tval_float(json_number_value(j));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = tval_bool(json_is_true(j));
		return 0;
	case JSON_NULL:
		*ret = (struct tval){ .kind = TV_NIL };
		return 0;
	}
	return err_set(err, ERR_INTERNAL, "unknown JSON type");
}
