/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - answers of etcd's JSON gateway read into structs. Inside the room only.
 */
#ifndef COMMON_STORE_WIRE_H
#define COMMON_STORE_WIRE_H

#include "buf.h"
#include "client.h"

#include <jansson.h>

/* The error of an unsuccessful answer; never 0. */
int store_wire_error(long status, const char *body, size_t len, struct err *err);
/* The error of a document {"error":..}; 0 when it has none. */
int store_wire_doc_error(const json_t *doc, struct err *err);

struct store_kv_list {
	struct store_kv *kvs;
	size_t n;
};
void store_kv_list_done(struct store_kv_list *l);
DEFINE_CLEANUP_OBJECT(struct store_kv_list, store_kv_list_done);
int store_wire_kv(const json_t *o, struct store_kv *ret, struct err *err) MUST_CHECK;
/* o's member name, an array of kvs. */
int store_wire_kvs(const json_t *o, const char *name, struct store_kv_list *ret,
		   struct err *err) MUST_CHECK;
int store_wire_rev(const json_t *doc, int64_t *ret, struct err *err) MUST_CHECK;

/* "key" and "range_end"; end as in client.h. */
void store_wire_add_range(struct buf *b, const char *key, const char *end);

#endif
