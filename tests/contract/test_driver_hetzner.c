/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_hetzner.c - the hetzner driver against scripted answers. tests/peers holds
 * it to a fake that Hetzner's own clients take for their cloud.
 */
#include "scripted_driver.h"

#define API "http://hetzner.test/v1"
#define CREDENTIALS \
	"\"credentials\": {\"token\": \"" SECRET "\", \"endpoint\": \"" API "/\"}"
#define OPTIONS "\"type\": \"cx22\", \"image\": \"debian-12\", "

#define SERVER_IN(id, owner, launch, more)                                             \
	"{\"id\": " id ", \"name\": \"web-1\", \"status\": \"running\", \"created\": " \
	"\"2025-12-31T23:00:00+00:00\", \"labels\": {\"ft-owner\": \"" owner           \
	"\", \"ft-pool\": \"web\", \"ft-launch\": \"" launch "\"}" more "}"
#define SERVER(id, owner) SERVER_IN(id, owner, ID_A, "")
#define LAUNCHED                                                   \
	{                                                          \
		201, NULL, "{\"server\": " SERVER("42", OWNER) "}" \
	}
#define PAGE(servers, next, total)                                            \
	{                                                                     \
		200, NULL,                                                    \
			"{\"servers\": [" servers                             \
			"], \"meta\": {\"pagination\": {\"next_page\": " next \
			", \"total_entries\": " total "}}}"                   \
	}
#define FAULT(status, code, words)                                                   \
	{                                                                            \
		status, NULL,                                                        \
			"{\"error\": {\"code\": \"" code "\", \"message\": \"" words \
			"\"}}"                                                       \
	}
#define NOT_THERE FAULT(404, "not_found", "it is not there")
#define TAKEN FAULT(409, "uniqueness_error", "server name is already used")

#define BEGIN(w, ...)                                                    \
	const struct scripted_answer answers_[] = { __VA_ARGS__ };       \
	world_begin(w, "hetzner", "{" OPTIONS CREDENTIALS "}", answers_, \
		    ARRAY_SIZE(answers_))

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "security settings" },
		{ "{\"colour\": \"red\", " CREDENTIALS "}", "colour" },
		{ "{\"ipv4\": \"no\", \"ipv6\": \"no\", " CREDENTIALS "}", "networks" },
		{ "{\"credentials\": {}}", "token is missing" },
		{ "{\"credentials\": {\"tokken\": \"" SECRET "\"}}", "tokken" },
		{ "{\"credentials\": {\"token\": \"" SECRET "\\nX: y\"}}",
		  "copy it again" },
		{ "{\"credentials\": {\"token\": \"x\", \"endpoint\": \"ftp://x\"}}",
		  "https://" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_not_opened("hetzner", cases[i][0], cases[i][1]);
}

static void a_stack_names_what_is_of_the_project_and_no_address(void **state)
{
	static const char *const may[] = { "type", "image", "networks", "firewalls",
					   NULL };
	static const char *const never[] = { "ca", "endpoint", "token", NULL };

	(void)state;
	assert_pool_options("hetzner", may, true);
	assert_pool_options("hetzner", never, false);
}

static void hetzners_own_address_is_asked_unless_another_is_given(void **state)
{
	static const char *const configs[][2] = {
		{ "{\"credentials\": {\"token\": \"x\"}}",
		  "https://api.hetzner.cloud/v1/servers/7" },
		{ "{\"endpoint\": \"http://a.test\", \"credentials\": {\"token\": "
		  "\"x\"}}",
		  "http://a.test/servers/7" },
		{ "{\"endpoint\": \"http://a.test\", \"credentials\": {\"token\": "
		  "\"x\", \"endpoint\": \"http://b.test/\"}}",
		  "http://b.test/servers/7" },
	};
	const struct scripted_answer answers[] = { NOT_THERE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct world w;
		struct drv_err e;

		world_begin(&w, "hetzner", configs[i][0], answers, 1);
		assert_drv_ok(end_vm(&w, "7", &e), &e);
		assert_sent(&w, 0, "GET", configs[i][1]);
		assert_non_null(
			strstr(w.host.requests[0].headers, "Authorization: Bearer x\n"));
		end(&w);
	}
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_with_labels_and_user_data(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LAUNCHED);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, "42");
	assert_string_equal(vm.launch_id, ID_A);
	assert_string_equal(vm.owner, OWNER);
	assert_sent(&w, 0, "POST", API "/servers");
	assert_body(&w, 0,
		    json_pack("{s:s, s:s, s:s, s:s, s:{s:b, s:b}, s:{s:s, s:s, s:s}}",
			      "name", "web-1", "server_type", "cx22", "image",
			      "debian-12", "user_data", "#!/bin/sh\n", "public_net",
			      "enable_ipv4", 1, "enable_ipv6", 1, "labels", "ft-owner",
			      OWNER, "ft-pool", "web", "ft-launch", ID_A));
	end(&w);
}

#define FOUND(kind, id)                                         \
	{                                                       \
		200, NULL, "{\"" kind "\": [{\"id\": " id "}]}" \
	}

static const char all_options[] =
	"{\"type\": \"other\", \"location\": \"hel1\", \"ssh_keys\": \"me, 7\", "
	"\"networks\": \"inside\", \"firewalls\": \"web\", \"placement_group\": "
	"\"apart\", \"ipv4\": \"no\", " CREDENTIALS "}";

static void every_option_is_in_the_launch_and_numbers_are_kept(void **state)
{
	static const char *const types[] = { "cax11", "cx22", NULL };
	const struct scripted_answer answers[] = { FOUND("networks", "5"),
						   FOUND("firewalls", "6"),
						   FOUND("placement_groups", "8"),
						   LAUNCHED, LAUNCHED };
	const struct drv_label label = { "a-label", "v" };
	struct drv_launch l = a_launch(ID_A, "");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.labels = &label;
	l.n_labels = 1;
	l.types = types;
	l.image = "my image";
	l.expires_ms = INT64_C(1700000000000);
	world_begin(&w, "hetzner", all_options, answers, ARRAY_SIZE(answers));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	assert_sent(&w, 0, "GET", API "/networks?name=inside");
	assert_body(&w, 3,
		    json_pack("{s:s, s:s, s:s, s:s, s:[s,s], s:[i], s:[{s:i}], s:i, "
			      "s:{s:b, s:b}, s:{s:s, s:s, s:s, s:s, s:s}}",
			      "name", "web-1", "server_type", "cax11", "image",
			      "my image", "location", "hel1", "ssh_keys", "me", "7",
			      "networks", 5, "firewalls", "firewall", 6,
			      "placement_group", 8, "public_net", "enable_ipv4", 0,
			      "enable_ipv6", 1, "labels", "a-label", "v", "ft-owner",
			      OWNER, "ft-pool", "web", "ft-launch", ID_A, "ft-expires",
			      "1700000000"));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	end(&w);
}

static void what_the_project_has_not_is_named_and_looked_up_again(void **state)
{
	const struct scripted_answer answers[] = {
		{ 200, NULL, "{\"networks\": []}" },
		FOUND("networks", "5"),
		FOUND("firewalls", "6"),
		FOUND("placement_groups", "8"),
		FAULT(422, "invalid_input", "invalid input in field 'networks'"),
		FOUND("networks", "9"),
		FOUND("firewalls", "6"),
		FOUND("placement_groups", "8"),
		LAUNCHED
	};
	struct drv_launch l = a_launch(ID_A, "");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.image = "debian-12";
	world_begin(&w, "hetzner", all_options, answers, ARRAY_SIZE(answers));
	for (int i = 0; i < 2; i++)
		assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e),
				 DRV_BADREQ, &e);
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	assert_non_null(strstr(w.host.requests[8].body, "\"networks\":[9]"));
	end(&w);
}

static void launches_that_cannot_be_are_not_sent(void **state)
{
	static const char bytes[] = "\xff\xfe";
	struct drv_label many[33];
	struct drv_launch l = a_launch(ID_A, bytes);
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct drv_label){ "k", "v" };
	world_begin(&w, "hetzner", "{" OPTIONS CREDENTIALS "}", NULL, 0);
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	l = a_launch(ID_A, "");
	l.spot = true;
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_NOTSUP,
			 &e);
	l = a_launch(ID_A, "");
	l.labels = many;
	l.n_labels = ARRAY_SIZE(many);
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	l = a_launch(ID_A, "");
	l.pool = "not a word";
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	end(&w);
}

static void user_data_may_have_what_hetzner_takes_and_no_byte_more(void **state)
{
	struct world w;

	(void)state;
	BEGIN(&w, LAUNCHED);
	assert_user_data_max(&w, 32768);
	end(&w);
}

static void a_launch_that_was_done_before_is_that_server(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, { .status = DRV_AMBIGUOUS }, TAKEN,
	      PAGE(SERVER("42", OWNER), "null", "1"));
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_AMBIGUOUS, &e);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_sent(&w, 2, "GET", API "/servers?name=web-1");
	assert_string_equal(vm.id, "42");
	end(&w);
}

static void a_name_that_another_has_is_a_conflict(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ PAGE(SERVER_IN("42", OWNER, "0123", ""), "null", "1"), DRV_CONFLICT },
		{ PAGE(SERVER("42", "somebody-else"), "null", "1"), DRV_CONFLICT },
		{ PAGE("{\"id\": 42}", "null", "1"), DRV_CONFLICT },
		/* Whether the first try launched it is not known. */
		{ PAGE("", "null", "0"), DRV_AMBIGUOUS },
		{ { 429, NULL, "" }, DRV_AMBIGUOUS },
		{ { 200, NULL, "<html>" }, DRV_AMBIGUOUS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, TAKEN, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
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
		{ { 201, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 201, NULL, "{\"server\": {}}" }, DRV_AMBIGUOUS, -1 },
		{ { 500, NULL, "" }, DRV_AMBIGUOUS, -1 },
		{ FAULT(503, "maintenance", "later"), DRV_TRANSIENT, -1 },
		{ { 504, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 429, "Retry-After: 7\r\n", "" }, DRV_THROTTLED, 7000 },
		/* When all of the limit is there again, and not when the next call is. */
		{ { 429, "RateLimit-Reset: 1767229200\r\n",
		    "{\"error\": {\"code\": \"rate_limit_exceeded\"}}" },
		  DRV_THROTTLED,
		  -1 },
		{ FAULT(412, "resource_unavailable", "none"), DRV_CAPACITY, -1 },
		{ FAULT(422, "placement_error", "none"), DRV_CAPACITY, -1 },
		{ FAULT(403, "resource_limit_exceeded", "limit"), DRV_QUOTA, -1 },
		{ FAULT(403, "forbidden", "no"), DRV_AUTH, -1 },
		{ FAULT(403, "token_readonly", "no"), DRV_AUTH, -1 },
		{ FAULT(401, "unauthorized", "no"), DRV_AUTH, -1 },
		{ FAULT(422, "invalid_input", "no"), DRV_BADREQ, -1 },
		{ FAULT(404, "not_found", "SSH key not found"), DRV_BADREQ, -1 },
		{ FAULT(409, "conflict", "now"), DRV_CONFLICT, -1 },
		{ FAULT(423, "locked", "now"), DRV_CONFLICT, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_int_equal(e.retry_after_ms, cases[i].retry_after_ms);
		end(&w);
	}
}

static void an_error_has_the_clouds_words_and_not_the_token(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, { 401, "X-Correlation-Id: 1a2b\r\n",
		    "{\"error\": {\"code\": \"unauthorized\", \"message\": \"the "
		    "token " SECRET " is wrong\"}}" });
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_AUTH, &e);
	assert_non_null(strstr(e.msg, "is wrong"));
	assert_null(strstr(e.msg, SECRET));
	assert_string_equal(e.code, "unauthorized");
	assert_string_equal(e.request_id, "1a2b");
	assert_int_equal(e.http_status, 401);
	end(&w);
}

/* Labels of Hetzner's begin and end with a letter or digit, words need not. */
static void every_word_can_be_a_label_and_comes_back(void **state)
{
	static const char *const words[] = {
		"a",
		"-",
		"--",
		"-a",
		"a-",
		"x-1-x",
		"0123456789abcdefghijklmnopqrstuvwxyz-0123456789"
		"abcdefghijklm",
		"-123456789abcdefghijklmnopqrstuvwxyz-0123456789"
		"abcdefghijkl-"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct scripted_answer first[] = { LAUNCHED };
		struct drv_launch l = a_launch(ID_A, "");
		CLEANUP(json_decref) json_t *body = NULL;
		CLEANUP(free) char *labels = NULL;
		CLEANUP(free) char *page = NULL;
		const char *label;
		struct world w;
		struct vm_list all;
		struct drv_vm vm;
		struct drv_err e;

		l.pool = words[i];
		world_begin(&w, "hetzner", "{" OPTIONS CREDENTIALS "}", first, 1);
		assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
		body = sent(&w, 0);
		end(&w);
		label = json_string_value(
			json_object_get(json_object_get(body, "labels"), "ft-pool"));
		assert_true(strlen(label) <= 63);
		assert_true(label[0] != '-' && label[strlen(label) - 1] != '-');
		labels = json_dumps(json_object_get(body, "labels"), 0);
		page = xasprintf("{\"servers\": [{\"id\": 1, \"labels\": %s}]}", labels);
		{
			BEGIN(&w, { 200, NULL, page });
			assert_drv_ok(list_all(&w, &all, &e), &e);
			assert_int_equal(all.n, 1);
			assert_string_equal(all.vm[0].pool, words[i]);
			end(&w);
		}
	}
}

/* ---------------------------------------------------------------- listing */

static void a_list_is_of_all_pages_and_of_the_owner(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, PAGE(SERVER("1", OWNER) "," SERVER("2", OWNER), "2", "5"),
	      PAGE(SERVER("2", OWNER) "," SERVER("3", "somebody-else"), "3", "5"),
	      PAGE(SERVER("4", OWNER), "null", "6"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[0].id, "1");
	assert_string_equal(all.vm[1].id, "2");
	assert_string_equal(all.vm[2].id, "4");
	assert_sent(&w, 0, "GET",
		    API "/servers?sort=id%3Aasc&label_selector=ft-owner%3D%3D" OWNER
			"&per_page=50&page=1");
	assert_sent(&w, 2, "GET",
		    API "/servers?sort=id%3Aasc&label_selector=ft-owner%3D%3D" OWNER
			"&per_page=50&page=3");
	end(&w);
}

static void a_list_that_became_shorter_is_read_anew(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	/* 1 went, so that 3 moved to the first page. */
	BEGIN(&w, PAGE(SERVER("1", OWNER) "," SERVER("2", OWNER), "2", "4"),
	      PAGE(SERVER("4", OWNER), "null", "3"),
	      PAGE(SERVER("2", OWNER) "," SERVER("3", OWNER), "2", "3"),
	      PAGE(SERVER("4", OWNER), "null", "3"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 4);
	assert_string_equal(all.vm[3].id, "3");
	end(&w);
}

#define SHORTER(n) PAGE(SERVER("1", OWNER), "2", n)

static void a_list_that_becomes_shorter_for_ever_is_given_up(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, SHORTER("9"), SHORTER("8"), SHORTER("9"), SHORTER("8"), SHORTER("9"),
	      SHORTER("8"), SHORTER("9"), SHORTER("8"), SHORTER("9"), SHORTER("8"));
	assert_drv_fails(list_all(&w, &all, &e), DRV_TRANSIENT, &e);
	end(&w);
}

static void a_list_that_does_not_end_or_cannot_be_read_fails(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ PAGE(SERVER("2", OWNER), "2", "3"), DRV_BUG },
		{ PAGE(SERVER("2", OWNER), "1", "3"), DRV_BUG },
		{ PAGE(SERVER("2", OWNER), "-7", "3"), DRV_BUG },
		{ PAGE(SERVER("2", OWNER), "\"more\"", "3"), DRV_BUG },
		{ { 200, NULL, "{\"servers\": {}}" }, DRV_TRANSIENT },
		{ { 200, NULL, "{}" }, DRV_TRANSIENT },
		{ { 200, NULL, "<html>" }, DRV_TRANSIENT },
		{ { 500, NULL, "" }, DRV_TRANSIENT },
		{ { 429, NULL, "" }, DRV_THROTTLED },
		{ { 401, NULL, "" }, DRV_AUTH },
		{ { .status = DRV_TRANSIENT }, DRV_TRANSIENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, PAGE(SERVER("1", OWNER), "2", "3"), cases[i].answer);
		assert_drv_fails(list_all(&w, &all, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void servers_are_read_as_they_are(void **state)
{
	static const struct {
		const char *server;
		enum drv_vm_state state;
		const char *message, *address, *public_address, *zone;
	} cases[] = {
		{ "\"status\": \"initializing\", \"location\": {\"name\": \"hel1\"}",
		  DRV_VM_PENDING, "", "", "", "hel1" },
		{ "\"status\": \"running\", \"datacenter\": {\"location\": {\"name\": "
		  "\"fsn1\"}}",
		  DRV_VM_RUNNING, "", "", "", "fsn1" },
		{ "\"status\": \"deleting\", \"public_net\": {\"ipv4\": {\"ip\": "
		  "\"203.0.113.1\"}, \"ipv6\": {\"ip\": \"2001:db8::/64\"}}, "
		  "\"private_net\": [{\"ip\": \"10.0.0.2\"}]",
		  DRV_VM_STOPPING, "", "10.0.0.2", "203.0.113.1", "" },
		{ "\"status\": \"running\", \"public_net\": {\"ipv4\": null, \"ipv6\": "
		  "{\"ip\": \"2001:db8::/64\"}}",
		  DRV_VM_RUNNING, "", "2001:db8::1", "2001:db8::1", "" },
		{ "\"status\": \"off\", \"created\": \"2025-12-31T23:59:00+00:00\"",
		  DRV_VM_PENDING, "", "", "", "" },
		{ "\"status\": \"off\", \"created\": \"2025-12-31T23:57:00+00:00\"",
		  DRV_VM_FAILED, "its status is off", "", "", "" },
		{ "\"status\": \"unknown\"", DRV_VM_UNKNOWN, "", "", "", "" },
		{ "\"status\": 7", DRV_VM_UNKNOWN, "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *page = xasprintf("{\"servers\": [{\"id\": 7, \"labels\": "
				       "{\"ft-owner\": \"" OWNER "\"}, \"server_type\": "
				       "{\"name\": \"cx22\"}, %s}]}",
				       cases[i].server);
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, { 200, NULL, page });
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		assert_string_equal(all.vm[0].message, cases[i].message);
		assert_string_equal(all.vm[0].address, cases[i].address);
		assert_string_equal(all.vm[0].public_address, cases[i].public_address);
		assert_string_equal(all.vm[0].zone, cases[i].zone);
		assert_string_equal(all.vm[0].type, "cx22");
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

static void ends_its_own_server_and_one_that_is_gone(void **state)
{
	const struct scripted_answer mine = { 200, NULL,
					      "{\"server\": " SERVER("42", OWNER) "}" };
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, mine, { 200, NULL, "{\"action\": {\"id\": 1}}" }, NOT_THERE, mine,
	      NOT_THERE, mine, FAULT(423, "locked", "now"), { 404, NULL, "<html>" }, mine,
	      { 404, NULL, "<html>" });
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	assert_sent(&w, 1, "DELETE", API "/servers/42");
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_CONFLICT, &e);
	/* What is not found by another than the cloud may be there. */
	assert_drv_fails(end_vm(&w, "42", &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_BADREQ, &e);
	end(&w);
}

static void never_ends_what_has_not_its_label(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, { 200, NULL, "{\"server\": " SERVER("42", "somebody-else") "}" },
	      { 200, NULL, "{\"server\": {\"id\": 42}}" },
	      { 200, NULL, "{\"server\": []}" }, { 200, NULL, "<html>" });
	for (int i = 0; i < 3; i++)
		assert_drv_fails(end_vm(&w, "42", &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_TRANSIENT, &e);
	assert_drv_fails(end_vm(&w, "42/../43", &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, "", &e), DRV_BADREQ, &e);
	assert_nothing_deleted(&w);
	end(&w);
}

/* ---------------------------------------------------------------- the project */

static void keep_type(void *arg, const struct drv_type *t)
{
	char **all = arg;
	char *more =
		xasprintf("%s%s %g %lld %g %s\n", *all, t->name, t->cpu,
			  (long long)t->memory_bytes >> 20, t->price_hour, t->currency);

	free(*all);
	*all = more;
}

#define AT(location, price)                                                     \
	"{\"location\": \"" location "\", \"price_hourly\": {\"net\": \"" price \
	"\", \"gross\": \"9\"}}"
#define TYPE(name, more, prices)                                                      \
	"{\"id\": 1" more ", \"name\": \"" name "\", \"cores\": 2, \"memory\": 0.5, " \
	"\"prices\": [" prices "]}"

static void types_have_the_price_of_where_the_pool_is(void **state)
{
	static const char list[] = "{\"server_types\": [" TYPE(
		"a", "",
		AT("fsn1", "0.0100000000") "," AT(
			"hel1",
			"0.02")) "," TYPE("b", "0",
					  AT("fsn1",
					     "0.5")) "," TYPE("c",
							      "1, \"deprecation\": "
							      "{\"unavailable_after\": "
							      "\"2025-06-01T00:00:00Z\"}",
							      AT("hel1",
								 "0.5")) "," TYPE("d",
										  "2, "
										  "\"depr"
										  "ecatio"
										  "n\": "
										  "{\"una"
										  "vailab"
										  "le_"
										  "after"
										  "\": "
										  "\"2026"
										  "-06-"
										  "01T00:"
										  "00:"
										  "00Z\""
										  "}",
										  AT("hel"
										     "1",
										     "0."
										     "5")) "]}";
	static const char *const configs[][2] = {
		{ "{" CREDENTIALS "}",
		  "a 2 512 0.02 EUR\nb 2 512 0.5 EUR\nd 2 512 0.5 EUR\n" },
		{ "{\"location\": \"hel1\", " CREDENTIALS "}",
		  "a 2 512 0.02 EUR\nd 2 512 0.5 EUR\n" },
	};
	const struct scripted_answer answers[] = {
		{ 200, NULL, "{\"pricing\": {\"currency\": \"EUR\"}}" },
		{ 200, NULL, list }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		CLEANUP(free) char *all = xstrdup("");
		struct world w;
		struct drv_err e;

		world_begin(&w, "hetzner", configs[i][0], answers, 2);
		assert_drv_ok(w.d->ops->types(w.d->drv, INT64_MAX, keep_type, &all, &e),
			      &e);
		assert_string_equal(all, configs[i][1]);
		end(&w);
	}
}

static void the_check_finds_all_that_is_wrong_and_creates_nothing(void **state)
{
	const struct scripted_answer answers[] = {
		PAGE("", "null", "3"),
		{ 200, NULL,
		  "{\"server_types\": [{\"id\": 1, \"architecture\": \"arm\"}]}" },
		{ 200, NULL, "{\"images\": []}" },
		FAULT(503, "unavailable", "later"),
		{ 200, NULL, "{\"locations\": [{\"id\": 1}]}" },
		NOT_THERE,
		FAULT(403, "token_readonly", "only GET requests")
	};
	CLEANUP(free) char *all = NULL;
	struct world w;
	struct drv_err e;

	(void)state;
	world_begin(&w, "hetzner",
		    "{" OPTIONS
		    "\"location\": \"fsn1\", \"ssh_keys\": \"17\", " CREDENTIALS "}",
		    answers, ARRAY_SIZE(answers));
	assert_drv_fails(check_all(&w, &all, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(all, "its project has 3 servers"));
	assert_non_null(strstr(all, "!the project has no 'debian-12' among its images"));
	assert_non_null(strstr(all, "!the project has no '17' among its ssh_keys"));
	assert_non_null(strstr(all, "!POST " API "/servers: 403 token_readonly"));
	assert_sent(&w, 2, "GET", API "/images?name=debian-12&architecture=arm");
	/* That they cannot be counted is no reason against a launch. */
	assert_non_null(
		strstr(all, "\nthe images cannot be counted: GET " API "/images"));
	assert_sent(&w, 5, "GET", API "/ssh_keys/17");
	/* Nothing can be made of it. */
	assert_string_equal(w.host.requests[6].body, "{}");
	end(&w);
}

static void the_check_says_which_images_there_are(void **state)
{
	const struct scripted_answer answers[] = {
		PAGE("", "null", "0"),
		{ 200, NULL,
		  "{\"server_types\": [{\"id\": 1, \"architecture\": \"x86\"}]}" },
		{ 200, NULL,
		  "{\"images\": [{\"architecture\": \"x86\", "
		  "\"description\": \"Debian 12\"}]}" },
		{ 200, NULL,
		  "{\"images\": [{}], \"meta\": {\"pagination\": "
		  "{\"total_entries\": 93}}}" },
		FAULT(422, "invalid_input", "name is missing")
	};
	CLEANUP(free) char *all = NULL;
	struct world w;
	struct drv_err e;

	(void)state;
	world_begin(&w, "hetzner", "{" OPTIONS CREDENTIALS "}", answers,
		    ARRAY_SIZE(answers));
	assert_drv_ok(check_all(&w, &all, &e), &e);
	assert_non_null(strstr(all, "the image 'debian-12' is there: Debian 12"));
	assert_non_null(strstr(all, "hosts can be launched of 93 images"));
	assert_sent(&w, 3, "GET", API "/images?per_page=1");
	end(&w);
}

static void a_token_that_is_wrong_ends_the_check(void **state)
{
	CLEANUP(free) char *all = NULL;
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, FAULT(401, "unauthorized", "unable to authenticate"));
	assert_drv_fails(check_all(&w, &all, &e), DRV_AUTH, &e);
	assert_non_null(strstr(all, "!GET " API "/servers: 401 unauthorized"));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(a_stack_names_what_is_of_the_project_and_no_address),
		cmocka_unit_test(hetzners_own_address_is_asked_unless_another_is_given),
		cmocka_unit_test(a_launch_is_one_call_with_labels_and_user_data),
		cmocka_unit_test(every_option_is_in_the_launch_and_numbers_are_kept),
		cmocka_unit_test(what_the_project_has_not_is_named_and_looked_up_again),
		cmocka_unit_test(launches_that_cannot_be_are_not_sent),
		cmocka_unit_test(user_data_may_have_what_hetzner_takes_and_no_byte_more),
		cmocka_unit_test(a_launch_that_was_done_before_is_that_server),
		cmocka_unit_test(a_name_that_another_has_is_a_conflict),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(an_error_has_the_clouds_words_and_not_the_token),
		cmocka_unit_test(every_word_can_be_a_label_and_comes_back),
		cmocka_unit_test(a_list_is_of_all_pages_and_of_the_owner),
		cmocka_unit_test(a_list_that_became_shorter_is_read_anew),
		cmocka_unit_test(a_list_that_becomes_shorter_for_ever_is_given_up),
		cmocka_unit_test(a_list_that_does_not_end_or_cannot_be_read_fails),
		cmocka_unit_test(servers_are_read_as_they_are),
		cmocka_unit_test(ends_its_own_server_and_one_that_is_gone),
		cmocka_unit_test(never_ends_what_has_not_its_label),
		cmocka_unit_test(types_have_the_price_of_where_the_pool_is),
		cmocka_unit_test(the_check_finds_all_that_is_wrong_and_creates_nothing),
		cmocka_unit_test(the_check_says_which_images_there_are),
		cmocka_unit_test(a_token_that_is_wrong_ends_the_check),
	};

	return cmocka_run_group_tests_name("hetzner", tests, NULL, NULL);
}
