/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer.h"

#include "check.h"
#include "owner.h"
#include "store.h"

/* An answer that is being sent. */
struct sending {
	struct kv *kv;
	struct kv_owner *owner;
	size_t bytes;
	char *text;
};

static void on_sent(void *arg)
{
	struct sending *s = arg;

	kv_owner_sent(s->kv, s->owner, s->bytes);
	free(s->text);
	free(s);
}

enum MHD_Result kv_queue(struct kv *kv, struct MHD_Connection *conn,
			 const struct kv_access *a, unsigned status, struct buf *body)
{
	const char *type =
		*buf_str(body) == '{' ? "application/json" : "text/plain; charset=utf-8";
	struct sending *s = xcalloc(1, sizeof(*s));
	struct MHD_Response *r;
	enum MHD_Result ok;

	s->kv = kv;
	s->bytes = body->len;
	s->text = buf_take(body);
	s->owner = kv_owner_sends(kv, a, s->bytes);
	r = MHD_create_response_from_buffer_with_free_callback_cls(s->bytes, s->text,
								   on_sent, s);
	if (!r) {
		on_sent(s);
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

unsigned kv_answer_limit(struct buf *to, const struct kv_fault *f,
			 const struct kv_access *a)
{
	CLEANUP(free) char *words = NULL;

	if (!f->of_owner || !*a->owner)
		return kv_answer_fault(to, f->code, f->words);
	words = xasprintf("%s: the limit of %s", f->words, a->owner);
	return kv_answer_fault(to, f->code, words);
}

void kv_add_header_at(struct buf *b, const struct kv *kv, int64_t rev)
{
	ejson_open(b, "header", '{');
	ejson_add_uint(b, "cluster_id", kv->cluster_id);
	ejson_add_uint(b, "member_id", kv->member_id);
	ejson_add_int(b, "revision", rev);
	ejson_add_int(b, "raft_term", 1);
	ejson_close(b, '}');
}

void kv_add_header(struct buf *b, const struct kv *kv)
{
	kv_add_header_at(b, kv, kv->space.rev);
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
