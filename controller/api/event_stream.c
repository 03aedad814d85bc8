/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream with nothing to send is suspended; the ticker wakes it when there may be new
 * events, and regularly for a comment that shows both ends that the connection is alive.
 */
#include "event_stream.h"

#include "check.h"
#include "handlers.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

#define STREAM_MAGIC 0x73736500u
#define STREAM_MAX_BYTES (1 << 20)
#define STREAM_BATCH 100
#define BLOCK_BYTES 8192

struct api_stream {
	uint32_t magic;
	struct api *api;
	struct MHD_Connection *conn;
	struct api_stream *next;
	int64_t last_id;
	bool is_suspended;
	bool wants_beat;
	bool look; /* there may be new events */
	struct buf out;
};

void api_streams_wake(struct api *api, bool heartbeat)
{
	for (struct api_stream *s = api->streams; s; s = s->next) {
		s->wants_beat = s->wants_beat || heartbeat;
		s->look = true;
		if (!s->is_suspended)
			continue;
		s->is_suspended = false;
		MHD_resume_connection(s->conn);
	}
}

static int read_events(struct api_stream *s, struct err *err)
{
	CLEANUP(db_event_list_done) struct db_event_list list = { NULL, 0 };
	const struct db_event_filter f = { .after_id = s->last_id,
					   .limit = STREAM_BATCH };
	int rc = db_event_list(s->api->db, &f, &list, err);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		CLEANUP(json_decref) json_t *doc = event_json(&list.v[i]);
		CLEANUP(free) char *text = json_dumps(doc, JSON_COMPACT);

		CHECK(text);
		buf_printf(&s->out, "id: %" PRId64 "\nevent: %s\ndata: %s\n\n",
			   list.v[i].id, list.v[i].kind, text);
		s->last_id = list.v[i].id;
	}
	return rc;
}

/* Called for more bytes: sends the rest of out, else new events, else suspends. */
static ssize_t on_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct api_stream *s = arg;
	bool beat;
	size_t n;

	(void)pos;
	CHECK_MAGIC(s, STREAM_MAGIC);
	if (s->out.len == 0) {
		pthread_mutex_lock(&s->api->lock);
		s->look = false;
		beat = s->wants_beat;
		s->wants_beat = false;
		n = s->api->stopping;
		pthread_mutex_unlock(&s->api->lock);
		if (n || read_events(s, NULL) < 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (beat && s->out.len == 0)
			buf_puts(&s->out, ":\n\n");
	}
	if (s->out.len == 0) {
		pthread_mutex_lock(&s->api->lock);
		if (!s->look && !s->api->stopping) {
			s->is_suspended = true;
			MHD_suspend_connection(s->conn);
		}
		pthread_mutex_unlock(&s->api->lock);
		return 0;
	}
	n = MIN(max, s->out.len);
	memcpy(out, s->out.data, n);
	buf_drop(&s->out, n);
	return (ssize_t)n;
}

static void on_free(void *arg)
{
	struct api_stream *s = arg;
	struct api_stream **p = &s->api->streams;

	CHECK_MAGIC(s, STREAM_MAGIC);
	pthread_mutex_lock(&s->api->lock);
	while (*p && *p != s)
		p = &(*p)->next;
	if (*p)
		*p = s->next;
	pthread_mutex_unlock(&s->api->lock);
	buf_done(&s->out);
	free(s);
}

/* The id to start after: Last-Event-ID or ?since=, else the newest. */
static int first_id(struct request *r, int64_t *ret, struct err *err)
{
	CLEANUP(db_event_list_done) struct db_event_list newest = { NULL, 0 };
	const struct db_event_filter f = { .newest = true, .limit = 1 };
	const char *last = request_header(r, "Last-Event-ID");
	int rc;

	if (last && conf_parse_int(last, ret, NULL) == 0 && *ret >= 0)
		return 0;
	if (request_query(r, "since"))
		return request_query_int(r, "since", 0, INT64_MAX, ret, err);
	rc = db_event_list(r->api->db, &f, &newest, err);
	if (rc == 0)
		*ret = newest.n ? newest.v[0].id : 0;
	return rc;
}

int api_event_stream(struct request *r, struct err *err)
{
	struct api_stream *s;
	struct MHD_Response *m;
	int64_t from;
	int rc = first_id(r, &from, err);

	if (rc < 0)
		return rc;
	s = xcalloc(1, sizeof(*s));
	s->magic = STREAM_MAGIC;
	s->api = r->api;
	s->conn = r->conn;
	s->last_id = from;
	buf_init(&s->out, STREAM_MAX_BYTES);
	buf_puts(&s->out, "retry: 1000\n\n");
	m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, s,
					      on_free);
	CHECK(m);
	(void)MHD_add_response_header(m, "Content-Type", "text/event-stream");
	(void)MHD_add_response_header(m, "Cache-Control", "no-store");
	pthread_mutex_lock(&r->api->lock);
	s->next = r->api->streams;
	r->api->streams = s;
	pthread_mutex_unlock(&r->api->lock);
	reply_response(r, 200, m);
	return 0;
}
