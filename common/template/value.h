/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.h - values of the template language, and the pool that holds them.
 *
 * Inside the template engine only. Variables, lists and maps share values freely, so the
 * values of one execution (and the nodes of one parsed template) are in one pool and are
 * freed together.
 */
#ifndef COMMON_TEMPLATE_VALUE_H
#define COMMON_TEMPLATE_VALUE_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSTR_MAX ((size_t)4 << 20) /* one string, in bytes */

struct tpool {
	struct tpool_chunk *chunks;
	size_t used, max;
};

void tpool_init(struct tpool *p, size_t max_bytes);
void tpool_done(struct tpool *p);
/* Zeroed; never NULL. Check tpool_is_full() for an exceeded maximum. */
void *tpool_alloc(struct tpool *p, size_t n);
bool tpool_is_full(const struct tpool *p);
DEFINE_CLEANUP_OBJECT(struct tpool, tpool_done);

struct tstr {
	const char *s; /* [n], followed by a NUL */
	size_t n;
};

struct tstr tstr_new(struct tpool *p, const char *s, size_t n);
bool tstr_is(struct tstr s, const char *text);
int tstr_compare(struct tstr a, struct tstr b);

enum tkind {
	TV_NIL,
	TV_BOOL,
	TV_INT,
	TV_FLOAT,
	TV_STRING,
	TV_LIST,
	TV_MAP,
	TV_STRUCT, /* a map with a type's name and fixed members */
	TV_TIME,   /* ms since 1970 in i */
};

struct tval {
	enum tkind kind;
	union {
		bool b;
		int64_t i;
		double f;
		struct tstr str;
		struct tlist *list;
		struct tmap *map;
	};
};

struct tlist {
	const char *elem; /* Go's name of the element type */
	unsigned depth;   /* how deeply lists and maps are nested below */
	size_t n, cap;
	struct tval *v;
};

struct tmember {
	struct tstr key;
	struct tval val;
};

struct tmap {
	const char *type; /* Go's name of the whole type */
	unsigned depth;
	size_t n, cap;
	struct tmember *m; /* a map's sorted by key, a struct's in order */
};

struct tval tval_bool(bool b);
struct tval tval_int(int64_t i);
struct tval tval_float(double f);
struct tval tval_str(struct tpool *p, const char *s, size_t n);
struct tval tval_cstr(struct tpool *p, const char *s);
/* What b holds; ERR_LIMIT when something did not fit into it. */
int tval_from_buf(struct tpool *p, struct buf *b, struct tval *ret, struct err *err);
/* Empty ones; elem and type are literals. */
struct tval tval_list(struct tpool *p, const char *elem);
struct tval tval_map(struct tpool *p);
struct tval tval_struct(struct tpool *p, const char *type);

void tlist_add(struct tpool *p, struct tlist *l, struct tval v);
/* A list of strings, by their bytes. */
void tlist_sort(struct tlist *l);
/* Adds or replaces; a map stays sorted. */
void tmap_set(struct tpool *p, const struct tval *map, struct tstr key, struct tval v);
/* A member of a map or struct; NULL: it has none of that name. */
const struct tval *tval_member(const struct tval *map, struct tstr key);

unsigned tval_depth(const struct tval *v); /* 0 for a scalar */
bool tval_is_true(const struct tval *v);
/* Go's name of the type ("[]string"); text holds 64 bytes. */
const char *tval_type(const struct tval *v, char text[64]);

/* JSON as Go reads it: every number a float. */
int tval_from_json(struct tpool *p, const json_t *j, struct tval *ret, struct err *err);

/* As Go's %v: "[a b]", "map[k:v]", "{/a 1}", "1e+06", "<nil>". */
void tval_print(struct buf *out, const struct tval *v);
void tval_print_float(struct buf *out, double f);
/* As Go's json.Marshal. */
void tval_to_json(struct buf *out, const struct tval *v);

/* fmt.Sprintf: args [n]. ERR_LIMIT when out overflows. */
int template_printf(struct buf *out, struct tstr fmt, const struct tval *args, size_t n,
		    struct err *err);
/* time.Time.Format in UTC. */
void template_time_format(struct buf *out, int64_t ms, struct tstr layout);

#endif
