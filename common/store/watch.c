/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches: a stream of events, resumed after each failure. */
#include "call.h"
#include "check.h"
#include "clock.h"
#include "etcd_json.h"
#include "session.h"
#include "text.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define STORE_WATCH_MAGIC 0x73777463u

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 3000
#define STEADY_MS 5000
#define CREATE_MS 3000 /* then another endpoint is tried */
#define LINE_BYTES (64u << 20)

struct store_watch {
	uint32_t magic;
	struct store *s;
	struct store_watch *next, **link;
	struct buf range; /* "key":..,"range_end":.. */
	int64_t next_rev; /* the first not reported; 0: from now on */
	bool prev_kv;
	store_watch_fn *fn;
	void *arg;
	struct store_signed *http;
	struct loop_timer *timer; /* for a retry, or a missing confirmation */
	size_t endpoint, tries;
	int64_t created_ms; /* when the stream was confirmed; 0: it is not */
	bool over;
	bool in_fn, stopped; /* stopped inside its own callback */
	struct buf line;     /* the incomplete line */
};

/* Calls back; false when the watch was freed or has ended after that. */
static bool report(struct store_watch *w, const struct store_event *events, size_t n,
		   int64_t rev, const struct err *err)
{
	w->in_fn = true;
	w->fn(w->arg, events, n, rev, err);
	w->in_fn = false;
	if (!w->stopped)
		return !w->over;
	store_watch_free(w);
	return false;
}

static void start(struct store_watch *w);

/* ---------------------------------------------------------------- failure */

static void hang_up(struct store_watch *w)
{
	store_signed_cancel(w->http);
	w->http = NULL;
	w->created_ms = 0;
	buf_clear(&w->line);
}

/* Permanently: the user must act. */
static bool end_watch(struct store_watch *w, int64_t rev, const struct err *err)
{
	hang_up(w);
	loop_timer_unset(w->timer);
	w->over = true;
	return report(w, NULL, 0, rev, err);
}

/* Temporarily: retries, at once when there is another endpoint. */
static bool retry(struct store_watch *w, const struct err *err)
{
	int64_t wait = RETRY_MIN_MS;

	/* No hurry with a server that confirms and disconnects at once. */
	if (w->created_ms && clock_mono_ms() - w->created_ms > STEADY_MS)
		w->tries = 0;
	hang_up(w);
	store_endpoint_failed(w->s, w->endpoint, err);
	for (size_t i = w->s->n_endpoints; i < w->tries && wait < RETRY_MAX_MS; i++)
		wait *= 2;
	wait = MIN(wait, RETRY_MAX_MS);
	if (w->tries < w->s->n_endpoints)
		wait = 0;
	/* Many clients lose a server at the same moment. */
	loop_timer_in(w->timer, wait + random() % (wait / 2 + 1));
	return report(w, NULL, 0, w->next_rev ? w->next_rev - 1 : 0, err);
}

/* With a new token; the endpoint works. */
static void sign_again(struct store_watch *w)
{
	const int64_t wait = (int64_t)RETRY_MIN_MS << MIN(w->tries, 5);

	hang_up(w);
	loop_timer_in(w->timer, MIN(wait, RETRY_MAX_MS));
}

/* An unreadable answer; that does not end the watch. */
static bool garbled(struct store_watch *w, struct err *err)
{
	err->code = ERR_PROTO;
	return retry(w, err);
}

static bool failed(struct store_watch *w, const struct err *err)
{
	switch (err->code) {
	case ERR_LIMIT:
	case ERR_INVAL:
	case ERR_DENIED:
		return end_watch(w, 0, err);
	default:
		return retry(w, err);
	}
}

/* ---------------------------------------------------------------- events */

struct events {
	struct store_event *list;
	size_t n;
};

static void events_done(struct events *e)
{
	for (size_t i = 0; i < e->n; i++) {
		store_kv_done(&e->list[i].kv);
		store_kv_done(&e->list[i].prev);
	}
	free(e->list);
}
DEFINE_CLEANUP_OBJECT(struct events, events_done);

static int read_event(const json_t *o, struct store_event *ret, struct err *err)
{
	static const char *const types[] = { "PUT", "DELETE", NULL };
	const json_t *prev = ejson_get(o, "prev_kv");
	int type;
	int rc = ejson_read_enum(o, "type", types, &type, err);

	if (rc == 0)
		rc = store_wire_kv(ejson_get(o, "kv"), &ret->kv, err);
	ret->deleted = type == 1;
	if (rc == 0 && prev) {
		rc = store_wire_kv(prev, &ret->prev, err);
		ret->has_prev = rc == 0;
	}
	return rc;
}

static int read_events(const json_t *result, struct events *e, struct err *err)
{
	const json_t *list;
	int rc = ejson_read_array(result, "events", &list, err);

	if (rc < 0)
		return rc;
	e->list = xcalloc(json_array_size(list) + 1, sizeof(*e->list));
	for (; rc == 0 && e->n < json_array_size(list); e->n++)
		rc = read_event(json_array_get(list, e->n), &e->list[e->n], err);
	return rc;
}

static bool on_created(struct store_watch *w, int64_t rev)
{
	w->created_ms = clock_mono_ms();
	loop_timer_unset(w->timer);
	store_endpoint_worked(w->s, w->endpoint);
	if (w->next_rev == 0)
		w->next_rev = rev + 1;
	if (rev < w->next_rev - 1) {
		struct err err;

		err_set(&err, ERR_LIMIT, "the store went back from revision %lld to %lld",
			(long long)w->next_rev - 1, (long long)rev);
		return end_watch(w, 0, &err);
	}
	return report(w, NULL, 0, w->next_rev - 1, NULL);
}

static bool on_canceled(struct store_watch *w, const json_t *result)
{
	int64_t compact_rev = 0;
	const char *why = json_string_value(ejson_get(result, "cancel_reason"));
	struct err err;

	if (ejson_read_int(result, "compact_revision", &compact_rev, &err) == 0 &&
	    compact_rev > 0) {
		err_set(&err, ERR_LIMIT,
			"history before revision %lld was compacted away",
			(long long)compact_rev);
		return end_watch(w, compact_rev, &err);
	}
	if (why && strstr(why, "range is empty")) {
		err_set(&err, ERR_INVAL, "the store rejected the watch: %s", why);
		return end_watch(w, 0, &err);
	}
	if (store_signed_is_refused(w->http, why)) {
		sign_again(w);
		return false;
	}
	if (why &&
	    (strstr(why, "permission denied") || strstr(why, "user name is empty"))) {
		err_set(&err, ERR_DENIED, "the store ended the watch: %s", why);
		return end_watch(w, 0, &err);
	}
	err_set(&err, ERR_UNAVAIL, "the store ended the watch: %s",
		why ? why : "no reason");
	return retry(w, &err);
}

static bool on_events(struct store_watch *w, const json_t *result)
{
	CLEANUP(events_done) struct events e = { 0 };
	size_t skip = 0;
	struct err err;
	int rc = read_events(result, &e, &err);

	if (rc < 0)
		return garbled(w, &err);
	/* After a reconnection nothing is reported twice, whatever the server sends. */
	while (skip < e.n && e.list[skip].kv.mod_rev < w->next_rev)
		skip++;
	if (e.n == skip)
		return true;
	w->next_rev = e.list[e.n - 1].kv.mod_rev + 1;
	return report(w, e.list + skip, e.n - skip, w->next_rev - 1, NULL);
}

static bool on_line(struct store_watch *w, const char *text, size_t n)
{
	CLEANUP(json_decref) json_t *doc = json_loadb(text, n, 0, NULL);
	const json_t *result = json_object_get(doc, "result");
	int64_t rev = 0;
	struct err err;

	if (!doc) {
		err_set(&err, ERR_PROTO, "a line of a watch is not JSON");
		return retry(w, &err);
	}
	if (store_wire_doc_error(doc, &err) < 0)
		return failed(w, &err);
	if (store_wire_rev(result, &rev, &err) < 0)
		return garbled(w, &err);
	if (json_is_true(ejson_get(result, "canceled")))
		return on_canceled(w, result);
	if (json_is_true(ejson_get(result, "created")))
		return on_created(w, rev);
	return on_events(w, result);
}

/* ---------------------------------------------------------------- the stream */

static const struct err *too_long(struct err *err)
{
	err_set(err, ERR_LIMIT, "a message of a watch is over %u bytes", LINE_BYTES);
	return err;
}

/* The rest of a line arrived; false to stop reading the stream. */
static bool take_line(struct store_watch *w, const char *data, size_t n)
{
	/* Taken first, since the callback may start or stop anything. */
	CLEANUP(buf_done) struct buf line = w->line;

	buf_init(&w->line, LINE_BYTES);
	buf_add(&line, data, n);
	if (line.len == 0)
		return true;
	if (buf_is_full(&line))
		return end_watch(w, 0, too_long(&(struct err){ 0 }));
	return on_line(w, line.data, line.len) && w->http;
}

static void on_data(void *arg, const char *data, size_t n)
{
	struct store_watch *w = arg;
	const char *end;

	CHECK_MAGIC(w, STORE_WATCH_MAGIC);
	while ((end = memchr(data, '\n', n))) {
		if (!take_line(w, data, (size_t)(end - data)))
			return;
		n -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	buf_add(&w->line, data, n);
	if (buf_is_full(&w->line))
		(void)end_watch(w, 0, too_long(&(struct err){ 0 }));
}

static void on_http(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct store_watch *w = arg;
	struct err ended;

	(void)sent;
	CHECK_MAGIC(w, STORE_WATCH_MAGIC);
	w->http = NULL;
	if (!res)
		(void)retry(w, err);
	else if (res->status != 200) {
		(void)store_wire_error(res->status, buf_str(&res->body), res->body.len,
				       &ended);
		/* Nothing is lost: it asked for more than it may, and asks again later.
		 */
		if (res->status == 429) {
			ended.code = ERR_UNAVAIL;
			(void)retry(w, &ended);
		} else {
			(void)failed(w, &ended);
		}
	} else {
		err_set(&ended, ERR_UNAVAIL, "the store ended the watch's connection");
		(void)retry(w, &ended);
	}
}

static void on_timer(void *arg)
{
	struct store_watch *w = arg;
	struct err err;

	CHECK_MAGIC(w, STORE_WATCH_MAGIC);
	if (!w->http) {
		start(w);
		return;
	}
	err_set(&err, ERR_TIMEOUT, "%s does not confirm the watch",
		w->s->endpoints[w->endpoint].url);
	(void)retry(w, &err);
}

static void start(struct store_watch *w)
{
	/* etcd ends a watch on a member that lost its leader only on request. */
	static const char *const headers[] = { "Grpc-Metadata-hasleader: true", NULL };
	CLEANUP(buf_done) struct buf body;
	struct http_req req;

	w->endpoint = store_endpoint_choose(w->s, w->tries++);
	buf_init(&body, STORE_REQUEST_BYTES);
	buf_puts(&body, "{\"create_request\":{");
	buf_puts(&body, buf_str(&w->range));
	ejson_add_int(&body, "start_revision", w->next_rev);
	ejson_add_true(&body, "prev_kv", w->prev_kv);
	buf_puts(&body, "}}");
	req = store_request(w->s);
	req.headers = headers;
	req.body = buf_str(&body);
	req.body_len = body.len;
	req.timeout_ms = -1;
	buf_clear(&w->line);
	loop_timer_in(w->timer, CREATE_MS);
	w->http = store_signed_start(w->s, w->endpoint, "/v3/watch", &req, on_data,
				     on_http, w);
}

struct store_watch *store_watch(struct store *s, const char *key, const char *end,
				int64_t from_rev, bool prev_kv, store_watch_fn *fn,
				void *arg)
{
	struct store_watch *w = xcalloc(1, sizeof(*w));

	CHECK_MAGIC(s, STORE_MAGIC);
	w->magic = STORE_WATCH_MAGIC;
	w->s = s;
	w->next_rev = from_rev;
	w->prev_kv = prev_kv;
	w->fn = fn;
	w->arg = arg;
	w->timer = loop_timer_new(s->loop, on_timer, w);
	buf_init(&w->range, STORE_REQUEST_BYTES);
	store_wire_add_range(&w->range, key, end);
	buf_init(&w->line, LINE_BYTES);
	w->next = s->watches;
	if (w->next)
		w->next->link = &w->next;
	w->link = &s->watches;
	s->watches = w;
	start(w);
	return w;
}

void store_watch_free(struct store_watch *w)
{
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	store_signed_cancel(w->http);
	loop_timer_free(w->timer);
	buf_done(&w->range);
	buf_done(&w->line);
	w->magic = 0;
	free(w);
}

void store_watch_stop(struct store_watch *w)
{
	if (!w)
		return;
	CHECK_MAGIC(w, STORE_WATCH_MAGIC);
	if (w->in_fn)
		w->stopped = true;
	else
		store_watch_free(w);
}
