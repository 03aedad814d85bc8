/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "enroll.h"

#include "check.h"
#include "clock.h"
#include "enroll_info.h"
#include "enroll_users.h"
#include "key.h"
#include "log.h"
#include "text.h"

#include <string.h>

#define ENROLL_MAGIC 0x656e726fu
#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 15000
#define ANSWER_MAX_BYTES (256 * 1024)
/* Longest timer: a later renewal is checked again then. */
#define RENEW_LOOK_MS ((int64_t)3600 * 1000)
/* Joining does not wait for the disk: a host that loses power before this is replaced. */
#define SYNC_AFTER_MS 3000

struct enroll {
	uint32_t magic;
	struct loop *loop;
	struct httpm *http;
	struct files *files;
	char *controller, *ca_file, *token, *host, *address;
	char *key_file, *cert_file, *join_file;
	enroll_fn *on_joined;
	enroll_users_fn *on_users;
	void *arg;
	bool joined;
	int64_t from_wall_ms, until_wall_ms;         /* of the certificate */
	int64_t new_from_wall_ms, new_until_wall_ms; /* of the one that came last */
	struct enroll_info info;
	int64_t joined_ms;
	struct loop_timer *timer;
	struct loop_timer *sync;
	int64_t pause_ms;
	struct httpm_call *call;
	char *body;
	char *answer;       /* to the join, while its certificate is written */
	json_t *kept;       /* what join.json has */
	bool asks_for_user; /* at the etcd, of which an old join.json says nothing */
};

/* ---------------------------------------------------------------- the files */

/* Reads cert.pem and join.json of a previous run. */
static int load(struct enroll *e, struct err *err)
{
	CLEANUP(free) char *pem = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	size_t len;
	int rc = conf_read_file(e->cert_file, ANSWER_MAX_BYTES, &pem, NULL, err);

	if (rc == 0)
		rc = conf_read_file(e->join_file, ANSWER_MAX_BYTES, &text, &len, err);
	if (rc == 0)
		rc = host_cert_check(pem, e->key_file, &e->from_wall_ms,
				     &e->until_wall_ms, err);
	if (rc == 0 && e->until_wall_ms <= clock_wall_ms())
		rc = err_set(err, ERR_DENIED, "the certificate has expired");
	if (rc == 0)
		rc = json_parse(text, len, e->join_file, &doc, err);
	if (rc == 0)
		rc = jread_int_opt(doc, "joined_at", &e->joined_ms, err);
	if (rc == 0)
		rc = enroll_info_read(doc, &e->info, err);
	if (rc < 0)
		return rc;
	e->asks_for_user = e->info.is_external && !e->info.store_user;
	e->kept = TAKE(doc);
	return 0;
}

/* ---------------------------------------------------------------- asking */

static int64_t renew_due_wall_ms(const struct enroll *e)
{
	if (e->asks_for_user)
		return 0;
	return e->from_wall_ms + (e->until_wall_ms - e->from_wall_ms) / 3 * 2;
}

static void plan_renewal(struct enroll *e)
{
	int64_t left = renew_due_wall_ms(e) - clock_wall_ms();

	e->pause_ms = RETRY_FIRST_MS;
	loop_timer_in(e->timer, MIN(MAX(left, 0), RENEW_LOOK_MS));
}

static void plan_retry(struct enroll *e)
{
	loop_timer_in(e->timer, e->pause_ms);
	e->pause_ms = MIN(e->pause_ms * 2, RETRY_MOST_MS);
}

static void joined(struct enroll *e)
{
	e->joined = true;
	log_info("joined", STR("host", e->host), STR("store", e->info.store));
	e->on_joined(e->arg, &e->info);
}

static void on_join_saved(void *arg, const char *path, const struct err *err)
{
	struct enroll *e = arg;

	(void)path;
	CHECK_MAGIC(e, ENROLL_MAGIC);
	if (err) {
		log_warn("join-failed", STR("controller", e->controller), ERR(err),
			 INT("again_in_ms", e->pause_ms));
		enroll_info_done(&e->info);
		e->info = (struct enroll_info){ 0 };
		plan_retry(e);
		return;
	}
	e->from_wall_ms = e->new_from_wall_ms;
	e->until_wall_ms = e->new_until_wall_ms;
	loop_timer_in(e->sync, SYNC_AFTER_MS);
	plan_renewal(e);
	joined(e);
}

/* The certificate is there; with the answer the host is complete. */
static void on_certificate_saved(void *arg, const char *path, const struct err *err)
{
	struct enroll *e = arg;

	CHECK_MAGIC(e, ENROLL_MAGIC);
	if (err)
		on_join_saved(e, path, err);
	else
		files_write_then(e->files, e->join_file, e->answer, strlen(e->answer),
				 0600, FILES_UNSYNCED, on_join_saved, e);
	free(TAKE(e->answer));
}

static void on_renewed(void *arg, const char *path, const struct err *err)
{
	struct enroll *e = arg;

	(void)path;
	CHECK_MAGIC(e, ENROLL_MAGIC);
	if (err) {
		log_warn("renew-failed", ERR(err), INT("again_in_ms", e->pause_ms));
		plan_retry(e);
		return;
	}
	e->from_wall_ms = e->new_from_wall_ms;
	e->until_wall_ms = e->new_until_wall_ms;
	e->asks_for_user = false;
	plan_renewal(e);
	log_info("certificate-renewed", STR("host", e->host));
}

/*
 * A new certificate is checked against our key before anything is written. One that is
 * renewed is synced before it takes the place of the old; a host that joins does not wait
 * for the disk.
 */
static int take_certificate(struct enroll *e, const json_t *doc, struct err *err)
{
	const char *pem;
	int rc = jread_str(doc, "certificate", &pem, err);

	if (rc == 0)
		rc = host_cert_check(pem, e->key_file, &e->new_from_wall_ms,
				     &e->new_until_wall_ms, err);
	if (rc == 0)
		files_write_then(e->files, e->cert_file, pem, strlen(pem), 0600,
				 e->joined ? FILES_SYNCED : FILES_UNSYNCED,
				 e->joined ? on_renewed : on_certificate_saved, e);
	return rc;
}

/* Saved with the time of joining, so that a restart publishes the same record. */
static int take_join(struct enroll *e, json_t *doc, struct err *err)
{
	CLEANUP(enroll_info_done) struct enroll_info info = { 0 };
	int rc = enroll_info_read(doc, &info, err);

	if (rc == 0)
		rc = take_certificate(e, doc, err);
	if (rc < 0)
		return rc;
	if (info.time_scale > 1)
		clock_set_scale(info.time_scale, info.time_epoch_ms);
	e->joined_ms = clock_now_ms();
	json_object_set_new(doc, "joined_at", json_integer(e->joined_ms));
	free(e->answer);
	e->answer = json_dumps(doc, JSON_INDENT(1));
	json_decref(e->kept);
	e->kept = json_incref(doc);
	e->info = info;
	info = (struct enroll_info){ 0 };
	return 0;
}

static void on_sync(void *arg)
{
	const struct enroll *e = arg;

	CHECK_MAGIC(e, ENROLL_MAGIC);
	files_sync(e->files, e->key_file);
	files_sync(e->files, e->cert_file);
	files_sync(e->files, e->join_file);
}

/* problem+json's detail, for the log. */
static int refused(const struct http_res *res, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *detail = NULL;

	if (json_parse(buf_str(&res->body), res->body.len, "answer", &doc, NULL) == 0)
		(void)!jread_str_opt(doc, "detail", &detail, NULL);
	return err_set(err, err_from_http_status(res->status), "status %ld%s%.300s",
		       res->status, detail ? ": " : "", detail ? detail : "");
}

static void on_users_kept(void *arg, const char *path, const struct err *err)
{
	struct enroll *e = arg;

	(void)path;
	CHECK_MAGIC(e, ENROLL_MAGIC);
	if (err)
		log_warn("store-user-not-kept", ERR(err));
	else
		e->on_users(e->arg);
}

static void keep_users(struct enroll *e)
{
	CLEANUP(free) char *text = json_dumps(e->kept, JSON_INDENT(1));

	files_write_then(e->files, e->join_file, text, strlen(text), 0600, FILES_SYNCED,
			 on_users_kept, e);
}

static int on_answer(struct enroll *e, const struct http_res *res, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc;

	if (res->status < 200 || res->status > 299)
		return refused(res, err);
	rc = json_parse(buf_str(&res->body), res->body.len, "the answer", &doc, err);
	if (rc < 0)
		return rc;
	if (!e->joined)
		return take_join(e, doc, err);
	rc = take_certificate(e, doc, err);
	if (rc == 0 && enroll_users_update(e->kept, doc))
		keep_users(e);
	return rc;
}

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *failed)
{
	struct enroll *e = arg;
	struct err err;
	int rc;

	(void)sent;
	CHECK_MAGIC(e, ENROLL_MAGIC);
	e->call = NULL;
	free(TAKE(e->body));
	if (failed)
		err = *failed;
	rc = failed ? failed->code : on_answer(e, res, &err);
	if (rc < 0) {
		if (rc == ERR_DENIED)
			log_error(e->joined ? "renew-refused" : "join-refused",
				  STR("controller", e->controller), ERR(&err));
		else
			log_warn(e->joined ? "renew-failed" : "join-failed",
				 STR("controller", e->controller), ERR(&err),
				 INT("again_in_ms", e->pause_ms));
		plan_retry(e);
	}
	/* Else it goes on when the certificate is on disk. */
}

static int make_body(struct enroll *e, struct err *err)
{
	CLEANUP(free) char *csr = NULL;
	CLEANUP(free) char *proof = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = host_key_csr(e->key_file, e->host, &csr, err);

	if (rc == 0 && e->joined)
		rc = host_key_proof(e->key_file, e->cert_file, csr, &proof, err);
	if (rc < 0)
		return rc;
	if (e->joined)
		doc = json_pack("{s:s,s:s}", "csr", csr, "proof", proof);
	else
		doc = json_pack("{s:s,s:s,s:s,s:s,s:s}", "host", e->host, "token",
				e->token ? e->token : "", "csr", csr, "address",
				e->address, "agent_version", FORETIDE_VERSION);
	CHECK(doc);
	e->body = json_dumps(doc, JSON_COMPACT);
	return 0;
}

static void ask(struct enroll *e)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	CLEANUP(free)
	char *url = xasprintf("%s%s", e->controller,
			      e->joined ? "/v1/agent/renew" : "/v1/join");
	struct http_req req = { .method = "POST",
				.url = url,
				.headers = headers,
				.ca_file = e->ca_file,
				/* Others come with another certificate. */
				.is_last = true,
				.connect_timeout_ms = 3000,
				.timeout_ms = 15000,
				.max_answer_bytes = ANSWER_MAX_BYTES };
	struct err err;

	if (make_body(e, &err) < 0) {
		log_error("join-failed", ERR(&err));
		plan_retry(e);
		return;
	}
	req.body = e->body;
	req.body_len = strlen(e->body);
	if (e->joined) {
		req.cert_file = e->cert_file;
		req.key_file = e->key_file;
	}
	e->call = httpm_start(e->http, &req, NULL, on_done, e);
}

static void on_timer(void *arg)
{
	struct enroll *e = arg;

	CHECK_MAGIC(e, ENROLL_MAGIC);
	if (!e->joined && e->info.store) { /* known from a previous run */
		plan_renewal(e);
		joined(e);
		return;
	}
	if (e->joined && clock_wall_ms() < renew_due_wall_ms(e))
		plan_renewal(e);
	else if (!e->call)
		ask(e);
}

/* ---------------------------------------------------------------- the object */

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

int enroll_open(struct loop *loop, struct httpm *http, const struct enroll_opts *opts,
		struct enroll **ret, struct err *err)
{
	CLEANUP(enroll_close) struct enroll *e = xcalloc(1, sizeof(*e));
	struct err why;
	int rc;

	e->magic = ENROLL_MAGIC;
	e->loop = loop;
	e->http = http;
	e->files = opts->files;
	e->controller = copy(opts->controller);
	e->ca_file = copy(opts->ca_file);
	e->token = copy(opts->token);
	e->host = copy(opts->host);
	e->address = copy(opts->address);
	e->key_file = xasprintf("%s/key.pem", opts->state_dir);
	e->cert_file = xasprintf("%s/cert.pem", opts->state_dir);
	e->join_file = xasprintf("%s/join.json", opts->state_dir);
	e->on_joined = opts->on_joined;
	e->on_users = opts->on_users;
	e->arg = opts->arg;
	e->pause_ms = RETRY_FIRST_MS;
	e->timer = loop_timer_new(loop, on_timer, e);
	e->sync = loop_timer_new(loop, on_sync, e);
	rc = host_key_ensure(e->key_file, err);
	if (rc < 0)
		return rc;
	rc = load(e, &why);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		log_warn("old-certificate-unusable", ERR(&why));
	loop_timer_in(e->timer, 0);
	*ret = TAKE(e);
	return 0;
}

void enroll_close(struct enroll *e)
{
	if (!e)
		return;
	CHECK_MAGIC(e, ENROLL_MAGIC);
	httpm_cancel(e->call);
	if (e->files)
		files_forget(e->files, e);
	loop_timer_free(e->timer);
	loop_timer_free(e->sync);
	free(e->controller);
	free(e->ca_file);
	if (e->token)
		explicit_bzero(e->token, strlen(e->token));
	free(e->token);
	free(e->host);
	free(e->address);
	free(e->key_file);
	free(e->cert_file);
	free(e->join_file);
	free(e->body);
	free(e->answer);
	json_decref(e->kept);
	enroll_info_done(&e->info);
	e->magic = 0;
	free(e);
}

int64_t enroll_joined_ms(const struct enroll *e)
{
	return e->joined_ms;
}

const char *enroll_cert_file(const struct enroll *e)
{
	return e->cert_file;
}

const char *enroll_key_file(const struct enroll *e)
{
	return e->key_file;
}
