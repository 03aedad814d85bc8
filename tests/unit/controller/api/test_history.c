/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Demand of the past that is given, and samples that programs push for a tier. */
#include "served_fixture.h"

#include "samples.h"

/* ---------------------------------------------------------------- samples */

static long push(const struct fixture *f, const char *query, json_t **ret)
{
	CLEANUP(free) char *path = xasprintf("/v1/metrics%s", query);

	return fixture_json(f,
			    CALL(.method = "POST", .path = path, .token = f->admin,
				 .type = "text/plain", .body = "pushed 1\n"),
			    ret);
}

/* One who misspells a name is told, and nothing is kept. */
static void samples_of_a_stack_or_tier_that_is_not_there_are_refused(void **state)
{
	static const struct {
		const char *query, *says;
	} cases[] = {
		{ "?stack=shpo", "no stack 'shpo': GET /v1/stacks " },
		{ "?stack=shpo&tier=web", "no stack 'shpo': GET /v1/stacks " },
		{ "?stack=shop&tier=wbe", "no tier 'wbe' in stack shop: GET /v1/tiers " },
		{ "?tier=wbe", "no tier 'wbe': GET /v1/tiers " },
		{ "?stack=shpo&dry_run=true", "no stack 'shpo': GET /v1/stacks " },
	};
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *series = NULL;

	fixture_put_tier(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;

		assert_int_equal(push(f, cases[i].query, &doc), 404);
		assert_ptr_equal(strstr(text_of(doc, "detail"), cases[i].says),
				 text_of(doc, "detail"));
	}
	fixture_json(f, CALL(.path = "/v1/series?match=pushed", .token = f->viewer),
		     &series);
	assert_int_equal(json_array_size(json_object_get(series, "items")), 0);
}

static void samples_of_a_stack_and_tier_that_are_there_are_kept(void **state)
{
	static const char *const queries[] = { "", "?stack=shop", "?stack=shop&tier=web",
					       "?tier=web", "?stack=&tier=" };
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *series = NULL;

	fixture_put_tier(f);
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;

		assert_int_equal(push(f, queries[i], &doc), 200);
	}
	fixture_json(f,
		     CALL(.path = "/v1/series?match=pushed%7Bstack%3D%22shop%22,"
				  "tier%3D%22web%22%7D",
			  .token = f->viewer),
		     &series);
	assert_int_equal(json_array_size(json_object_get(series, "items")), 1);
}

/* ---------------------------------------------------------------- history */

static void history_goes_in_as_csv_and_as_json(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *csv = NULL;
	CLEANUP(json_decref) json_t *json = NULL;
	struct call c = { .method = "POST",
			  .path = "/v1/tiers/shop/web/history",
			  .token = f->admin,
			  .type = "text/csv",
			  .body = "timestamp,value\n1750000000,5\n1750000300,7\n"
				  "1750000600,9\n" };

	fixture_put_tier(f);
	assert_int_equal(fixture_json(f, &c, &csv), 200);
	assert_int_equal(json_integer_value(json_object_get(csv, "values")), 3);
	assert_true(json_integer_value(json_object_get(csv, "added")) >= 14);
	c.type = NULL;
	c.body = "{\"points\":[[1750100000,1],[1750100060,2],[1750100120,null]]}";
	assert_int_equal(fixture_json(f, &c, &json), 200);
	assert_int_equal(json_integer_value(json_object_get(json, "values")), 2);
	c.type = "text/csv";
	c.body = "t,v\n1750000000,cold\n";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "t,v\n1750000000,-1\n";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "";
	assert_int_equal(fixture_status(f, &c), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(history_goes_in_as_csv_and_as_json),
		TEST(samples_of_a_stack_or_tier_that_is_not_there_are_refused),
		TEST(samples_of_a_stack_and_tier_that_are_there_are_kept),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_history", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
