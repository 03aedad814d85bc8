/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many hosts that takes, which can leave, and what is moved for balance. */
#include "placement_fixture.h"

static void demand_packs_units_into_new_hosts(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	char name[32];

	(void)state;
	host(f, "a");
	host(f, "b")->state = PLACE_BOOTING;
	for (int i = 1; i <= 14; i++) { /* 4 a host by CPU: 4 up, 4 booting, 6 more */
		snprintf(name, sizeof(name), "web@%d.service", i);
		unit(f, name, NULL);
	}
	unit(f, "huge.service", NULL)->memory_bytes = 1001;
	unit(f, "odd.service", NULL)->pool = "absent";
	placement_decide(&f->in, &p);
	assert_int_equal(p.demand[0].have, 2);
	assert_int_equal(p.demand[0].fresh, 2);
	assert_int_equal(p.demand[0].short_units, 0);
	assert_reason(f, &p, "huge.service", "larger than a host of pool p");
	assert_reason(f, &p, "odd.service", "no pool 'absent'");
	assert_int_equal(p.n_leave, 0);
}

static void a_pool_stops_at_its_maximum_and_keeps_its_minimum(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	char name[32];

	(void)state;
	f->pools[0].max = 2;
	f->pools[1] = (struct place_pool){ .name = "q", .min = 3, .max = 5 };
	f->in.n_pools = 2;
	host(f, "a");
	host(f, "q1")->pool = "q";
	for (int i = 1; i <= 10; i++) {
		snprintf(name, sizeof(name), "web@%d.service", i);
		unit(f, name, NULL);
	}
	placement_decide(&f->in, &p);
	assert_int_equal(p.demand[0].fresh, 1);
	assert_int_equal(p.demand[0].short_units, 2);
	assert_reason(f, &p, "web@9.service", "at its maximum of 2 hosts");
	assert_int_equal(p.demand[1].have, 1);
	assert_int_equal(p.demand[1].fresh, 2);
}

static void units_wait_for_hosts_that_boot(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "b")->state = PLACE_BOOTING;
	unit(f, "web@1.service", NULL);
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_WAIT);
	assert_reason(f, &p, "web@1.service", "waits for host b to join");
	assert_int_equal(p.demand[0].fresh, 0);
	assert_int_equal(p.n_leave, 0);
}

static void a_host_that_is_waited_for_does_not_leave(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a")->state = PLACE_DRAINING;
	host(f, "b")->state = PLACE_BOOTING;
	host(f, "c")->state = PLACE_BOOTING;
	unit(f, "web@1.service", "a");
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_STAY);
	assert_reason(f, &p, "web@1.service", "waits for host b to join");
	assert_int_equal(p.n_leave, 1);
	assert_int_equal(p.leave[0].host, 2);
}

static void who_waited_longest_gets_the_host_that_joins_first(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(placement_done) struct placement q;

	(void)state;
	for (int i = 0; i < 3; i++) { /* the oldest in the middle of the names */
		struct place_host *h = host(f, (const char *[]){ "a", "b", "c" }[i]);

		h->state = PLACE_BOOTING;
		h->joined_ms = (const int64_t[]){ 30, 10, 20 }[i];
	}
	unit(f, "web@1.service", NULL)->wanted_ms = 20;
	unit(f, "web@2.service", NULL)->wanted_ms = 10;
	f->units[0].cpu = f->units[1].cpu = 2;
	placement_decide(&f->in, &p);
	assert_reason(f, &p, "web@2.service", "waits for host b to join");
	assert_reason(f, &p, "web@1.service", "waits for host c to join");
	assert_int_equal(p.n_leave, 1); /* the newest, not one that is nearly there */
	assert_string_equal(f->hosts[p.leave[0].host].id, "a");
	f->hosts[1].state = PLACE_UP;
	placement_decide(&f->in, &q);
	assert_string_equal(where(f, &q, "web@2.service"), "b");
	assert_int_equal(action(f, &q, "web@1.service"), PLACE_WAIT);
}

static void a_host_to_be_avoided_is_taken_when_there_is_no_other_way(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(placement_done) struct placement q;
	CLEANUP(placement_done) struct placement r;

	(void)state;
	host(f, "a");
	unit(f, "web@1.service", NULL)->avoid = "a";
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_WAIT);
	assert_int_equal(p.demand[0].fresh, 1);
	host(f, "b");
	unit(f, "web@2.service", "b");
	placement_decide(&f->in, &q);
	assert_string_equal(where(f, &q, "web@1.service"), "b");
	/* The other is full, and the pool at its maximum. */
	f->units[1].cpu = 2;
	f->pools[0].max = 2;
	placement_decide(&f->in, &r);
	assert_string_equal(where(f, &r, "web@1.service"), "a");
	assert_int_equal(action(f, &r, "web@1.service"), PLACE_START);
}

static void hosts_leave_the_emptiest_then_the_newest_first(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	f->pools[0].min = 1;
	host(f, "a")->joined_ms = 1;
	host(f, "b")->joined_ms = 2;
	host(f, "c")->joined_ms = 3;
	host(f, "d")->joined_ms = 4;
	unit(f, "web@1.service", "a");
	unit(f, "web@2.service", "a");
	unit(f, "web@3.service", "d");
	placement_decide(&f->in, &p);
	assert_int_equal(p.n_leave, 3);
	assert_int_equal(p.leave[0].host, 2);
	assert_int_equal(p.leave[0].moves, 0);
	assert_int_equal(p.leave[1].host, 1);
	assert_int_equal(p.leave[2].host, 3);
	assert_int_equal(p.leave[2].moves, 1);
	assert_string_equal(where(f, &p, "web@3.service"), "d"); /* not moved yet */
}

static void hosts_stay_for_the_minimum_pinned_units_and_lack_of_room(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(placement_done) struct placement q;

	(void)state;
	host(f, "a");
	host(f, "b");
	host(f, "c");
	unit(f, "web@1.service", "a")->cpu = 1.5;
	unit(f, "web@2.service", "b")->cpu = 1.5;
	unit(f, "db.service", "c")->pinned = true;
	f->units[2].cpu = 1;
	placement_decide(&f->in, &p);
	assert_int_equal(p.n_leave, 0);
	f->in.n_units = 0;
	f->pools[0].min = 3;
	placement_decide(&f->in, &q);
	assert_int_equal(q.n_leave, 0);
}

static void a_joined_host_gets_units_in_bounded_steps(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	size_t moved = 0;

	(void)state;
	f->pools[0].min = 2;
	f->in.max_moves = 1;
	host(f, "a")->cpu = 8;
	host(f, "b");
	unit(f, "web@1.service", "a");
	unit(f, "web@2.service", "a");
	unit(f, "web@3.service", "a");
	unit(f, "web@4.service", "a");
	placement_decide(&f->in, &p);
	for (size_t i = 0; i < 4; i++)
		moved += p.rows[i].action == PLACE_MOVE && p.rows[i].host == 1;
	assert_int_equal(moved, 1);
}

/* Carries the plan out, as the controller would. */
static size_t apply(struct fleet *f)
{
	CLEANUP(placement_done) struct placement p;
	size_t moved = 0;

	placement_decide(&f->in, &p);
	for (size_t i = 0; i < f->in.n_units; i++) {
		moved += p.rows[i].action == PLACE_MOVE;
		if (p.rows[i].host != PLACE_NOWHERE)
			f->units[i].host = f->hosts[p.rows[i].host].id;
	}
	return moved;
}

static void balancing_comes_to_rest(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	char name[32];
	size_t rounds = 0;

	(void)state;
	f->pools[0].min = 4;
	f->in.max_moves = 2;
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		host(f, name)->cpu = 20;
	}
	for (int i = 0; i < 24; i++) {
		snprintf(name, sizeof(name), "%s@%d.service", i % 3 ? "web" : "app", i);
		unit(f, name, i % 5 ? "h0" : "h1");
	}
	while (apply(f) > 0)
		assert_true(++rounds < 30);
	for (int h = 0; h < 4; h++) {
		int n = 0;

		for (int i = 0; i < 24; i++)
			n += strcmp(f->units[i].host, f->hosts[h].id) == 0;
		assert_int_equal(n, 6);
	}
}

static void a_difference_of_one_moves_nothing(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();

	(void)state;
	f->pools[0].min = 2;
	f->in.max_moves = 10;
	host(f, "a");
	host(f, "b");
	unit(f, "web@1.service", "a");
	unit(f, "web@2.service", "a");
	unit(f, "web@3.service", "b");
	assert_int_equal(apply(f), 0);
	unit(f, "db.service", "a")->pinned = true;
	f->units[1].pinned = f->units[0].pinned = true;
	assert_int_equal(apply(f), 0);
}

static void withdrawn_units_take_room_until_they_are_gone(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	unit(f, "web@1.service", "a")->cpu = 2;
	f->units[0].leaving = true;
	unit(f, "web@2.service", NULL);
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_STAY);
	assert_string_equal(where(f, &p, "web@2.service"), "-");
}

static void priority_goes_first_when_room_is_short(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	f->pools[0].max = 1;
	host(f, "a")->cpu = 0.5;
	unit(f, "a.service", NULL);
	unit(f, "b.service", NULL)->priority = 1;
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "b.service"), "a");
	assert_string_equal(where(f, &p, "a.service"), "-");
}

static void the_order_of_the_input_does_not_matter(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(placement_done) struct placement q;
	const char *before[30];
	char name[32];
	size_t n;

	(void)state;
	f->in.max_moves = 3;
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		host(f, name)->state = i == 4 ? PLACE_DRAINING : PLACE_UP;
	}
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "%s@%d.service", i % 2 ? "web" : "app", i);
		unit(f, name, i % 4 == 0 ? "h4" : i % 4 == 1 ? "h0" : NULL);
		if (i % 10 == 0)
			rule(f, &f->units[i], "Conflicts=web@2*");
	}
	n = f->in.n_units;
	placement_decide(&f->in, &p);
	for (size_t i = 0; i < n; i++)
		before[i] = where(f, &p, f->units[i].name);
	for (size_t i = 0; i < n / 2; i++) {
		struct place_unit u = f->units[i];

		f->units[i] = f->units[n - 1 - i];
		f->units[n - 1 - i] = u;
	}
	for (size_t i = 0; i < 2; i++) {
		struct place_host h = f->hosts[i];

		f->hosts[i] = f->hosts[4 - i];
		f->hosts[4 - i] = h;
	}
	placement_decide(&f->in, &q);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(where(f, &q, f->units[i].name), before[n - 1 - i]);
}

static void an_empty_fleet_is_fine(void **state)
{
	CLEANUP(placement_done) struct placement p;
	struct place_input in = { 0 };

	(void)state;
	placement_decide(&in, &p);
	assert_int_equal(p.n_rows, 0);
	assert_int_equal(p.n_leave, 0);
}

static void victims_come_in_the_order_that_empties_hosts(void **state)
{
	struct place_victim v[] = {
		{ "web@9.service", true, true, false, 0, 5, 0, false, false },
		{ "web@10.service", true, true, false, 0, 5, 0, false, false },
		{ "web@1.service", true, true, false, 0, 9, 0, false, false },
		{ "web@2.service", true, true, false, 3, 9, 0, false, false },
		{ "web@3.service", true, false, false, 3, 9, 0, false, false },
		{ "web@4.service", true, true, true, 3, 9, 0, false, false },
		{ "web@5.service", false, false, false, 0, 0, 8, false, false },
		{ "web@6.service", false, false, false, 0, 0, 7, false, false },
	};
	static const char *const want[] = { "web@5.service", "web@6.service",
					    "web@4.service", "web@3.service",
					    "web@1.service", "web@10.service",
					    "web@9.service", "web@2.service" };

	(void)state;
	placement_sort_victims(v, ARRAY_SIZE(v));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_string_equal(v[i].name, want[i]);
}

/* 1,000 tiers of three units on 500 hosts, from nothing and then at rest. */
static void large_fleets_are_placed_quickly(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	char name[32];
	double from_nothing, at_rest;
	size_t placed = 0;

	(void)state;
	f->pools[0].min = f->pools[0].max = 500;
	f->in.max_moves = 5;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "h%03d", i);
		host(f, name)->cpu = 4;
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "t%03d@%d.service", i / 3, i % 3 + 1);
		unit(f, name, NULL);
	}
	from_nothing = cpu_ms();
	apply(f);
	from_nothing = cpu_ms() - from_nothing;
	for (int i = 0; i < 3000; i++)
		placed += f->units[i].host != NULL;
	assert_int_equal(placed, 3000);
	at_rest = cpu_ms();
	assert_int_equal(apply(f), 0);
	at_rest = cpu_ms() - at_rest;
	print_message("3,000 units on 500 hosts: %.0f ms from nothing, %.0f ms at rest\n",
		      from_nothing, at_rest);
	assert_true(from_nothing < 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demand_packs_units_into_new_hosts),
		cmocka_unit_test(a_pool_stops_at_its_maximum_and_keeps_its_minimum),
		cmocka_unit_test(units_wait_for_hosts_that_boot),
		cmocka_unit_test(who_waited_longest_gets_the_host_that_joins_first),
		cmocka_unit_test(a_host_that_is_waited_for_does_not_leave),
		cmocka_unit_test(
			a_host_to_be_avoided_is_taken_when_there_is_no_other_way),
		cmocka_unit_test(hosts_leave_the_emptiest_then_the_newest_first),
		cmocka_unit_test(
			hosts_stay_for_the_minimum_pinned_units_and_lack_of_room),
		cmocka_unit_test(a_joined_host_gets_units_in_bounded_steps),
		cmocka_unit_test(balancing_comes_to_rest),
		cmocka_unit_test(a_difference_of_one_moves_nothing),
		cmocka_unit_test(withdrawn_units_take_room_until_they_are_gone),
		cmocka_unit_test(priority_goes_first_when_room_is_short),
		cmocka_unit_test(the_order_of_the_input_does_not_matter),
		cmocka_unit_test(an_empty_fleet_is_fine),
		cmocka_unit_test(victims_come_in_the_order_that_empties_hosts),
		cmocka_unit_test(large_fleets_are_placed_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
