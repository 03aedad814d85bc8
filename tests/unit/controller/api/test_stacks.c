/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stacks, their versions and tiers, and holds, as people list them and go back. */
#include "api_fixture.h"

#include "text.h"

#define STACK "/v1/stacks/shop"
#define UNIT "[Service]\nExecStart=/bin/true\n"

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f };

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static json_t *get(const struct fixture *f, const char *path)
{
	json_t *doc;

	assert_int_equal(fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			 200);
	return doc;
}

static long status_of(const struct fixture *f, const char *path)
{
	return fixture_status(f, CALL(.path = path, .token = f->viewer));
}

/* The answer is the caller's. */
static json_t *post(const struct fixture *f, const char *path, const char *body,
		    long status)
{
	json_t *doc;
	const struct call c = {
		.method = "POST", .path = path, .token = f->admin, .body = body
	};

	assert_int_equal(fixture_json(f, &c, &doc), status);
	return doc;
}

static int64_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Applies a stack of two tiers with so many instances at most; its version. */
static int64_t apply(const struct fixture *f, const char *name, int most)
{
	CLEANUP(free)
	char *conf = xasprintf(
		"[stack]\nname = %1$s\n[pool %1$s-p]\ndriver = fake\nmax = 9\n"
		"[tier db]\nunit = %1$s-db@.service\npool = %1$s-p\nmax = 1\n"
		"[tier web]\nunit = %1$s-web@.service\npool = %1$s-p\nmax = %2$d\n",
		name, most);
	CLEANUP(free) char *path = xasprintf("/v1/stacks/%s", name);
	CLEANUP(free) char *web = xasprintf("units/%s-web@.service", name);
	CLEANUP(free) char *db = xasprintf("units/%s-db@.service", name);
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:{s:s, s:s, s:s}}", "files", "stack.conf", conf, web,
				 UNIT, db, UNIT);
	CLEANUP(free) char *text = json_dumps(body, 0);
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(fixture_json(f,
				      CALL(.method = "PUT", .path = path,
					   .token = f->admin, .body = text),
				      &doc),
			 200);
	return number_of(doc, "version");
}

static int64_t most_of(const struct fixture *f)
{
	CLEANUP(json_decref) json_t *tier = get(f, "/v1/tiers/shop/web");

	return number_of(tier, "max");
}

/* "a b " of what each item has under the key, page by page. */
static const char *listed(const struct fixture *f, const char *path, const char *key)
{
	static char all[300];
	char cursor[100] = "";
	size_t n = 0;

	all[0] = '\0';
	do {
		CLEANUP(free)
		char *page =
			xasprintf("%s%climit=1%s%s", path, strchr(path, '?') ? '&' : '?',
				  *cursor ? "&cursor=" : "", cursor);
		CLEANUP(json_decref) json_t *doc = get(f, page);
		const json_t *o = json_array_get(json_object_get(doc, "items"), 0);

		if (o)
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s ",
					      text_of(o, key));
		snprintf(cursor, sizeof(cursor), "%s", text_of(doc, "next"));
	} while (*cursor);
	return all;
}

static void stacks_and_tiers_are_listed_in_pages(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *brief = NULL;
	CLEANUP(json_decref) json_t *full = NULL;

	apply(f, "blog", 2);
	apply(f, "shop", 3);
	assert_string_equal(listed(f, "/v1/stacks", "name"), "blog shop ");
	assert_string_equal(listed(f, "/v1/tiers", "name"), "db web db web ");
	assert_string_equal(listed(f, "/v1/tiers?stack=shop", "name"), "db web ");
	brief = get(f, "/v1/tiers?limit=1");
	full = get(f, "/v1/tiers?limit=1&explanations=true");
	assert_null(json_object_get(json_array_get(json_object_get(brief, "items"), 0),
				    "explanation"));
	assert_non_null(json_object_get(json_array_get(json_object_get(full, "items"), 0),
					"explanation"));
}

static void a_stack_is_shown_as_it_was_applied(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *tag = NULL;
	char etag[64];

	tag = xasprintf("\"v%lld\"", (long long)apply(f, "shop", 3));
	doc = get(f, STACK);
	assert_string_equal(
		text_of(json_object_get(doc, "files"), "units/shop-web@.service"), UNIT);
	assert_int_equal(fixture_call(f, CALL(.path = STACK, .token = f->viewer), &res),
			 200);
	assert_true(http_res_header(&res, "ETag", etag, sizeof(etag)));
	assert_string_equal(etag, tag);
	assert_int_equal(status_of(f, "/v1/stacks/none"), 404);
}

static void an_earlier_version_is_applied_again_and_is_a_new_one(void **state)
{
	const struct fixture *f = *state;
	const int64_t first = apply(f, "shop", 3);
	CLEANUP(free) char *body = xasprintf("{\"version\":%lld}", (long long)first);
	CLEANUP(json_decref) json_t *shown = NULL;
	CLEANUP(json_decref) json_t *back = NULL;
	CLEANUP(json_decref) json_t *versions = NULL;
	const json_t *items;

	apply(f, "shop", 4);
	apply(f, "shop", 5);
	/* By default the one before. */
	shown = post(f, STACK "/rollback?dry_run=true", "{}", 200);
	assert_int_equal(number_of(shown, "back_to"), first + 1);
	assert_true(json_array_size(json_object_get(shown, "changes")) > 0);
	assert_int_equal(most_of(f), 5);
	back = post(f, STACK "/rollback", body, 200);
	assert_int_equal(number_of(back, "back_to"), first);
	assert_int_equal(number_of(back, "version"), first + 3);
	assert_int_equal(most_of(f), 3);
	versions = get(f, STACK "/versions");
	items = json_object_get(versions, "items");
	assert_int_equal(json_array_size(items), 4);
	assert_int_equal(number_of(json_array_get(items, 0), "version"), first + 3);
	assert_true(json_is_true(json_object_get(json_array_get(items, 0), "in_force")));
	assert_true(json_is_false(json_object_get(json_array_get(items, 1), "in_force")));
}

static void what_there_is_no_version_of_is_refused(void **state)
{
	const struct fixture *f = *state;

	apply(f, "shop", 3);
	json_decref(post(f, STACK "/rollback", "{\"version\":99}", 404));
	json_decref(post(f, STACK "/rollback", "{\"version\":\"one\"}", 400));
	json_decref(post(f, STACK "/rollback", "{\"verison\":1}", 400));
	json_decref(post(f, "/v1/stacks/none/rollback", "{}", 404));
	assert_int_equal(status_of(f, "/v1/stacks/none/versions"), 404);
	assert_int_equal(most_of(f), 3);
}

static void holds_that_are_over_are_listed_when_asked_for(void **state)
{
	const struct fixture *f = *state;
	struct db_hold h = { .stack = (char[]){ "shop" },
			     .owner = (char[]){ "ann" },
			     .reason = (char[]){ "over" },
			     .created_ms = 1000,
			     .expires_ms = 2000 };
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *one = NULL;
	CLEANUP(free) char *path = NULL;
	struct err e;

	apply(f, "blog", 2);
	apply(f, "shop", 3);
	assert_ok(db_hold_add(f->db, &h, NULL, &e), &e);
	made = post(f, "/v1/holds",
		    "{\"stack\":\"shop\",\"reason\":\"sale\",\"for\":\"1h\"}", 201);
	json_decref(
		post(f, "/v1/holds", "{\"stack\":\"blog\",\"reason\":\"quiet\"}", 201));
	assert_string_equal(listed(f, "/v1/holds", "reason"), "quiet sale ");
	assert_string_equal(listed(f, "/v1/holds?stack=shop", "reason"), "sale ");
	assert_string_equal(listed(f, "/v1/holds?all=true&stack=shop", "reason"),
			    "sale over ");
	path = xasprintf("/v1/holds/%lld", (long long)number_of(made, "id"));
	one = get(f, path);
	assert_string_equal(text_of(one, "reason"), "sale");
	assert_int_equal(status_of(f, "/v1/holds/none"), 404);
	assert_int_equal(status_of(f, "/v1/holds/77"), 404);
	json_decref(post(f, "/v1/holds",
			 "{\"stack\":\"shop\",\"reason\":\"x\",\"for\":\"1h\","
			 "\"expires\":\"2099-01-01T00:00:00Z\"}",
			 400));
	json_decref(post(f, "/v1/holds",
			 "{\"stack\":\"shop\",\"reason\":\"x\","
			 "\"expires\":\"2001-01-01T00:00:00Z\"}",
			 400));
}

static void the_controllers_own_metrics_have_each_tier(void **state)
{
	const struct fixture *f = *state;
	const struct db_tier t = { .stack = (char[]){ "shop" },
				   .name = (char[]){ "web" },
				   .desired = 2 };
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	struct err e;

	apply(f, "shop", 3);
	assert_ok(db_tiers_decide(f->db, &t, 1, &e), &e);
	assert_int_equal(fixture_call(f, CALL(.path = "/metrics"), &res), 200);
	assert_non_null(
		strstr(res.body.data,
		       "\nforetide_tier_desired{stack=\"shop\",tier=\"web\"} 2\n"));
	assert_null(strstr(res.body.data, "tier_desired{stack=\"shop\",tier=\"db\"}"));
	assert_non_null(strstr(res.body.data, "foretide_objects{kind=\"tier\"} 2\n"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stacks_and_tiers_are_listed_in_pages),
		TEST(a_stack_is_shown_as_it_was_applied),
		TEST(an_earlier_version_is_applied_again_and_is_a_new_one),
		TEST(what_there_is_no_version_of_is_refused),
		TEST(holds_that_are_over_are_listed_when_asked_for),
		TEST(the_controllers_own_metrics_have_each_tier),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("stacks", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
