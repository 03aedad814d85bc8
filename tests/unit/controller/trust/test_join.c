/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How hosts get in, over TLS as an agent would: tokens, certificates, what they open. */
#include "api_fixture.h"

#include "etcd.h"
#include "join.h"

#include <pthread.h>
#include <sys/stat.h>

#define HOST "web-0badcafe"

struct world {
	struct fixture *f;
	struct kv *kv;
	char *agent;
	char token[TOKEN_TEXT];
	char *csr, *cert_file, *key_file;
	int samples; /* pushes that came through */
};

static int take_metrics(void *arg, const char *host, const json_t *body,
			json_t **ret_refused, struct err *err)
{
	struct world *w = arg;

	(void)err;
	(void)ret_refused;
	(void)body;
	assert_string_equal(host, HOST);
	__atomic_add_fetch(&w->samples, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static enum MHD_Result serve_kv(void *arg, const struct api_kv_call *c)
{
	struct world *w = arg;
	CLEANUP(kv_host_access_done) struct kv_host_access host = { 0 };
	const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

	if (c->is_programs)
		kv_programs_access(w->kv, c->host, &host);
	else if (*c->host)
		kv_host_access(w->kv, c->host, &host);
	return kv_serve(w->kv, c->conn, c->method, c->path, c->body, c->body_len,
			*c->host ? &host.access : &all);
}

static void shell(const char *command)
{
	FILE *p = popen(command, "r");
	char text[4096];
	size_t n;

	assert_non_null(p);
	n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = '\0';
	if (pclose(p) != 0)
		fail_msg("%s: %s", command, text);
}

static char *new_request(struct world *w, const char *name)
{
	CLEANUP(free)
	char *command = xasprintf("cd %s && openssl req -new -nodes -newkey ec -pkeyopt "
				  "ec_paramgen_curve:prime256v1 -subj /CN=whatever "
				  "-keyout %s.key -out %s.csr 2>&1",
				  w->f->dir, name, name);
	CLEANUP(free) char *path = xasprintf("%s/%s.csr", w->f->dir, name);
	char *text = NULL;
	struct err e;

	shell(command);
	assert_ok(conf_read_file(path, 65536, &text, NULL, &e), &e);
	return text;
}

static void put_host(struct world *w, const char *name, const char *token)
{
	char id[64], pool[] = "web", hash[TOKEN_HASH_TEXT];
	struct db_host h = {
		.id = id, .pool = pool, .state = DB_HOST_BOOTING, .join_token_hash = hash
	};
	struct err e;

	snprintf(id, sizeof(id), "%s", name);
	token_hash(token, hash);
	assert_ok(db_host_put(w->f->db, &h, &e), &e);
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	const struct api_hooks hooks = { .arg = w,
					 .agent_metrics = take_metrics,
					 .kv = serve_kv };
	struct err e;

	w->f = fixture_new();
	w->agent = xasprintf("%s/agent", w->f->dir);
	assert_ok(file_write(w->agent, "#!/bin/sh\nexit 0\n", 17, 0755, &e), &e);
	fixture_open(w->f, &hooks, w->agent);
	assert_ok(kv_open(w->f->db, NULL, &w->kv, &e), &e);
	token_new(w->token);
	put_host(w, HOST, w->token);
	w->csr = new_request(w, "host");
	w->cert_file = xasprintf("%s/host.pem", w->f->dir);
	w->key_file = xasprintf("%s/host.key", w->f->dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	kv_end_watches(w->kv);
	api_close(TAKE(w->f->api));
	kv_close(w->kv);
	fixture_free(w->f);
	free(w->agent);
	free(w->csr);
	free(w->cert_file);
	free(w->key_file);
	free(w);
	return 0;
}

static long join(struct world *w, const char *host, const char *token, const char *csr,
		 json_t **ret)
{
	CLEANUP(json_decref)
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s}", "host", host, "token", token,
				"csr", csr, "address", "10.90.0.7", "agent_version", "1");
	CLEANUP(free) char *body = json_dumps(doc, 0);

	return fixture_json(
		w->f,
		CALL(.method = "POST", .path = "/v1/join", .tls = true, .body = body),
		ret);
}

static long join_only(struct world *w, const char *host, const char *token,
		      const char *csr)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	return join(w, host, token, csr, &doc);
}

static void save_certificate(struct world *w, const json_t *doc)
{
	const char *pem = json_string_value(json_object_get(doc, "certificate"));
	struct err e;

	assert_non_null(pem);
	assert_ok(file_write(w->cert_file, pem, strlen(pem), 0600, &e), &e);
}

/* Joins and keeps the certificate. */
static void join_well(struct world *w)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(join(w, HOST, w->token, w->csr, &doc), 200);
	save_certificate(w, doc);
}

static long as_host(struct world *w, const char *path, const char *body, json_t **ret)
{
	return fixture_json(w->f,
			    CALL(.method = "POST", .path = path, .body = body,
				 .tls = true, .cert = w->cert_file, .key = w->key_file),
			    ret);
}

static long as_host_only(struct world *w, const char *path, const char *body)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	return as_host(w, path, body, &doc);
}

/* ---------------------------------------------------------------- joining */

static void a_host_trades_its_token_for_a_certificate(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	CLEANUP(free)
	char *verify = xasprintf("openssl verify -CAfile %s -purpose sslclient %s 2>&1",
				 w->f->ca_file, w->cert_file);
	struct err e;

	assert_int_equal(join(w, HOST, w->token, w->csr, &doc), 200);
	save_certificate(w, doc);
	shell(verify);
	assert_string_equal(json_string_value(json_object_get(doc, "store_mode")),
			    "embedded");
	assert_int_equal(json_integer_value(json_object_get(doc, "lease_ttl_s")), 5);
	assert_ok(db_host_get(w->f->db, HOST, &h, &e), &e);
	assert_int_equal(h.state, DB_HOST_UP);
	assert_true(h.join_token_used);
	assert_string_equal(h.address, "10.90.0.7");
}

static void a_token_works_once_but_the_same_key_may_ask_again(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *other = new_request(w, "other");

	join_well(w);
	assert_int_equal(join_only(w, HOST, w->token, other), 403);
	assert_int_equal(join_only(w, HOST, w->token, w->csr), 200);
}

static void a_token_is_good_for_its_host_only(void **state)
{
	struct world *w = *state;
	char another[TOKEN_TEXT];

	token_new(another);
	put_host(w, "web-00000002", another);
	assert_int_equal(join_only(w, "web-00000002", w->token, w->csr), 403);
	assert_int_equal(join_only(w, HOST, another, w->csr), 403);
	assert_int_equal(join_only(w, "web-99999999", w->token, w->csr), 403);
	assert_int_equal(join_only(w, HOST, "", w->csr), 403);
	assert_int_equal(join_only(w, HOST, w->token, w->csr), 200);
}

static void a_bad_request_does_not_use_the_token_up(void **state)
{
	struct world *w = *state;

	assert_int_equal(join_only(w, HOST, w->token, "no request"), 400);
	assert_int_equal(join_only(w, HOST, w->token, w->csr), 200);
}

/* An address is shown, and goes into DNS. */
static void an_address_is_an_address(void **state)
{
	static const char *const bad[] = { "\x1b[31mX",
					   "10.90.0",
					   "10.90.0.7 ",
					   "web",
					   "10.90.0.7/8",
					   "",
					   "127.0.0.1",
					   "0.0.0.0",
					   "255.255.255.255",
					   "224.0.0.1",
					   "::1",
					   "::",
					   "ff02::1",
					   "::ffff:10.0.0.1" };
	struct world *w = *state;
	struct join_request ask = { .host = HOST, .token = w->token, .csr = w->csr };
	struct ca_issued c = { .pem = NULL };
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ask.address = bad[i];
		assert_int_equal(
			join_host(w->f->db, w->f->ca, &ask, 3600000, 1000, &c, &e),
			ERR_INVAL);
		assert_non_null(strstr(e.msg, "IP address"));
	}
	ask.address = "2001:db8::7";
	assert_ok(join_host(w->f->db, w->f->ca, &ask, 3600000, 1000, &c, &e), &e);
	ca_issued_done(&c);
}

static void a_host_that_was_given_up_cannot_join(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_ok(db_host_set_state(w->f->db, HOST, DB_HOST_FAILED, "late",
				    clock_now_ms(), &e),
		  &e);
	assert_int_equal(join_only(w, HOST, w->token, w->csr), 403);
}

/* ---------------------------------------------------------------- with a certificate */

static void a_certificate_opens_what_is_a_hosts_and_nothing_else(void **state)
{
	struct world *w = *state;

	join_well(w);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 200);
	assert_int_equal(w->samples, 1);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics",
				      "{\"host\":\"web-1\",\"samples\":[]}"),
			 403);
	assert_int_equal(as_host_only(w, "/v1/tokens", "{\"name\":\"x\"}"), 403);
	assert_int_equal(
		fixture_status(w->f, CALL(.path = "/v1/status", .tls = true,
					  .cert = w->cert_file, .key = w->key_file)),
		403);
}

static void without_a_certificate_a_hosts_calls_are_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		fixture_status(w->f, CALL(.method = "POST", .tls = true,
					  .path = "/v1/agent/metrics", .body = "{}")),
		401);
	assert_int_equal(fixture_status(w->f, CALL(.method = "POST", .tls = true,
						   .path = "/v3/kv/range", .body = "{}")),
			 401);
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
	struct world *w = *state;
	CLEANUP(free)
	char *forge =
		xasprintf("cd %s && openssl req -x509 -new -nodes -key host.key -subj "
			  "/CN=" HOST " -days 2 -out host.pem "
			  "-addext extendedKeyUsage=clientAuth 2>&1",
			  w->f->dir);

	shell(forge);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 403);
	assert_int_equal(w->samples, 0);
}

static void the_certificate_of_a_host_that_is_gone_is_refused(void **state)
{
	struct world *w = *state;
	struct err e;

	join_well(w);
	assert_ok(db_host_gone(w->f->db, HOST, "test", clock_now_ms(), &e), &e);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 403);
}

/* What a shell command prints, without the last line break; the caller's. */
static char *said(const char *command)
{
	FILE *p = popen(command, "r");
	char text[8192];
	size_t n;

	assert_non_null(p);
	n = fread(text, 1, sizeof(text) - 1, p);
	assert_int_equal(pclose(p), 0);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	return xstrndup(text, n);
}

/* The signature of key (a name) over the renewal of w's certificate by csr, in base64. */
static char *proof_by(struct world *w, const char *key, const char *csr)
{
	CLEANUP(free) char *path = xasprintf("%s/renewal", w->f->dir);
	CLEANUP(free)
	char *ask = xasprintf("openssl x509 -in %s -noout -serial | cut -d= -f2 | "
			      "tr A-F a-f",
			      w->cert_file);
	CLEANUP(free)
	char *sign = xasprintf("openssl dgst -sha256 -sign %s/%s.key %s | base64 -w0",
			       w->f->dir, key, path);
	CLEANUP(free) char *serial = said(ask);
	CLEANUP(free)
	char *text = xasprintf("foretide renewal\n%s\n%s", serial, csr);
	struct err e;

	assert_ok(file_write(path, text, strlen(text), 0600, &e), &e);
	return said(sign);
}

static long renew(struct world *w, const char *csr, const char *proof, json_t **ret)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s*}", "csr", csr, "proof", proof);
	CLEANUP(free) char *text = json_dumps(body, 0);

	return as_host(w, "/v1/agent/renew", text, ret);
}

static void a_renewal_needs_the_signature_of_the_old_key(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *other = new_request(w, "other");
	CLEANUP(free) char *by_other = NULL;
	CLEANUP(free) char *of_another = NULL;
	CLEANUP(free) char *good = NULL;

	join_well(w);
	by_other = proof_by(w, "other", other);
	of_another = proof_by(w, "host", other);
	good = proof_by(w, "host", w->csr);

	assert_int_equal(renew(w, other, NULL, &doc), 403);
	json_decref(doc);
	assert_int_equal(renew(w, other, by_other, &doc), 403);
	json_decref(doc);
	assert_int_equal(renew(w, w->csr, of_another, &doc), 403);
	json_decref(doc);
	assert_int_equal(renew(w, w->csr, "no base64", &doc), 403);
	json_decref(doc);
	assert_int_equal(renew(w, w->csr, good, &doc), 200);
}

/* An answer that is lost loses nothing; what is replaced opens nothing, at once. */
static void the_old_certificate_ends_when_the_new_one_is_used(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *lost = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *old = xasprintf("%s/old.pem", w->f->dir);
	CLEANUP(free) char *keep = xasprintf("cp %s %s", w->cert_file, old);
	CLEANUP(free) char *proof = NULL;

	join_well(w);
	shell(keep);
	proof = proof_by(w, "host", w->csr);
	assert_int_equal(renew(w, w->csr, proof, &lost), 200);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 200);
	assert_int_equal(renew(w, w->csr, proof, &doc), 200);
	save_certificate(w, doc);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 200);

	free(w->cert_file);
	w->cert_file = TAKE(old);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 403);
	save_certificate(w, lost);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 403);
}

/* A database that was restored knows an older certificate than the one that a host has.
 */
static void a_certificate_that_is_newer_than_the_database_is_taken(void **state)
{
	struct world *w = *state;
	CLEANUP(db_certificate_done) struct db_certificate c = { .name = NULL };
	const int64_t now = clock_wall_ms();
	struct err e;

	join_well(w);
	assert_ok(db_certificate_use(w->f->db, HOST, "00", now - 3 * 86400000, &e), &e);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 200);
	assert_ok(db_certificate_use(w->f->db, HOST, "ff", now + 86400000, &e), &e);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 403);
	assert_int_equal(db_certificate_use(w->f->db, HOST, "00", now - 3 * 86400000, &e),
			 ERR_DENIED);
	assert_ok(db_certificate_get(w->f->db, HOST, &c, &e), &e);
	assert_string_equal(c.serial, "ff");
}

/* /foretide/hosts/web-0badcafe and /foretide/hosts/web-00000002 in base64; a name in DNS.
 */
#define OWN_KEY "L2ZvcmV0aWRlL2hvc3RzL3dlYi0wYmFkY2FmZQ=="
#define OTHER_KEY "L2ZvcmV0aWRlL2hvc3RzL3dlYi0wMDAwMDAwMg=="
#define NAME_KEY "L3NreWRucy9h"

/* The certificate of the host's programs takes the place of w's. */
static void get_programs_certificate(struct world *w)
{
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *csr = new_request(w, "programs");
	CLEANUP(free) char *text = NULL;

	body = json_pack("{s:s}", "csr", csr);
	text = json_dumps(body, 0);
	assert_int_equal(as_host(w, "/v1/agent/programs", text, &doc), 200);
	free(w->key_file);
	w->key_file = xasprintf("%s/programs.key", w->f->dir);
	save_certificate(w, doc);
}

static void the_programs_of_a_host_may_call_the_store_alone(void **state)
{
	static const char *const others[] = { "/v1/agent/metrics",  "/v1/agent/renew",
					      "/v1/agent/programs", "/v1/agent/logs",
					      "/v1/tokens",         "/v1/metrics" };
	struct world *w = *state;

	join_well(w);
	get_programs_certificate(w);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(as_host_only(w, others[i], "{}"), 403);
	assert_int_equal(w->samples, 0);
	assert_int_equal(as_host_only(w, "/v3/kv/range", "{\"key\":\"" NAME_KEY "\"}"),
			 200);
	assert_int_equal(as_host_only(w, "/v3/kv/range", "{\"key\":\"" OWN_KEY "\"}"),
			 403);
	assert_int_equal(as_host_only(w, "/v3/kv/put",
				      "{\"key\":\"" OWN_KEY "\",\"value\":\"e30=\"}"),
			 403);
	assert_int_equal(as_host_only(w, "/v3/kv/put",
				      "{\"key\":\"" NAME_KEY "\",\"value\":\"e30=\"}"),
			 403);
}

static void the_certificate_of_a_hosts_programs_ends_with_it(void **state)
{
	struct world *w = *state;
	struct err e;

	join_well(w);
	get_programs_certificate(w);
	assert_ok(db_host_gone(w->f->db, HOST, "test", clock_now_ms(), &e), &e);
	assert_int_equal(as_host_only(w, "/v3/kv/range", "{\"key\":\"" NAME_KEY "\"}"),
			 403);
}

static void a_host_writes_its_own_keys_only(void **state)
{
	struct world *w = *state;

	join_well(w);
	assert_int_equal(as_host_only(w, "/v3/lease/grant", "{\"TTL\":60,\"ID\":7}"),
			 200);
	assert_int_equal(
		as_host_only(w, "/v3/kv/put", "{\"key\":\"" OWN_KEY "\",\"lease\":7}"),
		200);
	assert_int_equal(
		as_host_only(w, "/v3/kv/put", "{\"key\":\"" OTHER_KEY "\",\"lease\":7}"),
		403);
	/* It would be there when the host is not. */
	assert_int_equal(as_host_only(w, "/v3/kv/put", "{\"key\":\"" OWN_KEY "\"}"), 403);
}

static void the_agents_file_comes_with_its_sum(void **state)
{
	struct world *w = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	char hash[TOKEN_HASH_TEXT];

	assert_int_equal(
		fixture_call(w->f, CALL(.path = "/v1/agent/binary", .tls = true), &res),
		200);
	token_hash_bytes(res.body.data, res.body.len, hash);
	assert_string_equal(hash, api_agent_sum(w->f->api));
}

/* ---------------------------------------------------------------- logs */

struct reader {
	struct world *w;
	long status;
	json_t *doc;
};

static void *read_log(void *arg)
{
	struct reader *r = arg;

	const long status =
		fixture_json(r->w->f,
			     CALL(.path = "/v1/units/web@1.service/logs?lines=7",
				  .token = r->w->f->viewer),
			     &r->doc);

	__atomic_store_n(&r->status, status, __ATOMIC_SEQ_CST);
	return NULL;
}

static void a_log_comes_by_way_of_the_agents_report(void **state)
{
	struct world *w = *state;
	struct reader r = { .w = w };
	char name[] = "web@1.service", host[] = HOST;
	const struct db_unit u = { .name = name, .host = host };
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;
	CLEANUP(json_decref) json_t *ask = NULL;
	CLEANUP(free) char *answer = NULL;
	CLEANUP(free) char *wrong = NULL;
	pthread_t thread;
	struct err e;

	join_well(w);
	assert_ok(db_unit_put(w->f->db, &u, &e), &e);
	assert_int_equal(pthread_create(&thread, NULL, read_log, &r), 0);
	while (!ask && clock_mono_ms() < deadline) {
		CLEANUP(json_decref) json_t *doc = NULL;

		assert_int_equal(
			as_host(w, "/v1/agent/metrics", "{\"samples\":[]}", &doc), 200);
		ask = json_incref(json_array_get(json_object_get(doc, "logs"), 0));
	}
	assert_non_null(ask);
	assert_int_equal(json_integer_value(json_object_get(ask, "lines")), 7);
	/* What is no log reaches nobody, and the request stays. */
	wrong = xasprintf("{\"id\":%lld,\"unit\":\"web@1.service\",\"lines\":[[1]]}",
			  (long long)json_integer_value(json_object_get(ask, "id")));
	assert_int_equal(as_host_only(w, "/v1/agent/logs", wrong), 400);
	answer = xasprintf("{\"id\":%lld,\"unit\":\"web@1.service\",\"lines\":[\"one\"]}",
			   (long long)json_integer_value(json_object_get(ask, "id")));
	assert_int_equal(as_host_only(w, "/v1/agent/logs", answer), 200);
	pthread_join(thread, NULL);
	assert_int_equal(r.status, 200);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(r.doc, "lines"), 0)),
		"one");
	json_decref(r.doc);
}

/* What the agent is asked for next; NULL: nothing, when it need not come. */
static json_t *next_ask(struct world *w, bool must)
{
	const int64_t until = clock_mono_ms() + (must ? PATIENCE_MS : 0);

	do {
		CLEANUP(json_decref) json_t *doc = NULL;
		json_t *asks;

		assert_int_equal(
			as_host(w, "/v1/agent/metrics", "{\"samples\":[]}", &doc), 200);
		asks = json_object_get(doc, "logs");
		assert_true(json_array_size(asks) <= 1);
		if (json_array_size(asks) == 1)
			return json_incref(json_array_get(asks, 0));
	} while (clock_mono_ms() < until);
	return NULL;
}

static size_t failed(const struct reader *r, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += __atomic_load_n(&r[i].status, __ATOMIC_SEQ_CST) == 503;
	return sum;
}

/* A viewer who asks for many logs gets a few, and the agent one request for what is
 * alike. */
static void logs_are_asked_one_at_a_time_and_once(void **state)
{
	struct world *w = *state;
	struct reader r[6];
	char name[] = "web@1.service", host[] = HOST;
	const struct db_unit u = { .name = name, .host = host };
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	CLEANUP(json_decref) json_t *ask = NULL;
	CLEANUP(free) char *answer = NULL;
	pthread_t thread[ARRAY_SIZE(r)];
	struct err e;

	join_well(w);
	assert_ok(db_unit_put(w->f->db, &u, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		r[i] = (struct reader){ .w = w };
		assert_int_equal(pthread_create(&thread[i], NULL, read_log, &r[i]), 0);
	}
	while (failed(r, ARRAY_SIZE(r)) < 2)
		assert_true(clock_mono_ms() < until);
	ask = next_ask(w, true);
	assert_non_null(ask);
	/* The others have their answer, so nothing more is on its way. */
	assert_null(next_ask(w, false));
	answer = xasprintf("{\"id\":%lld,\"unit\":\"web@1.service\",\"lines\":[\"one\"]}",
			   (long long)json_integer_value(json_object_get(ask, "id")));
	assert_int_equal(as_host_only(w, "/v1/agent/logs", answer), 200);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
		pthread_join(thread[i], NULL);
		json_decref(r[i].doc);
	}
	assert_int_equal(failed(r, ARRAY_SIZE(r)), 2);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		assert_true(r[i].status == 200 || r[i].status == 503);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_trades_its_token_for_a_certificate),
		TEST(a_token_works_once_but_the_same_key_may_ask_again),
		TEST(a_token_is_good_for_its_host_only),
		TEST(a_bad_request_does_not_use_the_token_up),
		TEST(an_address_is_an_address),
		TEST(a_host_that_was_given_up_cannot_join),
		TEST(a_certificate_opens_what_is_a_hosts_and_nothing_else),
		TEST(without_a_certificate_a_hosts_calls_are_refused),
		TEST(a_certificate_of_another_authority_is_refused),
		TEST(the_certificate_of_a_host_that_is_gone_is_refused),
		TEST(a_renewal_needs_the_signature_of_the_old_key),
		TEST(the_old_certificate_ends_when_the_new_one_is_used),
		TEST(a_certificate_that_is_newer_than_the_database_is_taken),
		TEST(the_programs_of_a_host_may_call_the_store_alone),
		TEST(the_certificate_of_a_hosts_programs_ends_with_it),
		TEST(a_host_writes_its_own_keys_only),
		TEST(the_agents_file_comes_with_its_sum),
		TEST(a_log_comes_by_way_of_the_agents_report),
		TEST(logs_are_asked_one_at_a_time_and_once),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("join", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
