/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of the gateway: what each answers, and to what it is not answered. */
#include "kv_fixture.h"

static const struct kv_access viewer = { .owner = "token:2", .read_all = true };
static const char *const rules[] = { "/a/", NULL };
static const struct kv_access host = { .owner = "web-1", .read = rules, .write = rules };

/* YQ== a, Yg== b, L2EvMQ== /a/1. */
static const struct {
	const char *path, *body;
	unsigned all, viewer, host;
} calls[] = {
	{ "/v3/kv/put", "{\"key\":\"YQ==\"}", 200, 403, 403 },
	{ "/v3/kv/put", "{\"key\":\"L2EvMQ==\",\"value\":\"YQ==\"}", 200, 403, 200 },
	{ "/v3/kv/put", "{}", 400, 400, 400 },
	{ "/v3/kv/put", "{\"key\":\"!\"}", 400, 400, 400 },
	{ "/v3/kv/put", "{\"key\":\"YQ==\",\"lease\":9}", 404, 403, 403 },
	{ "/v3/kv/put", "{\"key\":\"YQ==\",\"ignore_value\":true,\"value\":\"YQ==\"}",
	  400, 400, 400 },
	{ "/v3/kv/put", "{\"key\":\"YQ==\",\"ignore_lease\":true,\"lease\":1}", 400, 400,
	  400 },
	{ "/v3/kv/put", "{\"key\":\"WlpaWg==\",\"ignore_value\":true}", 400, 403, 403 },
	{ "/v3/kv/range", "{\"key\":\"YQ==\"}", 200, 200, 403 },
	{ "/v3/kv/range", "", 400, 400, 400 },
	{ "/v3/kv/range", "{\"key\":\"YQ==\",\"revision\":99}", 400, 400, 403 },
	{ "/v3/kv/range",
	  "{\"key\":\"AA==\",\"range_end\":\"AA==\",\"sort_order\":\"DESCEND\","
	  "\"sort_target\":\"VALUE\",\"limit\":1,\"keys_only\":true}",
	  200, 200, 403 },
	{ "/v3/kv/range",
	  "{\"key\":\"AA==\",\"range_end\":\"AA==\",\"sort_target\":\"VERSION\"}", 200,
	  200, 403 },
	{ "/v3/kv/range", "{\"key\":\"YQ==\",\"sort_order\":\"ACROSS\"}", 400, 400, 400 },
	{ "/v3/kv/deleterange",
	  "{\"key\":\"YQ==\",\"range_end\":\"Yg==\",\"prev_kv\":true}", 200, 403, 403 },
	{ "/v3/kv/txn",
	  "{\"compare\":[{\"key\":\"L2EvMQ==\",\"target\":\"VALUE\","
	  "\"value\":\"YQ==\"}],\"success\":[{\"request_range\":{\"key\":"
	  "\"L2EvMQ==\"}},{\"request_put\":{\"key\":\"L2EvMQ==\",\"prev_kv\":"
	  "true}}],\"failure\":[{\"request_delete_range\":{\"key\":"
	  "\"L2EvMQ==\",\"prev_kv\":true}}]}",
	  200, 403, 200 },
	{ "/v3/kv/txn", "{\"success\":[{}]}", 400, 400, 400 },
	{ "/v3/kv/txn", "{\"compare\":[{}]}", 400, 400, 400 },
	{ "/v3/kv/txn", "{\"compare\":[{\"key\":\"YQ==\"}]}", 200, 200, 403 },
	{ "/v3/kv/compaction", "{\"revision\":1}", 200, 403, 403 },
	{ "/v3/kv/compaction", "{\"revision\":1}", 400, 403, 403 },
	{ "/v3/kv/compaction", "{\"revision\":\"x\"}", 400, 400, 400 },
	{ "/v3/lease/grant", "{\"TTL\":60}", 200, 403, 200 },
	{ "/v3/lease/grant", "{\"TTL\":60,\"ID\":5}", 200, 403, 412 },
	{ "/v3/lease/grant", "{\"TTL\":60,\"ID\":5}", 412, 403, 412 },
	{ "/v3/lease/grant", "{\"ID\":[]}", 400, 400, 400 },
	{ "/v3/lease/timetolive", "{\"ID\":5,\"keys\":true}", 200, 200, 403 },
	{ "/v3/lease/timetolive", "{\"ID\":6}", 200, 200, 200 },
	{ "/v3/lease/timetolive", "{\"ID\":{}}", 400, 400, 400 },
	{ "/v3/lease/keepalive", "{\"ID\":5}", 200, 403, 403 },
	{ "/v3/lease/keepalive", "{\"ID\":6}", 200, 200, 200 },
	{ "/v3/lease/keepalive", "{\"ID\":true}", 400, 400, 400 },
	{ "/v3/lease/leases", "{}", 200, 403, 403 },
	{ "/v3/kv/lease/leases", "", 200, 403, 403 },
	{ "/v3/lease/revoke", "{\"ID\":6}", 404, 404, 404 },
	{ "/v3/lease/revoke", "{\"ID\":null}", 404, 404, 404 },
	{ "/v3/lease/revoke", "{\"ID\":5}", 200, 404, 404 },
	{ "/v3beta/kv/range", "{\"key\":\"YQ==\"}", 200, 200, 403 },
	{ "/v3/maintenance/status", "{}", 200, 200, 200 },
	{ "/v3/cluster/member/list", "{}", 200, 200, 200 },
	{ "/v3/auth/enable", "{}", 404, 404, 404 },
	{ "/v3/kv/range", "[]", 400, 400, 400 },
	{ "/v3/kv/range", "{\"key\":", 400, 400, 400 },
	{ "/health", "", 200, 200, 200 },
	{ "/version", "", 200, 200, 200 },
	{ "/other", "", 404, 404, 404 },
};

static void each_call_answers(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct kv_access *who[] = { &all, &viewer, &host };
		const unsigned want[] = { calls[i].all, calls[i].viewer, calls[i].host };

		for (size_t j = 0; j < 3; j++) {
			CLEANUP(json_decref) json_t *doc = NULL;
			unsigned is =
				call(w->kv, who[j], calls[i].path, calls[i].body, &doc);

			if (is != want[j])
				fail_msg("%s %s as %zu: %u, not %u: %s", calls[i].path,
					 calls[i].body, j, is, want[j], error_of(doc));
			if (is >= 400 && is != 404)
				assert_true(*error_of(doc));
		}
	}
}

/* A body is not parsed when it has more values than any request needs. */
static void a_body_has_so_many_values(void **state)
{
	static const char *const values[] = { "[],", "{},", "0,", "{\"\":0}," };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;
		CLEANUP(buf_done) struct buf b;

		buf_init(&b, 1u << 24);
		buf_puts(&b, "{\"key\":\"YQ==\",\"x\":[");
		for (int n = 0; n < 300000; n++)
			buf_puts(&b, values[i]);
		buf_puts(&b, "0]}");
		assert_int_equal(call(w->kv, &all, "/v3/kv/range", buf_str(&b), &doc),
				 400);
		assert_string_equal(error_of(doc), "etcdserver: too many operations in "
						   "txn request");
	}
}

/* What is in strings does not count, and the largest transaction is not too much. */
static void a_body_has_values_enough(void **state)
{
	static const char in_string[] = "[{,\\\"\\\\";
	static const char compare[] = "{\"key\":\"YQ==\",\"range_end\":\"Yg==\","
				      "\"target\":\"VALUE\",\"result\":\"EQUAL\","
				      "\"value\":\"YQ==\"}";
	static const char range[] = "{\"request_range\":{\"key\":\"YQ==\",\"limit\":1,"
				    "\"range_end\":\"Yg==\",\"sort_order\":\"ASCEND\","
				    "\"sort_target\":\"KEY\",\"serializable\":true,"
				    "\"keys_only\":true,\"count_only\":true}}";
	struct world *w = *state;
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 1u << 24);
	buf_puts(&b, "{\"x\":\"");
	for (int n = 0; n < 100000; n++)
		buf_puts(&b, in_string);
	buf_puts(&b, "\"");
	for (int list = 0; list < 3; list++) {
		static const char *const names[] = { "compare", "success", "failure" };

		buf_puts(&b, ",\"");
		buf_puts(&b, names[list]);
		buf_puts(&b, "\":[");
		for (int n = 0; n < 128; n++) {
			buf_puts(&b, n ? "," : "");
			buf_puts(&b, list ? range : compare);
		}
		buf_puts(&b, "]");
	}
	buf_puts(&b, "}");
	assert_int_equal(call(w->kv, &all, "/v3/kv/txn", buf_str(&b), NULL), 200);
}

static void the_member_tells_of_itself(void **state)
{
	static const struct kv_opts opts = { .url = "http://127.0.0.1:7" };
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *status = NULL;
	const json_t *member;

	kv_close(TAKE(w->kv));
	world_open(w, &opts);
	put(w->kv, &all, "/a", "x");
	assert_int_equal(call(w->kv, &all, "/v3/cluster/member/list", "", &doc), 200);
	member = json_array_get(json_object_get(doc, "members"), 0);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(member, "clientURLs"), 0)),
			    "http://127.0.0.1:7");
	assert_int_equal(call(w->kv, &all, "/v3/maintenance/status", "", &status), 200);
	assert_int_equal(number(status, "raftIndex"), 2);
	assert_true(number(status, "dbSizeInUse") > 0);
	assert_true(number(status, "dbSize") > 0);
}

static void keys_of_a_lease_are_named(void **state)
{
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *leases = NULL;

	call(w->kv, &all, "/v3/lease/grant", "{\"TTL\":60,\"ID\":5}", NULL);
	call(w->kv, &all, "/v3/kv/put", "{\"key\":\"YQ==\",\"lease\":5}", NULL);
	call(w->kv, &all, "/v3/kv/put", "{\"key\":\"Yg==\",\"lease\":5}", NULL);
	call(w->kv, &all, "/v3/kv/put", "{\"key\":\"Yg==\",\"ignore_lease\":true}", NULL);
	assert_int_equal(call(w->kv, &all, "/v3/lease/timetolive",
			      "{\"ID\":5,\"keys\":true}", &doc),
			 200);
	assert_int_equal(json_array_size(json_object_get(doc, "keys")), 2);
	assert_int_equal(number(doc, "grantedTTL"), 60);
	call(w->kv, &all, "/v3/lease/leases", "", &leases);
	assert_int_equal(json_array_size(json_object_get(leases, "leases")), 1);
}

/* Filters, and each target of a compare. */
static void ranges_and_compares_look_at_what_is_asked(void **state)
{
	static const struct {
		const char *cmp;
		bool holds;
	} cases[] = {
		{ "\"target\":\"VERSION\",\"version\":2", true },
		{ "\"target\":\"CREATE\",\"create_revision\":2", true },
		{ "\"target\":\"MOD\",\"mod_revision\":2,\"result\":\"GREATER\"", true },
		{ "\"target\":\"MOD\",\"mod_revision\":3,\"result\":\"LESS\"", false },
		{ "\"target\":\"LEASE\",\"lease\":0,\"result\":\"NOT_EQUAL\"", false },
		{ "\"target\":\"VALUE\",\"value\":\"Yg==\"", true },
		{ "\"target\":\"VALUE\",\"value\":\"YmI=\",\"result\":\"LESS\"", true },
	};
	struct world *w = *state;
	CLEANUP(json_decref) json_t *none = NULL;

	put(w->kv, &all, "a", "a");
	put(w->kv, &all, "a", "b");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;
		CLEANUP(free)
		char *body =
			xasprintf("{\"compare\":[{\"key\":\"YQ==\",%s}]}", cases[i].cmp);

		assert_int_equal(call(w->kv, &all, "/v3/kv/txn", body, &doc), 200);
		assert_int_equal(json_is_true(json_object_get(doc, "succeeded")),
				 cases[i].holds);
	}
	call(w->kv, &all, "/v3/kv/range", "{\"key\":\"YQ==\",\"min_mod_revision\":4}",
	     &none);
	assert_null(json_object_get(none, "kvs"));
	assert_int_equal(number(none, "count"), 1);
}

static void sorted_ranges_are_cut_after_sorting(void **state)
{
	static const struct {
		const char *target, *first;
	} cases[] = {
		{ "VERSION", "ZA==" }, { "CREATE", "Yg==" }, { "MOD", "Yw==" },
		{ "VALUE", "Yg==" },   { "KEY", "YQ==" },
	};
	struct world *w = *state;

	put(w->kv, &all, "b", "1");
	put(w->kv, &all, "a", "44");
	put(w->kv, &all, "b", "1");
	put(w->kv, &all, "c", "4");
	put(w->kv, &all, "a", "44");
	put(w->kv, &all, "c", "4");
	put(w->kv, &all, "c", "4");
	put(w->kv, &all, "d", "3");
	put(w->kv, &all, "a", "44");
	put(w->kv, &all, "b", "1");
	put(w->kv, &all, "d", "3");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;
		CLEANUP(free)
		char *body = xasprintf("{\"key\":\"AA==\",\"range_end\":\"AA==\","
				       "\"limit\":1,\"sort_order\":\"ASCEND\","
				       "\"sort_target\":\"%s\"}",
				       cases[i].target);
		const json_t *kvs;

		assert_int_equal(call(w->kv, &all, "/v3/kv/range", body, &doc), 200);
		kvs = json_object_get(doc, "kvs");
		assert_int_equal(json_array_size(kvs), 1);
		assert_true(json_is_true(json_object_get(doc, "more")));
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(kvs, 0), "key")),
			cases[i].first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(each_call_answers),
		KV_TEST(a_body_has_so_many_values),
		KV_TEST(a_body_has_values_enough),
		KV_TEST(the_member_tells_of_itself),
		KV_TEST(keys_of_a_lease_are_named),
		KV_TEST(ranges_and_compares_look_at_what_is_asked),
		KV_TEST(sorted_ranges_are_cut_after_sorting),
	};

	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
