/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_digitalocean.c - the digitalocean driver against scripted answers.
 * tests/peers holds it to the cloud's own description of its API.
 */
#include "scripted_driver.h"

#define API "http://do.test"
#define CREDENTIALS \
	"\"credentials\": {\"token\": \"" SECRET "\", \"endpoint\": \"" API "\"}"
#define OPTIONS "\"type\": \"s-1vcpu-1gb\", \"image\": \"debian-12-x64\", "
#define KEY "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa"

#define TAGGED(id, tags) "{\"id\": " id ", \"status\": \"active\", \"tags\": [" tags "]}"
#define DROPLET(id, owner) \
	TAGGED(id, "\"ft-owner:" owner "\", \"ft-pool:web\", \"ft-launch:" ID_A "\"")
#define LAUNCHED                                                     \
	{                                                            \
		202, NULL, "{\"droplet\": " DROPLET("42", OWNER) "}" \
	}
#define NEXT(query) "\"next\": \"https://elsewhere.test/v2/droplets?" query "\""
#define PAGE(droplets, next, total)                                                    \
	{                                                                              \
		200, NULL,                                                             \
			"{\"droplets\": [" droplets "], \"links\": {\"pages\": {" next \
			"}}, \"meta\": {\"total\": " total "}}"                        \
	}
#define FAULT(status, code, words)                                                 \
	{                                                                          \
		status, NULL, "{\"id\": \"" code "\", \"message\": \"" words "\"}" \
	}
#define NOT_THERE FAULT(404, "not_found", "it is not there")

#define BEGIN(w, ...)                                                         \
	const struct scripted_answer answers_[] = { __VA_ARGS__ };            \
	world_begin(w, "digitalocean", "{" OPTIONS CREDENTIALS "}", answers_, \
		    ARRAY_SIZE(answers_))

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "control panel" },
		{ "{\"colour\": \"red\", " CREDENTIALS "}", "colour" },
		{ "{\"ipv6\": \"perhaps\", " CREDENTIALS "}", "ipv6" },
		{ "{\"credentials\": {}}", "token is missing" },
		{ "{\"credentials\": {\"tokken\": \"" SECRET "\"}}", "tokken" },
	};
	static const char *const may[] = { "type", "image", "region", "vpc", NULL };
	static const char *const never[] = { "ca", "endpoint", "token", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_not_opened("digitalocean", cases[i][0], cases[i][1]);
	assert_pool_options("digitalocean", may, true);
	assert_pool_options("digitalocean", never, false);
}

static void digitaloceans_own_address_is_asked_unless_another_is_given(void **state)
{
	const struct scripted_answer answers[] = { NOT_THERE };
	struct world w;
	struct drv_err e;

	(void)state;
	world_begin(&w, "digitalocean", "{\"credentials\": {\"token\": \"x\"}}", answers,
		    1);
	assert_drv_ok(end_vm(&w, "7", &e), &e);
	assert_sent(&w, 0, "GET", "https://api.digitalocean.com/v2/droplets/7");
	assert_non_null(strstr(w.host.requests[0].headers, "Authorization: Bearer x\n"));
	end(&w);
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_with_tags_and_user_data(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LAUNCHED);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, "42");
	assert_string_equal(vm.launch_id, ID_A);
	assert_sent(&w, 0, "POST", API "/v2/droplets");
	assert_body(&w, 0,
		    json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:[], s:[s,s,s]}", "name",
			      "web-1", "size", "s-1vcpu-1gb", "image", "debian-12-x64",
			      "user_data", "#!/bin/sh\n", "ipv6", 0, "monitoring", 0,
			      "ssh_keys", "tags", "ft-owner:" OWNER, "ft-pool:web",
			      "ft-launch:" ID_A));
	end(&w);
}

static void every_option_is_in_the_launch(void **state)
{
	static const char config[] =
		"{\"type\": \"other\", \"image\": \"other\", \"region\": \"fra1\", "
		"\"vpc\": "
		"\"a-vpc\", \"ssh_keys\": \"17, " KEY "\", \"ipv6\": \"yes\", "
		"\"monitoring\": \"yes\", " CREDENTIALS "}";
	static const char *const types[] = { "c-4", "c-8", NULL };
	const struct scripted_answer answers[] = { LAUNCHED };
	const struct drv_label label = { "a-label", "v" };
	struct drv_launch l = a_launch(ID_A, "");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.labels = &label;
	l.n_labels = 1;
	l.types = types;
	l.image = "63663980";
	l.expires_ms = INT64_C(1700000000000);
	world_begin(&w, "digitalocean", config, answers, 1);
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	assert_body(
		&w, 0,
		json_pack("{s:s, s:s, s:i, s:s, s:s, s:b, s:b, s:[i,s], s:[s,s,s,s,s]}",
			  "name", "web-1", "size", "c-4", "image", 63663980, "region",
			  "fra1", "vpc_uuid", "a-vpc", "ipv6", 1, "monitoring", 1,
			  "ssh_keys", 17, KEY, "tags", "ft-owner:" OWNER, "ft-pool:web",
			  "ft-launch:" ID_A, "ft-expires:1700000000", "a-label:v"));
	end(&w);
}

static void launches_that_cannot_be_are_not_sent(void **state)
{
	const size_t max = 65536;
	CLEANUP(free) char *text = xmalloc(max + 2);
	struct drv_launch l;
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	memset(text, '#', max + 1);
	text[max + 1] = '\0';
	BEGIN(&w, LAUNCHED);
	l = a_launch(ID_A, text);
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	l = a_launch(ID_A, "\xff\xfe");
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	l = a_launch(ID_A, "");
	l.spot = true;
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_NOTSUP,
			 &e);
	l = a_launch(ID_A, "");
	l.pool = "not a word";
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	assert_int_equal(w.host.n, 0);
	l = a_launch(ID_A, text);
	l.user_data_len = max;
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
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
		{ { 202, NULL, "{\"droplet\": {}}" }, DRV_AMBIGUOUS, -1 },
		{ FAULT(500, "server_error", "oh"), DRV_AMBIGUOUS, -1 },
		{ { 504, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 429, "Retry-After: 7\r\nratelimit-reset: 1767225690\r\n", "" },
		  DRV_THROTTLED,
		  7000 },
		/* The test's clock shows 1767225600. */
		{ { 429, "ratelimit-reset: 1767225690\r\n", "" }, DRV_THROTTLED, 90000 },
		{ { 429, "ratelimit-reset: 1767225000\r\n", "" }, DRV_THROTTLED, 0 },
		{ { 429, "ratelimit-reset: 9999999999\r\n", "" },
		  DRV_THROTTLED,
		  3600000 },
		{ { 429, "ratelimit-reset: soon\r\n", "" }, DRV_THROTTLED, -1 },
		{ { 429, NULL, "" }, DRV_THROTTLED, -1 },
		{ FAULT(422, "unprocessable_entity",
			"creating this/these droplet(s) will exceed your droplet limit"),
		  DRV_QUOTA, -1 },
		{ FAULT(422, "unprocessable_entity",
			"Size is not available in this region."),
		  DRV_CAPACITY, -1 },
		{ FAULT(422, "unprocessable_entity", "invalid image"), DRV_BADREQ, -1 },
		{ FAULT(403, "forbidden", "no"), DRV_AUTH, -1 },
		{ FAULT(401, "unauthorized", "no"), DRV_AUTH, -1 },
		{ FAULT(404, "not_found", "no"), DRV_BADREQ, -1 },
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
	BEGIN(&w, { 401, "x-request-id: 4d9d\r\n",
		    "{\"id\": \"unauthorized\", \"message\": \"the token " SECRET
		    " is wrong\"}" });
	assert_drv_fails(launch_once(&w, &vm, &e), DRV_AUTH, &e);
	assert_non_null(strstr(e.msg, "is wrong"));
	assert_null(strstr(e.msg, SECRET));
	assert_string_equal(e.code, "unauthorized");
	assert_string_equal(e.request_id, "4d9d");
	end(&w);
}

/* ---------------------------------------------------------------- listing */

static void a_list_is_of_all_pages_and_follows_no_address(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w,
	      PAGE(DROPLET("1", OWNER) "," DROPLET("2", OWNER),
		   NEXT("per_page=200&page=2"), "5"),
	      PAGE(DROPLET("2", OWNER) "," DROPLET("3", "somebody-else"),
		   NEXT("page=3&per_page=200"), "5"),
	      PAGE(DROPLET("4", OWNER), "", "6"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[2].id, "4");
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(free)
		char *url = xasprintf(API "/v2/droplets?tag_name=ft-owner%%3A" OWNER
					  "&per_page=200&page=%zu",
				      i + 1);

		assert_sent(&w, i, "GET", url);
	}
	end(&w);
}

static void a_list_that_became_shorter_is_read_anew(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, PAGE(DROPLET("9", OWNER), NEXT("page=2"), "3"),
	      PAGE(DROPLET("7", OWNER), "", "2"),
	      PAGE(DROPLET("8", OWNER), NEXT("page=2"), "2"),
	      PAGE(DROPLET("7", OWNER), "", "2"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	end(&w);
}

static void a_list_that_does_not_end_or_cannot_be_read_fails(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ PAGE(DROPLET("2", OWNER), NEXT("page=2"), "3"), DRV_BUG },
		{ PAGE(DROPLET("2", OWNER), NEXT("page=1"), "3"), DRV_BUG },
		{ PAGE(DROPLET("2", OWNER), NEXT("cursor=x&per_page=3"), "3"), DRV_BUG },
		{ PAGE(DROPLET("2", OWNER), NEXT("page=eyJpZCI&per_page=3"), "3"),
		  DRV_BUG },
		{ { 200, NULL, "{\"droplets\": {}}" }, DRV_TRANSIENT },
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

		BEGIN(&w, PAGE(DROPLET("1", OWNER), NEXT("page=2"), "3"),
		      cases[i].answer);
		assert_drv_fails(list_all(&w, &all, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void droplets_are_read_as_they_are(void **state)
{
	static const struct {
		const char *droplet;
		enum drv_vm_state state;
		const char *message, *address, *public_address;
	} cases[] = {
		{ "\"status\": \"new\", \"networks\": {\"v4\": [], \"v6\": []}",
		  DRV_VM_PENDING, "", "", "" },
		{ "\"status\": \"active\", \"networks\": {\"v4\": [{\"type\": "
		  "\"public\", "
		  "\"ip_address\": \"203.0.113.1\"}, {\"type\": \"private\", "
		  "\"ip_address\": \"10.0.0.2\"}]}",
		  DRV_VM_RUNNING, "", "10.0.0.2", "203.0.113.1" },
		{ "\"status\": \"active\", \"networks\": {\"v6\": [{\"type\": "
		  "\"public\", "
		  "\"ip_address\": \"2001:db8::1\"}]}",
		  DRV_VM_RUNNING, "", "", "2001:db8::1" },
		{ "\"status\": \"off\"", DRV_VM_FAILED, "its status is off", "", "" },
		{ "\"status\": \"archive\"", DRV_VM_FAILED, "its status is archive", "",
		  "" },
		{ "\"status\": \"melting\"", DRV_VM_UNKNOWN, "", "", "" },
		{ "\"status\": 7", DRV_VM_UNKNOWN, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Another has used the tag's name in capitals before. */
		CLEANUP(free)
		char *page = xasprintf(
			"{\"droplets\": [{\"id\": 7, \"tags\": [7, "
			"\"FT-Owner:Test-Owner\", "
			"\"ft-pool:-web-\"], \"size_slug\": \"c-4\", \"region\": "
			"{\"slug\": \"fra1\"}, \"created_at\": \"2026-01-01T00:00:00Z\", "
			"%s}]}",
			cases[i].droplet);
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
		assert_string_equal(all.vm[0].pool, "-web-");
		assert_string_equal(all.vm[0].type, "c-4");
		assert_string_equal(all.vm[0].zone, "fra1");
		assert_int_equal(all.vm[0].created_ms, INT64_C(1767225600000));
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

#define MINE                                                         \
	{                                                            \
		200, NULL, "{\"droplet\": " DROPLET("42", OWNER) "}" \
	}
#define GONE                    \
	{                       \
		204, NULL, NULL \
	}

static void ends_its_own_droplet_with_the_tag_of_its_launch(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, MINE, GONE, GONE, NOT_THERE, MINE, NOT_THERE, { 403, NULL, "" }, MINE,
	      { 429, NULL, "" }, { 404, NULL, "<html>" }, MINE, { 404, NULL, "<html>" });
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	assert_sent(&w, 1, "DELETE", API "/v2/droplets/42");
	assert_sent(&w, 2, "DELETE", API "/v2/tags/ft-launch:" ID_A);
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	/* The tag may stay, the droplet not. */
	assert_drv_ok(end_vm(&w, "42", &e), &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_THROTTLED, &e);
	/* What is not found by another than the cloud may be there. */
	assert_drv_fails(end_vm(&w, "42", &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_BADREQ, &e);
	end(&w);
}

static void never_ends_what_has_not_its_tag(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, { 200, NULL, "{\"droplet\": " DROPLET("42", "somebody-else") "}" },
	      { 200, NULL, "{\"droplet\": " TAGGED("42", "\"ft-owner\"") "}" },
	      { 200, NULL, "{\"droplet\": []}" }, { 200, NULL, "<html>" });
	for (int i = 0; i < 3; i++)
		assert_drv_fails(end_vm(&w, "42", &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, "42", &e), DRV_TRANSIENT, &e);
	assert_drv_fails(end_vm(&w, "42?tag_name=x", &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, "", &e), DRV_BADREQ, &e);
	assert_nothing_deleted(&w);
	end(&w);
}

/* ---------------------------------------------------------------- the account */

#define ACCOUNT(status)                                                                \
	{                                                                              \
		200, NULL,                                                             \
			"{\"account\": {\"email\": \"a@b.test\", \"droplet_limit\": "  \
			"10, "                                                         \
			"\"status\": \"" status "\", \"status_message\": \"unpaid\"}}" \
	}

static void the_quota_is_the_accounts(void **state)
{
	struct world w;
	struct drv_quota q;
	struct drv_err e;

	(void)state;
	BEGIN(&w, ACCOUNT("active"), PAGE("", "", "3"));
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.used, 3);
	assert_int_equal(q.limit, 10);
	end(&w);
}

static void the_check_finds_all_that_is_wrong_and_creates_nothing(void **state)
{
	static const char config[] =
		"{" OPTIONS
		"\"region\": \"fra1\", \"ssh_keys\": \"17\", \"vpc\": \"v\", " CREDENTIALS
		"}";
	const struct scripted_answer answers[] = {
		ACCOUNT("locked"),
		ACCOUNT("locked"),
		PAGE("", "", "3"),
		{ 200, NULL,
		  "{\"sizes\": [{\"slug\": \"s-1vcpu-1gb\", \"available\": true, "
		  "\"regions\": [\"ams3\"]}, {\"slug\": \"s-1vcpu-1gb-old\", "
		  "\"available\": false, \"regions\": [\"fra1\"]}]}" },
		{ 200, NULL,
		  "{\"image\": {\"distribution\": \"Debian\", \"name\": \"12 x64\", "
		  "\"regions\": [\"ams3\"]}}" },
		{ 200, NULL, "{\"images\": [{}], \"meta\": {\"total\": 271}}" },
		NOT_THERE,
		NOT_THERE,
		FAULT(403, "forbidden", "not authorized")
	};
	CLEANUP(free) char *all = NULL;
	struct world w;
	struct drv_err e;

	(void)state;
	world_begin(&w, "digitalocean", config, answers, ARRAY_SIZE(answers));
	assert_drv_fails(check_all(&w, &all, &e), DRV_AUTH, &e);
	assert_non_null(strstr(all, "!the account is locked: unpaid"));
	assert_non_null(strstr(all, "has 3 droplets, and may have 10"));
	assert_non_null(strstr(all, "!there is no size 's-1vcpu-1gb' now in the region "
				    "fra1"));
	assert_non_null(
		strstr(all, "!the image 'debian-12-x64' is not in the region 'fra1'"));
	assert_non_null(strstr(all, "the image 'debian-12-x64' is there: Debian 12 x64"));
	assert_non_null(strstr(all, "hosts can be launched of 271 images"));
	assert_sent(&w, 5, "GET", API "/v2/images?per_page=1");
	assert_non_null(strstr(all, "!the account has no SSH key '17'"));
	assert_non_null(strstr(all, "!the account has no VPC 'v'"));
	assert_non_null(strstr(all, "!POST " API "/v2/droplets: 403 forbidden"));
	/* Nothing can be made of it. */
	assert_string_equal(w.host.requests[8].body, "{}");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(
			digitaloceans_own_address_is_asked_unless_another_is_given),
		cmocka_unit_test(a_launch_is_one_call_with_tags_and_user_data),
		cmocka_unit_test(every_option_is_in_the_launch),
		cmocka_unit_test(launches_that_cannot_be_are_not_sent),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(an_error_has_the_clouds_words_and_not_the_token),
		cmocka_unit_test(a_list_is_of_all_pages_and_follows_no_address),
		cmocka_unit_test(a_list_that_became_shorter_is_read_anew),
		cmocka_unit_test(a_list_that_does_not_end_or_cannot_be_read_fails),
		cmocka_unit_test(droplets_are_read_as_they_are),
		cmocka_unit_test(ends_its_own_droplet_with_the_tag_of_its_launch),
		cmocka_unit_test(never_ends_what_has_not_its_tag),
		cmocka_unit_test(the_quota_is_the_accounts),
		cmocka_unit_test(the_check_finds_all_that_is_wrong_and_creates_nothing),
	};

	return cmocka_run_group_tests_name("digitalocean", tests, NULL, NULL);
}
