/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of hosts: join, renewal of certificates, metrics, the agent's files, the built-in
 * store.
 */
#include "handlers.h"

#include "auth.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "issuing.h"
#include "logs.h"
#include "peers.h"
#include "trust.h"
#include "unicast.h"

#include <fcntl.h>
#include <string.h>

#define LEASE_TTL_S 5

static const char *advertised(struct request *r, char *text, size_t size)
{
	const char *host = request_header(r, "Host");

	if (*r->api->opts.advertise)
		return r->api->opts.advertise;
	snprintf(text, size, "%s://%s", r->is_tls ? "https" : "http",
		 host ? host : "localhost");
	return text;
}

static json_t *store_list(struct request *r)
{
	CLEANUP(free) char *urls = xstrdup(r->api->opts.store_urls);
	char *next = urls, *url, text[512];
	json_t *list = json_array();

	while ((url = strsep(&next, ", ")))
		if (*url)
			json_array_append_new(list, json_string(url));
	if (json_array_size(list) == 0)
		json_array_append_new(list,
				      json_string(advertised(r, text, sizeof(text))));
	return list;
}

static json_t *issued_json(const struct ca_issued *c)
{
	return json_pack("{s:s, s:o}", "certificate", c->pem, "expires",
			 json_time(c->expires_wall_ms));
}

/* Who the host and its programs are to an etcd with users; for that host alone. */
static void add_users(const struct request *r, const char *host, json_t *doc)
{
	static const struct {
		const char *kind, *user, *password;
	} users[] = {
		{ STORE_USER_OF_HOST, "store_user", "store_password" },
		{ STORE_USER_OF_PROGRAMS, "programs_user", "programs_password" },
	};

	for (size_t i = 0; r->api->opts.store_secret && i < ARRAY_SIZE(users); i++) {
		CLEANUP(free) char *name = store_user_name(users[i].kind, host);
		char password[TOKEN_TEXT];

		store_user_password(r->api->opts.store_secret, name, password);
		json_object_set_new(doc, users[i].user, json_string(name));
		json_object_set_new(doc, users[i].password, json_string(password));
		explicit_bzero(password, sizeof(password));
	}
}

static int read_join(const json_t *body, struct join_request *ask, struct err *err)
{
	const char *version = "";
	int rc = jread_str(body, "host", &ask->host, err);

	ask->address = "";
	if (rc == 0)
		rc = jread_str(body, "token", &ask->token, err);
	if (rc == 0)
		rc = jread_str(body, "csr", &ask->csr, err);
	if (rc == 0)
		rc = jread_str_opt(body, "address", &ask->address, err);
	if (rc == 0)
		rc = jread_line_opt(body, "agent_version", 64, &version, err);
	return rc;
}

int api_join(struct request *r, struct err *err)
{
	static const char *const keys[] = { "host",    "token",         "csr",
					    "address", "agent_version", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	struct join_request ask;
	json_t *doc;
	int rc;

	if (!r->is_tls && !r->is_loopback)
		return err_set(err, ERR_DENIED, "hosts can join over TLS only");
	rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = read_join(body, &ask, err);
	if (rc == 0)
		rc = join_host(r->api->db, r->api->ca, &ask, r->api->opts.cert_life_ms,
			       clock_now_ms(), &c, err);
	if (rc < 0)
		return rc;
	api_event(r, "host-joined", "", "", ask.host, "%s joined from %s", ask.host,
		  *ask.address ? ask.address : "an unknown address");
	api_poke(r, "join");
	doc = issued_json(&c);
	json_object_set_new(doc, "ca", json_string(ca_pem(r->api->ca)));
	json_object_set_new(doc, "store", store_list(r));
	json_object_set_new(doc, "store_mode",
			    json_string(*r->api->opts.store_urls ? "etcd" : "embedded"));
	json_object_set_new(doc, "lease_ttl_s", json_integer(LEASE_TTL_S));
	json_object_set_new(doc, "domain", json_string(r->api->opts.domain));
	json_object_set_new(doc, "time_scale", json_real(clock_scale()));
	json_object_set_new(doc, "time_epoch_ms", json_integer(clock_epoch_ms()));
	json_object_set_new(doc, "metrics_interval_ms",
			    json_integer(r->api->opts.metrics_ms));
	add_users(r, ask.host, doc);
	reply_json(r, 200, doc);
	return 0;
}

/* Routes of hosts also accept an admin; these are for hosts only. */
static int need_host(const struct request *r, struct err *err)
{
	return *r->host ? 0
			: err_set(err, ERR_DENIED, "only a host itself may call this");
}

/* Pays for a certificate, before anything is computed. */
static int may_be_issued(struct request *r, struct err *err)
{
	r->retry_s = issuing_ask(r->api->issuing, r->host, clock_mono_ms());
	if (r->retry_s == 0)
		return 0;
	crowd_note(r->api->crowd, CROWD_CERTIFICATES, r->host);
	return request_fail(r, 429, err,
			    "host %s asks for too many certificates: one in %u s",
			    r->host, ISSUING_EACH_S);
}

/* A certificate for the name; the one in use stays valid until the new one is used. */
static int issue(struct request *r, const char *csr, const char *name, struct err *err)
{
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	json_t *doc;
	int rc = ca_issue(r->api->ca, csr, name, r->api->opts.cert_life_ms, &c, err);

	if (rc == 0)
		rc = db_certificate_issued(r->api->db, name, c.serial, err);
	if (rc < 0)
		return rc;
	doc = issued_json(&c);
	if (strcmp(name, r->host) == 0)
		add_users(r, name, doc);
	reply_json(r, 200, doc);
	return 0;
}

int api_agent_renew(struct request *r, struct err *err)
{
	static const char *const keys[] = { "csr", "proof", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	const char *csr = "", *proof = NULL;
	int rc = need_host(r, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = may_be_issued(r, err);
	if (rc == 0)
		rc = jread_str(body, "csr", &csr, err);
	if (rc == 0)
		rc = jread_str_opt(body, "proof", &proof, err);
	if (rc == 0 && !proof)
		rc = err_set(err, ERR_DENIED,
			     "a renewal must be signed by the key of the certificate in "
			     "use (member proof): an agent that does not is too old, "
			     "replace it");
	if (rc == 0)
		rc = ca_check_proof(api_tls_session(r), csr, proof, err);
	return rc < 0 ? rc : issue(r, csr, r->host, err);
}

int api_agent_programs(struct request *r, struct err *err)
{
	static const char *const keys[] = { "csr", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *name = xasprintf("%s" CA_PROGRAMS, r->host);
	const char *csr = "";
	int rc = need_host(r, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = may_be_issued(r, err);
	if (rc == 0)
		rc = jread_str(body, "csr", &csr, err);
	return rc < 0 ? rc : issue(r, csr, name, err);
}

/* An agent that was held did nothing else in the meantime, and is to be looked at. */
static int tell_held(struct request *r, const json_t *body, struct err *err)
{
	const json_t *held = json_object_get(body, "held");
	const char *by = "";
	int64_t ms = 0;
	int rc = 0;

	if (!held)
		return 0;
	rc = jread_int(held, "ms", &ms, err);
	if (rc == 0)
		rc = jread_line(held, "by", 200, &by, err);
	if (rc == 0)
		api_event(r, "agent-held", "", "", r->host,
			  "the agent of %s was held for %.1f s by %.200s", r->host,
			  (double)ms / 1000, by);
	return rc;
}

/* A host that was stopped and started may have another address than when it joined. It is
 * believed when it calls from there, and no other host has it. */
static int follow_address(struct request *r, const json_t *body, struct err *err)
{
	const char *address = "";
	int rc = jread_str_opt(body, "address", &address, err);

	if (rc < 0 || !r->peer || strcmp(address, r->host_address) == 0 ||
	    strcmp(address, r->peer->address) != 0 || !is_unicast(address))
		return rc;
	rc = db_host_move(r->api->db, r->host, address, err);
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	api_event(r, "host-moved", "", "", r->host,
		  "host %s has the address %s now; it had %s", r->host, address,
		  r->host_address);
	api_poke(r, "host");
	return 0;
}

/* The answer carries requests to the host: logs that users asked for; and which samples
 * were refused. */
int api_agent_metrics(struct request *r, struct err *err)
{
	CLEANUP(json_decref) json_t *body = NULL;
	json_t *refused = NULL, *answer;
	const char *host = r->host;
	int rc = need_host(r, err);

	if (rc == 0)
		rc = request_json(r, NULL, &body, err);
	if (rc == 0)
		rc = jread_str_opt(body, "host", &host, err);
	if (rc == 0 && strcmp(host, r->host) != 0)
		rc = err_set(err, ERR_DENIED,
			     "the certificate is for %s, the samples are from %s",
			     r->host, host);
	if (rc == 0 && !API_HOOK(r, agent_metrics))
		rc = request_absent(err, "the metrics store");
	if (rc == 0)
		rc = follow_address(r, body, err);
	if (rc == 0)
		rc = tell_held(r, body, err);
	if (rc == 0)
		rc = API_HOOK(r, agent_metrics)(API_HOOK(r, arg), r->host, body, &refused,
						err);
	if (rc < 0)
		return rc;
	answer = api_log_asks_of(r->api, r->host);
	if (refused)
		json_object_set_new(answer, "refused", refused);
	reply_json(r, 200, answer);
	return 0;
}

/* of: open as long as the API is. */
static int reply_file(struct request *r, int of, size_t size, const char *sum,
		      struct err *err)
{
	struct MHD_Response *m;
	CLEANUP(close_fd) int fd = -1;

	r->etag = xasprintf("\"%s\"", sum);
	if (reply_is_known(r)) {
		reply_empty(r, 304);
		return 0;
	}
	fd = fcntl(of, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "the agent's file");
	m = MHD_create_response_from_fd_at_offset64(size, fd, 0);
	CHECK(m);
	fd = -1; /* the response closes it */
	(void)MHD_add_response_header(m, "Content-Type", "application/octet-stream");
	(void)MHD_add_response_header(m, "ETag", r->etag);
	reply_response(r, 200, m);
	return 0;
}

int api_agent_binary(struct request *r, struct err *err)
{
	const struct api *api = r->api;

	if (!*api->agent_sum)
		return err_set(err, ERR_UNAVAIL,
			       "the controller has no agent to download");
	return reply_file(r, api->agent_fd, api->agent_size, api->agent_sum, err);
}

int api_agent_portable(struct request *r, struct err *err)
{
	struct portable_file f;
	const int rc = portable_get(r->api->portable, false, &f, err);

	return rc < 0 ? rc : reply_file(r, f.fd, f.size, f.sum, err);
}

int api_kv_handler(struct request *r, struct err *err)
{
	const struct api_kv_call call = { .conn = r->conn,
					  .method = r->method,
					  .path = r->path,
					  .body = buf_str(&r->body),
					  .body_len = r->body.len,
					  .host = r->host,
					  .is_programs = r->is_programs,
					  .certificate = r->certificate,
					  .token_id = r->token_id,
					  .may_write = true };

	(void)err;
	r->is_queued = true;
	r->queue_result = API_HOOK(r, kv)(API_HOOK(r, arg), &call);
	return 0;
}
