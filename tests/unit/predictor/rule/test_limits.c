/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Too few hosts: what a pool has room for, and who gives up an instance for whom. */
#include "decide_fixture.h"

/* Ten are needed, three run, and the pool has room for four. */
static struct decide_input short_of_room(void)
{
	struct decide_input in = three_running();

	set_demand(&in, 41.2, 150);
	in.budget = 4;
	in.budget_name = "pool web";
	in.budget_note = "max = 4 hosts";
	return in;
}

static void demand_wants_no_more_than_there_is_room_for(void **state)
{
	struct decide_input in = short_of_room();
	struct decide_plan p = once(&in);

	(void)state;
	assert_plan(&p, 4, DECIDE_FORECAST, DECIDE_BY_BUDGET,
		    "web goes from 3 to 4: demand of 41.2/s is forecast to reach 150.0/s "
		    "within the lead time of 3m10s (capacity 15/s per instance); 10 are "
		    "needed, but pool web has room for 4 (max = 4 hosts).");
	assert_int_equal(p.lacks, 6);
	in.running = in.desired = 4;
	p = once(&in);
	assert_int_equal(p.desired, 4);
	assert_int_equal(p.binding, DECIDE_BY_BUDGET);
	assert_non_null(strstr(p.sentence, "web stays at 4: "));
	assert_non_null(strstr(p.sentence, "pool web has room for 4 (max = 4 hosts)."));
}

/* Three run and suffice; the forecast needs ten. */
static struct decide_input with_thrift(void)
{
	struct decide_input in = three_running();

	set_demand(&in, 41.2, 150);
	in.thrift = "money is short";
	return in;
}

static void with_thrift_nothing_is_started_ahead_of_demand(void **state)
{
	struct decide_input in = with_thrift();
	struct decide_plan p = once(&in);

	(void)state;
	assert_plan(&p, 3, DECIDE_KEPT, DECIDE_BY_THRIFT,
		    "web stays at 3: 10 would be safer, but nothing is started ahead of "
		    "demand: money is short.");
}

static void with_thrift_what_demand_needs_is_started(void **state)
{
	struct decide_input in = with_thrift();
	struct decide_plan p;

	(void)state;
	in.demand = in.demand_sure = 70;
	p = once(&in);
	assert_plan(
		&p, 5, DECIDE_REACTIVE, DECIDE_BY_THRIFT,
		"web goes from 3 to 5: demand of 70.0/s needs 5 now; 10 would be safer, "
		"but nothing is started ahead of demand: money is short (capacity 15/s "
		"per instance).");
}

static void with_thrift_demand_above_its_forecast_is_followed_as_ever(void **state)
{
	struct decide_input in = with_thrift(), plain;
	struct decide_plan p, q;

	(void)state;
	in.demand = in.demand_sure = 170;
	plain = in;
	plain.thrift = NULL;
	p = once(&in);
	q = once(&plain);
	assert_string_equal(p.sentence, q.sentence);
	assert_int_equal(p.desired, 12);
}

/* Money ends nothing, and a minimum is a minimum. */
static void thrift_takes_nothing_away(void **state)
{
	struct decide_input in = with_thrift();

	(void)state;
	in.running = in.desired = 10;
	assert_int_equal(once(&in).desired, 10);
	in.running = in.desired = 3;
	in.min = 6;
	assert_int_equal(once(&in).desired, 6);
}

/* Ten were wanted before there was too little room: they wait, and it is told. */
static void room_never_takes_away(void **state)
{
	struct decide_input in = short_of_room();
	struct decide_plan p;

	(void)state;
	in.running = 4;
	in.starting = in.waiting = 6;
	in.desired = 10;
	p = once(&in);
	assert_plan(&p, 10, DECIDE_STEADY, DECIDE_BY_BUDGET,
		    "web stays at 10: demand of 41.2/s, forecast at most 150.0/s within "
		    "the lead time of 3m10s, needs 10 (capacity 15/s per instance); 10 "
		    "are needed, but pool web has room for 4 (max = 4 hosts).");
	assert_int_equal(p.lacks, 6);
	set_demand(&in, 41.2, 50); /* four do: no fewer are there */
	p = once(&in);
	assert_int_equal(p.lacks, 0);
	assert_null(strstr(p.sentence, "has room for"));
}

static void a_minimum_waits_for_room(void **state)
{
	struct decide_input in = short_of_room();
	struct decide_plan p;

	(void)state;
	set_demand(&in, 20, 20);
	in.min = 6;
	p = once(&in);
	assert_plan(&p, 6, DECIDE_MIN, DECIDE_BY_MIN,
		    "web goes from 3 to 6: its minimum is 6; pool web has room for 4 "
		    "(max = 4 hosts).");
	assert_int_equal(p.lacks, 2);
	in.desired = 6;
	in.starting = 3;
	in.waiting = 2;
	p = once(&in);
	assert_int_equal(p.binding, DECIDE_BY_MIN);
	assert_non_null(strstr(p.sentence, "; its minimum is 6; pool web has room for 4 "
					   "(max = 4 hosts)."));
}

static void bounds_come_before_room(void **state)
{
	struct decide_input in = short_of_room();
	struct decide_plan p;

	(void)state;
	in.max = 4;
	p = once(&in);
	assert_int_equal(p.binding, DECIDE_BY_MAX);
	assert_int_equal(p.lacks, 0);
	in.max = 20;
	in.budget = 0;
	p = once(&in);
	assert_int_equal(p.desired, 3);
	assert_int_equal(p.lacks, 10);
}

static void one_instance_at_a_time_is_given_up(void **state)
{
	for (int mode = DECIDE_OBSERVE; mode <= DECIDE_AUTO; mode++) {
		struct decide_input in = short_of_room();
		struct decide_plan p;

		(void)state;
		in.mode = (enum decide_mode)mode;
		in.budget = 3;
		in.yields_to = "shop/db";
		p = once(&in);
		assert_plan(&p, 2, DECIDE_PRIORITY, DECIDE_BY_PRIORITY,
			    "web goes from 3 to 2: shop/db has a higher priority and "
			    "waits for room in pool web.");
		in.min = 3;
		p = once(&in);
		assert_int_equal(p.desired, 3);
		in.min = 1;
		in.floor = 3;
		in.floor_name = "office";
		p = once(&in);
		assert_int_equal(p.desired, 3);
	}
}

static void what_must_not_be_given_up_is_kept(void **state)
{
	struct decide_input in = short_of_room();

	(void)state;
	in.budget = 3;
	in.yields_to = "shop/db";
	in.stateful = true;
	assert_int_equal(once(&in).desired, 3);
	in.stateful = false;
	in.distrust = "the store cannot be read";
	assert_int_equal(once(&in).desired, 3);
	in.distrust = NULL;
	in.hold_owner = "ann";
	assert_int_equal(once(&in).desired, 3);
}

static void who_gives_up_is_told_to_the_one_that_waits(void **state)
{
	struct decide_input in = short_of_room();
	struct decide_plan p;

	(void)state;
	in.budget = 10;
	in.desired = 10;
	in.starting = 7;
	in.waiting = 6;
	in.takes_from = "shop/app";
	p = once(&in);
	assert_int_equal(p.desired, 10);
	assert_int_equal(p.lacks, 0);
	assert_non_null(strstr(p.sentence, "; 6 wait for room that shop/app, whose "
					   "priority is lower, gives up one instance at "
					   "a time."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demand_wants_no_more_than_there_is_room_for),
		cmocka_unit_test(with_thrift_nothing_is_started_ahead_of_demand),
		cmocka_unit_test(with_thrift_what_demand_needs_is_started),
		cmocka_unit_test(
			with_thrift_demand_above_its_forecast_is_followed_as_ever),
		cmocka_unit_test(thrift_takes_nothing_away),
		cmocka_unit_test(room_never_takes_away),
		cmocka_unit_test(a_minimum_waits_for_room),
		cmocka_unit_test(bounds_come_before_room),
		cmocka_unit_test(one_instance_at_a_time_is_given_up),
		cmocka_unit_test(what_must_not_be_given_up_is_kept),
		cmocka_unit_test(who_gives_up_is_told_to_the_one_that_waits),
	};

	return cmocka_run_group_tests_name("decide_limits", tests, NULL, NULL);
}
