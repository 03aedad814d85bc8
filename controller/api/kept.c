/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Idempotency-Key: the answers to the last POSTs that had one, so that a caller whose
 * connection broke can ask again. Kept in memory for a day and at most KEPT_MAX of them.
 */
#include "server.h"

#include "check.h"
#include "clock.h"
#include "trust.h"

#include <string.h>

#define KEPT_MAX 1024
#define KEPT_MS (24 * 3600 * 1000LL)
#define KEY_MAX 200

struct kept {
	char key[65]; /* hash of caller, path and key; "" when free */
	char body[65];
	int64_t at_mono_ms;
	bool is_running;
	unsigned status;
	char *type;
	char *data;
	size_t len;
};

struct api_replays {
	pthread_mutex_t lock;
	struct kept v[KEPT_MAX];
};

static void kept_clear(struct kept *k)
{
	free(k->type);
	free(k->data);
	memset(k, 0, sizeof(*k));
}

struct api_replays *api_replays_new(void)
{
	struct api_replays *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void api_replays_free(struct api_replays *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		kept_clear(&p->v[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct kept *find(struct api_replays *p, const char *key)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (strcmp(p->v[i].key, key) == 0)
			return &p->v[i];
	return NULL;
}

/* A free place, or the oldest. */
static struct kept *place(struct api_replays *p)
{
	int64_t now = clock_mono_ms();
	struct kept *oldest = &p->v[0];

	for (size_t i = 0; i < KEPT_MAX; i++) {
		struct kept *k = &p->v[i];

		if (*k->key && now - k->at_mono_ms > KEPT_MS && !k->is_running)
			kept_clear(k);
		if (!*k->key)
			return k;
		if (k->at_mono_ms < oldest->at_mono_ms)
			oldest = k;
	}
	kept_clear(oldest);
	return oldest;
}

static void answer_again(struct request *r, const struct kept *k)
{
	reply_data(r, k->status, k->type, k->data, k->len);
	(void)MHD_add_response_header(r->answer, "Idempotency-Replayed", "true");
}

static void refuse(struct request *r, unsigned status, const char *words)
{
	struct err e = { .code = 0, .msg = "" };

	r->fail_status = status;
	reply_problem(r, err_set(&e, ERR_CONFLICT, "%s", words), &e);
}

/* The body and what the query asks for: another one is another request. */
static void body_hash(struct request *r, char ret[65])
{
	CLEANUP(free)
	char *text = xasprintf("%s %s %s", request_query(r, "dry_run") ?: "",
			       request_query(r, "stack") ?: "",
			       request_query(r, "tier") ?: "");
	char part[65], both[130];

	token_hash_bytes(text, strlen(text), part);
	token_hash_bytes(buf_str(&r->body), r->body.len, ret);
	snprintf(both, sizeof(both), "%s%s", part, ret);
	token_hash_bytes(both, strlen(both), ret);
}

bool api_replay(struct request *r)
{
	const char *given = request_header(r, "Idempotency-Key");
	struct api_replays *p = r->api->replays;
	CLEANUP(free) char *scoped = NULL;
	char key[65], body[65];
	struct kept *k;
	bool ret = true;

	if (!given || strcmp(r->method, "POST") != 0 || r->role < API_VIEWER)
		return false;
	if (!*given || strlen(given) > KEY_MAX) {
		refuse(r, 400, "an Idempotency-Key has 1 to 200 characters");
		return true;
	}
	scoped = xasprintf("%s\n%s\n%s", r->who, r->path, given);
	token_hash_bytes(scoped, strlen(scoped), key);
	body_hash(r, body);
	pthread_mutex_lock(&p->lock);
	k = find(p, key);
	if (!k) {
		k = place(p);
		snprintf(k->key, sizeof(k->key), "%s", key);
		snprintf(k->body, sizeof(k->body), "%s", body);
		k->at_mono_ms = clock_mono_ms();
		k->is_running = true;
		r->replay_key = xstrdup(key);
		ret = false;
	} else if (strcmp(k->body, body) != 0) {
		refuse(r, 422, "this Idempotency-Key came with another body before");
	} else if (k->is_running) {
		refuse(r, 409, "the first request with this key is still running");
	} else {
		answer_again(r, k);
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}

void api_replay_keep(struct request *r, const char *type, const void *body, size_t len)
{
	struct api_replays *p = r->api->replays;
	struct kept *k;

	pthread_mutex_lock(&p->lock);
	k = find(p, r->replay_key);
	if (k && k->is_running) {
		k->is_running = false;
		k->status = r->status;
		k->type = xstrdup(type);
		k->data = xstrndup(body, len);
		k->len = len;
	}
	pthread_mutex_unlock(&p->lock);
}

void api_replay_forget(struct request *r)
{
	struct api_replays *p = r->api->replays;
	struct kept *k;

	pthread_mutex_lock(&p->lock);
	k = find(p, r->replay_key);
	if (k && k->is_running)
		kept_clear(k);
	pthread_mutex_unlock(&p->lock);
}
