/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "answer.h"
#include "check.h"
#include "clock.h"
#include "store.h"

#include <string.h>

#define PIECE_BYTES (256u << 10) /* a longer message ends after its revision */

/* ---------------------------------------------------------------- the request */

static int parse_members(const json_t *o, struct kv_watch *w, struct err *err)
{
	static const char *const filters[] = { "NOPUT", "NODELETE", NULL };
	const json_t *list;
	int rc;

	if ((rc = ejson_read_bytes(o, "key", &w->key.data, &w->key.len, err)) < 0 ||
	    (rc = ejson_read_bytes(o, "range_end", &w->end.data, &w->end.len, err)) < 0 ||
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

/* An empty key is the first possible key. */
static void normalise(struct kv_watch *w)
{
	size_t n = MIN(w->key.len, w->end.len);
	int c;

	if (w->key.len == 0) {
		free(w->key.data);
		w->key.data = xcalloc(1, 2);
		w->key.len = 1;
	}
	if (w->end.len == 0 || (w->end.len == 1 && w->end.data[0] == '\0'))
		return;
	c = memcmp(w->key.data, w->end.data, n);
	w->empty_range = c > 0 || (c == 0 && w->key.len >= w->end.len);
}

int kv_watch_parse(const json_t *create, struct kv_watch *w, struct err *err)
{
	int rc = parse_members(create, w, err);

	if (rc == 0)
		normalise(w);
	return rc;
}

/* ---------------------------------------------------------------- messages */

static void begin_message(struct kv_watch *w)
{
	buf_clear(&w->out);
	w->sent = 0;
	w->sent_ms = clock_mono_ms();
	buf_puts(&w->out, "{\"result\":{");
	kv_add_header(&w->out, w->kv);
	ejson_add_int(&w->out, "watch_id", w->empty_range ? -1 : w->watch_id);
}

static void end_message(struct kv_watch *w)
{
	buf_puts(&w->out, "}}\n");
	if (buf_is_full(&w->out))
		w->over = true;
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

bool kv_watch_wants(const struct kv_watch *w, const struct kv_change *c)
{
	return !(c->deleted ? w->no_delete : w->no_put) &&
	       kv_in_range(c->key, &w->key, &w->end);
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

/* Writes the next events, in complete revisions; false when there are none. */
static bool write_events(struct kv_watch *w)
{
	const struct kv *kv = w->kv;
	size_t i = kv_log_find(&kv->space, w->next_rev);
	bool any = false;

	for (; i < kv->space.n_log; i++) {
		const struct kv_change *c = kv->space.log[i];

		if (any && w->out.len > PIECE_BYTES &&
		    c->rev != kv->space.log[i - 1]->rev)
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
	if (i < kv->space.n_log)
		w->next_rev = kv->space.log[i]->rev;
	else if (w->next_rev <= kv->space.rev)
		w->next_rev = kv->space.rev + 1;
	if (!any)
		return false;
	ejson_close(&w->out, ']');
	end_message(w);
	return true;
}

bool kv_watch_next(struct kv_watch *w)
{
	if (!w->created) {
		write_created(w);
		return true;
	}
	if (w->next_rev < w->kv->space.compacted) {
		write_compacted(w);
		return true;
	}
	if (write_events(w))
		return true;
	if (!w->report_progress)
		return false;
	w->report_progress = false;
	begin_message(w);
	end_message(w);
	return true;
}
