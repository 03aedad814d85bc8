/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "answer.h"
#include "check.h"
#include "clock.h"
#include "op.h"
#include "store.h"
#include "watched.h"

#include <string.h>

#define PIECE_BYTES (256u << 10) /* a longer message ends after its revision */
#define LOOK_CHANGES 5000        /* at once, or all of a revision */

/* ---------------------------------------------------------------- the request */

static int parse_members(const json_t *o, struct kv_watch *w, struct kv_watch_request *r,
			 struct err *err)
{
	static const char *const filters[] = { "NOPUT", "NODELETE", NULL };
	const json_t *list;
	int rc;

	if ((rc = ejson_read_bytes(o, "key", &r->key.data, &r->key.len, err)) < 0 ||
	    (rc = ejson_read_bytes(o, "range_end", &r->end.data, &r->end.len, err)) < 0 ||
	    (rc = ejson_read_int(o, "start_revision", &w->next_rev, err)) < 0 ||
	    (rc = ejson_read_int(o, "watch_id", &w->watch_id, err)) < 0 ||
	    (rc = ejson_read_bool(o, "prev_kv", &w->prev_kv, err)) < 0 ||
	    (rc = ejson_read_bool(o, "progress_notify", &w->progress, err)) < 0 ||
	    (rc = ejson_read_array(o, "filters", &list, err)) < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		json_int_t number = json_integer_value(json_array_get(list, i));

		if (name ? strcmp(name, filters[0]) == 0 : number == 0)
			w->no_put = true;
		else if (name ? strcmp(name, filters[1]) == 0 : number == 1)
			w->no_delete = true;
		else
			return err_set(err, ERR_INVAL, "unknown value for \"filters\"");
	}
	return 0;
}

static bool is_empty(const struct kv_watch_request *r)
{
	if (r->end.len == 0 || (r->end.len == 1 && r->end.data[0] == '\0'))
		return false;
	return store_key_cmp(r->key.data, r->key.len, r->end.data, r->end.len) >= 0;
}

int kv_watch_parse(const json_t *create, struct kv_watch *w, struct kv_watch_request *ret,
		   struct err *err)
{
	int rc = parse_members(create, w, ret, err);

	if (rc < 0)
		return rc;
	if (ret->key.len > KV_KEY_BYTES || ret->end.len > KV_KEY_BYTES)
		return err_set(err, ERR_INVAL, "%s", kv_too_large.words);
	if (ret->key.len == 0) {
		free(ret->key.data);
		ret->key = (struct kv_bytes){ .data = xcalloc(1, 2), .len = 1 };
	}
	w->empty_range = is_empty(ret);
	return 0;
}

void kv_watch_request_done(struct kv_watch_request *r)
{
	free(r->key.data);
	free(r->end.data);
}

/* ---------------------------------------------------------------- messages */

static void begin_message(struct kv_watch *w)
{
	w->sent_ms = clock_mono_ms();
	buf_puts(&w->out, "{\"result\":{");
	kv_add_header(&w->out, w->kv);
	ejson_add_int(&w->out, "watch_id", w->empty_range ? -1 : w->watch_id);
}

static void end_message(struct kv_watch *w)
{
	buf_puts(&w->out, "}}\n");
}

/* Of one revision, more than a message may have: its reader reads again what there is. */
static void write_too_large(struct kv_watch *w)
{
	w->over = true;
	buf_clear(&w->out);
	begin_message(w);
	ejson_add_true(&w->out, "canceled", true);
	ejson_add_int(&w->out, "compact_revision", w->kv->space.rev);
	ejson_add_word(&w->out, "cancel_reason", "etcdserver: a message is too large");
	end_message(w);
}

static void write_created(struct kv_watch *w)
{
	w->created = true;
	begin_message(w);
	ejson_add_true(&w->out, "created", true);
	if (w->empty_range) {
		ejson_add_true(&w->out, "canceled", true);
		ejson_add_word(&w->out, "cancel_reason", "mvcc: watcher range is empty");
		w->over = true;
	}
	end_message(w);
}

static void write_compacted(struct kv_watch *w)
{
	w->over = true;
	begin_message(w);
	ejson_add_true(&w->out, "canceled", true);
	ejson_add_int(&w->out, "compact_revision", w->kv->space.compacted);
	end_message(w);
}

static void write_denied(struct kv_watch *w)
{
	w->over = true;
	begin_message(w);
	ejson_add_true(&w->out, "canceled", true);
	ejson_add_word(&w->out, "cancel_reason", kv_denied.words);
	end_message(w);
}

bool kv_watch_wants(const struct kv_watch *w, const struct kv_change *c)
{
	return !(c->deleted ? w->no_delete : w->no_put) &&
	       kv_watched_has(w->range, c->key);
}

static void add_event(struct kv_watch *w, const struct kv_change *c)
{
	const struct kv_change *prev = w->prev_kv ? kv_before(c) : NULL;

	ejson_open(&w->out, NULL, '{');
	if (c->deleted)
		ejson_add_word(&w->out, "type", "DELETE");
	kv_add_change(&w->out, "kv", c, true);
	if (prev)
		kv_add_change(&w->out, "prev_kv", prev, true);
	ejson_close(&w->out, '}');
}

/* A message may end, and looking may pause, before a change of another revision. */
static bool is_next_revision(const struct kv *kv, size_t i)
{
	return i > 0 && kv->space.log[i]->rev != kv->space.log[i - 1]->rev;
}

/* Writes the next events, in complete revisions. */
static enum kv_watch_step write_events(struct kv_watch *w, size_t *ret_looked)
{
	const struct kv *kv = w->kv;
	size_t first = kv_log_find(&kv->space, w->next_rev);
	size_t i = first;
	bool any = false;

	for (; i < kv->space.n_log; i++) {
		const struct kv_change *c = kv->space.log[i];

		if ((i - first >= LOOK_CHANGES || w->out.len > PIECE_BYTES) &&
		    is_next_revision(kv, i))
			break;
		if (!kv_watch_wants(w, c))
			continue;
		if (!any) {
			begin_message(w);
			ejson_open(&w->out, "events", '[');
		}
		any = true;
		add_event(w, c);
	}
	*ret_looked = i - first;
	if (i < kv->space.n_log)
		w->next_rev = kv->space.log[i]->rev;
	else if (w->next_rev <= kv->space.rev)
		w->next_rev = kv->space.rev + 1;
	if (!any)
		return i < kv->space.n_log ? KV_LOOK_ON : KV_NOTHING_YET;
	ejson_close(&w->out, ']');
	end_message(w);
	if (buf_is_full(&w->out))
		write_too_large(w);
	return KV_MESSAGE;
}

enum kv_watch_step kv_watch_next(struct kv_watch *w, size_t *ret_looked)
{
	enum kv_watch_step step;

	*ret_looked = 0;
	buf_clear(&w->out);
	w->sent = 0;
	if (!w->created) {
		write_created(w);
		return KV_MESSAGE;
	}
	if (w->denied) {
		write_denied(w);
		return KV_MESSAGE;
	}
	if (w->next_rev < w->kv->space.compacted) {
		write_compacted(w);
		return KV_MESSAGE;
	}
	step = write_events(w, ret_looked);
	if (step != KV_NOTHING_YET || !w->report_progress)
		return step;
	w->report_progress = false;
	begin_message(w);
	end_message(w);
	return KV_MESSAGE;
}
