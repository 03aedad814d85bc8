/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeats.h - answers to recent requests with an Idempotency-Key, so that a client can
 * repeat one whose connection broke. They are kept in memory for a day, of each caller
 * the latest 64, and 2 MB: who sends many loses his own, not those of others. Requests
 * are known by hashes of key and body.
 */
#ifndef CONTROLLER_API_REPEATS_H
#define CONTROLLER_API_REPEATS_H

#include "cleanup.h"

#include <stddef.h>
#include <stdint.h>

#define REPEATS_KEY 65 /* a hash in hex */

struct repeats;

struct repeats *repeats_new(void);
void repeats_free(struct repeats *k);

struct repeats_answer {
	unsigned status;
	char *type;
	char *data;
	size_t len;
};
void repeats_answer_done(struct repeats_answer *a);
DEFINE_CLEANUP_OBJECT(struct repeats_answer, repeats_answer_done);

enum repeats_state {
	REPEATS_NEW, /* the key is unknown: repeats_put() or repeats_forget() must follow
		      */
	REPEATS_OTHER_BODY, /* the key was used with another body */
	REPEATS_RUNNING,    /* its first request is still running */
	REPEATS_ANSWERED,   /* *ret is the answer; the caller frees it */
	REPEATS_FULL,       /* too many of the caller are running */
};
/* caller: the id of its token. */
enum repeats_state repeats_begin(struct repeats *k, int64_t caller,
				 const char key[REPEATS_KEY],
				 const char body[REPEATS_KEY],
				 struct repeats_answer *ret);
/* Keeps a copy of the answer to a running request; no effect on others. */
void repeats_put(struct repeats *k, const char *key, unsigned status, const char *type,
		 const void *data, size_t len);
/* Forgets a running request, so that its key can be used again. */
void repeats_forget(struct repeats *k, const char *key);

#endif
