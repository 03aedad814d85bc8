/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "clock.h"
#include "driver_util.h"
#include "gates.h"

#include <poll.h>

#define TRIAL_MS 60000

static const struct gate_key whole = { "ec2", "prod", "eu-west-1", false, "", "" };
static const struct gate_key other_region = { "ec2", "prod", "eu-west-2", false, "", "" };
static const struct gate_key small = { "ec2", "prod", "eu-west-1", true, "a", "small" };
static const struct gate_key large = { "ec2", "prod", "eu-west-1", true, "a", "large" };

static int setup(void **state)
{
	*state = gates_new(&(struct gate_opts){
		.failures = 3, .open_first_ms = 60000, .capacity_first_ms = 60000 });
	return 0;
}

static int teardown(void **state)
{
	gates_free(*state);
	return 0;
}

static bool enter(struct gates *g, const struct gate_key *k, struct gate_refusal *ret)
{
	return gates_enter(g, k, GATE_CHANGE, 0, TRIAL_MS, ret);
}

static void call_fails(struct gates *g, const struct gate_key *k, enum drv_class cls,
		       int64_t retry_after_ms)
{
	struct gate_refusal no;
	struct drv_err e;

	assert_true(enter(g, k, &no));
	(void)drv_fail(&e, cls, "it failed");
	e.retry_after_ms = retry_after_ms;
	snprintf(e.code, sizeof(e.code), "SomeCode");
	snprintf(e.request_id, sizeof(e.request_id), "req-7");
	gates_leave(g, k, &e);
}

static void call_succeeds(struct gates *g, const struct gate_key *k)
{
	struct gate_refusal no;

	assert_true(enter(g, k, &no));
	gates_leave(g, k, NULL);
}

static struct gate_view view_of(struct gates *g, const struct gate_key *k)
{
	struct gate_view ret = { 0 };
	CLEANUP(free) struct gate_view *all = NULL;
	const size_t n = gates_list(g, &all);
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].region, k->region) == 0 &&
		    all[i].is_launch == k->is_launch &&
		    strcmp(all[i].zone, k->zone) == 0 &&
		    strcmp(all[i].type, k->type) == 0) {
			ret = all[i];
			found++;
		}
	assert_int_equal(found, 1);
	return ret;
}

static void failures_in_a_row_shut_the_gate_of_the_region_for_all(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;
	struct gate_view v;

	call_fails(g, &whole, DRV_TRANSIENT, -1);
	call_fails(g, &whole, DRV_AMBIGUOUS, -1);
	call_fails(g, &whole, DRV_TRANSIENT, -1);
	assert_false(enter(g, &whole, &no));
	assert_int_equal(no.why, GATE_BROKEN);
	assert_in_range(no.wait_ms, 29000, 60000);
	assert_non_null(strstr(no.text, "prod in eu-west-1 is left alone"));
	assert_non_null(strstr(no.text, "it failed, request req-7"));
	assert_false(enter(g, &small, &no));
	call_succeeds(g, &other_region);
	v = view_of(g, &whole);
	assert_string_equal(gate_state_name(v.state), "broken");
	assert_int_equal(v.failures, 3);
	assert_string_equal(v.last.code, "SomeCode");
	assert_string_equal(v.last.request_id, "req-7");
	assert_true(v.since_ms > 0 && v.last_ms >= v.since_ms);
}

static void an_answer_that_is_no_is_an_answer(void **state)
{
	struct gates *g = *state;

	for (int i = 0; i < 9; i++) {
		call_fails(g, &whole, DRV_TRANSIENT, -1);
		call_fails(g, &whole, i % 2 ? DRV_AUTH : DRV_QUOTA, -1);
	}
	assert_int_equal(view_of(g, &whole).state, GATE_OPEN);
}

static void no_capacity_shuts_the_gate_of_its_type_at_once(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;

	call_fails(g, &small, DRV_CAPACITY, -1);
	assert_false(enter(g, &small, &no));
	assert_int_equal(no.why, GATE_NO_ROOM);
	assert_false(gates_would(g, &small, &no));
	assert_non_null(strstr(no.text, "launches, zone a, type small is left alone"));
	assert_true(gates_would(g, &large, &no));
	call_succeeds(g, &large);
	call_succeeds(g, &whole);
	assert_int_equal(view_of(g, &whole).failures, 0);
}

/* Lists that go well do not hide them, nor do they shut lists out. */
static void launches_that_fail_shut_the_gate_of_their_type(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;

	for (int i = 0; i < 3; i++) {
		call_succeeds(g, &whole);
		call_fails(g, &small, DRV_TRANSIENT, -1);
	}
	assert_false(enter(g, &small, &no));
	assert_int_equal(no.why, GATE_BROKEN);
	call_succeeds(g, &whole);
	call_succeeds(g, &large);
}

static void retry_after_holds_for_all_of_the_profile_in_that_region(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;
	struct gate_view v;

	call_fails(g, &small, DRV_THROTTLED, 7000);
	assert_false(enter(g, &whole, &no));
	assert_int_equal(no.why, GATE_TOLD);
	assert_in_range(no.wait_ms, 6000, 7000);
	assert_false(enter(g, &large, &no));
	call_succeeds(g, &other_region);
	v = view_of(g, &whole);
	assert_in_range(v.told_wait_ms, 6000, 7000);
	assert_int_equal(v.failures, 1);
}

static void a_retry_after_without_end_is_cut(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;

	call_fails(g, &whole, DRV_THROTTLED, INT64_C(1) << 50);
	assert_false(enter(g, &whole, &no));
	assert_in_range(no.wait_ms, 599000, 600000);
}

static void calls_beyond_the_rate_are_told_when_to_come(void **state)
{
	struct gates *g = *state;
	struct gate_refusal no;
	int n = 0;

	while (gates_enter(g, &whole, GATE_LOOK, 0.25, TRIAL_MS, &no))
		n++;
	assert_int_equal(no.why, GATE_EMPTY);
	/* Fifteen at once, of which a quarter is for calls that change something. */
	assert_in_range(n, 11, 12);
	while (gates_enter(g, &small, GATE_CHANGE, 0.25, TRIAL_MS, &no))
		n++;
	assert_in_range(n, 15, 16);
	assert_in_range(no.wait_ms, 1, 4000);
	assert_true(view_of(g, &whole).level < 1);
	assert_close(view_of(g, &whole).burst, 15, 1e-9);
}

static void one_call_tries_a_broken_one_and_opens_it(void **state)
{
	CLEANUP(gates_free)
	struct gates *g =
		gates_new(&(struct gate_opts){ .failures = 1, .open_first_ms = 1 });
	struct gate_refusal no;

	(void)state;
	call_fails(g, &small, DRV_TRANSIENT, -1);
	while (!enter(g, &small, &no))
		(void)poll(NULL, 0, 1);
	assert_false(enter(g, &small, &no));
	assert_int_equal(no.why, GATE_TRYING);
	gates_leave(g, &small, NULL);
	call_succeeds(g, &small);
}

static void a_name_that_is_too_long_still_has_one_gate(void **state)
{
	struct gates *g = *state;
	char name[300];
	const struct gate_key k = { "exec", name, "", false, "", "" };
	CLEANUP(free) struct gate_view *all = NULL;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	call_succeeds(g, &k);
	call_succeeds(g, &k);
	assert_int_equal(gates_list(g, &all), 1);
}

#define GATE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GATE_TEST(failures_in_a_row_shut_the_gate_of_the_region_for_all),
		GATE_TEST(an_answer_that_is_no_is_an_answer),
		GATE_TEST(no_capacity_shuts_the_gate_of_its_type_at_once),
		GATE_TEST(launches_that_fail_shut_the_gate_of_their_type),
		GATE_TEST(retry_after_holds_for_all_of_the_profile_in_that_region),
		GATE_TEST(a_retry_after_without_end_is_cut),
		GATE_TEST(calls_beyond_the_rate_are_told_when_to_come),
		GATE_TEST(one_call_tries_a_broken_one_and_opens_it),
		GATE_TEST(a_name_that_is_too_long_still_has_one_gate),
	};

	return cmocka_run_group_tests_name("gates", tests, NULL, NULL);
}
