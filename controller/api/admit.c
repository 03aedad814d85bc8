/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admit.h"

#include "auth.h"
#include "bodies.h"
#include "crowd.h"
#include "peers.h"
#include "routes.h"
#include "server.h"
#include "strict.h"

#include <string.h>

bool admit_announces_body(struct request *r)
{
	const char *length = request_header(r, "Content-Length");

	return request_header(r, "Transfer-Encoding") ||
	       (length && strcmp(length, "0") != 0);
}

int admit_size(struct request *r, struct err *err)
{
	const char *length = request_header(r, "Content-Length");

	if ((length && strtoull(length, NULL, 10) > r->route->body_max) ||
	    buf_is_full(&r->body))
		return request_fail(r, 413, err, "the body is larger than %zu bytes",
				    r->route->body_max);
	return 0;
}

static bool is_media_type(const char *have, const char *want)
{
	size_t n = strlen(want);

	return strncasecmp(have, want, n) == 0 && strchr("; \t", have[n]) != NULL;
}

static int check_type(struct request *r, struct err *err)
{
	const char *type = request_header(r, "Content-Type");

	if (r->route->body == API_NO_BODY || r->route->body == API_OPAQUE)
		return 0;
	if (!type)
		type = "";
	if (is_media_type(type, "application/json") ||
	    (strcmp(r->method, "PATCH") == 0 &&
	     is_media_type(type, "application/merge-patch+json")) ||
	    (r->route->body == API_TEXT &&
	     (is_media_type(type, "text/plain") || is_media_type(type, "text/csv"))))
		return 0;
	return request_fail(r, 415, err, "the body must be %s",
			    r->route->body == API_JSON
				    ? "application/json"
				    : "text/plain, text/csv or application/json");
}

/* Who is known leaves the places of strangers. */
static int take_place(struct request *r, struct err *err)
{
	if (r->role == API_ANYONE || !r->peer || peers_known(r->peer, r->caller))
		return 0;
	r->ends_connection = true;
	r->retry_s = 1;
	return request_fail(r, 429, err,
			    "all connections that %s may have are at work: use fewer",
			    r->role == API_HOST ? "a host" : "a token");
}

static bool is_stream(const struct request *r)
{
	const size_t n = strlen(r->path), tail = strlen("/watch");

	return strcmp(r->path, "/v1/events/stream") == 0 ||
	       (r->route == &api_kv_route && n > tail &&
		strcmp(r->path + n - tail, "/watch") == 0);
}

int admit_stream(struct request *r, struct err *err)
{
	if (!is_stream(r) || r->role == API_ANYONE || !r->peer || peers_stream(r->peer))
		return 0;
	r->retry_s = 1;
	crowd_note(r->api->crowd, CROWD_CONNECTIONS, r->caller);
	return request_fail(r, 429, err, "too many streams of %s are open: use fewer",
			    r->caller);
}

int admit(struct request *r, struct err *err)
{
	int rc = strict_check(r, err);

	r->has_begun = true;
	if (rc < 0)
		return rc;
	if (!r->route) {
		if (strcmp(r->allow, "") != 0)
			return request_fail(r, 405, err, "%s is not allowed here",
					    r->method);
		return strcmp(r->method, "GET") == 0
			       ? 0
			       : request_fail(r, 404, err, "there is no %s", r->path);
	}
	rc = api_authorize(r, err);
	if (rc == 0)
		rc = take_place(r, err);
	if (rc == 0)
		rc = request_query_known(r, err);
	if (rc == 0)
		rc = admit_size(r, err);
	if (rc == 0 && admit_announces_body(r))
		rc = check_type(r, err);
	return rc;
}

/* ---------------------------------------------------------------- what bodies cost */

static enum bodies_share share_of(const struct request *r)
{
	if (r->role != API_HOST)
		return BODIES_OF_PEOPLE;
	return r->is_programs ? BODIES_OF_PROGRAMS : BODIES_OF_HOSTS;
}

void admit_room(struct request *r, size_t n)
{
	if (r->is_crowded || n <= r->room || n <= BODIES_SMALL)
		return;
	if (bodies_take(r->api->bodies, share_of(r), r->caller, r->room, n)) {
		r->room = n;
		return;
	}
	r->is_crowded = true;
	crowd_note(r->api->crowd, CROWD_REQUESTS, r->caller);
}

void admit_room_done(struct request *r)
{
	bodies_give(r->api->bodies, share_of(r), r->caller, r->room);
}

int admit_pay(struct request *r, struct err *err)
{
	if (!r->route || r->role != API_HOST || r->route->body != API_JSON)
		return 0;
	r->retry_s = bodies_pay(r->api->bodies, r->caller, r->body.len);
	if (r->retry_s == 0)
		return 0;
	crowd_note(r->api->crowd, CROWD_REQUESTS, r->caller);
	return request_fail(r, 429, err, "%s sends too much at once: wait", r->caller);
}
