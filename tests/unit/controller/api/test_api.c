/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The API itself: routes, what every answer has, its own metrics, its document. */
#include "served_fixture.h"

#include "auth.h"
#include "events.h"
#include "routes.h"
#include "samples.h"

/* ---------------------------------------------------------------- routes */

static void every_path_finds_its_route(void **state)
{
	static const struct {
		const char *method, *path, *pattern, *arg;
	} cases[] = {
		{ "GET", "/v1/stacks", "/v1/stacks", "" },
		{ "GET", "/v1/stacks/shop", "/v1/stacks/{stack}", "shop" },
		{ "GET", "/v1/units/web@3.service/logs", "/v1/units/{unit}/logs",
		  "web@3.service" },
		{ "GET", "/v1/tiers/a/b/explain", "/v1/tiers/{stack}/{tier}/explain",
		  "a" },
		{ "GET", "/v1/events/stream", "/v1/events/stream", "" },
		{ "GET", "/v1/stacks/", NULL, "" },
		{ "GET", "/v1/tiers/a", NULL, "" },
		{ "GET", "/v1/tiers/a/b/c", NULL, "" },
		{ "GET", "/v2/stacks", NULL, "" },
	};
	char args[API_ARGS_MAX][API_ARG_MAX], allow[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct api_route *r;

		args[0][0] = '\0';
		r = api_route_find(cases[i].method, cases[i].path, args, allow);
		if (!cases[i].pattern) {
			assert_null(r);
			continue;
		}
		assert_non_null(r);
		assert_string_equal(r->pattern, cases[i].pattern);
		assert_string_equal(args[0], cases[i].arg);
	}
}

static void a_wrong_method_says_which_ones_there_are(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	char allow[64];

	assert_int_equal(fixture_call(f,
				      CALL(.method = "POST", .path = "/v1/stacks/x",
					   .body = "{}", .token = f->admin),
				      &res),
			 405);
	assert_true(http_res_header(&res, "Allow", allow, sizeof(allow)));
	assert_string_equal(allow, "GET, HEAD, PUT, DELETE");
}

static void an_unknown_path_is_a_problem_document(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	char type[64];
	struct err e;

	assert_int_equal(fixture_call(f, CALL(.path = "/v1/nothing"), &res), 404);
	assert_true(http_res_header(&res, "Content-Type", type, sizeof(type)));
	assert_string_equal(type, "application/problem+json");
	assert_ok(json_parse(res.body.data, res.body.len, "problem", &doc, &e), &e);
	assert_int_equal(json_integer_value(json_object_get(doc, "status")), 404);
	assert_string_equal(text_of(doc, "instance"), "/v1/nothing");
	assert_true(*text_of(doc, "title") && *text_of(doc, "detail"));
}

static void every_answer_has_the_security_headers(void **state)
{
	static const char *const names[] = { "Content-Security-Policy",
					     "X-Content-Type-Options", "X-Frame-Options",
					     "Referrer-Policy" };
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res ok = { .status = 0 };
	CLEANUP(http_res_done) struct http_res bad = { .status = 0 };
	char text[512];

	assert_int_equal(fixture_call(f, CALL(.path = "/healthz"), &ok), 200);
	assert_int_equal(fixture_call(f, CALL(.path = "/nothing"), &bad), 404);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(http_res_header(&ok, names[i], text, sizeof(text)));
		assert_true(http_res_header(&bad, names[i], text, sizeof(text)));
	}
}

/* Hosts hold many connections: each has the memory that their short headers need. */
static void a_hosts_connection_has_less_memory_than_a_persons(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(free) char *header = xasprintf("X-Long: %012000d", 0);
	struct call c = { .path = "/healthz", .header = header };

	assert_int_equal(fixture_status(f, &c), 200);
	c.tls = true;
	assert_int_equal(fixture_status(f, &c), 431);
	header[6000] = '\0';
	assert_int_equal(fixture_status(f, &c), 200);
}

/* ---------------------------------------------------------------- words of others */

static void assert_message(const struct fixture *f, const char *path, const char *want)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *items, *first;

	assert_int_equal(fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			 200);
	items = json_object_get(doc, "items");
	first = items ? json_array_get(items, 0) : doc;
	assert_non_null(first);
	assert_string_equal(json_string_value(json_object_get(first, "message")), want);
}

/* What a unit says is whatever bytes it wrote last. */
static void words_that_are_no_text_reach_units_and_events(void **state)
{
	const struct fixture *f = *state;
	const struct db_stack s = { .name = (char[]){ "shop" } };
	const struct db_unit u = { .name = (char[]){ "web@1.service" },
				   .stack = (char[]){ "shop" },
				   .tier = (char[]){ "web" },
				   .message = (char[]){ "died: \xff\xfe" } };
	const struct events events = { .db = f->db };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_unit_put(f->db, &u, &e), &e);
	assert_message(f, "/v1/units", "died: ??");
	assert_message(f, "/v1/units/web@1.service", "died: ??");
	event_add(&events, "unit-failed", DB_LEVEL_WARN, EVENT_ABOUT(.unit = u.name),
		  "unit %s failed: %s", u.name, u.message);
	assert_message(f, "/v1/events", "unit web@1.service failed: died: ??");
}

static void a_problem_quotes_what_is_no_text(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(fixture_json(f,
				      CALL(.path = "/v1/units/a%ffb", .token = f->viewer),
				      &doc),
			 404);
	assert_string_equal(json_string_value(json_object_get(doc, "detail")),
			    "no unit 'a?b'");
	assert_string_equal(json_string_value(json_object_get(doc, "instance")),
			    "/v1/units/a?b");
}

/* ---------------------------------------------------------------- the rest */

static void plain_http_off_loopback_must_be_asked_for(void **state)
{
	const struct fixture *f = *state;
	const struct api_hooks hooks = { .arg = NULL };
	struct api_opts opts = { .listen = "0.0.0.0:0",
				 .host_listen = "",
				 .advertise = "",
				 .web_root = "",
				 .agent = "",
				 .store_urls = "" };
	struct api *api = NULL;
	struct err e;

	assert_int_equal(api_open(&opts, f->db, f->ca, &hooks, &api, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "insecure_listen"));
	opts.insecure_listen = true;
	assert_ok(api_open(&opts, f->db, f->ca, &hooks, &api, &e), &e);
	api_close(api);
	opts.listen = "nowhere";
	assert_int_equal(api_open(&opts, f->db, f->ca, &hooks, &api, &e), ERR_INVAL);
}

static void its_own_metrics_are_open_on_loopback(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };

	assert_int_equal(fixture_call(f, CALL(.path = "/metrics"), &res), 200);
	assert_non_null(strstr(res.body.data, "foretide_objects{kind=\"host\"} 0"));
}

static void its_metrics_have_the_pauses_of_agents(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	const int64_t now = clock_now_ms();
	const struct db_sample_in in[] = {
		{ .name = "agent_loop_pause_seconds_max",
		  .labels = "host=\"web-00000000\"",
		  .t_ms = now - 5000,
		  .v = 1.5 },
		{ .name = "agent_loop_pause_seconds_max",
		  .labels = "host=\"web-00000001\"",
		  .t_ms = now - 3600 * 1000, /* silent since */
		  .v = 0.25 },
	};
	struct err e;

	add_hosts(f, 3);
	assert_ok(db_samples_add(f->db, in, ARRAY_SIZE(in), now, NULL, &e), &e);
	assert_int_equal(fixture_call(f, CALL(.path = "/metrics"), &res), 200);
	assert_non_null(strstr(res.body.data,
			       "foretide_agent_loop_pause_seconds_max{host="
			       "\"web-00000000\"} 1.5"));
	assert_null(strstr(res.body.data, "{host=\"web-00000001\"}"));
	assert_null(strstr(res.body.data, "{host=\"web-00000002\"}"));
}

static void what_is_not_there_is_a_503_and_not_a_crash(void **state)
{
	static const char *const paths[] = {
		"/v1/services", "/v1/tiers/shop/web/forecast",
		"/v1/tiers/shop/web/series", "/v1/series/data?expr=x", "/v1/agent/binary"
	};
	const struct fixture *f = *state;

	fixture_put_tier(f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(
			fixture_status(f, CALL(.path = paths[i], .token = f->viewer)),
			503);
}

/* The query parameters that it takes, in the order that they are described in. */
static void assert_query_is_described(const struct api_route *r, const json_t *parameters)
{
	CLEANUP(buf_done) struct buf names;
	const json_t *p;
	size_t i;

	buf_init(&names, 1024);
	json_array_foreach(parameters, i, p)
	{
		if (strcmp(text_of(p, "in"), "query") == 0)
			buf_printf(&names, "%s%s", names.len ? " " : "",
				   text_of(p, "name"));
	}
	if (strcmp(buf_str(&names), r->query) != 0)
		fail_msg("%s %s takes '%s' and describes '%s'", r->method, r->pattern,
			 r->query, buf_str(&names));
}

/* Every route is in openapi.json, and nothing else is. */
static void the_document_describes_every_route(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *paths, *methods, *operation;
	const char *path, *method;
	size_t described = 0, routes = 0;

	assert_int_equal(fixture_json(f, CALL(.path = "/openapi.json"), &doc), 200);
	paths = json_object_get(doc, "paths");
	for (const struct api_route *r = api_routes; r->method; r++, routes++) {
		char lower[16];

		snprintf(lower, sizeof(lower), "%s", r->method);
		for (char *p = lower; *p; p++)
			*p = (char)(*p | 0x20);
		operation = json_object_get(json_object_get(paths, r->pattern), lower);
		if (!operation)
			fail_msg("%s %s is not described", r->method, r->pattern);
		assert_string_equal(text_of(operation, "x-role"), api_role_name(r->role));
		assert_query_is_described(r, json_object_get(operation, "parameters"));
	}
	json_object_foreach(paths, path, methods)
		json_object_foreach(methods, method, operation) described +=
		strcmp(method, "parameters") != 0 && strncmp(path, "/v3/", 4) != 0;
	assert_int_equal(described, routes + 2); /* the document itself, and / */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_finds_its_route),
		TEST(a_wrong_method_says_which_ones_there_are),
		TEST(an_unknown_path_is_a_problem_document),
		TEST(every_answer_has_the_security_headers),
		TEST(a_hosts_connection_has_less_memory_than_a_persons),
		TEST(words_that_are_no_text_reach_units_and_events),
		TEST(a_problem_quotes_what_is_no_text),
		TEST(plain_http_off_loopback_must_be_asked_for),
		TEST(its_own_metrics_are_open_on_loopback),
		TEST(its_metrics_have_the_pauses_of_agents),
		TEST(what_is_not_there_is_a_503_and_not_a_crash),
		TEST(the_document_describes_every_route),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
