/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_curl.h - a request set up on a curl handle, for both HTTP clients.
 *
 * For http.c and http_async.c alone.
 */
#ifndef COMMON_NET_HTTP_CURL_H
#define COMMON_NET_HTTP_CURL_H

#include "http.h"

#include <curl/curl.h>

DEFINE_CLEANUP(CURL *, curl_easy_cleanup);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all);
DEFINE_CLEANUP(CURLU *, curl_url_cleanup);
DEFINE_CLEANUP(char *, curl_free);

#define HTTP_ANSWER_BYTES (1u << 20)
#define HTTP_HEADER_BYTES (64u << 10)

/*
 * A new handle set up for req; *ret_headers must be freed after the handle.
 * With copy_body the body need not remain valid after the call.
 */
int http_curl_new(const struct http_req *req, bool copy_body, CURL **ret,
		  struct curl_slist **ret_headers, struct err *err) MUST_CHECK;

/* The limits of a request, with the defaults put in. */
struct http_limits {
	int64_t connect_ms;
	int64_t all_ms; /* -1: none */
};
struct http_limits http_limits(const struct http_req *req);

/* Whose addresses a request needs. */
struct http_place {
	char *name; /* NULL: none */
	long port;
};
/* False when nothing is to be looked up for it. */
bool http_place_read(const struct http_req *req, struct http_place *ret);
void http_place_done(struct http_place *p);

/* The code and message for a failed exchange; never 0. text: CURLOPT_ERRORBUFFER's. */
int http_curl_error(CURLcode rc, const char *text, const char *url, struct err *err);

/* A curl header callback whose data is a struct buf: keeps the last answer's headers. */
size_t http_curl_header(char *data, size_t size, size_t n, void *buf);

#endif
