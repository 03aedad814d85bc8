/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h - the answers to the last requests that had an Idempotency-Key, so that a caller
 * whose connection broke can repeat one. They are kept in memory for a day and at most
 * KEPT_MAX of them. It knows no requests, only hashes of their keys and bodies.
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
	KEPT_OTHER_BODY, /* it came with another body before */
	KEPT_RUNNING,    /* its first request has no answer yet */
	KEPT_ANSWERED,   /* *ret is the answer, and the caller's */
};
enum kept_state kept_begin(struct kept *k, const char key[KEPT_KEY],
			   const char body[KEPT_KEY], struct kept_answer *ret);
/* Keeps a copy of the answer of a key that runs; else does nothing. */
void kept_put(struct kept *k, const char *key, unsigned status, const char *type,
	      const void *data, size_t len);
/* A key that runs is unknown again. */
void kept_forget(struct kept *k, const char *key);

#endif
