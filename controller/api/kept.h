/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h - answers to recent requests with an Idempotency-Key, so that a client can
 * repeat one whose connection broke. At most KEPT_MAX are kept in memory, for a day.
 * Requests are known by hashes of key and body.
 */
#ifndef CONTROLLER_API_KEPT_H
#define CONTROLLER_API_KEPT_H

#include "cleanup.h"

#include <stddef.h>

#define KEPT_KEY 65 /* a hash in hex */

struct kept;

struct kept *kept_new(void);
void kept_free(struct kept *k);

struct kept_answer {
	unsigned status;
	char *type;
	char *data;
	size_t len;
};
void kept_answer_done(struct kept_answer *a);
DEFINE_CLEANUP_OBJECT(struct kept_answer, kept_answer_done);

enum kept_state {
	KEPT_NEW,        /* the key is unknown: kept_put() or kept_forget() must follow */
	KEPT_OTHER_BODY, /* the key was used with another body */
	KEPT_RUNNING,    /* its first request is still running */
	KEPT_ANSWERED,   /* *ret is the answer; the caller frees it */
};
enum kept_state kept_begin(struct kept *k, const char key[KEPT_KEY],
			   const char body[KEPT_KEY], struct kept_answer *ret);
/* Keeps a copy of the answer to a running request; no effect on others. */
void kept_put(struct kept *k, const char *key, unsigned status, const char *type,
	      const void *data, size_t len);
/* Forgets a running request, so that its key can be used again. */
void kept_forget(struct kept *k, const char *key);

#endif
