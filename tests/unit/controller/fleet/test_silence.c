/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "silence.h"

#include <stdio.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define LOST_MS (5 * MINUTE)
#define HOSTS_MAX 400

/* Hosts of pools, and a clock that the test moves by half seconds. */
struct place {
	struct silences *s;
	struct silence_moment m;
	char ids[HOSTS_MAX][32];
	struct silence_host h[HOSTS_MAX];
	bool pushes[HOSTS_MAX];
	size_t n;
	size_t lost; /* hosts that were ended for silence */
	int64_t calendar_ms;
};

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	p->s = silences_new();
	p->m = (struct silence_moment){
		.now_ms = 1000000, .heard_ms = 1000, .grace_ms = 3000, .push_ms = 10000
	};
	p->calendar_ms = INT64_C(1700000000000);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	silences_free(p->s);
	free(p);
	return 0;
}

static void stand(struct place *p, const char *pool, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const size_t k = p->n++;

		snprintf(p->ids[k], sizeof(p->ids[k]), "%s-%zu", pool, i);
		p->h[k] = (struct silence_host){ .id = p->ids[k],
						 .pool = pool,
						 .alive = true,
						 .lost_after = LOST_MS };
		p->pushes[k] = true;
	}
}

static void end_one(struct place *p, size_t i)
{
	p->h[i] = p->h[--p->n];
	p->pushes[i] = p->pushes[p->n];
	p->lost++;
}

/* A round, as the tick makes it: what is due is ended when it may be. */
static void look(struct place *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->pushes[i] && p->m.now_ms % p->m.push_ms == 0)
			p->h[i].pushed_ms = p->m.now_ms;
	silences_look(p->s, &p->m, p->h, p->n);
	for (size_t i = 0; i < p->n; i++) {
		p->h[i].was_unknown = p->h[i].is_unknown;
		p->h[i].was_replaced = p->h[i].is_replaced;
	}
	for (size_t i = p->n; i-- > 0;)
		if (p->h[i].is_due &&
		    silences_may_end(p->s, p->h[i].pool, p->m.now_ms, p->calendar_ms))
			end_one(p, i);
}

static void pass(struct place *p, int64_t ms)
{
	for (int64_t i = 0; i < ms; i += 500) {
		p->m.now_ms += 500;
		p->calendar_ms += 500;
		look(p);
	}
}

static void cut(struct place *p, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++)
		p->h[i].alive = p->pushes[i] = false;
}

static void heal(struct place *p, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++)
		p->h[i].alive = p->pushes[i] = true;
}

static size_t count_replaced(const struct place *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->h[i].is_replaced;
	return n;
}

/* ---------------------------------------------------------------- one host */

static void one_of_four_is_unknown_then_replaced_then_lost(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	cut(p, 2, 1);
	pass(p, 3000);
	assert_true(p->h[2].is_missing);
	assert_false(p->h[2].is_unknown);
	pass(p, 500);
	assert_true(p->h[2].is_unknown);
	/* Its push may still come; a second after it is late, it does not. */
	pass(p, 11000);
	assert_true(p->h[2].is_replaced);
	assert_int_equal(count_replaced(p), 1);
	pass(p, LOST_MS - 15000);
	assert_int_equal(p->lost, 0);
	pass(p, 15000);
	assert_int_equal(p->lost, 1);
}

static void one_that_is_heard_again_is_as_before(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	cut(p, 0, 1);
	pass(p, 4 * MINUTE);
	assert_true(p->h[0].is_replaced);
	heal(p, 0, 1);
	pass(p, 500);
	assert_false(p->h[0].is_missing);
	assert_false(p->h[0].is_unknown);
	cut(p, 0, 1);
	pass(p, 4 * MINUTE);
	assert_int_equal(p->lost, 0);
}

static void one_whose_pushes_arrive_is_neither_replaced_nor_lost(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	p->h[1].alive = false;
	for (int i = 0; i < 60; i++) {
		pass(p, MINUTE / 2);
		assert_true(p->h[1].is_cut);
		assert_int_equal(count_replaced(p), 0);
	}
	assert_int_equal(p->lost, 0);
	/* And when they end as well, it is lost after the whole time. */
	p->pushes[1] = false;
	pass(p, LOST_MS - MINUTE);
	assert_true(p->h[1].is_replaced);
	assert_int_equal(p->lost, 0);
	pass(p, 2 * MINUTE);
	assert_int_equal(p->lost, 1);
}

static void what_was_replaced_stays_so_until_its_lease_is_back(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	cut(p, 1, 1);
	pass(p, MINUTE);
	assert_true(p->h[1].is_replaced);
	p->pushes[1] = true;
	pass(p, 10 * MINUTE);
	assert_true(p->h[1].is_cut);
	assert_true(p->h[1].is_replaced);
	assert_int_equal(p->lost, 0);
	heal(p, 1, 1);
	pass(p, 500);
	assert_false(p->h[1].is_replaced);
}

static void rare_pushes_are_not_waited_for(void **state)
{
	struct place *p = *state;

	p->m.push_ms = 10 * MINUTE;
	stand(p, "web", 4);
	pass(p, 20 * MINUTE);
	cut(p, 0, 1);
	pass(p, 3500);
	assert_true(p->h[0].is_replaced);
}

static void without_any_push_the_lease_alone_counts(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	for (size_t i = 0; i < 4; i++)
		p->pushes[i] = false;
	pass(p, MINUTE);
	p->h[0].alive = false;
	pass(p, 3500);
	assert_true(p->h[0].is_replaced);
}

static void a_pool_may_never_lose_any(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	p->h[0].lost_after = -1;
	pass(p, MINUTE);
	cut(p, 0, 1);
	pass(p, 60 * MINUTE);
	assert_true(p->h[0].is_replaced);
	assert_int_equal(p->lost, 0);
}

static void one_that_was_unknown_before_a_restart_stays_replaced(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	p->h[0].alive = p->pushes[0] = false;
	p->h[0].was_unknown = p->h[0].was_replaced = true;
	look(p);
	assert_true(p->h[0].is_unknown);
	assert_true(p->h[0].is_replaced);
	pass(p, LOST_MS - 500);
	assert_int_equal(p->lost, 0);
}

/* ---------------------------------------------------------------- deaf ourselves */

static void silence_while_nobody_listened_does_not_count(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	p->h[0].alive = false;
	look(p);
	/* Stopped for twenty seconds. */
	p->m.now_ms += 20000;
	p->m.heard_ms = p->m.now_ms;
	look(p);
	assert_false(p->h[0].is_unknown);
	pass(p, 2500);
	assert_false(p->h[0].is_unknown);
	p->h[0].alive = true;
	pass(p, 10000);
	assert_false(p->h[0].is_unknown);
	assert_int_equal(count_replaced(p), 0);
}

static void the_wait_until_one_is_lost_begins_anew_too(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	cut(p, 0, 1);
	pass(p, 4 * MINUTE);
	p->m.heard_ms = p->m.now_ms;
	pass(p, 4 * MINUTE);
	assert_int_equal(p->lost, 0);
	assert_true(p->h[0].is_replaced);
	pass(p, 2 * MINUTE);
	assert_int_equal(p->lost, 1);
}

/* ---------------------------------------------------------------- many */

static void a_cut_of_all_for_ten_seconds_replaces_and_ends_none(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 40 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct place *p = *state;

		p->n = 0;
		stand(p, "web", sizes[i]);
		pass(p, 2 * MINUTE);
		cut(p, 0, sizes[i]);
		pass(p, 10000);
		assert_int_equal(count_replaced(p), 0);
		heal(p, 0, sizes[i]);
		pass(p, 10 * MINUTE);
		assert_int_equal(p->lost, 0);
		teardown(state);
		setup(state);
	}
}

/* Of hosts that are cut off at the same time, as their leases do. */
static void leases_that_end_one_after_another_are_no_proof(void **state)
{
	struct place *p = *state;

	stand(p, "web", 2);
	pass(p, MINUTE);
	p->pushes[0] = p->pushes[1] = false;
	p->h[0].alive = false;
	pass(p, 12000);
	assert_true(p->h[0].is_unknown);
	assert_int_equal(count_replaced(p), 0);
	p->h[1].alive = false;
	pass(p, MINUTE);
	assert_int_equal(count_replaced(p), 0);
	heal(p, 0, 2);
	pass(p, 500);
	/* Where the other is there but never pushes again, it is believed in the end. */
	p->pushes[0] = p->pushes[1] = false;
	p->h[0].alive = false;
	pass(p, 40000);
	assert_int_equal(count_replaced(p), 1);
}

static void a_pool_of_two_that_is_silent_is_doubted(void **state)
{
	struct place *p = *state;
	char text[400];

	stand(p, "web", 2);
	stand(p, "db", 6);
	pass(p, MINUTE);
	assert_false(silences_doubt_text(p->s, text, sizeof(text)));
	cut(p, 0, 2);
	pass(p, 20 * MINUTE);
	assert_int_equal(p->lost, 0);
	assert_false(silences_doubt_all(p->s));
	assert_true(silences_doubt_text(p->s, text, sizeof(text)));
	assert_non_null(strstr(text, "2 of 2 hosts of pool web"));
	heal(p, 0, 2);
	pass(p, 500);
	assert_false(silences_doubt_text(p->s, text, sizeof(text)));
}

static void a_rack_of_seventy_is_replaced_a_tenth_a_minute(void **state)
{
	struct place *p = *state;

	stand(p, "rack", 70);
	stand(p, "web", 140);
	pass(p, MINUTE);
	cut(p, 0, 70);
	pass(p, 30000);
	assert_int_equal(count_replaced(p), 7);
	pass(p, MINUTE);
	assert_int_equal(count_replaced(p), 14);
	pass(p, 60 * MINUTE);
	assert_int_equal(p->lost, 0);
}

static void an_installation_that_is_silent_is_replaced_slowly(void **state)
{
	struct place *p = *state;

	stand(p, "a", 10);
	stand(p, "b", 10);
	pass(p, MINUTE);
	cut(p, 0, 20);
	pass(p, 5 * MINUTE - 500);
	assert_true(silences_doubt_all(p->s));
	assert_int_equal(count_replaced(p), 0);
	pass(p, MINUTE);
	assert_in_range(count_replaced(p), 1, 2);
	pass(p, 300 * MINUTE);
	assert_int_equal(p->lost, 0);
}

/* As they come back one by one, the last are not the ones that are lost. */
static void those_that_come_back_last_are_not_lost_at_the_heal(void **state)
{
	struct place *p = *state;

	stand(p, "web", 5);
	pass(p, MINUTE);
	cut(p, 0, 5);
	pass(p, 10 * MINUTE);
	for (size_t i = 0; i < 5; i++) {
		heal(p, i, 1);
		pass(p, 15000);
		assert_int_equal(p->lost, 0);
	}
	assert_false(silences_doubt_all(p->s));
}

static void in_doubt_it_is_known_who_is_silent_for_long(void **state)
{
	struct place *p = *state;

	stand(p, "web", 3);
	pass(p, MINUTE);
	cut(p, 0, 2);
	pass(p, LOST_MS - MINUTE);
	assert_false(p->h[0].is_long);
	pass(p, 2 * MINUTE);
	assert_true(p->h[0].is_long && p->h[1].is_long);
	assert_false(p->h[2].is_long);
	assert_int_equal(p->lost, 0);
	heal(p, 0, 1);
	pass(p, 500);
	assert_false(p->h[0].is_long);
}

static void the_doubt_outlasts_the_return_of_the_first_by_a_minute(void **state)
{
	struct place *p = *state;
	char text[400];

	stand(p, "web", 5);
	pass(p, MINUTE);
	cut(p, 0, 5);
	pass(p, 10 * MINUTE);
	heal(p, 0, 4);
	pass(p, 59000);
	assert_true(silences_doubt_all(p->s));
	assert_true(silences_doubt_text(p->s, text, sizeof(text)));
	assert_non_null(strstr(text, "1 of 5 hosts are not heard yet"));
	pass(p, 2000);
	assert_false(silences_doubt_all(p->s));
	/* Then the silence of the last begins. */
	pass(p, LOST_MS - 3000);
	assert_int_equal(p->lost, 0);
	pass(p, 5000);
	assert_int_equal(p->lost, 1);
}

static void hosts_that_are_cut_from_the_store_alone_raise_no_doubt(void **state)
{
	struct place *p = *state;

	stand(p, "web", 4);
	pass(p, MINUTE);
	for (size_t i = 0; i < 4; i++)
		p->h[i].alive = false;
	pass(p, 2 * MINUTE);
	assert_false(silences_doubt_all(p->s));
	assert_int_equal(count_replaced(p), 0);
	assert_int_equal(p->lost, 0);
}

static void the_last_host_of_a_pool_waits_twice_as_long(void **state)
{
	struct place *p = *state;

	stand(p, "db", 1);
	stand(p, "web", 4);
	pass(p, MINUTE);
	cut(p, 0, 1);
	pass(p, 15000);
	assert_true(p->h[0].is_replaced);
	pass(p, LOST_MS + MINUTE);
	assert_int_equal(p->lost, 0);
	pass(p, LOST_MS);
	assert_int_equal(p->lost, 1);
}

/* ---------------------------------------------------------------- how many at once */

static void one_host_of_a_pool_is_lost_in_a_minute(void **state)
{
	struct place *p = *state;

	stand(p, "web", 20);
	pass(p, MINUTE);
	cut(p, 0, 8);
	pass(p, LOST_MS + 10000);
	assert_int_equal(p->lost, 1);
	pass(p, 3 * MINUTE);
	assert_int_equal(p->lost, 4);
	/* Those that come back meanwhile stay. */
	for (size_t i = 0; i < p->n; i++)
		heal(p, i, 1);
	pass(p, 10 * MINUTE);
	assert_int_equal(p->lost, 4);
}

static void one_of_the_installation_is_lost_in_ten_seconds(void **state)
{
	static const char *const pools[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(pools); i++)
		stand(p, pools[i], 10);
	pass(p, MINUTE);
	for (size_t i = 0; i < ARRAY_SIZE(pools); i++)
		cut(p, 10 * i, 1);
	pass(p, LOST_MS + 15000);
	assert_in_range(p->lost, 1, 2);
	pass(p, 30000);
	assert_in_range(p->lost, 4, 5);
}

static void neither_clock_can_hurry_it(void **state)
{
	struct place *p = *state;
	int64_t now = p->m.now_ms, calendar = p->calendar_ms;

	assert_true(silences_may_end(p->s, "web", now, calendar));
	assert_false(silences_may_end(p->s, "web", now, calendar + 3600000));
	assert_false(silences_may_end(p->s, "web", now, calendar - 3600000));
	assert_false(silences_may_end(p->s, "web", now + 61000, calendar + 30000));
	assert_false(silences_may_end(p->s, "db", now + 9000, calendar + 11000));
	assert_true(silences_may_end(p->s, "db", now + 11000, calendar + 11000));
	/* Set back by an hour: what is past in real time is past. */
	assert_true(silences_may_end(p->s, "web", now + 61000, calendar - 3600000));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_of_four_is_unknown_then_replaced_then_lost),
		TEST(one_that_is_heard_again_is_as_before),
		TEST(one_whose_pushes_arrive_is_neither_replaced_nor_lost),
		TEST(what_was_replaced_stays_so_until_its_lease_is_back),
		TEST(rare_pushes_are_not_waited_for),
		TEST(without_any_push_the_lease_alone_counts),
		TEST(a_pool_may_never_lose_any),
		TEST(one_that_was_unknown_before_a_restart_stays_replaced),
		TEST(silence_while_nobody_listened_does_not_count),
		TEST(the_wait_until_one_is_lost_begins_anew_too),
		TEST(a_cut_of_all_for_ten_seconds_replaces_and_ends_none),
		TEST(leases_that_end_one_after_another_are_no_proof),
		TEST(a_pool_of_two_that_is_silent_is_doubted),
		TEST(a_rack_of_seventy_is_replaced_a_tenth_a_minute),
		TEST(an_installation_that_is_silent_is_replaced_slowly),
		TEST(those_that_come_back_last_are_not_lost_at_the_heal),
		TEST(in_doubt_it_is_known_who_is_silent_for_long),
		TEST(the_doubt_outlasts_the_return_of_the_first_by_a_minute),
		TEST(hosts_that_are_cut_from_the_store_alone_raise_no_doubt),
		TEST(the_last_host_of_a_pool_waits_twice_as_long),
		TEST(one_host_of_a_pool_is_lost_in_a_minute),
		TEST(one_of_the_installation_is_lost_in_ten_seconds),
		TEST(neither_clock_can_hurry_it),
	};

	return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
