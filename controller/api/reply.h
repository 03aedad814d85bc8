/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.h - answers a request. At most one of these is called per request.
 */
#ifndef CONTROLLER_API_REPLY_H
#define CONTROLLER_API_REPLY_H

#include "request.h"

/* Takes doc. For a GET it sets an ETag, and may answer 304. */
void reply_json(struct request *r, unsigned status, json_t *doc);
/* {"items":items,"next":next}; takes items. */
void reply_page(struct request *r, json_t *items, const char *next);
/* items may have one more than the page's limit, which is removed; key names the member
 * that is the cursor, a string or an integer. Takes items. */
void reply_items(struct request *r, json_t *items, size_t limit, const char *key);
/*
 * A page of all that there is, which is sorted by the members that keys name (its end is
 * NULL), the cursor. Takes all.
 */
void reply_sorted(struct request *r, json_t *all, const struct page *page,
		  const char *const *keys);
/* Copies data. */
void reply_data(struct request *r, unsigned status, const char *type, const void *data,
		size_t len);
void reply_empty(struct request *r, unsigned status);
/* Whether the caller has what r->etag names: If-None-Match has it, or a star. */
bool reply_is_known(struct request *r);
/* Takes the response. */
void reply_response(struct request *r, unsigned status, struct MHD_Response *response);
void reply_problem(struct request *r, int code, const struct err *err);

#endif
