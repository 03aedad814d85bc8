/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_curl.h - what the HTTP clients share: a request put on a curl handle.
 *
 * For http.c and http_async.c alone.
 */
#ifndef COMMON_NET_HTTP_CURL_H
#define COMMON_NET_HTTP_CURL_H

#include "http.h"

#include <curl/curl.h>

DEFINE_CLEANUP(CURL *, curl_easy_cleanup);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all);

#define HTTP_ANSWER_BYTES (1u << 20)
#define HTTP_HEADER_BYTES (64u << 10)

/*
 * A new handle set up for req; *ret_headers must live as long and be freed after it.
 * With copy_body the body may go away after the call.
 */
int http_curl_new(const struct http_req *req, bool copy_body, CURL **ret,
		  struct curl_slist **ret_headers, struct err *err) MUST_CHECK;

/* The code and words for a failed exchange; never 0. text: CURLOPT_ERRORBUFFER's. */
int http_curl_error(CURLcode rc, const char *text, const char *url, struct err *err);

/* A curl header callback whose data is a struct buf: keeps the last answer's headers. */
size_t http_curl_header(char *data, size_t size, size_t n, void *buf);

#endif
