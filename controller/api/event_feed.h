/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_feed.h - new events, read by one thread for all streams that send them.
 *
 * What a stream is to send is put into its buffer, once that is empty; libmicrohttpd's
 * threads only copy from there, so that no database that is slow, and no crowd of
 * viewers, keeps them from hosts. Streams of one token that stand at the same event cost
 * one reading. A stream ends with its token, and when events cannot be read.
 */
#ifndef CONTROLLER_API_EVENT_FEED_H
#define CONTROLLER_API_EVENT_FEED_H

#include "api.h"
#include "buf.h"

struct event_feed;

struct event_reader {
	struct MHD_Connection *conn;
	int64_t token_id; /* whose it is */
	int64_t last_id;  /* of the events, the last one in out or sent */

	/* Of the feed, under its lock. */
	struct buf out; /* to be sent */
	bool is_over;   /* what is in out is the last of it */
	bool is_due;    /* there may be new events */
	bool wants_beat;
	bool is_suspended;
	uint64_t turn; /* who was looked at first is next */
	struct event_reader *next;
};

struct event_feed *event_feed_new(struct api *api);
/* Ends all readers, also those that are still to come; waits for a reading. */
void event_feed_stop(struct event_feed *f);
void event_feed_free(struct event_feed *f); /* after the last reader */

/* There may be new events. heartbeat: whoever has none is to send a comment. */
void event_feed_wake(struct event_feed *f, bool heartbeat);

/* The feed keeps r until event_feed_remove(). */
void event_feed_add(struct event_feed *f, struct event_reader *r);
void event_feed_remove(struct event_feed *f, struct event_reader *r);
/*
 * For libmicrohttpd: how many bytes were put into out; 0: there are none now, and the
 * connection is suspended until there are; negative: there will be none. Does not wait.
 */
ssize_t event_feed_read(struct event_feed *f, struct event_reader *r, char *out,
			size_t max);

#endif
