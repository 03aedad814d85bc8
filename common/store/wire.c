/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include "check.h"
#include "etcd_json.h"

#include <string.h>

/* ---------------------------------------------------------------- errors */

/* gRPC's codes, as etcd uses them. */
static int code_from_grpc(int64_t grpc)
{
	static const signed char table[] = {
		[3] = ERR_INVAL,    [4] = ERR_TIMEOUT,   [5] = ERR_NOT_FOUND,
		[6] = ERR_CONFLICT, [7] = ERR_DENIED,    [8] = ERR_LIMIT,
		[9] = ERR_CONFLICT, [10] = ERR_CONFLICT, [11] = ERR_LIMIT,
		[12] = ERR_INVAL,   [14] = ERR_UNAVAIL,  [16] = ERR_DENIED,
	};

	if (grpc < 0 || (size_t)grpc >= ARRAY_SIZE(table) || !table[grpc])
		return ERR_PROTO;
	return table[grpc];
}

/* Where etcd's code says less than its words do. */
static int code_from_words(int code, const char *words)
{
	if (strstr(words, "user name is empty") || strstr(words, "authentication failed"))
		return ERR_DENIED;
	if (code == ERR_CONFLICT &&
	    (strstr(words, " name not found") || strstr(words, "is not granted to")))
		return ERR_NOT_FOUND;
	return code;
}

int store_wire_doc_error(const json_t *doc, struct err *err)
{
	const json_t *e = json_object_get(doc, "error");
	const json_t *o = json_is_object(e) ? e : doc; /* streams nest it */
	const char *words;
	int64_t grpc = 0;

	if (!e)
		return 0;
	words = json_string_value(json_object_get(o, "message"));
	if (!words)
		words = json_string_value(e);
	if (ejson_read_int(o, json_object_get(o, "grpc_code") ? "grpc_code" : "code",
			   &grpc, err) < 0)
		grpc = 0;
	if (!words)
		words = "no reason";
	return err_set(err, code_from_words(code_from_grpc(grpc), words), "%s", words);
}

int store_wire_error(long status, const char *body, size_t len, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = json_loadb(body, len, 0, NULL);
	int code = err_from_http_status(status);
	const char *detail = json_string_value(json_object_get(doc, "detail"));
	int rc = store_wire_doc_error(doc, err);

	if (rc < 0 && rc != ERR_PROTO)
		return rc;
	if (code == 0)
		code = ERR_PROTO;
	if (rc < 0) {
		if (err)
			err->code = code;
		return code;
	}
	return err_set(err, code, "the store returned status %ld%s%s", status,
		       detail ? ": " : "", detail ? detail : "");
}

/* ---------------------------------------------------------------- keys and values */

void store_kv_done(struct store_kv *kv)
{
	free((void *)(uintptr_t)kv->key);
	free((void *)(uintptr_t)kv->value);
	*kv = (struct store_kv){ 0 };
}

static char *copy_bytes(const char *data, size_t n)
{
	char *copy = xmalloc(n + 1);

	if (n)
		memcpy(copy, data, n);
	copy[n] = '\0';
	return copy;
}

struct store_kv store_kv_copy(const struct store_kv *kv)
{
	struct store_kv copy = *kv;

	copy.key = copy_bytes(kv->key, kv->key_len);
	copy.value = copy_bytes(kv->value, kv->value_len);
	return copy;
}

int store_key_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = MIN(a_len, b_len);
	int c = n ? memcmp(a, b, n) : 0;

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

void store_kv_list_done(struct store_kv_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		store_kv_done(&l->kvs[i]);
	free(l->kvs);
	*l = (struct store_kv_list){ 0 };
}

int store_wire_kv(const json_t *o, struct store_kv *ret, struct err *err)
{
	struct store_kv kv = { 0 };
	char *key = NULL, *value = NULL;
	int rc = ejson_read_bytes(o, "key", &key, &kv.key_len, err);

	kv.key = key;
	if (rc == 0)
		rc = ejson_read_bytes(o, "value", &value, &kv.value_len, err);
	kv.value = value;
	if (rc == 0)
		rc = ejson_read_int(o, "create_revision", &kv.create_rev, err);
	if (rc == 0)
		rc = ejson_read_int(o, "mod_revision", &kv.mod_rev, err);
	if (rc == 0)
		rc = ejson_read_int(o, "version", &kv.version, err);
	if (rc == 0)
		rc = ejson_read_int(o, "lease", &kv.lease, err);
	if (rc < 0) {
		store_kv_done(&kv);
		return rc;
	}
	*ret = kv;
	return 0;
}

int store_wire_kvs(const json_t *o, const char *name, struct store_kv_list *ret,
		   struct err *err)
{
	CLEANUP(store_kv_list_done) struct store_kv_list l = { 0 };
	const json_t *array;
	int rc = ejson_read_array(o, name, &array, err);

	if (rc < 0)
		return rc;
	l.kvs = xcalloc(json_array_size(array) + 1, sizeof(*l.kvs));
	for (; l.n < json_array_size(array); l.n++) {
		rc = store_wire_kv(json_array_get(array, l.n), &l.kvs[l.n], err);
		if (rc < 0)
			return rc;
	}
	*ret = l;
	l = (struct store_kv_list){ 0 };
	return 0;
}

int store_wire_rev(const json_t *doc, int64_t *ret, struct err *err)
{
	return ejson_read_int(ejson_get(doc, "header"), "revision", ret, err);
}

void store_wire_add_range(struct buf *b, const char *key, const char *end)
{
	/* An empty key stands for the first possible one. */
	ejson_add_bytes(b, "key", key, *key ? strlen(key) : 1);
	if (end)
		ejson_add_bytes(b, "range_end", end, *end ? strlen(end) : 1);
}

char *store_prefix_end(const char *prefix)
{
	char *end = xstrdup(prefix);
	size_t n = strlen(end);

	while (n > 0 && (unsigned char)end[n - 1] == 0xff)
		end[--n] = '\0';
	if (n > 0)
		end[n - 1] = (char)(end[n - 1] + 1);
	return end;
}
