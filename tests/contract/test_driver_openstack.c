/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_openstack.c - the openstack driver against scripted answers: what a real
 * cloud does seldom, and faults between. tests/peers holds it to a real one.
 */
#include "scripted_driver.h"

#define SERVER "41aef8c2-4eb8-459b-806c-8a03ee9b8e04"
#define IMAGE "f47ac10b-58cc-4372-a567-0e02b2c3d479"
#define NOVA "http://nova.test/v2.1"

#define BY_PASSWORD                                                   \
	"\"credentials\": {\"auth_url\": \"http://keystone.test/\", " \
	"\"username\": \"u\", \"password\": \"" SECRET "\", "         \
	"\"project_name\": \"p\", \"region_name\": \"one\"}"
#define BY_APPLICATION                                                  \
	"\"credentials\": {\"auth_url\": \"http://keystone.test/v3\", " \
	"\"application_credential_id\": \"an-id\", "                    \
	"\"application_credential_secret\": \"" SECRET "\", "           \
	"\"region_name\": \"one\"}"
#define OPTIONS "\"type\": \"tiny\", \"image\": \"" IMAGE "\", "

/* What Keystone and Nova say before anything is asked of a server. */
#define ENDPOINT(region, url) \
	"{\"interface\": \"public\", \"region_id\": \"" region "\", \"url\": \"" url "\"}"
#define LOGIN_TEXT(expires)                                                     \
	"{\"token\": {\"issued_at\": \"2020-01-01T00:00:00.000000Z\", "         \
	"\"expires_at\": \"" expires "\", "                                     \
	"\"project\": {\"id\": \"p-id\", \"name\": \"p\"}, "                    \
	"\"user\": {\"name\": \"u\"}, \"catalog\": [{\"type\": \"compute\", "   \
	"\"endpoints\": [" ENDPOINT("two", "http://other.test/") ", " ENDPOINT( \
		"one", NOVA "/p-id/") "]}]}}"
#define LOGIN                                                     \
	{                                                         \
		201, "X-Subject-Token: token-of-the-test\r\n",    \
			LOGIN_TEXT("2020-01-01T01:00:00.000000Z") \
	}
#define VERSION                                                          \
	{                                                                \
		200, NULL,                                               \
			"{\"version\": {\"id\": \"v2.1\", \"version\": " \
			"\"2.93\", \"min_version\": \"2.1\"}}"           \
	}
#define FLAVOR                                                                \
	{                                                                     \
		200, NULL,                                                    \
			"{\"flavors\": [{\"id\": \"7\", \"name\": \"tiny\", " \
			"\"vcpus\": 1, \"ram\": 256}]}"                       \
	}
#define NO_FLAVOR                              \
	{                                      \
		200, NULL, "{\"flavors\": []}" \
	}
#define NO_SERVERS                             \
	{                                      \
		200, NULL, "{\"servers\": []}" \
	}
#define LAUNCHED                                                    \
	{                                                           \
		202, NULL, "{\"server\": {\"id\": \"" SERVER "\"}}" \
	}
#define SERVER_OF(id, owner, more)                                           \
	"{\"id\": \"" id "\", \"name\": \"web-1\", \"status\": \"ACTIVE\", " \
	"\"metadata\": {\"ft-owner\": \"" owner                              \
	"\", \"ft-pool\": \"web\", \"ft-launch\": \"" ID_A "\"}" more "}"

#define BEGIN(w, ...)                                                      \
	const struct scripted_answer answers_[] = { __VA_ARGS__ };         \
	world_begin(w, "openstack", "{" OPTIONS BY_PASSWORD "}", answers_, \
		    ARRAY_SIZE(answers_))

static int end_one(struct world *w, struct drv_err *e)
{
	return end_vm(w, SERVER, e);
}

/* ---------------------------------------------------------------- opening */

#define CREDENTIALS(text) "{\"credentials\": {" text "}}"
#define AT_KEYSTONE "\"auth_url\": \"https://k.test/v3\""

static void what_is_unknown_or_missing_is_named(void **state)
{
	(void)state;
	assert_not_opened("openstack", "{}", "openstack_cloud");
	assert_not_opened("openstack", "{\"colour\": \"red\", " BY_PASSWORD "}",
			  "colour");
	assert_not_opened("openstack", "{\"volume_type\": \"fast\", " BY_PASSWORD "}",
			  "volume_gb");
	assert_not_opened("openstack", "{\"volume_gb\": \"-1\", " BY_PASSWORD "}",
			  "volume_gb");
	assert_not_opened("openstack", CREDENTIALS("\"pasword\": \"" SECRET "\""),
			  "pasword");
	assert_not_opened("openstack", CREDENTIALS("\"username\": \"u\""), "auth_url");
	assert_not_opened("openstack", CREDENTIALS(AT_KEYSTONE),
			  "application_credential_id");
	assert_not_opened("openstack",
			  CREDENTIALS(AT_KEYSTONE ", \"password\": \"" SECRET "\""),
			  "username");
	assert_not_opened("openstack",
			  CREDENTIALS(AT_KEYSTONE ", \"username\": \"u\", "
						  "\"password\": \"" SECRET "\""),
			  "project_name");
	assert_not_opened(
		"openstack",
		CREDENTIALS(AT_KEYSTONE ", \"application_credential_id\": \"x\""),
		"application_credential_secret");
	assert_not_opened("openstack",
			  CREDENTIALS(AT_KEYSTONE
				      ", \"application_credential_secret\": \"" SECRET
				      "\""),
			  "application_credential_id");
	assert_not_opened("openstack", CREDENTIALS("\"auth_url\": \"ftp://k.test/\""),
			  "https://");
	assert_not_opened("openstack",
			  CREDENTIALS("\"auth_url\": \"https://k.test/v2.0\""), "/v3");
	assert_not_opened("openstack",
			  CREDENTIALS(AT_KEYSTONE ", \"interface\": \"secret\""),
			  "interface");
}

static void a_stack_names_what_is_of_the_project_and_not_where_to_log_in(void **state)
{
	static const char *const may[] = { "type", "image", "network", NULL };
	static const char *const never[] = { "ca", "auth_url", "endpoint", "region_name",
					     NULL };

	(void)state;
	assert_pool_options("openstack", may, true);
	assert_pool_options("openstack", never, false);
}

/* ---------------------------------------------------------------- logging in */

static void logs_in_by_password_for_a_project(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;
	json_t *body;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_sent(&w, 0, "POST", "http://keystone.test/v3/auth/tokens");
	assert_null(strstr(w.host.requests[0].headers, "X-Auth-Token"));
	body = sent(&w, 0);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(
				json_object_get(
					json_object_get(json_object_get(body, "auth"),
							"identity"),
					"password"),
				"user"),
			"password")),
		SECRET);
	json_decref(body);
	/* The project's id, at the end of old catalogs' addresses, is not of the path. */
	assert_sent(&w, 1, "GET", NOVA "/");
	assert_non_null(strstr(w.host.requests[2].url, NOVA "/servers/detail?"));
	assert_non_null(strstr(w.host.requests[2].url, "tags=ft-owner%3Dtest-owner"));
	assert_non_null(
		strstr(w.host.requests[2].headers, "X-Auth-Token: token-of-the-test\n"));
	assert_non_null(strstr(w.host.requests[2].headers,
			       "OpenStack-API-Version: compute 2.90\n"));
	end(&w);
}

static void logs_in_by_application_credential_without_a_scope(void **state)
{
	const struct scripted_answer answers[] = { LOGIN, VERSION, NO_SERVERS };
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	world_begin(&w, "openstack", "{" OPTIONS BY_APPLICATION "}", answers,
		    ARRAY_SIZE(answers));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_string_equal(w.host.requests[0].body,
			    "{\"auth\":{\"identity\":{\"methods\":[\"application_"
			    "credential\"],\"application_credential\":{\"secret\":"
			    "\"" SECRET "\",\"id\":\"an-id\"}}}}");
	end(&w);
}

static void a_token_that_expired_or_was_refused_is_renewed(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, NO_SERVERS, { 401, NULL, "{}" }, LOGIN, NO_SERVERS,
	      LOGIN, NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	w.host.mono_ms += 3600000;
	assert_drv_ok(list_all(&w, &all, &e), &e);
	end(&w);
}

static void a_wrong_password_is_of_the_credentials_and_not_told(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w,
	      { 401, "X-Openstack-Request-Id: req-1\r\n",
		"{\"error\": {\"code\": 401, \"title\": \"Unauthorized\", \"message\": "
		"\"The password " SECRET " is wrong.\"}}" });
	assert_drv_fails(list_all(&w, &all, &e), DRV_AUTH, &e);
	assert_null(strstr(e.msg, SECRET));
	assert_non_null(strstr(e.msg, "is wrong"));
	assert_string_equal(e.request_id, "req-1");
	end(&w);
}

static void logins_that_cannot_be_used_fail_in_words(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		const char *word;
	} cases[] = {
		{ { 201, NULL, LOGIN_TEXT("2020-01-01T01:00:00Z") },
		  DRV_TRANSIENT,
		  "X-Subject-Token" },
		{ { 201, "X-Subject-Token: t\r\n", LOGIN_TEXT("2020-01-01T00:00:00Z") },
		  DRV_TRANSIENT,
		  "expired" },
		{ { 201, "X-Subject-Token: t\r\n",
		    "{\"token\": {\"expires_at\": \"2027-01-01T00:00:00Z\"}}" },
		  DRV_AUTH,
		  "no project" },
		{ { 201, "X-Subject-Token: t\r\n",
		    "{\"token\": {\"expires_at\": \"2027-01-01T00:00:00Z\", "
		    "\"project\": {\"id\": \"p\"}, \"catalog\": [7, {}]}}" },
		  DRV_BADREQ,
		  "region one" },
		{ { 201, NULL, "<html>" }, DRV_TRANSIENT, "JSON" },
		{ { .status = DRV_AMBIGUOUS }, DRV_TRANSIENT, "lost" },
		{ { 404, NULL, "" }, DRV_BADREQ, "auth/tokens" },
		{ { 502, NULL, "" }, DRV_TRANSIENT, "502" },
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

static void a_region_must_be_named_where_there_are_several(void **state)
{
	const struct scripted_answer answers[] = { LOGIN };
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	world_begin(&w, "openstack",
		    CREDENTIALS(AT_KEYSTONE ", \"username\": \"u\", \"password\": \"x\", "
					    "\"project_name\": \"p\""),
		    answers, ARRAY_SIZE(answers));
	assert_drv_fails(list_all(&w, &all, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, "region_name"));
	end(&w);
}

static void a_nova_without_tags_is_refused(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 200, NULL, "{\"version\": {\"version\": \"2.51\"}}" });
	assert_drv_fails(list_all(&w, &all, &e), DRV_NOTSUP, &e);
	assert_non_null(strstr(e.msg, "2.52"));
	end(&w);
}

static void an_older_nova_is_spoken_to_in_its_version(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 300, NULL, "" },
	      /* An address without a version shows all of them. */
	      { 200, NULL,
		"{\"versions\": [{\"id\": \"v2.0\"}, {\"id\": \"v2.1\", "
		"\"version\": \"2.60\", \"min_version\": \"2.1\"}]}" },
	      NO_SERVERS);
	assert_drv_fails(list_all(&w, &all, &e), DRV_BADREQ, &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_non_null(strstr(w.host.requests[3].url, NOVA "/v2.1/servers/detail?"));
	assert_non_null(strstr(w.host.requests[3].headers, "compute 2.60\n"));
	end(&w);
}

/* What was agreed on outlives the token: a longer address, or one without the project. */
static void a_new_token_leads_to_the_same_nova(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      { 200, NULL,
		"{\"versions\": [{\"id\": \"v2.1\", \"version\": \"2.60\", "
		"\"min_version\": \"2.1\"}]}" },
	      NO_SERVERS, { 401, NULL, "{}" }, LOGIN, NO_SERVERS, LOGIN, NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	w.host.mono_ms += 3600000;
	assert_drv_ok(list_all(&w, &all, &e), &e);
	for (size_t i = 2; i < w.host.n; i++)
		if (strcmp(w.host.requests[i].method, "GET") == 0)
			assert_string_equal(w.host.requests[i].url,
					    w.host.requests[2].url);
	assert_non_null(strstr(w.host.requests[7].url, NOVA "/v2.1/servers/detail?"));
	assert_non_null(strstr(w.host.requests[7].headers, "compute 2.60\n"));
	end(&w);
}

/* A Nova at another address is asked anew what it knows. */
static void a_new_token_may_lead_to_another_nova(void **state)
{
	struct scripted_answer moved = LOGIN;
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	moved.body = "{\"token\": {\"issued_at\": \"2020-01-01T00:00:00Z\", "
		     "\"expires_at\": \"2020-01-01T01:00:00Z\", "
		     "\"project\": {\"id\": \"p-id\"}, \"catalog\": [{\"type\": "
		     "\"compute\", \"endpoints\": [" ENDPOINT(
			     "one", "http://moved.test/v2.1") "]}]}}";
	BEGIN(&w, LOGIN, VERSION, NO_SERVERS, moved, VERSION, NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	w.host.mono_ms += 3600000;
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_sent(&w, 4, "GET", "http://moved.test/v2.1/");
	assert_non_null(strstr(w.host.requests[5].url, "http://moved.test/v2.1/servers"));
	end(&w);
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_with_tags_and_user_data(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;
	json_t *body, *wanted;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, FLAVOR, NO_FLAVOR, LAUNCHED);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, SERVER);
	assert_string_equal(vm.launch_id, ID_A);
	assert_int_equal(vm.state, DRV_VM_PENDING);
	assert_sent(&w, 4, "POST", NOVA "/servers");
	body = sent(&w, 4);
	wanted =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s,s,s], s:{s:s, s:s, s:s}}",
			  "name", "web-1", "flavorRef", "7", "imageRef", IMAGE,
			  "networks", "auto", "user_data", "IyEvYmluL3NoCg==", "tags",
			  "ft-owner=" OWNER, "ft-pool=web", "ft-launch=" ID_A, "metadata",
			  "ft-owner", OWNER, "ft-pool", "web", "ft-launch", ID_A);
	assert_true(json_equal(json_object_get(body, "server"), wanted));
	json_decref(wanted);
	json_decref(body);
	end(&w);
}

static void every_option_is_in_the_launch(void **state)
{
	static const char config[] =
		"{" OPTIONS "\"network\": \"" IMAGE "," SERVER
		"\", \"key\": \"k\", \"zone\": \"az\","
		"\"security_groups\": \"a, b\", \"server_group\": \"" SERVER "\","
		"\"volume_gb\": \"10\", \"volume_type\": \"fast\","
		"\"config_drive\": \"yes\"," BY_PASSWORD "}";
	const struct scripted_answer answers[] = { LOGIN, VERSION, FLAVOR, NO_FLAVOR,
						   LAUNCHED };
	static const char *const wanted[] = {
		"\"os:scheduler_hints\":{\"group\":\"" SERVER "\"}",
		"\"networks\":[{\"uuid\":\"" IMAGE "\"},{\"uuid\":\"" SERVER "\"}]",
		"\"key_name\":\"k\"",
		"\"availability_zone\":\"az\"",
		"\"security_groups\":[{\"name\":\"a\"},{\"name\":\"b\"}]",
		"\"config_drive\":true",
		"\"uuid\":\"" IMAGE "\",\"source_type\":\"image\"",
		"\"volume_size\":10,\"delete_on_termination\":true,\"volume_type\":"
		"\"fast\"",
		"\"ft-expires=1700000000\"",
		"\"a-label\":\"v\"",
	};
	const struct drv_label label = { "a-label", "v" };
	struct drv_launch l = a_launch(ID_A, "");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.labels = &label;
	l.n_labels = 1;
	l.expires_ms = INT64_C(1700000000000);
	world_begin(&w, "openstack", config, answers, ARRAY_SIZE(answers));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_non_null(strstr(w.host.requests[4].body, wanted[i]));
	assert_null(strstr(w.host.requests[4].body, "imageRef"));
	assert_null(strstr(w.host.requests[4].body, "user_data"));
	end(&w);
}

static void user_data_may_have_what_nova_takes_and_no_byte_more(void **state)
{
	struct world w;
	json_t *body;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, FLAVOR, NO_FLAVOR, LAUNCHED);
	assert_user_data_max(&w, 49149);
	body = sent(&w, 4);
	assert_true(json_string_length(json_object_get(json_object_get(body, "server"),
						       "user_data")) <= 65535);
	json_decref(body);
	end(&w);
}

static void names_are_looked_up_and_must_be_of_one(void **state)
{
	static const char *const bodies[] = {
		"{\"images\": []}", "{\"images\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}",
		"{}"
	};
	static const char config[] =
		"{\"type\": \"tiny\", \"image\": \"my image\", " BY_PASSWORD "}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		const struct scripted_answer answers[] = {
			{ 201, "X-Subject-Token: t\r\n",
			  "{\"token\": {\"expires_at\": \"2027-01-01T00:00:00Z\", "
			  "\"project\": {\"id\": \"p\"}, \"catalog\": ["
			  "{\"type\": \"compute\", \"endpoints\": [" ENDPOINT(
				  "one", NOVA) "]}, {\"type\": \"image\", \"endpoints\": "
					       "[" ENDPOINT("one", "http://glance.test/"
								   "v2/") "]}]}}" },
			VERSION,
			FLAVOR,
			NO_FLAVOR,
			{ 200, NULL, bodies[i] },
		};
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		world_begin(&w, "openstack", config, answers, ARRAY_SIZE(answers));
		assert_drv_fails(launch_once(&w, &vm, &e), DRV_BADREQ, &e);
		assert_non_null(strstr(e.msg, "my image"));
		assert_sent(&w, 4, "GET", "http://glance.test/v2/images?name=my%20image");
		end(&w);
	}
}

/* What is no list is not kept as one that has no flavor. */
static void flavors_that_cannot_be_read_are_asked_for_again(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, { 200, NULL, "{}" }, FLAVOR, { 200, NULL, "{}" },
	      FLAVOR, NO_FLAVOR, LAUNCHED);
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_TRANSIENT, &e);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	end(&w);
}

static void a_launch_fails_in_the_class_that_it_failed_in(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		int64_t retry_after_ms;
	} cases[] = {
		{ { .status = DRV_AMBIGUOUS }, DRV_AMBIGUOUS, -1 },
		{ { 202, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 202, NULL, "{\"server\": {}}" }, DRV_AMBIGUOUS, -1 },
		{ { 202, NULL, "{\"server\": {\"id\": \"../7\"}}" }, DRV_AMBIGUOUS, -1 },
		{ { 500, NULL, "" }, DRV_AMBIGUOUS, -1 },
		{ { 504, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 429, "Retry-After: 7\r\n", "" }, DRV_THROTTLED, 7000 },
		{ { 429, NULL, "" }, DRV_THROTTLED, -1 },
		{ { 413, NULL, "{\"overLimit\": {\"message\": \"slow down\"}}" },
		  DRV_THROTTLED,
		  -1 },
		{ { 503, "Retry-After: 1\r\n", "" }, DRV_THROTTLED, 1000 },
		{ { 403, NULL,
		    "{\"forbidden\": {\"message\": \"Quota exceeded for cores\"}}" },
		  DRV_QUOTA,
		  -1 },
		{ { 403, NULL,
		    "{\"forbidden\": {\"message\": \"Maximum number of ports "
		    "exceeded\"}}" },
		  DRV_QUOTA,
		  -1 },
		{ { 403, NULL,
		    "{\"forbidden\": {\"message\": \"Policy doesn't allow it\"}}" },
		  DRV_AUTH,
		  -1 },
		{ { 400, NULL,
		    "{\"badRequest\": {\"message\": \"No valid host was found\"}}" },
		  DRV_CAPACITY,
		  -1 },
		{ { 400, NULL, "{\"badRequest\": {\"message\": \"no such key\"}}" },
		  DRV_BADREQ,
		  -1 },
		{ { 404, NULL, "" }, DRV_BADREQ, -1 },
		{ { 409, NULL,
		    "{\"conflictingRequest\": {\"message\": \"Multiple possible networks "
		    "found\"}}" },
		  DRV_BADREQ,
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, VERSION, FLAVOR, NO_FLAVOR, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_int_equal(e.retry_after_ms, cases[i].retry_after_ms);
		end(&w);
	}
}

/* ---------------------------------------------------------------- listing */

#define PAGE(servers)                                                      \
	{                                                                  \
		200, NULL,                                                 \
			"{\"servers\": [" servers "], \"servers_links\": " \
			"[{\"rel\": \"next\", \"href\": \"elsewhere\"}]}"  \
	}
#define LAST_PAGE(servers)                                \
	{                                                 \
		200, NULL, "{\"servers\": [" servers "]}" \
	}

static void a_list_is_read_until_a_page_is_empty(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION,
	      PAGE(SERVER_OF("a", OWNER, "") "," SERVER_OF("b", OWNER, "")),
	      PAGE(SERVER_OF("b", OWNER, "") "," SERVER_OF("c", "somebody-else", "")),
	      PAGE(SERVER_OF("d", OWNER, "")), NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[0].id, "a");
	assert_string_equal(all.vm[1].id, "b");
	assert_string_equal(all.vm[2].id, "d");
	assert_non_null(strstr(w.host.requests[3].url, "&marker=b"));
	assert_non_null(strstr(w.host.requests[4].url, "&marker=c"));
	end(&w);
}

static void a_list_whose_marker_went_begins_anew(void **state)
{
	const struct scripted_answer gone = {
		400, NULL, "{\"badRequest\": {\"message\": \"marker [b] not found\"}}"
	};
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION,
	      PAGE(SERVER_OF("a", OWNER, "") "," SERVER_OF("b", OWNER, "")), gone,
	      PAGE(SERVER_OF("a", OWNER, "")), PAGE(SERVER_OF("c", OWNER, "")),
	      NO_SERVERS);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_null(strstr(w.host.requests[4].url, "marker"));
	end(&w);
}

static void a_page_that_has_no_next_is_the_last(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, PAGE(SERVER_OF("a", OWNER, "")),
	      LAST_PAGE(SERVER_OF("b", OWNER, "")));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 2);
	end(&w);
}

/* As while a server is being built. */
static void a_page_that_comes_again_is_read_anew(void **state)
{
	const struct scripted_answer same = PAGE(SERVER_OF("a", OWNER, ""));
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, same, same, same, LAST_PAGE(SERVER_OF("b", OWNER, "")));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 2);
	end(&w);
}

static void a_page_that_comes_again_for_ever_is_an_error(void **state)
{
	const struct scripted_answer same = PAGE(SERVER_OF("a", OWNER, ""));
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, same, same, same, same, same, same);
	assert_drv_fails(list_all(&w, &all, &e), DRV_BUG, &e);
	end(&w);
}

static void a_list_that_changes_all_the_time_is_read_another_time(void **state)
{
	const struct scripted_answer page = PAGE(SERVER_OF("a", OWNER, ""));
	const struct scripted_answer gone = {
		400, NULL, "{\"badRequest\": {\"message\": \"marker [a] not found\"}}"
	};
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, page, gone, page, gone, page, gone);
	assert_drv_fails(list_all(&w, &all, &e), DRV_TRANSIENT, &e);
	end(&w);
}

static void a_list_that_cannot_be_read_fails(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ { 200, NULL, "{\"servers\": {}}" }, DRV_TRANSIENT },
		{ { 200, NULL, "{}" }, DRV_TRANSIENT },
		{ { 200, NULL, "" }, DRV_TRANSIENT },
		{ { 500, NULL, "" }, DRV_TRANSIENT },
		{ { .status = DRV_TRANSIENT }, DRV_TRANSIENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, VERSION, PAGE(SERVER_OF("a", OWNER, "")),
		      cases[i].answer);
		assert_drv_fails(list_all(&w, &all, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void servers_are_read_as_they_are(void **state)
{
	static const struct {
		const char *server;
		enum drv_vm_state state;
		const char *message;
	} cases[] = {
		{ "\"status\": \"BUILD\"", DRV_VM_PENDING, "" },
		{ "\"status\": \"ACTIVE\"", DRV_VM_RUNNING, "" },
		{ "\"status\": \"ACTIVE\", \"OS-EXT-STS:task_state\": \"deleting\"",
		  DRV_VM_STOPPING, "" },
		{ "\"status\": \"SHUTOFF\"", DRV_VM_FAILED, "its status is SHUTOFF" },
		{ "\"status\": \"ERROR\", \"fault\": {\"message\": \"No valid host\"}",
		  DRV_VM_FAILED, "No valid host" },
		{ "\"status\": \"SOFT_DELETED\"", DRV_VM_GONE, "" },
		{ "\"status\": \"UNKNOWN\"", DRV_VM_UNKNOWN, "" },
		{ "\"status\": 7", DRV_VM_UNKNOWN, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *page = xasprintf(
			"{\"servers\": [{\"id\": \"a\", %s, \"created\": "
			"\"2026-01-01T00:00:00Z\", \"flavor\": {\"original_name\": "
			"\"tiny\"}, \"tags\": [\"ft-owner=" OWNER "\", \"ft-pool=web\"], "
			"\"addresses\": {\"n\": [{\"addr\": \"fd00::1\"}, {\"addr\": "
			"\"10.0.0.1\", \"OS-EXT-IPS:type\": \"fixed\"}, {\"addr\": "
			"\"203.0.113.1\", \"OS-EXT-IPS:type\": \"floating\"}]}}]}",
			cases[i].server);
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, VERSION, { 200, NULL, page });
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		assert_string_equal(all.vm[0].message, cases[i].message);
		assert_string_equal(all.vm[0].type, "tiny");
		assert_string_equal(all.vm[0].pool, "web");
		assert_string_equal(all.vm[0].address, "10.0.0.1");
		assert_string_equal(all.vm[0].public_address, "203.0.113.1");
		assert_int_equal(all.vm[0].created_ms, INT64_C(1767225600000));
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

#define NOT_THERE                                                                     \
	{                                                                             \
		404, NULL,                                                            \
			"{\"itemNotFound\": {\"code\": 404, \"message\": \"Instance " \
			"could not be found.\"}}"                                     \
	}

static void ends_its_own_server_and_one_that_is_gone(void **state)
{
	const struct scripted_answer mine = {
		200, NULL, "{\"server\": " SERVER_OF(SERVER, OWNER, "") "}"
	};
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, mine, { 204, NULL, "" }, NOT_THERE, mine, NOT_THERE,
	      { 404, NULL, "<html>" }, mine, { 404, NULL, "<html>" });
	assert_drv_ok(end_one(&w, &e), &e);
	assert_sent(&w, 3, "DELETE", NOVA "/servers/" SERVER);
	assert_drv_ok(end_one(&w, &e), &e);
	assert_drv_ok(end_one(&w, &e), &e);
	/* What is not found by another than Nova may be there. */
	assert_drv_fails(end_one(&w, &e), DRV_BADREQ, &e);
	assert_drv_fails(end_one(&w, &e), DRV_BADREQ, &e);
	end(&w);
}

/* Where not even Nova is found, nothing is known of a server. */
static void what_is_no_nova_has_ended_nothing(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 404, NULL, "default backend" });
	assert_drv_fails(end_one(&w, &e), DRV_BADREQ, &e);
	end(&w);
}

static void never_ends_what_has_not_its_tag(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION,
	      { 200, NULL, "{\"server\": " SERVER_OF(SERVER, "somebody-else", "") "}" },
	      { 200, NULL, "{\"server\": {\"id\": \"" SERVER "\"}}" },
	      { 200, NULL, "{\"server\": []}" }, { 200, NULL, "<html>" });
	assert_drv_fails(end_one(&w, &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_one(&w, &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_one(&w, &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_one(&w, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(
		w.d->ops->terminate(w.d->drv, OWNER, "../flavors/7", INT64_MAX, &e),
		DRV_BADREQ, &e);
	for (size_t i = 0; i < w.host.n; i++)
		assert_string_not_equal(w.host.requests[i].method, "DELETE");
	end(&w);
}

/* ---------------------------------------------------------------- the account */

static void the_quota_is_of_whole_servers(void **state)
{
	struct world w;
	struct drv_quota q;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, VERSION, FLAVOR, NO_FLAVOR,
	      { 200, NULL,
		"{\"limits\": {\"absolute\": {\"maxTotalInstances\": 20, "
		"\"totalInstancesUsed\": 3, \"maxTotalCores\": -1, \"maxTotalRAMSize\": "
		"2000, \"totalRAMUsed\": 768}}}" },
	      { 200, NULL, "{\"limits\": {\"absolute\": {\"maxTotalInstances\": -1}}}" });
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.used, 3);
	assert_int_equal(q.limit, 7); /* 1232 MB are left, 256 are taken by each */
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
		cmocka_unit_test(logs_in_by_password_for_a_project),
		cmocka_unit_test(logs_in_by_application_credential_without_a_scope),
		cmocka_unit_test(a_token_that_expired_or_was_refused_is_renewed),
		cmocka_unit_test(a_wrong_password_is_of_the_credentials_and_not_told),
		cmocka_unit_test(logins_that_cannot_be_used_fail_in_words),
		cmocka_unit_test(a_region_must_be_named_where_there_are_several),
		cmocka_unit_test(a_nova_without_tags_is_refused),
		cmocka_unit_test(an_older_nova_is_spoken_to_in_its_version),
		cmocka_unit_test(a_new_token_leads_to_the_same_nova),
		cmocka_unit_test(a_new_token_may_lead_to_another_nova),
		cmocka_unit_test(a_launch_is_one_call_with_tags_and_user_data),
		cmocka_unit_test(every_option_is_in_the_launch),
		cmocka_unit_test(user_data_may_have_what_nova_takes_and_no_byte_more),
		cmocka_unit_test(names_are_looked_up_and_must_be_of_one),
		cmocka_unit_test(flavors_that_cannot_be_read_are_asked_for_again),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(a_list_is_read_until_a_page_is_empty),
		cmocka_unit_test(a_list_whose_marker_went_begins_anew),
		cmocka_unit_test(a_page_that_has_no_next_is_the_last),
		cmocka_unit_test(a_page_that_comes_again_is_read_anew),
		cmocka_unit_test(a_page_that_comes_again_for_ever_is_an_error),
		cmocka_unit_test(a_list_that_changes_all_the_time_is_read_another_time),
		cmocka_unit_test(a_list_that_cannot_be_read_fails),
		cmocka_unit_test(servers_are_read_as_they_are),
		cmocka_unit_test(ends_its_own_server_and_one_that_is_gone),
		cmocka_unit_test(what_is_no_nova_has_ended_nothing),
		cmocka_unit_test(never_ends_what_has_not_its_tag),
		cmocka_unit_test(the_quota_is_of_whole_servers),
	};

	return cmocka_run_group_tests_name("openstack", tests, NULL, NULL);
}
