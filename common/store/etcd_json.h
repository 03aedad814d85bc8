/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd_json.h - JSON as etcd's gateway has it, read and written.
 *
 * That is protobuf's JSON: bytes are base64, 64-bit numbers are decimal strings, a
 * member with the default value is omitted, names are snake_case (camelCase is read
 * too). Used by the client and by the built-in store (controller/etcd/).
 */
#ifndef COMMON_STORE_ETCD_JSON_H
#define COMMON_STORE_ETCD_JSON_H

#include "buf.h"
#include "err.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writing: each adds a comma where needed. name NULL: an element of an array. */
void ejson_open(struct buf *b, const char *name, char bracket); /* '{' or '[' */
void ejson_close(struct buf *b, char bracket);
void ejson_add_int(struct buf *b, const char *name, int64_t v); /* nothing when 0 */
void ejson_add_uint(struct buf *b, const char *name, uint64_t v);
void ejson_add_true(struct buf *b, const char *name, bool v); /* nothing when false */
void ejson_add_bytes(struct buf *b, const char *name, const void *data, size_t n);
void ejson_add_word(struct buf *b, const char *name, const char *word); /* as it is */
void ejson_add_text(struct buf *b, const char *name, const char *text); /* escaped */

/* Reading: an absent member gives the default: NULL, 0, false, no bytes. */
const json_t *ejson_get(const json_t *o, const char *name);
int ejson_read_int(const json_t *o, const char *name, int64_t *ret,
		   struct err *err) MUST_CHECK;
int ejson_read_bool(const json_t *o, const char *name, bool *ret,
		    struct err *err) MUST_CHECK;
/* *ret is NUL-terminated, never NULL, and the caller's. */
int ejson_read_bytes(const json_t *o, const char *name, char **ret, size_t *ret_len,
		     struct err *err) MUST_CHECK;
/* One of the words (ends with NULL) or its index as a number; absent: 0. */
int ejson_read_enum(const json_t *o, const char *name, const char *const *words, int *ret,
		    struct err *err) MUST_CHECK;
/* An array or absent; *ret is NULL then. */
int ejson_read_array(const json_t *o, const char *name, const json_t **ret,
		     struct err *err) MUST_CHECK;

#endif
