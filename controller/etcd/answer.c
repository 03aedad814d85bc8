/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer.h"

#include "store.h"

enum MHD_Result kv_queue(struct MHD_Connection *conn, unsigned status, struct buf *body)
{
	const char *type =
		*buf_str(body) == '{' ? "application/json" : "text/plain; charset=utf-8";
	size_t n = body->len;
	char *text = buf_take(body);
	struct MHD_Response *r =
		MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result ok;

	if (!r) {
		free(text);
		return MHD_NO;
	}
	ok = MHD_add_response_header(r, "Content-Type", type);
	if (ok == MHD_YES)
		ok = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return ok;
}

unsigned kv_answer_fault(struct buf *to, int code, const char *words)
{
	buf_clear(to);
	ejson_open(to, NULL, '{');
	ejson_add_text(to, "error", words);
	ejson_add_text(to, "message", words);
	buf_printf(to, ",\"code\":%d}", code);
	return kv_fault_status(code);
}

void kv_add_header(struct buf *b, const struct kv *kv)
{
	ejson_open(b, "header", '{');
	ejson_add_uint(b, "cluster_id", kv->cluster_id);
	ejson_add_uint(b, "member_id", kv->member_id);
	ejson_add_int(b, "revision", kv->space.rev);
	ejson_add_int(b, "raft_term", 1);
	ejson_close(b, '}');
}

void kv_add_change(struct buf *b, const char *name, const struct kv_change *c,
		   bool with_value)
{
	ejson_open(b, name, '{');
	ejson_add_bytes(b, "key", c->key->name, c->key->len);
	ejson_add_int(b, "create_revision", c->create_rev);
	ejson_add_int(b, "mod_revision", c->rev);
	ejson_add_int(b, "version", c->version);
	if (with_value)
		ejson_add_bytes(b, "value", c->value, c->value_len);
	ejson_add_int(b, "lease", c->lease);
	ejson_close(b, '}');
}
