/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/events/stream: events as server-sent events. */
#include "check.h"
#include "event_feed.h"
#include "handlers.h"
#include "server.h"
#include "text.h"

#define STREAM_MAGIC 0x73736500u
#define BLOCK_BYTES 8192

struct stream {
	uint32_t magic;
	struct event_feed *feed;
	struct event_reader reader;
};

static ssize_t on_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct stream *s = arg;
	ssize_t n;

	(void)pos;
	CHECK_MAGIC(s, STREAM_MAGIC);
	n = event_feed_read(s->feed, &s->reader, out, max);
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void on_free(void *arg)
{
	struct stream *s = arg;

	CHECK_MAGIC(s, STREAM_MAGIC);
	event_feed_remove(s->feed, &s->reader);
	s->magic = 0;
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
	struct stream *s;
	struct MHD_Response *m;
	int64_t from;
	int rc = first_id(r, &from, err);

	if (rc < 0)
		return rc;
	s = xcalloc(1, sizeof(*s));
	s->magic = STREAM_MAGIC;
	s->feed = r->api->event_feed;
	s->reader.conn = r->conn;
	s->reader.token_id = r->token_id;
	s->reader.last_id = from;
	m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, s,
					      on_free);
	CHECK(m);
	(void)MHD_add_response_header(m, "Content-Type", "text/event-stream");
	(void)MHD_add_response_header(m, "Cache-Control", "no-store");
	/* What ends a stream, a token's end or the controller's, ends its connection. */
	(void)MHD_add_response_header(m, "Connection", "close");
	event_feed_add(s->feed, &s->reader);
	reply_response(r, 200, m);
	return 0;
}
