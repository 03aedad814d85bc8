/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a host gets certificates, and what ends a handshake. */
#include "api_fixture.h"

#include "crowd.h"
#include "issuing.h"
#include "server.h"

#define NOW INT64_C(1000000)

static void after_a_rest_there_are_some_at_once(void **state)
{
	struct issuing *x = issuing_new();
	int64_t now = NOW;

	(void)state;
	for (int i = 0; i < ISSUING_BURST; i++)
		assert_int_equal(issuing_ask(x, "web-1", now), 0);
	assert_int_equal(issuing_ask(x, "web-1", now), ISSUING_EACH_S);
	assert_int_equal(issuing_ask(x, "web-2", now), 0);
	/* What is refused is not paid. */
	now += ISSUING_EACH_S * 1000 - 1;
	assert_int_equal(issuing_ask(x, "web-1", now), 1);
	assert_int_equal(issuing_ask(x, "web-1", now + 1), 0);
	assert_int_equal(issuing_ask(x, "web-1", now + 1), ISSUING_EACH_S);
	now += ISSUING_BURST * ISSUING_EACH_S * 1000;
	for (int i = 0; i < ISSUING_BURST; i++)
		assert_int_equal(issuing_ask(x, "web-1", now + 1), 0);
	issuing_free(x);
}

static void who_owes_is_not_forgotten_for_others(void **state)
{
	struct issuing *x = issuing_new();
	size_t refused = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < ISSUING_BURST; i++)
		assert_int_equal(issuing_ask(x, "web-1", NOW), 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "db-%d", i);
		refused += issuing_ask(x, name, NOW) != 0;
	}
	assert_int_equal(refused, 0);
	assert_int_not_equal(issuing_ask(x, "web-1", NOW), 0);
	issuing_free(x);
}

/* ---------------------------------------------------------------- served */

static int setup(void **state)
{
	static const struct api_hooks hooks = { .arg = NULL };
	struct fixture *f = fixture_new();

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void run(const char *command)
{
	FILE *p = popen(command, "r");

	assert_non_null(p);
	assert_int_equal(pclose(p), 0);
}

static char *file_of(const struct fixture *f, const char *name)
{
	return xasprintf("%s/%s", f->dir, name);
}

static char *make_request(const struct fixture *f)
{
	CLEANUP(free)
	char *command = xasprintf("openssl req -new -nodes -newkey ec -pkeyopt "
				  "ec_paramgen_curve:P-256 -subj /CN=x -keyout "
				  "%s/host.key -out %s/host.csr 2>/dev/null",
				  f->dir, f->dir);
	CLEANUP(free) char *path = file_of(f, "host.csr");
	char *csr = NULL;
	struct err e;

	run(command);
	assert_ok(conf_read_file(path, 65536, &csr, NULL, &e), &e);
	return csr;
}

/* web-1 has joined; its key and certificate are in files. */
static char *join(struct fixture *f)
{
	char id[] = "web-1", pool[] = "web";
	const struct db_host h = { .id = id, .pool = pool, .state = DB_HOST_UP };
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	CLEANUP(free) char *path = file_of(f, "host.pem");
	char *csr = make_request(f);
	struct err e;

	assert_ok(db_host_put(f->db, &h, &e), &e);
	assert_ok(ca_issue(f->ca, csr, "web-1", 86400000, &c, &e), &e);
	assert_ok(file_write(path, c.pem, strlen(c.pem), 0644, &e), &e);
	return csr;
}

static char *problems(struct fixture *f)
{
	CLEANUP(json_decref)
	json_t *list = crowd_problems(f->api->crowd, clock_mono_ms());

	return json_dumps(list, 0);
}

static void certificates_have_a_price(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *csr = join(f);
	CLEANUP(free) char *cert = file_of(f, "host.pem");
	CLEANUP(free) char *key = file_of(f, "host.key");
	CLEANUP(json_decref) json_t *doc = json_pack("{s:s}", "csr", csr);
	CLEANUP(free) char *body = json_dumps(doc, 0);
	CLEANUP(free) char *told = NULL;
	const struct call c = { .method = "POST",
				.path = "/v1/agent/programs",
				.body = body,
				.tls = true,
				.cert = cert,
				.key = key };
	int n = 0;
	long status;

	assert_int_equal(fixture_status(f, &c), 200);
	/* Some come in while it asks. */
	while ((status = fixture_status(f, &c)) == 200 && n < 20 * ISSUING_BURST)
		n++;
	assert_int_equal(status, 429);
	assert_true(n >= ISSUING_BURST - 1);
	told = problems(f);
	assert_non_null(strstr(told, "certificates-limited"));
	assert_non_null(strstr(told, "web-1"));
}

/* As another's key may cost seconds, none is looked at that no host can have. */
static void a_strangers_key_ends_the_handshake(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *cert = file_of(f, "s.pem");
	CLEANUP(free) char *key = file_of(f, "s.key");
	static const char *const curves[] = { "P-521", "P-256" };

	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		CLEANUP(free)
		char *command = xasprintf("openssl req -x509 -nodes -newkey ec -pkeyopt "
					  "ec_paramgen_curve:%s -subj /CN=web-1 -keyout "
					  "%s -out %s 2>/dev/null",
					  curves[i], key, cert);
		CLEANUP(free)
		char *url = xasprintf("https://127.0.0.1:%u/v1/agent/metrics",
				      api_host_port(f->api));
		CLEANUP(http_res_done) struct http_res res = { .status = 0 };
		const struct http_req req = { .method = "POST",
					      .url = url,
					      .body = "{}",
					      .body_len = 2,
					      .ca_file = f->ca_file,
					      .cert_file = cert,
					      .key_file = key,
					      .max_answer_bytes = 65536,
					      .timeout_ms = PATIENCE_MS };
		struct err e;
		int rc;

		run(command);
		rc = http_exchange(&req, &res, &e);
		if (i == 0)
			assert_int_not_equal(rc, 0);
		else
			assert_int_equal(res.status, 403);
	}
}

static int shake_hands(const struct fixture *f, const char *group)
{
	CLEANUP(free)
	char *command = xasprintf("openssl s_client -connect 127.0.0.1:%u -groups %s "
				  "</dev/null >/dev/null 2>&1",
				  api_host_port(f->api), group);
	FILE *p = popen(command, "r");

	assert_non_null(p);
	return pclose(p);
}

/* One of 8192 bits costs the listener a hundred times more. */
static void keys_are_agreed_on_over_curves_alone(void **state)
{
	assert_int_equal(shake_hands(*state, "P-256"), 0);
	assert_int_equal(shake_hands(*state, "X25519"), 0);
	assert_int_not_equal(shake_hands(*state, "ffdhe2048"), 0);
	assert_int_not_equal(shake_hands(*state, "ffdhe8192"), 0);
}

#define SERVED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_rest_there_are_some_at_once),
		cmocka_unit_test(who_owes_is_not_forgotten_for_others),
		SERVED(certificates_have_a_price),
		SERVED(a_strangers_key_ends_the_handshake),
		SERVED(keys_are_agreed_on_over_curves_alone),
	};

	return cmocka_run_group_tests_name("issuing", tests, NULL, NULL);
}
