/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api_fixture.h - a served API over a fresh database, and calls of it, for its tests.
 */
#ifndef TESTS_UNIT_CONTROLLER_API_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_API_FIXTURE_H

#include "api.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "db.h"
#include "file.h"
#include "net.h"
#include "text.h"
#include "trust.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

struct fixture {
	char dir[64];
	char ca_file[128];
	struct db *db;
	struct ca *ca;
	struct api *api;
	char *admin; /* tokens */
	char viewer[TOKEN_TEXT];
	int pokes;
	const char *names; /* so as well, NULL: none */
	int64_t query_ms;  /* set before fixture_open(); 0: the default */
};

struct call {
	const char *method, *path, *token, *type, *body;
	const char *header; /* one more, or NULL */
	bool tls;
	const char *cert, *key; /* files */
};

static inline void fixture_open(struct fixture *f, const struct api_hooks *hooks,
				const char *agent)
{
	CLEANUP(free) char *path = xasprintf("%s/t.db", f->dir);
	CLEANUP(free) char *ca_dir = xasprintf("%s/ca", f->dir);
	char hash[TOKEN_HASH_TEXT], name[] = "watcher";
	const struct api_opts opts = { .listen = "127.0.0.1:0",
				       .host_listen = "127.0.0.1:0",
				       .advertise = "",
				       .names = f->names,
				       .web_root = "",
				       .agent = agent,
				       .store_urls = "",
				       .cert_life_ms = 86400000,
				       .lost_after_ms = 300000,
				       .metrics_ms = 1000,
				       .queries = { .ms = f->query_ms } };
	char admin_name[] = "admin";
	struct db_token admin = { .name = admin_name,
				  .role = DB_ROLE_ADMIN,
				  .hash = hash };
	struct db_token viewer = { .name = name, .role = DB_ROLE_VIEWER, .hash = hash };
	struct err e;

	assert_ok(db_open(path, &f->db, &e), &e);
	assert_ok(ca_open(ca_dir, &f->ca, &e), &e);
	f->admin = xcalloc(1, TOKEN_TEXT);
	token_new(f->admin);
	token_hash(f->admin, hash);
	assert_ok(db_token_add(f->db, &admin, NULL, &e), &e);
	token_new(f->viewer);
	token_hash(f->viewer, hash);
	assert_ok(db_token_add(f->db, &viewer, NULL, &e), &e);
	assert_ok(api_open(&opts, f->db, f->ca, hooks, &f->api, &e), &e);
	snprintf(f->ca_file, sizeof(f->ca_file), "%s/ca/ca.pem", f->dir);
}

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/foretide-api-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	CLEANUP(free) char *command = xasprintf("rm -rf '%s'", f->dir);
	FILE *p;

	api_close(f->api);
	ca_close(f->ca);
	db_close(f->db);
	p = popen(command, "r");
	if (p)
		pclose(p);
	free(f->admin);
	free(f);
}

/* The tier web of the stack shop. */
static inline void fixture_put_tier(const struct fixture *f)
{
	char name[] = "shop", tier[] = "web", unit[] = "web@.service", empty[] = "{}";
	struct db_stack s = { .name = name, .text_json = empty };
	struct db_tier t = { .stack = name,
			     .name = tier,
			     .unit = unit,
			     .min = 1,
			     .max = 4,
			     .desired = -1,
			     .risk_ratio = 0.005 };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_tier_put(f->db, &t, &e), &e);
}

/* The status; res is the caller's. */
static inline long fixture_call(const struct fixture *f, const struct call *c,
				struct http_res *res)
{
	CLEANUP(free)
	char *url = xasprintf("%s://127.0.0.1:%u%s", c->tls ? "https" : "http",
			      c->tls ? api_host_port(f->api) : api_port(f->api), c->path);
	CLEANUP(free)
	char *type =
		xasprintf("Content-Type: %s", c->type ? c->type : "application/json");
	const char *headers[] = { c->body ? type : "Accept: */*", c->header, NULL };
	const struct http_req req = { .method = c->method ? c->method : "GET",
				      .url = url,
				      .headers = headers,
				      .body = c->body,
				      .body_len = c->body ? strlen(c->body) : 0,
				      .token = c->token,
				      .ca_file = c->tls ? f->ca_file : NULL,
				      .cert_file = c->cert,
				      .key_file = c->key,
				      .max_answer_bytes = 8 << 20,
				      .timeout_ms = PATIENCE_MS };
	struct err e;

	assert_ok(http_exchange(&req, res, &e), &e);
	return res->status;
}

/* The same, and the answer as JSON (NULL when it is empty), the caller's. */
static inline long fixture_json(const struct fixture *f, const struct call *c,
				json_t **ret)
{
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	long status = fixture_call(f, c, &res);
	struct err e;

	*ret = NULL;
	if (res.body.len > 0)
		assert_ok(json_parse(res.body.data, res.body.len, "answer", ret, &e), &e);
	return status;
}

/* The status of a call whose answer does not matter. */
static inline long fixture_status(const struct fixture *f, const struct call *c)
{
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };

	return fixture_call(f, c, &res);
}

#define CALL(...) (&(const struct call){ __VA_ARGS__ })

#endif
