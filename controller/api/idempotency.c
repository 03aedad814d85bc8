/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "idempotency.h"

#include "check.h"
#include "repeats.h"
#include "reply.h"
#include "server.h"
#include "trust.h"

#include <string.h>

#define KEY_MAX 200

static void refuse(struct request *r, unsigned status, const char *words)
{
	struct err e = { .code = 0, .msg = "" };

	r->fail_status = status;
	reply_problem(r, err_set(&e, ERR_CONFLICT, "%s", words), &e);
}

/* A hash of the body and the query: both must be the same in a repetition. */
static void body_hash(struct request *r, char ret[65])
{
	char both[130];

	token_hash_bytes(r->target, strlen(r->target), both);
	token_hash_bytes(buf_str(&r->body), r->body.len, both + 64);
	token_hash_bytes(both, strlen(both), ret);
}

static void answer_again(struct request *r, const struct repeats_answer *a)
{
	reply_data(r, a->status, a->type, a->data, a->len);
	(void)MHD_add_response_header(r->answer, "Idempotency-Replayed", "true");
}

bool api_repeated(struct request *r)
{
	const char *given = request_header(r, "Idempotency-Key");
	CLEANUP(repeats_answer_done) struct repeats_answer answer = { 0 };
	CLEANUP(free) char *scoped = NULL;
	char key[REPEATS_KEY], body[REPEATS_KEY];

	if (!given || strcmp(r->method, "POST") != 0 || r->role < API_VIEWER)
		return false;
	if (!*given || strlen(given) > KEY_MAX) {
		refuse(r, 400, "an Idempotency-Key must have 1 to 200 characters");
		return true;
	}
	scoped = xasprintf("%s\n%s\n%s", r->caller, r->path, given);
	token_hash_bytes(scoped, strlen(scoped), key);
	body_hash(r, body);
	switch (repeats_begin(r->api->repeats, r->token_id, key, body, &answer)) {
	case REPEATS_NEW:
		r->kept_key = xstrdup(key);
		return false;
	case REPEATS_OTHER_BODY:
		refuse(r, 422, "this Idempotency-Key was used before with another body");
		break;
	case REPEATS_RUNNING:
		refuse(r, 409, "the first request with this key is still running");
		break;
	case REPEATS_FULL:
		refuse(r, 429, "too many requests with an Idempotency-Key run: wait");
		break;
	case REPEATS_ANSWERED:
		answer_again(r, &answer);
		break;
	}
	return true;
}
