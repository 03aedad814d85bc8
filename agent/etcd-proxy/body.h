/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * body.h - where the body of an HTTP/1.1 message ends.
 */
#ifndef AGENT_ETCD_PROXY_BODY_H
#define AGENT_ETCD_PROXY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum body_part {
	BODY_NONE, /* the body is over: a head follows */
	BODY_LENGTH,
	BODY_TO_THE_END, /* of the connection */
	BODY_SIZE,       /* the rest are of a chunked one */
	BODY_SIZE_END,
	BODY_CHUNK,
	BODY_CHUNK_END,
	BODY_TRAILER,
	BODY_TRAILER_LINE,
};

struct body {
	enum body_part part;
	uint64_t left;
	unsigned digits;
	bool strict; /* a chunked one has neither extensions nor trailers */
};

void body_of_length(struct body *b, uint64_t length);
void body_chunked(struct body *b, bool strict);
void body_to_the_end(struct body *b);

/* How many of n bytes belong to it; fewer than n: it is over. -1: it is malformed. */
ssize_t body_take(struct body *b, const char *data, size_t n);

#endif
