/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API asks of the daemon, with the daemon's own hooks and no thread of it. */
#include "daemon_fixture.h"

#define MINUTE_MS INT64_C(60000)

static void put_pool(struct house *h, const char *name, const char *state)
{
	struct db_pool p = { .name = (char *)(uintptr_t)name,
			     .driver = (char *)(uintptr_t) "fake",
			     .profile = (char *)(uintptr_t) "fake",
			     .config_json = (char *)(uintptr_t) "{}",
			     .max = 4 };
	struct err e;

	assert_ok(db_pool_put(h->f->db, &p, &e), &e);
	assert_ok(db_pool_note(h->f->db, name, state, 0, "it says no", &e), &e);
}

static void put_host(struct house *h, const char *id, enum db_host_state state)
{
	const struct db_host row = { .id = (char *)(uintptr_t)id,
				     .pool = (char *)(uintptr_t) "web",
				     .state = state,
				     .address = (char *)(uintptr_t) "10.1.0.7" };
	struct err e;

	assert_ok(db_host_put(h->f->db, &row, &e), &e);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* ---------------------------------------------------------------- status */

static void pools_that_fail_or_wait_are_problems_and_others_are_not(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *problems;

	put_pool(h, "a", "backoff");
	put_pool(h, "b", "limited");
	put_pool(h, "c", "ok");
	put_pool(h, "d", POOL_STATE_EMPTY);
	doc = h->hooks.status(&h->d);
	problems = json_object_get(doc, "problems");
	assert_int_equal(json_array_size(problems), 2);
	assert_string_equal(text_of(json_array_get(problems, 0), "kind"), "pool-failing");
	assert_string_equal(text_of(json_array_get(problems, 0), "message"),
			    "pool a: it says no");
	assert_string_equal(text_of(json_array_get(problems, 1), "kind"), "pool-limited");
	assert_true(json_is_null(json_object_get(doc, "tick")));
}

static void status_reports_the_store(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	house_open_view(h);
	assert_ok(view_wait(h->d.view, house_put(h, "/foretide/a", "x"), PATIENCE_MS, &e),
		  &e);
	doc = h->hooks.status(&h->d);
	assert_string_equal(text_of(json_object_get(doc, "store"), "mode"), "embedded");
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(doc, "store"), "endpoints"), 0)),
		h->store_url);
}

static void who_asks_too_much_of_the_store_is_named(void **state)
{
	static const char *const rules[] = { "/a/", NULL };
	struct house *h = *state;
	CLEANUP(json_decref) json_t *before = h->hooks.status(&h->d);
	CLEANUP(json_decref) json_t *after = NULL;
	const json_t *problem;

	assert_int_equal(json_array_size(json_object_get(before, "problems")), 0);
	for (int i = 0; i < 20; i++) {
		const struct kv_access a = { .owner = i % 3 ? "web-1" : "web-2",
					     .read = rules,
					     .write = rules };
		CLEANUP(buf_done) struct buf answer;

		(void)kv_call(h->d.kv, "/v3/lease/grant", "{\"TTL\":5}", 9, &a, &answer);
	}
	after = h->hooks.status(&h->d);
	problem = json_array_get(json_object_get(after, "problems"), 0);
	assert_string_equal(text_of(problem, "kind"), "store-limit");
	/* Of 13 leases 8 were granted; of 7 all. */
	assert_string_equal(text_of(problem, "message"),
			    "web-1 asks more of the built-in store than one may: "
			    "etcdserver: too many leases, refused 5 times");
}

/* ---------------------------------------------------------------- services */

static json_t *services_now(struct house *h, size_t want)
{
	json_t *list = NULL;

	(void)house_until((json_decref(list), list = h->hooks.services(&h->d)) &&
			  json_array_size(list) == want);
	return list;
}

static void a_registered_unit_is_a_service_with_its_host_and_name(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const struct db_unit units[] = {
		{ .name = (char *)(uintptr_t) "web@1.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "web",
		  .host = (char *)(uintptr_t) "web-1" },
		{ .name = (char *)(uintptr_t) "web@10.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "web",
		  .host = (char *)(uintptr_t) "web-1" },
	};
	const json_t *s;
	struct err e;

	put_host(h, "web-1", DB_HOST_UP);
	assert_ok(db_units_change(h->f->db, units, 2, NULL, 0, &e), &e);
	house_open_view(h);
	house_put(h, "/skydns/local/foretide/shop/web/web-10-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	/* Neither of a unit that is not known, nor one that cannot be read. */
	house_put(h, "/skydns/local/foretide/shop/web/old-1-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	house_put(h, "/skydns/local/foretide/shop/web/web-1-80", "{");
	list = services_now(h, 1);
	assert_int_equal(json_array_size(list), 1);
	s = json_array_get(list, 0);
	assert_string_equal(text_of(s, "unit"), "web@10.service");
	assert_string_equal(text_of(s, "name"), "web");
	assert_string_equal(text_of(s, "dns"), "web.shop.foretide.local");
	assert_string_equal(text_of(s, "host"), "web-1");
	assert_int_equal(json_integer_value(json_object_get(s, "port")), 80);
}

static void a_record_is_of_the_unit_whose_whole_name_it_has(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const struct db_unit units[] = {
		{ .name = (char *)(uintptr_t) "db.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "db",
		  .host = (char *)(uintptr_t) "web-1" },
		{ .name = (char *)(uintptr_t) "db@1.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "dbs",
		  .host = (char *)(uintptr_t) "web-1" },
	};
	struct err e;

	put_host(h, "web-1", DB_HOST_UP);
	assert_ok(db_units_change(h->f->db, units, 2, NULL, 0, &e), &e);
	house_open_view(h);
	house_put(h, "/skydns/local/foretide/shop/db/db-web-1-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	house_put(h, "/skydns/local/foretide/shop/dbs/db-1-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	house_put(h, "/skydns/local/foretide/shop/dbs/db-1-81",
		  "{\"host\":\"\\u001b[31m\",\"port\":81}");
	list = services_now(h, 2);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(text_of(json_array_get(list, 0), "unit"), "db.service");
	assert_string_equal(text_of(json_array_get(list, 1), "unit"), "db@1.service");
}

static void without_a_view_services_are_not_known(void **state)
{
	struct house *h = *state;

	assert_null(h->hooks.services(&h->d));
}

/* ---------------------------------------------------------------- hosts, pools */

static void a_drain_is_recorded_and_comes_too_late_for_hosts_being_removed(void **state)
{
	struct house *h = *state;
	CLEANUP(db_host_done) struct db_host row = { 0 };
	struct err e;

	put_host(h, "web-1", DB_HOST_UP);
	put_host(h, "web-2", DB_HOST_TERMINATING);
	assert_ok(h->hooks.drain_host(&h->d, "web-1", &e), &e);
	assert_ok(db_host_get(h->f->db, "web-1", &row, &e), &e);
	assert_int_equal(row.state, DB_HOST_DRAINING);
	assert_int_equal(h->hooks.drain_host(&h->d, "web-2", &e), ERR_CONFLICT);
	assert_string_equal(e.msg, "host web-2 is terminating");
	assert_int_equal(h->hooks.drain_host(&h->d, "web-3", &e), ERR_NOT_FOUND);
}

static void a_pool_with_hosts_keeps_its_driver(void **state)
{
	struct house *h = *state;
	struct db_pool p = { .name = (char *)(uintptr_t) "web",
			     .driver = (char *)(uintptr_t) "other",
			     .profile = (char *)(uintptr_t) "fake" };
	struct err e;

	put_pool(h, "web", "ok");
	put_host(h, "web-1", DB_HOST_UP);
	assert_int_equal(h->hooks.check_pool(&h->d, &p, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "give the pool of the other driver another name"));
}

static void a_demand_that_cannot_be_read_is_refused(void **state)
{
	struct house *h = *state;
	struct err e;

	assert_ok(h->hooks.check_demand(&h->d, "shop", "web", "sum(rate(x))", &e), &e);
	assert_ok(h->hooks.check_demand(&h->d, "shop", "web", "", &e), &e);
	assert_int_equal(h->hooks.check_demand(&h->d, "shop", "web", "sum(", &e),
			 ERR_INVAL);
	assert_int_equal(h->hooks.check_demand(&h->d, "shop", "web",
					       "prometheus(http://127.0.0.1:7070, up)",
					       &e),
			 ERR_INVAL);
	assert_non_null(strstr(e.msg, "prometheus_hosts"));
	assert_ok(h->hooks.check_demand(&h->d, "shop", "web",
					"prometheus(http://10.0.0.5:9090, up)", &e),
		  &e);
}

/* ---------------------------------------------------------------- metrics */

/* *ret_refused: why each refused sample was, by its name; the caller's. */
static void push(struct house *h, const char *text, json_t **ret_refused)
{
	CLEANUP(json_decref) json_t *body = json_loads(text, 0, NULL);
	CLEANUP(json_decref) json_t *refused = NULL;
	const json_t *o;
	struct err e;
	size_t i;

	assert_non_null(body);
	assert_ok(h->hooks.agent_metrics(&h->d, "web-1", body, &refused, &e), &e);
	*ret_refused = json_object();
	json_array_foreach(json_object_get(refused, "samples"), i, o) json_object_set(
		*ret_refused, text_of(o, "sample"), json_object_get(o, "why"));
	assert_int_equal(json_integer_value(json_object_get(refused, "count")),
			 json_object_size(*ret_refused));
}

/* The number of series of this name; *ret_labels: the labels of one of them. */
static size_t n_series(struct house *h, const char *name, char **ret_labels)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(db_series_list_done) struct db_series_list l = { NULL, 0 };
	struct err e;

	assert_ok(db_selector_new(name, NULL, 0, &s, &e), &e);
	assert_ok(db_series_find(h->f->db, s, 0, 1000, &l, &e), &e);
	if (ret_labels && l.n)
		*ret_labels = xstrdup(l.v[0].labels);
	return l.n;
}

static void put_unit(struct house *h, const char *name, const char *host)
{
	const struct db_unit u = { .name = (char *)(uintptr_t)name,
				   .stack = (char *)(uintptr_t) "shop",
				   .tier = (char *)(uintptr_t) "web",
				   .host = (char *)(uintptr_t)host };
	struct err e;

	assert_ok(db_unit_put(h->f->db, &u, &e), &e);
}

static void samples_of_an_agent_can_be_asked_for(void **state)
{
	struct house *h = *state;
	int64_t now = clock_now_ms() / MINUTE_MS * MINUTE_MS;
	CLEANUP(free)
	char *text = xasprintf("{\"samples\":[{\"n\":\"load\",\"t\":%lld,\"v\":7,"
			       "\"l\":{\"host\":\"web-1\"}}]}",
			       (long long)now - 1000);
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *points;
	struct err e;

	push(h, text, &refused);
	assert_ok(h->hooks.eval(&h->d, "sum(load)", now - MINUTE_MS, now + MINUTE_MS,
				MINUTE_MS, &doc, &e),
		  &e);
	points = json_object_get(doc, "points");
	assert_int_equal(json_array_size(points), 2);
	assert_close(json_number_value(json_array_get(json_array_get(points, 1), 1)), 7,
		     0);
	assert_int_equal(h->hooks.eval(&h->d, "sum(load)", now, now, 1000, &doc, &e),
			 ERR_INVAL);
}

struct sample_in {
	const char *name, *labels;
};

/* All of this moment. */
static void push_samples(struct house *h, const struct sample_in *in, size_t n,
			 json_t **ret_refused)
{
	CLEANUP(buf_done) struct buf text;

	buf_init(&text, 65536);
	buf_puts(&text, "{\"samples\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s{\"n\":\"%s\",\"t\":%lld,\"v\":1,\"l\":{%s}}",
			   i ? "," : "", in[i].name, (long long)clock_now_ms(),
			   in[i].labels);
	buf_puts(&text, "]}");
	push(h, buf_str(&text), ret_refused);
}

static void assert_why(const json_t *refused, const char *sample, const char *words)
{
	const char *why = text_of(refused, sample);

	if (!strstr(why, words))
		fail_msg("%s: '%s' does not say '%s'", sample, why, words);
}

static void a_host_speaks_for_itself_and_its_units_alone(void **state)
{
	struct house *h = *state;
	static const struct sample_in in[] = {
		{ "good", "\"unit\":\"web@1.service\"" },
		{ "load", "" },
		{ "foretide_demand", "" },
		{ "of_host", "\"host\":\"web-2\"" },
		{ "of_unit", "\"unit\":\"web@2.service\"" },
		{ "of_stack", "\"unit\":\"web@1.service\",\"stack\":\"other\"" },
		{ "of_tier", "\"unit\":\"web@1.service\",\"tier\":\"db\"" },
		{ "of_no_unit", "\"tier\":\"web\",\"stack\":\"shop\"" },
	};
	static const char *const never[] = { "foretide_demand", "of_host", "of_unit",
					     "of_stack",        "of_tier", "of_no_unit" };
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(free) char *labels = NULL;
	CLEANUP(free) char *own = NULL;

	put_unit(h, "web@1.service", "web-1");
	put_unit(h, "web@2.service", "web-2");
	push_samples(h, in, ARRAY_SIZE(in), &refused);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		assert_int_equal(n_series(h, never[i], NULL), 0);
		assert_true(*text_of(refused, never[i]));
	}
	assert_int_equal(json_object_size(refused), ARRAY_SIZE(never));
	assert_why(refused, "foretide_demand", "foretide_*");
	assert_why(refused, "of_host", "'web-2', not 'web-1'");
	assert_why(refused, "of_unit", "'web@2.service' is not on this host");
	assert_why(refused, "of_stack", "label stack is 'other', not 'shop'");
	assert_why(refused, "of_tier", "label tier is 'db'");
	assert_why(refused, "of_no_unit", "of no unit");
	/* The others are taken, with labels that are set here. */
	assert_int_equal(n_series(h, "good", &labels), 1);
	assert_string_equal(labels, "host=\"web-1\",stack=\"shop\",tier=\"web\","
				    "unit=\"web@1.service\"");
	assert_int_equal(n_series(h, "load", &own), 1);
	assert_string_equal(own, "host=\"web-1\"");
}

static size_t n_problems(struct house *h)
{
	CLEANUP(json_decref) json_t *doc = h->hooks.status(&h->d);

	return json_array_size(json_object_get(doc, "problems"));
}

/* It has left, and its last samples come late: no problem unless that goes on. */
static void late_samples_of_a_unit_that_left_are_no_problem(void **state)
{
	struct house *h = *state;
	static const struct sample_in late = { "late", "\"unit\":\"gone@1.service\"" },
				      bad = { "foretide_x", "" };
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(json_decref) json_t *worse = NULL;

	h->d.refused = refused_samples_new();
	push_samples(h, &late, 1, &refused);
	assert_why(refused, "late", "not on this host");
	assert_int_equal(n_problems(h), 0);
	push_samples(h, &bad, 1, &worse);
	assert_int_equal(n_problems(h), 1);
	refused_samples_free(TAKE(h->d.refused));
}

static void what_waits_beside_another_keeps_its_name(void **state)
{
	struct house *h = *state;
	static const struct sample_in good = { "good", "\"unit\":\"lb.service\"" };
	CLEANUP(json_decref) json_t *refused = NULL;

	put_unit(h, "lb.service", "web-2");
	put_unit(h, "lb.service:web-1", "web-1");
	push_samples(h, &good, 1, &refused);
	assert_int_equal(n_series(h, "good", NULL), 1);
}

static void a_bad_sample_is_named_and_the_others_are_taken(void **state)
{
	struct house *h = *state;
	const long long now = clock_now_ms();
	CLEANUP(free)
	char *text = xasprintf("{\"now\":%1$lld,\"samples\":["
			       "{\"n\":\"valueless\",\"t\":%1$lld},7,"
			       "{\"n\":\"label\",\"t\":%1$lld,\"v\":1,\"l\":{\"a\":1}},"
			       "{\"n\":\"b ad\",\"t\":%1$lld,\"v\":1},"
			       "{\"n\":\"timeless\",\"t\":0,\"v\":1},"
			       "{\"n\":\"future\",\"t\":%2$lld,\"v\":1},"
			       "{\"n\":\"good\",\"t\":%1$lld,\"v\":1}]}",
			       now, now + 3600000);
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *problems;

	h->d.refused = refused_samples_new();
	push(h, text, &refused);
	assert_int_equal(json_object_size(refused), 6);
	assert_why(refused, "valueless", "\"v\"");
	assert_true(*text_of(refused, "sample 1"));
	assert_why(refused, "label", "strings");
	assert_why(refused, "b ad", "name");
	assert_why(refused, "timeless", "no time");
	assert_why(refused, "future", "future");
	assert_int_equal(n_series(h, "good", NULL), 1);
	doc = h->hooks.status(&h->d);
	problems = json_object_get(doc, "problems");
	assert_int_equal(json_array_size(problems), 1);
	assert_string_equal(text_of(json_array_get(problems, 0), "kind"),
			    "samples-refused");
	assert_non_null(strstr(text_of(json_array_get(problems, 0), "message"),
			       "host web-1 pushes samples that it may not"));
	refused_samples_free(TAKE(h->d.refused));
}

static void what_the_database_leaves_out_is_named(void **state)
{
	struct house *h = *state;
	CLEANUP(free)
	char *text = xasprintf("{\"samples\":["
			       "{\"n\":\"control\",\"t\":%1$lld,\"v\":1,"
			       "\"l\":{\"a\":\"x\\u0007y\"}},"
			       "{\"n\":\"turned\",\"t\":%1$lld,\"v\":1,"
			       "\"l\":{\"a\":\"x\\u202ey\"}},"
			       "{\"n\":\"good\",\"t\":%1$lld,\"v\":1},"
			       "{\"n\":\"one_more\",\"t\":%1$lld,\"v\":1}]}",
			       (long long)clock_now_ms());
	static const char old[] =
		"{\"samples\":[{\"n\":\"old\",\"t\":1,\"v\":1,\"l\":{}}]}";
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(json_decref) json_t *too_old = NULL;
	struct db_limits limits;

	db_limits_default(&limits);
	limits.max_host_series = 1;
	db_set_limits(h->d.db, &limits);
	push(h, text, &refused);
	assert_why(refused, "control", "control characters");
	assert_why(refused, "turned", "direction of text");
	assert_why(refused, "one_more", "one too many");
	assert_int_equal(json_object_size(refused), 3);
	assert_int_equal(n_series(h, "good", NULL), 1);
	push(h, old, &too_old);
	assert_why(too_old, "old", "older than");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(pools_that_fail_or_wait_are_problems_and_others_are_not),
		HOUSE_TEST(status_reports_the_store),
		HOUSE_TEST(who_asks_too_much_of_the_store_is_named),
		HOUSE_TEST(a_registered_unit_is_a_service_with_its_host_and_name),
		HOUSE_TEST(a_record_is_of_the_unit_whose_whole_name_it_has),
		HOUSE_TEST(without_a_view_services_are_not_known),
		HOUSE_TEST(
			a_drain_is_recorded_and_comes_too_late_for_hosts_being_removed),
		HOUSE_TEST(a_pool_with_hosts_keeps_its_driver),
		HOUSE_TEST(a_demand_that_cannot_be_read_is_refused),
		HOUSE_TEST(samples_of_an_agent_can_be_asked_for),
		HOUSE_TEST(a_host_speaks_for_itself_and_its_units_alone),
		HOUSE_TEST(late_samples_of_a_unit_that_left_are_no_problem),
		HOUSE_TEST(what_waits_beside_another_keeps_its_name),
		HOUSE_TEST(a_bad_sample_is_named_and_the_others_are_taken),
		HOUSE_TEST(what_the_database_leaves_out_is_named),
	};

	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
