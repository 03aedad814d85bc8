/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "auth.h"

#include "check.h"
#include "clock.h"
#include "etcd_json.h"
#include "wire.h"

#include <string.h>

#define AUTH_MAGIC 0x73617574u
#define AUTH_PATH "/v3/auth/authenticate"
#define BODY_BYTES 16384u
#define PAUSE_FIRST_MS 500
#define PAUSE_MOST_MS 15000

struct store_auth {
	uint32_t magic;
	struct store *s;
	store_auth_fn *fn;
	void (*on_token)(void *arg, const char *token);
	void *token_arg;
	char *user, *token;
	struct buf body; /* with the password */
	bool is_off;     /* this etcd has no users */
	struct store_exchange *asking;
	size_t endpoint;
	struct loop_timer *timer;
	/* The password was refused: with these words, and until then. */
	long refused_status;
	char *refusal;
	int64_t again_ms, pause_ms;
	char problem[ERR_MSG_MAX];
};

bool store_auth_is_refusal(const char *words)
{
	static const char *const list[] = { "invalid auth token", "user name is empty",
					    "revision of auth store is old" };

	for (size_t i = 0; words && i < ARRAY_SIZE(list); i++)
		if (strstr(words, list[i]))
			return true;
	return false;
}

bool store_auth_is_ready(const struct store_auth *a)
{
	return a->token || a->is_off;
}

const char *store_auth_token(const struct store_auth *a)
{
	return a->token;
}

enum store_users_asked store_auth_users(const struct store_auth *a)
{
	return !a          ? STORE_USERS_UNKNOWN
	       : a->is_off ? STORE_USERS_OFF
	       : a->token  ? STORE_USERS_ON
			   : STORE_USERS_UNKNOWN;
}

const char *store_auth_problem(const struct store_auth *a)
{
	return a && a->refusal ? a->problem : "";
}

static void forget_token(struct store_auth *a)
{
	if (a->token)
		explicit_bzero(a->token, strlen(a->token));
	free(TAKE(a->token));
}

void store_auth_refused(struct store_auth *a, const char *token)
{
	if (!token)
		a->is_off = false;
	else if (a->token && strcmp(a->token, token) == 0)
		forget_token(a);
}

/* ---------------------------------------------------------------- the answer */

static void take_token(struct store_auth *a, const char *token)
{
	forget_token(a);
	a->token = xstrdup(token);
	a->is_off = false;
	a->pause_ms = PAUSE_FIRST_MS;
	free(TAKE(a->refusal));
	if (a->on_token)
		a->on_token(a->token_arg, a->token);
	a->fn(a->s, a->endpoint, NULL, NULL);
}

static void tell_refusal(struct store_auth *a)
{
	CLEANUP(http_res_done) struct http_res res = { .status = a->refused_status };

	buf_init(&res.headers, 0);
	buf_init(&res.body, BODY_BYTES);
	buf_puts(&res.body, a->refusal);
	a->fn(a->s, a->endpoint, &res, NULL);
}

static void take_refusal(struct store_auth *a, const struct http_res *res,
			 const struct err *why)
{
	if (strstr(why->msg, "authentication is not enabled")) {
		a->is_off = true;
		free(TAKE(a->refusal));
		a->fn(a->s, a->endpoint, NULL, NULL);
		return;
	}
	/* This member cannot say: another can. */
	if (why->code == ERR_UNAVAIL || why->code == ERR_TIMEOUT) {
		a->fn(a->s, a->endpoint, NULL, why);
		return;
	}
	snprintf(a->problem, sizeof(a->problem),
		 "the store refuses the user '%s': %.300s", a->user, why->msg);
	a->refused_status = res->status == 200 ? 502 : res->status;
	free(a->refusal);
	a->refusal = xstrdup(buf_str(&res->body));
	a->again_ms = clock_mono_ms() + a->pause_ms;
	a->pause_ms = MIN(a->pause_ms * 2, PAUSE_MOST_MS);
	tell_refusal(a);
}

static void on_answer(void *arg, const struct http_res *res, bool sent,
		      const struct err *err)
{
	struct store_auth *a = arg;
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *token;
	struct err why;

	(void)sent;
	CHECK_MAGIC(a, AUTH_MAGIC);
	a->asking = NULL;
	if (!res) {
		a->fn(a->s, a->endpoint, NULL, err);
		return;
	}
	if (res->status != 200) {
		(void)store_wire_error(res->status, buf_str(&res->body), res->body.len,
				       &why);
		take_refusal(a, res, &why);
		return;
	}
	doc = json_loadb(buf_str(&res->body), res->body.len, 0, NULL);
	token = json_string_value(json_object_get(doc, "token"));
	if (token && *token) {
		take_token(a, token);
		return;
	}
	err_set(&why, ERR_PROTO, "its answer has no token");
	take_refusal(a, res, &why);
}

/* ---------------------------------------------------------------- asking */

static void on_timer(void *arg)
{
	struct store_auth *a = arg;
	struct http_req req;

	CHECK_MAGIC(a, AUTH_MAGIC);
	if (a->asking)
		return;
	if (store_auth_is_ready(a)) {
		a->fn(a->s, a->endpoint, NULL, NULL);
		return;
	}
	if (a->refusal && clock_mono_ms() < a->again_ms) {
		tell_refusal(a);
		return;
	}
	req = store_request(a->s);
	req.token = NULL;
	req.body = buf_str(&a->body);
	req.body_len = a->body.len;
	req.timeout_ms = a->s->timeout_ms;
	a->asking = store_exchange_start(a->s, a->endpoint, AUTH_PATH, &req, NULL,
					 on_answer, a);
}

void store_auth_ask(struct store_auth *a, size_t endpoint)
{
	if (a->asking)
		return;
	a->endpoint = endpoint;
	loop_timer_in(a->timer, 0);
}

struct store_auth *store_auth_new(struct store *s, const struct store_opts *o,
				  store_auth_fn *fn)
{
	struct store_auth *a = xcalloc(1, sizeof(*a));

	a->magic = AUTH_MAGIC;
	a->s = s;
	a->fn = fn;
	a->on_token = o->on_token;
	a->token_arg = o->token_arg;
	a->user = xstrdup(o->user);
	a->pause_ms = PAUSE_FIRST_MS;
	buf_init(&a->body, BODY_BYTES);
	ejson_open(&a->body, NULL, '{');
	ejson_add_text(&a->body, "name", o->user);
	ejson_add_text(&a->body, "password", o->password ? o->password : "");
	ejson_close(&a->body, '}');
	a->timer = loop_timer_new(s->loop, on_timer, a);
	return a;
}

void store_auth_free(struct store_auth *a)
{
	if (!a)
		return;
	CHECK_MAGIC(a, AUTH_MAGIC);
	store_exchange_cancel(a->asking);
	loop_timer_free(a->timer);
	forget_token(a);
	if (a->body.len)
		explicit_bzero(a->body.data, a->body.len);
	buf_done(&a->body);
	free(a->user);
	free(a->refusal);
	a->magic = 0;
	free(a);
}
