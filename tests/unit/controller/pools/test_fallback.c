/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fallback.c - what becomes of a launch that its cloud has no capacity for, refuses,
 * or wants to be asked for later.
 */
#include "pool_bench.h"

#define NO_CAPACITY(where) \
	"{\"op\": \"launch\", \"kind\": \"capacity\", \"times\": -1, " where "}"

static void put_types(struct bench *b, const char *types, const char *config,
		      int64_t want)
{
	struct db_pool p = {
		.name = (char *)(uintptr_t)POOL,
		.driver = (char *)(uintptr_t) "fake",
		.profile = (char *)(uintptr_t) "fake",
		.type = (char *)(uintptr_t)types,
		.max = 8,
		.config_json = (char *)(uintptr_t)config,
	};

	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, want, &b->f->e), &b->f->e);
}

/* How many VMs of that type in that zone the cloud has. */
static size_t n_of(const struct bench *b, const char *type, const char *zone)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	size_t n = 0, i;
	json_t *vm;

	json_array_foreach(json_object_get(doc, "vms"), i, vm)
	{
		const char *is = json_string_value(json_object_get(vm, "type"));
		const char *in = json_string_value(json_object_get(vm, "zone"));

		n += strcmp(is, type) == 0 && strcmp(in, zone) == 0;
	}
	return n;
}

static struct db_launch only_launch(const struct bench *b, enum db_launch_state state)
{
	CLEANUP(db_launch_list_done) struct db_launch_list l = { 0 };
	struct db_launch found = { 0 };
	size_t n = 0;

	assert_ok(db_launch_list(b->f->db, &(struct db_launch_filter){ .since_ms = 1 },
				 &l, &b->f->e),
		  &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].state == state && n++ == 0) {
			found = l.v[i];
			l.v[i] = (struct db_launch){ 0 };
		}
	assert_int_equal(n, 1);
	return found;
}

/* ---------------------------------------------------------------- no capacity */

static void another_type_is_asked_for_at_once(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_launch_done) struct db_launch l = { 0 };

	write_script(b, "{\"faults\": [" NO_CAPACITY("\"type\": \"small\"") "]}");
	put_types(b, "small, medium", "{}", 3);
	once(b);
	assert_int_equal(n_of(b, "medium", "fake-1"), 3);
	assert_int_equal(n_vms(b), 3);
	/* The first alone was asked for in vain, and it left no host behind. */
	assert_int_equal(n_calls(b, "launch"), 4);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
	assert_pool(b, "ok", "");
	assert_false(is_told(b, "no-capacity", ""));
	l = only_launch(b, DB_LAUNCH_FAILED);
	assert_string_equal(l.type, "small");
	/* It is left alone. */
	put_types(b, "small, medium", "{}", 5);
	once(b);
	assert_int_equal(n_of(b, "medium", "fake-1"), 5);
	assert_int_equal(n_calls(b, "launch"), 6);
}

static void another_zone_is_asked_for_before_another_type(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [" NO_CAPACITY(
				"\"type\": \"small\", \"zone\": \"a\"") "]}");
	put_types(b, "small, medium", "{\"zone\": \"a, b\"}", 2);
	once(b);
	assert_int_equal(n_of(b, "small", "b"), 2);
	assert_int_equal(n_vms(b), 2);
}

static void when_none_has_it_people_are_told_and_hosts_end_all_the_same(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	write_script(b, "{\"faults\": [" NO_CAPACITY("\"id\": \"all\"") "]}");
	put_types(b, "small, medium", "{}", 4);
	once(b);
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_true(is_told(b, "no-capacity", "any of the 2 types and zones"));
	assert_pool(b, "ok", "");
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), 3);
	let_go(b, h.id);
	once(b);
	assert_int_equal(n_vms(b), 0);
}

static void a_pool_that_names_no_type_asks_not_again_and_again(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [" NO_CAPACITY("\"id\": \"all\"") "]}");
	put_pool(b, "{}", 3);
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), 1);
	assert_true(is_told(b, "no-capacity", "name other types or zones as well"));
}

/* After a time it is tried again, by one launch. */
static void when_it_has_some_again_it_is_asked_again(void **state)
{
	struct bench *b = *state;

	b->opts.gates.capacity_first_ms = 20;
	restart(b);
	write_script(b, "{\"capacity\": 1}");
	put_types(b, "small", "{}", 3);
	assert_true(reconcile_until(b, n_calls(b, "launch") >= 4));
	assert_int_equal(n_vms(b), 1);
	write_script(b, "{}");
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 3));
	assert_int_equal(n_vms(b), 3);
	assert_true(reconcile_until(b, !is_told(b, "no-capacity", "")));
}

/* An answer that was lost is resolved before anything else is asked for. */
static void one_that_may_have_been_made_is_asked_for_as_it_was(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_launch_done) struct db_launch l = { 0 };

	write_script(b, "{\"hide\": \"60s\", \"faults\": ["
			"{\"op\": \"launch\", \"kind\": \"lost\"}, " NO_CAPACITY(
				"\"type\": \"large\"") "]}");
	put_types(b, "small, medium", "{\"zone\": \"a\"}", 1);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	put_types(b, "large, medium", "{\"zone\": \"b\"}", 1);
	restart(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_vms(b), 1);
	assert_int_equal(n_of(b, "small", "a"), 1);
	l = only_launch(b, DB_LAUNCH_DONE);
	assert_string_equal(l.type, "small");
	assert_string_equal(l.zone, "a");
}

/* ---------------------------------------------------------------- refused again */

/* The first answer was lost, and the VM is not listed yet: what is said of a second call
 * does not undo the first. */
static void refuse_the_second(struct bench *b, const char *kind)
{
	CLEANUP(free)
	char *script =
		xasprintf("{\"hide\": \"300ms\", \"faults\": ["
			  "{\"op\": \"launch\", \"kind\": \"lost\"}, "
			  "{\"op\": \"launch\", \"kind\": \"%s\", \"times\": -1}]}",
			  kind);

	write_script(b, script);
	put_pool(b, "{\"visible\": \"60s\"}", 1);
	assert_true(reconcile_until(b, n_calls(b, "launch") >= 3));
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 0);
	assert_int_equal(n_vms(b), 1);
}

static void a_launch_that_is_refused_when_sent_again_stays_unknown(void **state)
{
	refuse_the_second(*state, "quota");
}

static void nor_does_a_lack_of_rights_or_capacity_end_it(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	refuse_the_second(b, "capacity");
	restart(b);
	h = only_host(b);
	let_go(b, h.id);
	assert_true(reconcile_until(b, n_vms(b) == 0));
}

static void it_is_given_up_when_lists_lack_it_for_long_enough(void **state)
{
	struct bench *b = *state;
	int64_t began = clock_mono_ms();

	write_script(b, "{\"faults\": ["
			"{\"op\": \"launch\", \"kind\": \"drop\"}, "
			"{\"op\": \"launch\", \"kind\": \"auth\", \"times\": 300, "
			"\"pool\": \"web\"}]}");
	put_pool(b, "{\"visible\": \"200ms\"}", 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_FAILED) == 1));
	assert_true(clock_mono_ms() - began >= 200);
	{
		CLEANUP(db_launch_done)
		struct db_launch l = only_launch(b, DB_LAUNCH_LOST);

		assert_non_null(strstr(l.error, "token is not valid"));
	}
}

/* An answer that is nonsense may be to a launch that was made. */
static void an_answer_that_is_nonsense_leaves_it_unknown(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"hide\": \"60s\", \"faults\": [{\"op\": \"launch\", \"kind\": "
			"\"garbage\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_vms(b), 1);
}

/* ---------------------------------------------------------------- left alone */

static void a_cloud_that_fails_again_and_again_is_left_alone_and_told_of(void **state)
{
	struct bench *b = *state;

	b->opts.gates = (struct gate_opts){ .failures = 3, .open_first_ms = 60000 };
	restart(b);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"error\", "
			"\"times\": -1}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, is_told(b, "breaker-open", "3 calls in a row")));
	assert_true(
		is_told(b, "breaker-open", "(ServiceUnavailable), request fake-request"));
	for (int i = 0; i < 5; i++)
		assert_in_range(once(b), 20000, 60000);
	assert_int_equal(n_calls(b, "list"), 3);
	assert_pool(b, "backoff", "the service is unavailable");
}

/* Nothing has recovered while no launch is tried. */
static void a_pool_whose_launches_fail_does_so_while_they_are_not_sent(void **state)
{
	struct bench *b = *state;

	b->opts.gates = (struct gate_opts){ .failures = 3, .open_first_ms = 60000 };
	restart(b);
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"error\", "
			"\"times\": -1}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, is_told(b, "breaker-open", "3 calls in a row")));
	assert_true(reconcile_until(b, n_calls(b, "list") >= 6));
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_pool(b, "backoff", "the service is unavailable");
	assert_int_equal(n_events(b, "pool-recovered"), 0);
	/* That none is wanted any more is the end of it. */
	put_pool(b, "{}", 0);
	assert_true(reconcile_until(b, n_events(b, "pool-recovered") == 1));
}

/* The tick pokes it in each of its rounds. */
static void nor_is_its_cloud_asked_at_each_poke_meanwhile(void **state)
{
	struct bench *b = *state;
	json_int_t lists;

	b->opts.gates = (struct gate_opts){ .failures = 1, .open_first_ms = 60000 };
	b->opts.held_ms = 60000;
	restart(b);
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"error\", "
			"\"times\": -1}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_calls(b, "list") == 2));
	lists = n_calls(b, "list");
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_calls(b, "list"), lists);
	assert_pool(b, "backoff", "the service is unavailable");
}

/* Those that still wait do so for the limit alone. */
static void one_that_was_launched_is_the_end_of_it(void **state)
{
	struct bench *b = *state;

	b->opts.launch_per_hour = 2;
	restart(b);
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"error\"}]}");
	put_pool(b, "{}", 4);
	assert_true(reconcile_until(b, n_events(b, "pool-recovered") == 1));
	assert_true(is_told(b, "launches-limited", ""));
	assert_pool(b, "ok", "");
}

static void a_launch_that_cannot_be_sent_yet_is_sent_later(void **state)
{
	struct bench *b = *state;

	/* Ten at once, of which a list, and what there is, leave some. */
	put_pool(b, "{\"calls_per_s\": \"0.02\"}", 7);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 7);
	put_pool(b, "{\"calls_per_s\": \"0.02\"}", 0);
	assert_true(once(b) >= 20000);
	assert_int_equal(n_calls(b, "list"), 1);
	assert_pool(b, "ok", "");
}

/* ---------------------------------------------------------------- quota */

static void a_quota_bounds_the_pool_and_is_told(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	write_script(b, "{\"quota\": 3}");
	put_pool(b, "{}", 6);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_true(is_told(b, "quota",
			    "the pool can have 3, not its maximum of 8: hosts wait"));
	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	assert_true(p.has_quota);
	assert_int_equal(p.quota_most, 3);
	assert_pool(b, "ok", "");
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_int_equal(n_calls(b, "quota"), 1);
}

static void a_launch_that_it_refuses_has_it_looked_at_again(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_pool_done) struct db_pool p = { 0 };
	json_int_t launches;

	put_pool(b, "{}", 0);
	once(b);
	assert_int_equal(n_calls(b, "quota"), 1);
	write_script(b, "{\"quota\": 0}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_calls(b, "quota") == 2));
	assert_true(n_hosts(b, DB_HOST_FAILED) > 0);
	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	assert_true(p.has_quota);
	assert_int_equal(p.quota_most, 0);
	assert_true(is_told(b, "quota", "leaves room for 0 more hosts"));
	launches = n_calls(b, "launch");
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), launches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(another_type_is_asked_for_at_once),
		POOL_TEST(another_zone_is_asked_for_before_another_type),
		POOL_TEST(when_none_has_it_people_are_told_and_hosts_end_all_the_same),
		POOL_TEST(a_pool_that_names_no_type_asks_not_again_and_again),
		POOL_TEST(when_it_has_some_again_it_is_asked_again),
		POOL_TEST(one_that_may_have_been_made_is_asked_for_as_it_was),
		POOL_TEST(a_launch_that_is_refused_when_sent_again_stays_unknown),
		POOL_TEST(nor_does_a_lack_of_rights_or_capacity_end_it),
		POOL_TEST(it_is_given_up_when_lists_lack_it_for_long_enough),
		POOL_TEST(an_answer_that_is_nonsense_leaves_it_unknown),
		POOL_TEST(a_cloud_that_fails_again_and_again_is_left_alone_and_told_of),
		POOL_TEST(a_pool_whose_launches_fail_does_so_while_they_are_not_sent),
		POOL_TEST(nor_is_its_cloud_asked_at_each_poke_meanwhile),
		POOL_TEST(one_that_was_launched_is_the_end_of_it),
		POOL_TEST(a_launch_that_cannot_be_sent_yet_is_sent_later),
		POOL_TEST(a_quota_bounds_the_pool_and_is_told),
		POOL_TEST(a_launch_that_it_refuses_has_it_looked_at_again),
	};

	return cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
