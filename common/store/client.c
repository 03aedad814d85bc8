/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client.h"

#include "auth.h"
#include "call.h"
#include "check.h"
#include "etcd_json.h"

#include <string.h>

#define TIMEOUT_MS 5000

static int add_endpoint(struct store *s, const char *url, size_t n, struct err *err)
{
	struct store_endpoint *e = &s->endpoints[s->n_endpoints];

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (s->n_endpoints == STORE_MAX_ENDPOINTS)
		return err_set(err, ERR_INVAL, "more than %d store endpoints",
			       STORE_MAX_ENDPOINTS);
	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) ||
	    n <= strlen("https://"))
		return err_set(err, ERR_INVAL,
			       "'%.*s' is not a store endpoint such as https://host:2379",
			       (int)MIN(n, 100), url);
	e->store = s;
	e->url = xstrndup(url, n);
	s->n_endpoints++;
	return 0;
}

static int add_endpoints(struct store *s, const char *list, struct err *err)
{
	for (const char *at = list; *at;) {
		size_t n;
		int rc;

		at += strspn(at, ", \t\n");
		n = strcspn(at, ", \t\n");
		if (n == 0)
			break;
		rc = add_endpoint(s, at, n, err);
		if (rc < 0)
			return rc;
		at += n;
	}
	if (s->n_endpoints == 0)
		return err_set(err, ERR_INVAL, "no store endpoint is given");
	return 0;
}

/* One endpoint that is always there; its name is for messages. */
static int open_direct(struct store *s, struct err *err)
{
	s->endpoints[0].store = s;
	s->endpoints[0].url = xstrdup("the built-in store");
	s->n_endpoints = 1;
	return store_exchange_open(s, err);
}

static char *copy_or_null(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

int store_open(struct loop *loop, const struct store_opts *opts, struct store **ret,
	       struct err *err)
{
	CLEANUP(store_close) struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	s->magic = STORE_MAGIC;
	s->loop = loop;
	s->ca_file = copy_or_null(opts->ca_file);
	s->cert_file = copy_or_null(opts->cert_file);
	s->key_file = copy_or_null(opts->key_file);
	s->token = copy_or_null(opts->token);
	s->timeout_ms = opts->timeout_ms ? opts->timeout_ms : TIMEOUT_MS;
	s->probe_timer = loop_timer_new(loop, store_endpoint_on_probe_timer, s);
	s->deferred = loop_timer_new(loop, store_call_on_deferred, s);
	s->direct = opts->direct;
	s->direct_fd = -1;
	if (s->direct)
		rc = open_direct(s, err);
	else if ((rc = add_endpoints(s, opts->endpoints ? opts->endpoints : "", err)) ==
		 0)
		rc = httpm_open(loop, &s->m, err);
	if (rc < 0)
		return rc;
	if (opts->user && *opts->user && !s->direct)
		s->auth = store_auth_new(s, opts, store_signed_on_auth);
	*ret = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	CHECK_MAGIC(s, STORE_MAGIC);
	while (s->calls)
		store_call_free(s->calls);
	while (s->watches)
		store_watch_free(s->watches);
	for (size_t i = 0; i < s->n_endpoints; i++) {
		store_exchange_cancel(s->endpoints[i].probe);
		free(s->endpoints[i].url);
	}
	store_auth_free(s->auth);
	store_exchange_close(s);
	httpm_close(s->m);
	loop_timer_free(s->probe_timer);
	loop_timer_free(s->deferred);
	free(s->ca_file);
	free(s->cert_file);
	free(s->key_file);
	free(s->token);
	s->magic = 0;
	free(s);
}

struct loop *store_loop(const struct store *s)
{
	return s->loop;
}

bool store_is_reachable(const struct store *s)
{
	return !s->failing && !*store_auth_problem(s->auth);
}

const char *store_problem(const struct store *s)
{
	return *s->problem ? s->problem : store_auth_problem(s->auth);
}

const char *store_endpoint(const struct store *s)
{
	return s->endpoints[s->current].url;
}

enum store_users_asked store_users_asked(const struct store *s)
{
	return store_auth_users(s->auth);
}
