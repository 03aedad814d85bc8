/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_gce.c - the gce driver against scripted answers: what a cloud does seldom,
 * and faults between. tests/peers holds it to Google's contract.
 */

#include "scripted_driver.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#define UUID_A "01234567-89ab-cdef-0123-456789abcdef"
#define API "https://gce.test/v1/projects/p"
#define ZONE "one-b"
#define VM_ID ZONE "/web-1"
#define OPTIONS                                                       \
	"\"type\": \"e2-small\", \"zone\": \"" ZONE "\", \"image\": " \
	"\"debian-cloud/debian-12\""

#define LOGIN                                                               \
	{                                                                   \
		200, NULL,                                                  \
			"{\"access_token\": \"token-of-the-test\", "        \
			"\"expires_in\": 3599, \"token_type\": \"Bearer\"}" \
	}
#define OPERATION(more)                                                                \
	{                                                                              \
		200, NULL,                                                             \
			"{\"kind\": \"compute#operation\", \"operationType\": "        \
			"\"insert\", \"name\": \"operation-1\", \"status\": " more "}" \
	}
#define RUNNING OPERATION("\"RUNNING\"")
#define DONE OPERATION("\"DONE\"")
#define FAILED_OP(code, status)                                   \
	OPERATION("\"DONE\", \"httpErrorStatusCode\": " #status   \
		  ", \"error\": {\"errors\": [{\"code\": \"" code \
		  "\", \"message\": \"why\"}]}")
#define REFUSED(status, reason)                                                     \
	{                                                                           \
		status, NULL,                                                       \
			"{\"error\": {\"code\": " #status ", \"message\": \"no\", " \
			"\"errors\": [{\"reason\": \"" reason "\"}]}}"              \
	}
#define INSTANCE(name, owner, launch, more)                                     \
	"{\"kind\": \"compute#instance\", \"name\": \"" name                    \
	"\", \"zone\": \"https://x/zones/" ZONE "\", \"status\": \"RUNNING\", " \
	"\"labels\": {\"ft-owner\": \"" owner "\", \"ft-pool\": \"web\", "      \
	"\"ft-launch\": \"" launch "\"}" more "}"
#define LIST(items, more)                                                         \
	{                                                                         \
		200, NULL,                                                        \
			"{\"kind\": \"compute#instanceAggregatedList\", "         \
			"\"items\": {\"zones/" ZONE "\": {\"instances\": [" items \
			"]}}" more "}"                                            \
	}
#define NEXT(token) ", \"nextPageToken\": \"" token "\""

/* A key of the service account, made once. */
static char *key_text;

static int make_key(void **state)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;

	(void)state;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
	key_text = xstrndup((char *)pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(key);
	return 0;
}

static int drop_key(void **state)
{
	(void)state;
	free(key_text);
	return 0;
}

/* options: members of the object; the credentials are added, but for what is NULL. */
static char *config_of(const char *options, const char *key)
{
	CLEANUP(json_decref)
	json_t *credentials = json_pack(
		"{s:s, s:s, s:s*, s:s, s:s, s:s}", "project_id", "p", "client_email",
		"a@p.test", "private_key", key, "private_key_id", "the-id", "token_uri",
		"https://token.test/token", "endpoint", "https://gce.test/v1/");
	CLEANUP(free) char *text = json_dumps(credentials, 0);

	return xasprintf("{%s%s\"credentials\": %s}", options, *options ? ", " : "",
			 text);
}

static void begin_with(struct world *w, const char *options,
		       const struct scripted_answer *answers, size_t n)
{
	CLEANUP(free) char *config = config_of(options, key_text);

	world_begin(w, "gce", config, answers, n);
}

#define BEGIN(w, ...)                                              \
	const struct scripted_answer answers_[] = { __VA_ARGS__ }; \
	begin_with(w, OPTIONS, answers_, ARRAY_SIZE(answers_))

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const options[][2] = {
		{ "\"colour\": \"red\"", "colour" },
		{ "\"zone\": \"../one\"", "zone" },
		{ "\"zone\": \"one\"", "region" },
		{ "\"type\": \"E2\"", "type" },
		{ "\"metadata_key\": \"x\"", "metadata_key" },
		{ "\"disk_gb\": \"-1\"", "disk_gb" },
		{ "\"endpoint\": \"ftp://x\"", "endpoint" },
	};
	CLEANUP(free) char *no_key = config_of("", NULL);
	CLEANUP(free) char *bad_key = config_of("", SECRET);

	(void)state;
	assert_not_opened("gce", "{}", "gce_service_account_file");
	assert_not_opened("gce",
			  "{\"credentials\": {\"pasword\": \"s3cret-of-the-test\"}}",
			  "pasword");
	assert_not_opened("gce", "{\"credentials\": {\"project_id\": \"p\"}}",
			  "client_email");
	assert_not_opened(
		"gce",
		"{\"credentials\": {\"project_id\": \"../p\", \"client_email\": "
		"\"a\", \"private_key\": \"s3cret-of-the-test\"}}",
		"project_id");
	assert_not_opened("gce", no_key, "private_key");
	assert_not_opened("gce", bad_key, "private_key");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		CLEANUP(free) char *config = config_of(options[i][0], key_text);

		assert_not_opened("gce", config, options[i][1]);
	}
}

static void a_stack_names_what_is_of_the_project_and_not_where_to_log_in(void **state)
{
	static const char *const may[] = { "type", "image", "zone", NULL };
	static const char *const never[] = { "ca",        "endpoint",
					     "token_uri", "service_account",
					     "scopes",    NULL };

	(void)state;
	assert_pool_options("gce", may, true);
	assert_pool_options("gce", never, false);
}

/* In one line, as an INI file has it. */
static void a_key_may_be_in_one_line(void **state)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(free) char *config = NULL;
	struct world w;

	(void)state;
	buf_init(&b, 8192);
	for (const char *c = key_text; *c; c++)
		buf_printf(&b, *c == '\n' ? "\\n" : "%c", *c);
	config = config_of("", buf_str(&b));
	world_begin(&w, "gce", config, NULL, 0);
	end(&w);
}

/* ---------------------------------------------------------------- logging in */

/* The bytes of one part of a JWT. */
static char *part_of(const char *from, size_t n, size_t *ret_len)
{
	CLEANUP(free)
	char *text = xasprintf("%.*s%.*s", (int)n, from, (int)(-n & 3), "==");
	char *bytes = NULL;
	struct err e;

	for (char *c = text; *c; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	assert_ok(base64_decode(text, strlen(text), &bytes, ret_len, &e), &e);
	return bytes;
}

static void assert_signed(const char *jwt, size_t n_signed, const char *signature)
{
	const gnutls_datum_t pem = { (unsigned char *)key_text,
				     (unsigned)strlen(key_text) };
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)jwt,
				      (unsigned)n_signed };
	gnutls_datum_t s;
	gnutls_privkey_t key;
	gnutls_pubkey_t public;
	size_t n;

	s.data = (unsigned char *)part_of(signature, strlen(signature), &n);
	s.size = (unsigned)n;
	assert_int_equal(gnutls_privkey_init(&key), 0);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(
		gnutls_privkey_import_x509_raw(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0),
		0);
	assert_int_equal(gnutls_pubkey_import_privkey(public, key, 0, 0), 0);
	assert_true(gnutls_pubkey_verify_data2(public, GNUTLS_SIGN_RSA_SHA256, 0, &data,
					       &s) >= 0);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(key);
	free(s.data);
}

static void logs_in_by_what_the_key_signs(void **state)
{
	CLEANUP(free) char *claims = NULL;
	struct world w;
	struct vm_list all;
	struct drv_err e;
	const char *jwt, *dot, *second;
	size_t n;

	(void)state;
	BEGIN(&w, LOGIN, LIST("", ""));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_sent(&w, 0, "POST", "https://token.test/token");
	assert_null(strstr(w.host.requests[0].headers, "Authorization"));
	jwt = strstr(w.host.requests[0].body, "&assertion=") + strlen("&assertion=");
	dot = strchr(jwt, '.');
	second = strchr(dot + 1, '.');
	claims = part_of(dot + 1, (size_t)(second - dot - 1), &n);
	assert_string_equal(claims,
			    "{\"iss\":\"a@p.test\",\"scope\":"
			    "\"https://www.googleapis.com/auth/compute\",\"aud\":"
			    "\"https://token.test/token\",\"iat\":1767225600,\"exp\":"
			    "1767229200}");
	assert_signed(jwt, (size_t)(second - jwt), second + 1);
	assert_sent(
		&w, 1, "GET",
		API
		"/aggregated/instances?maxResults=500&filter=labels.ft-owner%3D" OWNER);
	assert_non_null(strstr(w.host.requests[1].headers,
			       "Authorization: Bearer token-of-the-test\n"));
	end(&w);
}

static void a_token_that_expired_or_was_refused_is_renewed(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, LIST("", ""), REFUSED(401, "authError"), LOGIN, LIST("", ""),
	      LOGIN, LIST("", ""));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	w.host.mono_ms += 3600000;
	assert_drv_ok(list_all(&w, &all, &e), &e);
	end(&w);
}

static void logins_that_cannot_be_used_fail_in_words(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		const char *word;
	} cases[] = {
		{ { 400, NULL,
		    "{\"error\": \"invalid_grant\", \"error_description\": \"Invalid JWT "
		    "Signature.\"}" },
		  DRV_AUTH,
		  "Invalid JWT" },
		{ { 200, NULL, "{\"expires_in\": 3600}" },
		  DRV_TRANSIENT,
		  "access_token" },
		{ { 200, NULL, "{\"access_token\": \"a\\r\\nb\", \"expires_in\": 3600}" },
		  DRV_TRANSIENT,
		  "access_token" },
		{ { 200, NULL, "{\"access_token\": \"a\"}" },
		  DRV_TRANSIENT,
		  "expires_in" },
		{ { 200, NULL, "<html>" }, DRV_TRANSIENT, "JSON" },
		{ { .status = DRV_AMBIGUOUS }, DRV_TRANSIENT, "lost" },
		{ { 404, NULL, "" }, DRV_BADREQ, "token.test" },
		{ { 503, NULL, "" }, DRV_TRANSIENT, "503" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_non_null(strstr(e.msg, cases[i].word));
		end(&w);
	}
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_and_waits_for_its_operation(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, RUNNING, RUNNING, DONE);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, VM_ID);
	assert_string_equal(vm.launch_id, ID_A);
	assert_string_equal(vm.zone, ZONE);
	assert_int_equal(vm.state, DRV_VM_PENDING);
	assert_sent(&w, 1, "POST", API "/zones/" ZONE "/instances?requestId=" UUID_A);
	assert_string_equal(
		w.host.requests[1].body,
		"{\"name\":\"web-1\",\"machineType\":\"zones/" ZONE
		"/machineTypes/e2-small\",\"labels\":{\"ft-owner\":\"" OWNER
		"\",\"ft-pool\":\"web\",\"ft-launch\":\"" ID_A
		"\"},\"networkInterfaces\":[{\"network\":\"global/networks/default\","
		"\"accessConfigs\":[{\"type\":\"ONE_TO_ONE_NAT\",\"name\":\"External "
		"NAT\"}]}],\"disks\":[{\"boot\":true,\"autoDelete\":true,"
		"\"initializeParams\":{\"sourceImage\":\"projects/debian-cloud/global/"
		"images/family/debian-12\",\"labels\":{\"ft-owner\":\"" OWNER
		"\",\"ft-pool\":\"web\",\"ft-launch\":\"" ID_A
		"\"}}}],\"metadata\":{\"items\":[{\"key\":\"startup-script\",\"value\":"
		"\"#!/bin/sh\\n\"}]}}");
	assert_sent(&w, 3, "POST", API "/zones/" ZONE "/operations/operation-1/wait");
	end(&w);
}

static void every_option_is_in_the_launch(void **state)
{
	static const char options[] =
		"\"zone\": \"one-c\", \"image\": \"own\", \"network\": \"n\","
		"\"subnetwork\": \"s\", \"network_tags\": \"a, b\", \"disk_gb\": \"20\","
		"\"service_account\": \"x@p.test\", \"scopes\": \"s1,s2\","
		"\"disk_type\": \"pd-ssd\", \"public_address\": \"no\","
		"\"metadata_key\": \"user-data\"";
	static const char *const wanted[] = {
		"\"name\":\"ft-1-web\"",
		"\"ft-name\":\"1-web\"",
		"\"l-1\":\"v\"",
		"\"a-label\":\"\"",
		"\"ft-expires\":\"1767229200\"",
		"zones/one-c/machineTypes/n2-standard-4",
		"\"sourceImage\":\"projects/p/global/images/own\"",
		"\"diskSizeGb\":\"20\",\"diskType\":\"zones/one-c/diskTypes/pd-ssd\"",
		"[{\"network\":\"global/networks/n\",\"subnetwork\":\"regions/one/"
		"subnetworks/s\"}]",
		"\"tags\":{\"items\":[\"a\",\"b\"]}",
		"[{\"email\":\"x@p.test\",\"scopes\":[\"s1\",\"s2\"]}]",
		"\"key\":\"user-data\"",
		"\"scheduling\":{\"instanceTerminationAction\":\"DELETE\","
		"\"provisioningModel\":\"SPOT\",\"onHostMaintenance\":\"TERMINATE\","
		"\"automaticRestart\":false,\"maxRunDuration\":{\"seconds\":\"3600\"}}",
	};
	static const struct drv_label labels[] = { { "a-label", "" }, { "1", "v" } };
	const struct scripted_answer answers[] = { LOGIN, RUNNING, DONE };
	const char *const types[] = { "n2-standard-4", NULL };
	struct drv_launch l = a_launch(ID_A, "x");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.name = "1-web";
	l.types = types;
	l.labels = labels;
	l.n_labels = 2;
	l.spot = true;
	l.expires_ms = INT64_C(1767225600000) + 3600000;
	begin_with(&w, options, answers, ARRAY_SIZE(answers));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	assert_string_equal(vm.id, "one-c/ft-1-web");
	assert_string_equal(vm.name, "1-web");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_non_null(strstr(w.host.requests[1].body, wanted[i]));
	assert_null(strstr(w.host.requests[1].body, "accessConfigs"));
	end(&w);
}

static void user_data_may_have_what_the_cloud_takes_and_no_byte_more(void **state)
{
	const size_t max = 256 * 1024;
	CLEANUP(free) char *text = xmalloc(max + 2);
	struct drv_launch l;
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	memset(text, '#', max + 1);
	text[max + 1] = '\0';
	l = a_launch(ID_A, text);
	BEGIN(&w, LOGIN, RUNNING, DONE);
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	l.user_data = "\xff";
	l.user_data_len = 1;
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	assert_int_equal(w.host.n, 0);
	l.user_data = text;
	l.user_data_len = max;
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	end(&w);
}

static void a_name_that_is_taken_is_the_launch_sent_before_or_another(void **state)
{
	static const struct {
		const char *owner, *launch;
		int cls;
	} cases[] = {
		{ OWNER, ID_A, 0 },
		{ OWNER, "another", DRV_CONFLICT },
		{ "somebody-else", ID_A, DRV_CONFLICT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *text = xasprintf(
			"{\"name\": \"web-1\", \"zone\": \"zones/" ZONE
			"\", \"status\": \"RUNNING\", \"labels\": {\"ft-owner\": \"%s\", "
			"\"ft-launch\": \"%s\"}}",
			cases[i].owner, cases[i].launch);
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, REFUSED(409, "alreadyExists"), { 200, NULL, text });
		assert_int_equal(launch_once(&w, &vm, &e), cases[i].cls);
		assert_sent(&w, 2, "GET", API "/zones/" ZONE "/instances/web-1");
		if (cases[i].cls == 0) {
			assert_string_equal(vm.id, VM_ID);
			assert_int_equal(vm.state, DRV_VM_RUNNING);
		}
		end(&w);
	}
}

static void a_request_that_was_done_before_is_its_vm_even_if_that_is_gone(void **state)
{
	static const struct {
		struct scripted_answer answer;
		enum drv_vm_state state;
	} cases[] = {
		{ { 200, NULL, INSTANCE("web-1", OWNER, ID_A, "") }, DRV_VM_RUNNING },
		{ { 200, NULL, INSTANCE("web-1", OWNER, "another", "") }, DRV_VM_GONE },
		{ REFUSED(404, "notFound"), DRV_VM_GONE },
		{ REFUSED(503, "backendError"), DRV_VM_PENDING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, DONE, cases[i].answer);
		assert_drv_ok(launch_once(&w, &vm, &e), &e);
		assert_string_equal(vm.id, VM_ID);
		assert_int_equal(vm.state, cases[i].state);
		end(&w);
	}
}

static void a_name_that_was_taken_and_went_is_asked_for_again_later(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, REFUSED(409, "alreadyExists"), REFUSED(404, "notFound"));
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_TRANSIENT, &e);
	end(&w);
}

/* The name may be that of the launch whose answer was lost. */
static void a_name_that_is_taken_and_cannot_be_looked_at_is_ambiguous(void **state)
{
	static const struct scripted_answer cases[] = {
		REFUSED(403, "forbidden"),
		REFUSED(503, "backendError"),
		REFUSED(429, "rateLimitExceeded"),
		{ 404, NULL, "<html>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, REFUSED(409, "alreadyExists"), cases[i]);
		assert_drv_fails(launch_once(&w, &vm, &e), DRV_AMBIGUOUS, &e);
		end(&w);
	}
}

static void a_launch_fails_in_the_class_that_it_failed_in(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		int64_t retry_after_ms;
	} cases[] = {
		{ { .status = DRV_AMBIGUOUS }, DRV_AMBIGUOUS, -1 },
		{ { 200, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 200, NULL, "{\"name\": \"x\"}" }, DRV_AMBIGUOUS, -1 },
		{ { 500, NULL, "" }, DRV_AMBIGUOUS, -1 },
		{ REFUSED(503, "backendError"), DRV_AMBIGUOUS, -1 },
		{ { 429, "Retry-After: 7\r\n", "" }, DRV_THROTTLED, 7000 },
		{ REFUSED(403, "rateLimitExceeded"), DRV_THROTTLED, -1 },
		{ REFUSED(403, "quotaExceeded"), DRV_QUOTA, -1 },
		{ REFUSED(403, "forbidden"), DRV_AUTH, -1 },
		{ REFUSED(400, "invalid"), DRV_BADREQ, -1 },
		{ REFUSED(400, "resourceNotReady"), DRV_CONFLICT, -1 },
		{ REFUSED(404, "notFound"), DRV_BADREQ, -1 },
		{ FAILED_OP("ZONE_RESOURCE_POOL_EXHAUSTED", 503), DRV_CAPACITY, -1 },
		{ FAILED_OP("QUOTA_EXCEEDED", 403), DRV_QUOTA, -1 },
		{ FAILED_OP("UNKNOWN_TO_US", 400), DRV_BADREQ, -1 },
		{ FAILED_OP("UNKNOWN_TO_US", 503), DRV_TRANSIENT, -1 },
		{ FAILED_OP("RESOURCE_NOT_FOUND", 404), DRV_BADREQ, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_int_equal(e.retry_after_ms, cases[i].retry_after_ms);
		end(&w);
	}
}

static void an_operation_that_cannot_be_waited_for_was_accepted(void **state)
{
	static const struct scripted_answer cases[] = {
		{ .status = DRV_AMBIGUOUS },
		REFUSED(403, "forbidden"),
		{ 200, NULL, "<html>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, RUNNING, cases[i]);
		assert_drv_ok(launch_once(&w, &vm, &e), &e);
		assert_int_equal(vm.state, DRV_VM_PENDING);
		end(&w);
	}
}

/* ---------------------------------------------------------------- listing */

static void a_list_is_read_page_after_page(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      LIST(INSTANCE("a", OWNER, "1", "") "," INSTANCE("b", OWNER, "2", ""),
		   NEXT("t/1")),
	      LIST(INSTANCE("b", OWNER, "2", "") "," INSTANCE("c", "other", "3", ""),
		   NEXT("t2")),
	      LIST(INSTANCE("d", OWNER, "4", ""), ""));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[0].id, ZONE "/a");
	assert_string_equal(all.vm[2].id, ZONE "/d");
	assert_non_null(strstr(w.host.requests[2].url, "&pageToken=t%2F1"));
	end(&w);
}

static void a_list_that_does_not_end_is_an_error(void **state)
{
	const struct scripted_answer same =
		LIST(INSTANCE("a", OWNER, "1", ""), NEXT("t"));
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, same, same);
	assert_drv_fails(list_all(&w, &all, &e), DRV_BUG, &e);
	end(&w);
}

static void a_list_that_is_not_whole_fails(void **state)
{
	static const struct scripted_answer cases[] = {
		{ 200, NULL, "{}" },
		{ 200, NULL, "{\"items\": []}" },
		{ 200, NULL, "" },
		{ 500, NULL, "" },
		{ .status = DRV_TRANSIENT },
		LIST("", ", \"unreachables\": [\"zones/x\"]"),
		LIST("", ", \"warning\": {\"code\": \"UNREACHABLE\"}"),
		{ 200, NULL,
		  "{\"items\": {\"zones/x\": {\"warning\": {\"code\": "
		  "\"UNREACHABLE\"}}}}" },
		REFUSED(400, "invalid"), /* the page's token is no longer known */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, LIST(INSTANCE("a", OWNER, "1", ""), NEXT("t")),
		      cases[i]);
		assert_drv_fails(list_all(&w, &all, &e), DRV_TRANSIENT, &e);
		end(&w);
	}
}

static void vms_are_read_as_they_are(void **state)
{
	static const struct {
		const char *status;
		enum drv_vm_state state;
		const char *message;
	} cases[] = {
		{ "\"PROVISIONING\"", DRV_VM_PENDING, "" },
		{ "\"STAGING\"", DRV_VM_PENDING, "" },
		{ "\"RUNNING\"", DRV_VM_RUNNING, "" },
		{ "\"STOPPING\"", DRV_VM_STOPPING, "" },
		{ "\"TERMINATED\"", DRV_VM_FAILED, "its status is TERMINATED: why" },
		{ "\"SUSPENDED\"", DRV_VM_FAILED, "its status is SUSPENDED: why" },
		{ "\"NEW\"", DRV_VM_UNKNOWN, "" },
		{ "7", DRV_VM_UNKNOWN, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *page = xasprintf(
			"{\"items\": {\"zones/" ZONE "\": {\"instances\": [{\"name\": "
			"\"ft-1\", \"status\": %s, \"statusMessage\": \"why\", \"zone\": "
			"\"https://x/zones/" ZONE "\", \"machineType\": "
			"\"https://x/machineTypes/e2-small\", \"creationTimestamp\": "
			"\"2025-12-31T16:00:00.000-08:00\", \"labels\": {\"ft-owner\": "
			"\"" OWNER "\", \"ft-pool\": \"web\", \"ft-name\": \"1\"}, "
			"\"scheduling\": {\"provisioningModel\": \"SPOT\"}, "
			"\"networkInterfaces\": [{\"networkIP\": \"10.0.0.1\", "
			"\"accessConfigs\": [{\"natIP\": \"203.0.113.1\"}]}]}]}}}",
			cases[i].status);
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, { 200, NULL, page });
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		assert_string_equal(all.vm[0].message, cases[i].message);
		assert_string_equal(all.vm[0].id, ZONE "/ft-1");
		assert_string_equal(all.vm[0].name, "1");
		assert_string_equal(all.vm[0].type, "e2-small");
		assert_string_equal(all.vm[0].address, "10.0.0.1");
		assert_string_equal(all.vm[0].public_address, "203.0.113.1");
		assert_int_equal(all.vm[0].created_ms, INT64_C(1767225600000));
		assert_true(all.vm[0].spot);
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

static void ends_its_own_vm_and_one_that_is_gone(void **state)
{
	const struct scripted_answer mine = { 200, NULL,
					      INSTANCE("web-1", OWNER, ID_A, "") };
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, mine, DONE, REFUSED(404, "notFound"), mine,
	      REFUSED(404, "notFound"), { 404, NULL, "<html>" }, mine,
	      { 404, NULL, "<html>" });
	assert_drv_ok(end_vm(&w, VM_ID, &e), &e);
	assert_sent(&w, 2, "DELETE", API "/zones/" ZONE "/instances/web-1");
	assert_drv_ok(end_vm(&w, VM_ID, &e), &e);
	assert_drv_ok(end_vm(&w, VM_ID, &e), &e);
	/* What is not found by another than the cloud may be there. */
	assert_drv_fails(end_vm(&w, VM_ID, &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, VM_ID, &e), DRV_BADREQ, &e);
	end(&w);
}

static void never_ends_what_has_not_its_label(void **state)
{
	static const char *const bad[] = { "web-1",     "../x",      ZONE "/",
					   ZONE "/a/b", ZONE "/a?b", "" };
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 200, NULL, INSTANCE("web-1", "somebody-else", ID_A, "") },
	      { 200, NULL, "{\"name\": \"web-1\"}" }, { 200, NULL, "<html>" });
	assert_drv_fails(end_vm(&w, VM_ID, &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, VM_ID, &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, VM_ID, &e), DRV_TRANSIENT, &e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_drv_fails(end_vm(&w, bad[i], &e), DRV_BADREQ, &e);
	for (size_t i = 0; i < w.host.n; i++)
		assert_string_not_equal(w.host.requests[i].method, "DELETE");
	end(&w);
}

/* ---------------------------------------------------------------- the account */

static void the_quota_is_of_whole_vms(void **state)
{
	struct world w;
	struct drv_quota q;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 200, NULL, "{\"guestCpus\": 2}" },
	      { 200, NULL,
		"{\"quotas\": [{\"metric\": \"CPUS\", \"limit\": 24, \"usage\": 7}, "
		"{\"metric\": \"N2_CPUS\", \"limit\": 2, \"usage\": 2}, {\"metric\": "
		"\"INSTANCES\", \"limit\": 100, \"usage\": 3}]}" },
	      { 200, NULL, "{\"guestCpus\": 2}" }, { 200, NULL, "{\"quotas\": []}" });
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_sent(&w, 2, "GET", API "/regions/one");
	assert_int_equal(q.used, 3);
	assert_int_equal(q.limit, 11);
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.limit, -1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(
			a_stack_names_what_is_of_the_project_and_not_where_to_log_in),
		cmocka_unit_test(a_key_may_be_in_one_line),
		cmocka_unit_test(logs_in_by_what_the_key_signs),
		cmocka_unit_test(a_token_that_expired_or_was_refused_is_renewed),
		cmocka_unit_test(logins_that_cannot_be_used_fail_in_words),
		cmocka_unit_test(a_launch_is_one_call_and_waits_for_its_operation),
		cmocka_unit_test(every_option_is_in_the_launch),
		cmocka_unit_test(
			user_data_may_have_what_the_cloud_takes_and_no_byte_more),
		cmocka_unit_test(
			a_name_that_is_taken_is_the_launch_sent_before_or_another),
		cmocka_unit_test(
			a_request_that_was_done_before_is_its_vm_even_if_that_is_gone),
		cmocka_unit_test(a_name_that_was_taken_and_went_is_asked_for_again_later),
		cmocka_unit_test(
			a_name_that_is_taken_and_cannot_be_looked_at_is_ambiguous),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(an_operation_that_cannot_be_waited_for_was_accepted),
		cmocka_unit_test(a_list_is_read_page_after_page),
		cmocka_unit_test(a_list_that_does_not_end_is_an_error),
		cmocka_unit_test(a_list_that_is_not_whole_fails),
		cmocka_unit_test(vms_are_read_as_they_are),
		cmocka_unit_test(ends_its_own_vm_and_one_that_is_gone),
		cmocka_unit_test(never_ends_what_has_not_its_label),
		cmocka_unit_test(the_quota_is_of_whole_vms),
	};

	return cmocka_run_group_tests_name("gce", tests, make_key, drop_key);
}
