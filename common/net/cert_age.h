/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cert_age.h - connections that are kept end with the client certificate they began with.
 *
 * A certificate may be replaced by a newer one under the same name. A connection that
 * began with the old one is not used any more: its peer refuses it. For http_async.c.
 */
#ifndef COMMON_NET_CERT_AGE_H
#define COMMON_NET_CERT_AGE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <time.h>

/* All zero: no connection was made yet. */
struct cert_age {
	char *file;
	struct timespec written; /* when it was first used */
	bool is_replaced;        /* since then: there may be older connections */
};
void cert_age_done(struct cert_age *a);

/* The handle uses no connection that began before the file was written. */
void cert_age_set(struct cert_age *a, CURL *h, const char *cert_file);

#endif
