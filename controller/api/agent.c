/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of hosts: join, renewal of certificates, metrics, the agent's file, the built-in
 * store.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "logs.h"
#include "trust.h"

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
		rc = jread_str_opt(body, "agent_version", &version, err);
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
	reply_json(r, 200, doc);
	return 0;
}

/* Routes of hosts also accept an admin; these are for hosts only. */
static int need_host(const struct request *r, struct err *err)
{
	return *r->host ? 0
			: err_set(err, ERR_DENIED, "only a host itself may call this");
}

int api_agent_renew(struct request *r, struct err *err)
{
	static const char *const keys[] = { "csr", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	const char *csr;
	int rc = need_host(r, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = jread_str(body, "csr", &csr, err);
	if (rc == 0)
		rc = ca_issue(r->api->ca, csr, r->host, r->api->opts.cert_life_ms, &c,
			      err);
	if (rc == 0)
		reply_json(r, 200, issued_json(&c));
	return rc;
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
		rc = jread_str(held, "by", &by, err);
	if (rc == 0)
		api_event(r, "agent-held", "", "", r->host,
			  "the agent of %s was held for %.1f s by %.200s", r->host,
			  (double)ms / 1000, by);
	return rc;
}

/* The answer carries requests to the host: logs that users
 * asked for. */
int api_agent_metrics(struct request *r, struct err *err)
{
	CLEANUP(json_decref) json_t *body = NULL;
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
		rc = tell_held(r, body, err);
	if (rc == 0)
		rc = API_HOOK(r, agent_metrics)(API_HOOK(r, arg), r->host, body, err);
	if (rc == 0)
		reply_json(r, 200, api_log_asks_of(r->api, r->host));
	return rc;
}

int api_agent_binary(struct request *r, struct err *err)
{
	struct MHD_Response *m;
	CLEANUP(close_fd) int fd = -1;
	char etag[80];

	if (!*r->api->agent_sum)
		return err_set(err, ERR_UNAVAIL,
			       "the controller has no agent to download");
	fd = fcntl(r->api->agent_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "the agent's file");
	m = MHD_create_response_from_fd_at_offset64(r->api->agent_size, fd, 0);
	CHECK(m);
	fd = -1; /* the response closes it */
	snprintf(etag, sizeof(etag), "\"%s\"", r->api->agent_sum);
	(void)MHD_add_response_header(m, "Content-Type", "application/octet-stream");
	(void)MHD_add_response_header(m, "ETag", etag);
	reply_response(r, 200, m);
	return 0;
}

int api_kv_handler(struct request *r, struct err *err)
{
	const struct api_kv_call call = { .conn = r->conn,
					  .method = r->method,
					  .path = r->path,
					  .body = buf_str(&r->body),
					  .body_len = r->body.len,
					  .host = r->host,
					  .may_write = true };

	(void)err;
	r->is_queued = true;
	r->queue_result = API_HOOK(r, kv)(API_HOOK(r, arg), &call);
	return 0;
}
