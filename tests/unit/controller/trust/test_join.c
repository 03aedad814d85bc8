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

static int take_metrics(void *arg, const char *host, const json_t *body, struct err *err)
{
	struct world *w = arg;

	(void)err;
	(void)body;
	assert_string_equal(host, HOST);
	__atomic_add_fetch(&w->samples, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static enum MHD_Result serve_kv(void *arg, const struct api_kv_call *c)
{
	struct world *w = arg;
	struct kv_host_access host;
	const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

	if (*c->host)
		kv_host_access(c->host, &host);
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

static void a_host_renews_its_certificate(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *text = NULL;

	join_well(w);
	body = json_pack("{s:s}", "csr", w->csr);
	text = json_dumps(body, 0);
	assert_int_equal(as_host(w, "/v1/agent/renew", text, &doc), 200);
	save_certificate(w, doc);
	assert_int_equal(as_host_only(w, "/v1/agent/metrics", "{\"samples\":[]}"), 200);
}

/* /foretide/hosts/web-0badcafe and /foretide/hosts/web-00000002 in base64. */
#define OWN_KEY "L2ZvcmV0aWRlL2hvc3RzL3dlYi0wYmFkY2FmZQ=="
#define OTHER_KEY "L2ZvcmV0aWRlL2hvc3RzL3dlYi0wMDAwMDAwMg=="

static void a_host_writes_its_own_keys_only(void **state)
{
	struct world *w = *state;

	join_well(w);
	assert_int_equal(as_host_only(w, "/v3/kv/put",
				      "{\"key\":\"" OWN_KEY "\",\"value\":\"e30=\"}"),
			 200);
	assert_int_not_equal(as_host_only(w, "/v3/kv/put",
					  "{\"key\":\"" OTHER_KEY
					  "\",\"value\":\"e30=\"}"),
			     200);
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

	r->status = fixture_json(r->w->f,
				 CALL(.path = "/v1/units/web@1.service/logs?lines=7",
				      .token = r->w->f->viewer),
				 &r->doc);
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
	answer = xasprintf("{\"id\":%lld,\"unit\":\"web@1.service\",\"lines\":[\"one\"]}",
			   (long long)json_integer_value(json_object_get(ask, "id")));
	assert_int_equal(as_host_only(w, "/v1/agent/logs", answer), 204);
	pthread_join(thread, NULL);
	assert_int_equal(r.status, 200);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(r.doc, "lines"), 0)),
		"one");
	json_decref(r.doc);
}

/* ---------------------------------------------------------------- user data */

static struct join_user_data user_data_of(const struct world *w)
{
	return (struct join_user_data){ .host = HOST,
					.pool = "web",
					.token = w->token,
					.controller = "https://10.90.0.1:7071",
					.ca_pem = ca_pem(w->f->ca),
					.agent_sha256 = api_agent_sum(w->f->api),
					.time_scale = 30,
					.time_epoch_ms = 1700000000000 };
}

static void user_data_is_a_clean_script_under_12_kb(void **state)
{
	struct world *w = *state;
	const struct join_user_data in = user_data_of(w);
	CLEANUP(free) char *path = xasprintf("%s/user-data", w->f->dir);
	CLEANUP(free) char *check = xasprintf("shellcheck -s sh %s 2>&1", path);
	CLEANUP(free) char *text = NULL;
	struct err e;

	assert_ok(join_user_data(&in, &text, &e), &e);
	assert_ok(file_write(path, text, strlen(text), 0700, &e), &e);

	assert_true(strlen(text) < 12 << 10);
	shell(check);
}

static void user_data_refuses_what_could_break_out_of_it(void **state)
{
	struct world *w = *state;
	struct join_user_data in[] = { user_data_of(w), user_data_of(w), user_data_of(w),
				       user_data_of(w) };
	struct err e;

	in[0].controller = "https://x/'; reboot; '";
	in[1].host = "web\nEND\nreboot";
	in[2].agent_sha256 = "";
	in[3].ca_pem = "END\n$(reboot)\n";
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		char *text = NULL;

		assert_int_equal(join_user_data(&in[i], &text, &e), ERR_INVAL);
		assert_null(text);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_trades_its_token_for_a_certificate),
		TEST(a_token_works_once_but_the_same_key_may_ask_again),
		TEST(a_token_is_good_for_its_host_only),
		TEST(a_bad_request_does_not_use_the_token_up),
		TEST(a_host_that_was_given_up_cannot_join),
		TEST(a_certificate_opens_what_is_a_hosts_and_nothing_else),
		TEST(without_a_certificate_a_hosts_calls_are_refused),
		TEST(a_certificate_of_another_authority_is_refused),
		TEST(the_certificate_of_a_host_that_is_gone_is_refused),
		TEST(a_host_renews_its_certificate),
		TEST(a_host_writes_its_own_keys_only),
		TEST(the_agents_file_comes_with_its_sum),
		TEST(a_log_comes_by_way_of_the_agents_report),
		TEST(user_data_is_a_clean_script_under_12_kb),
		TEST(user_data_refuses_what_could_break_out_of_it),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("join", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
