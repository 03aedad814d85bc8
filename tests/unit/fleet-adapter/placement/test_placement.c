/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which unit runs on which host. */
#include "placement_fixture.h"

static void new_units_spread_over_hosts_by_tier(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "b");
	unit(f, "db.service", "a")->cpu = 0.1;
	unit(f, "web@1.service", NULL);
	unit(f, "web@2.service", NULL);
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "web@1.service"), "b");
	assert_string_equal(where(f, &p, "web@2.service"), "a");
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_START);
	assert_int_equal(action(f, &p, "db.service"), PLACE_STAY);
	assert_null(p.rows[0].reason);
}

static void what_runs_stays(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "b")->state = PLACE_SILENT;
	unit(f, "web@1.service", "a")->cpu = 9; /* too large by now */
	unit(f, "web@2.service", "b");
	rule(f, unit(f, "web@3.service", "b"), "MachineMetadata=x=y");
	placement_decide(&f->in, &p);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(p.rows[i].action, PLACE_STAY);
}

static void units_of_a_lost_host_start_elsewhere(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	unit(f, "web@1.service", "gone");
	unit(f, "db.service", "gone")->pinned = true;
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "web@1.service"), "a");
	assert_string_equal(where(f, &p, "db.service"), "a");
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_START);
}

static void a_draining_host_is_emptied_but_never_into_nothing(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "d")->state = PLACE_DRAINING;
	unit(f, "web@1.service", "d")->cpu = 1.5;
	unit(f, "web@2.service", "d")->cpu = 1.5;
	unit(f, "db.service", "d")->pinned = true;
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "web@1.service"), PLACE_MOVE);
	assert_string_equal(where(f, &p, "web@1.service"), "a");
	assert_int_equal(action(f, &p, "web@2.service"), PLACE_STAY);
	assert_string_equal(where(f, &p, "web@2.service"), "d");
	assert_reason(f, &p, "web@2.service", "waits for a new host of pool p");
	assert_int_equal(action(f, &p, "db.service"), PLACE_STAY);
	assert_reason(f, &p, "db.service", "must not be moved");
	assert_int_equal(p.demand[0].have, 1);
	assert_int_equal(p.demand[0].fresh, 1);
}

static void machine_id_and_metadata_choose_hosts(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(words_done) struct words ssd = { 0 };

	(void)state;
	words_add(&ssd, "disk=ssd");
	host(f, "p-00000001");
	host(f, "p-00000002")->metadata = &ssd;
	rule(f, unit(f, "a.service", NULL), "MachineID=p-00000001");
	rule(f, unit(f, "b.service", NULL), "MachineID=00000002");
	rule(f, unit(f, "c.service", NULL), "MachineMetadata=disk=hdd disk=ssd");
	rule(f, unit(f, "d.service", NULL), "MachineMetadata=disk=tape");
	rule(f, unit(f, "e.service", NULL), "MachineID=nowhere");
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "a.service"), "p-00000001");
	assert_string_equal(where(f, &p, "b.service"), "p-00000002");
	assert_string_equal(where(f, &p, "c.service"), "p-00000002");
	assert_string_equal(where(f, &p, "d.service"), "-");
	assert_reason(f, &p, "d.service", "2 with other metadata");
	assert_reason(f, &p, "e.service", "2 not the requested machine");
	assert_int_equal(p.demand[0].fresh, 0); /* no new host would help */
}

static void a_unit_whose_rules_are_broken_moves(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(words_done) struct words ssd = { 0 };

	(void)state;
	words_add(&ssd, "disk=ssd");
	host(f, "a");
	host(f, "b")->metadata = &ssd;
	rule(f, unit(f, "x.service", "a"), "MachineMetadata=disk=ssd");
	placement_decide(&f->in, &p);
	assert_int_equal(action(f, &p, "x.service"), PLACE_MOVE);
	assert_string_equal(where(f, &p, "x.service"), "b");
}

static void conflicts_hold_in_both_directions(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "b");
	rule(f, unit(f, "web@1.service", "a"), "Conflicts=web@*\nConflicts=lb.*");
	rule(f, unit(f, "web@2.service", NULL), "Conflicts=web@*");
	rule(f, unit(f, "web@3.service", NULL), "Conflicts=web@*");
	unit(f, "lb.service", NULL);
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "web@2.service"), "b");
	assert_string_equal(where(f, &p, "lb.service"), "b");
	assert_string_equal(where(f, &p, "web@3.service"), "-");
	assert_reason(f, &p, "web@3.service", "waits for a new host");
	assert_int_equal(p.demand[0].fresh, 1);
}

static void two_that_conflict_on_one_host_part(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "b");
	rule(f, unit(f, "x.service", "a"), "Conflicts=y.*");
	unit(f, "y.service", "a");
	placement_decide(&f->in, &p);
	assert_int_equal((action(f, &p, "x.service") == PLACE_MOVE) +
				 (action(f, &p, "y.service") == PLACE_MOVE),
			 1);
	assert_string_not_equal(where(f, &p, "x.service"), where(f, &p, "y.service"));
}

static void units_with_the_same_port_share_no_host(void **state)
{
	static const int port[] = { 8080 };
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	struct place_unit *u;

	(void)state;
	host(f, "a");
	u = unit(f, "x.service", "a");
	u->ports = port;
	u->n_ports = 1;
	u = unit(f, "y.service", NULL);
	u->ports = port;
	u->n_ports = 1;
	unit(f, "z.service", NULL);
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "y.service"), "-");
	assert_string_equal(where(f, &p, "z.service"), "a");
	assert_int_equal(p.demand[0].fresh, 1);
}

static void machine_of_keeps_units_together(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a")->cpu = 0.9; /* the leader alone would fit */
	host(f, "b");
	unit(f, "app.service", NULL);
	rule(f, unit(f, "a-side.service", NULL), "MachineOf=app.service");
	rule(f, unit(f, "z-side.service", NULL), "MachineOf=a-side.service");
	rule(f, unit(f, "lost.service", NULL), "MachineOf=absent.service");
	rule(f, unit(f, "r1.service", NULL), "MachineOf=r2.service");
	rule(f, unit(f, "r2.service", NULL), "MachineOf=r1.service");
	unit(f, "big.service", NULL)->cpu = 0.6;
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "app.service"), "b");
	assert_string_equal(where(f, &p, "a-side.service"), "b");
	assert_string_equal(where(f, &p, "z-side.service"), "b");
	assert_string_equal(where(f, &p, "big.service"), "a");
	assert_reason(f, &p, "lost.service", "does not exist");
	assert_reason(f, &p, "r1.service", "circular");
	assert_reason(f, &p, "r2.service", "circular");
	assert_int_equal(p.demand[0].fresh, 0);
}

static void followers_move_with_their_unit(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a")->state = PLACE_DRAINING;
	host(f, "b");
	rule(f, unit(f, "a-side.service", "a"), "MachineOf=app.service");
	unit(f, "app.service", "a");
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "app.service"), "b");
	assert_string_equal(where(f, &p, "a-side.service"), "b");
	assert_int_equal(action(f, &p, "a-side.service"), PLACE_MOVE);
}

static void globals_run_on_every_able_host(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(words_done) struct words ssd = { 0 };

	(void)state;
	words_add(&ssd, "disk=ssd");
	f->pools[1] = (struct place_pool){ .name = "q", .max = 5 };
	f->in.n_pools = 2;
	host(f, "a")->metadata = &ssd;
	host(f, "b");
	host(f, "c")->state = PLACE_BOOTING;
	host(f, "d")->pool = "q";
	host(f, "e")->metadata = &ssd;
	rule(f, unit(f, "log.service", NULL),
	     "Global=true\nMachineMetadata=disk=ssd\n"
	     "Conflicts=db.*");
	unit(f, "db.service", "e");
	rule(f, unit(f, "all.service", NULL), "Global=true");
	placement_decide(&f->in, &p);
	assert_int_equal(p.rows[0].action, PLACE_GLOBAL);
	assert_int_equal(p.n_globals, 4);
	assert_int_equal(p.globals[0].unit, 2); /* by name: all before log */
	assert_int_equal(p.globals[0].host, 0);
	assert_int_equal(p.globals[1].host, 1);
	assert_int_equal(p.globals[2].host, 4);
	assert_int_equal(p.globals[3].unit, 0);
	assert_int_equal(p.globals[3].host, 0);
}

static void globals_take_their_share_of_new_hosts(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	struct place_unit *g = unit(f, "log.service", NULL);

	(void)state;
	rule(f, g, "Global=1");
	g->cpu = 1;
	unit(f, "web@1.service", NULL)->cpu = 0.9;
	unit(f, "web@2.service", NULL)->cpu = 0.9;
	placement_decide(&f->in, &p);
	assert_int_equal(p.demand[0].fresh, 2);
}

static void replacing_moves_the_other_away(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	host(f, "b")->cpu = 0.5;
	unit(f, "old.service", "a")->cpu = 0.5;
	rule(f, unit(f, "new.service", NULL), "Replaces=old.*");
	f->units[1].cpu = 2; /* fits on a only without old */
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "new.service"), "a");
	assert_string_equal(where(f, &p, "old.service"), "b");
	assert_int_equal(action(f, &p, "old.service"), PLACE_MOVE);
}

static void mutual_and_circular_replaces_come_to_an_end(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;
	CLEANUP(placement_done) struct placement q;

	(void)state;
	host(f, "a");
	rule(f, unit(f, "x.service", "a"), "Replaces=y.*");
	rule(f, unit(f, "y.service", NULL), "Replaces=x.*");
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "x.service"), "a");
	assert_string_equal(where(f, &p, "y.service"), "a");
	f->in.n_units = 0;
	rule(f, unit(f, "x.service", "a"), "Replaces=y.*");
	rule(f, unit(f, "y.service", "a"), "Replaces=z.*");
	rule(f, unit(f, "z.service", NULL), "Replaces=x.*");
	placement_decide(&f->in, &q);
	assert_int_equal(q.n_rows, 3);
}

static void pinned_units_do_not_give_way(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	CLEANUP(placement_done) struct placement p;

	(void)state;
	host(f, "a");
	unit(f, "old.service", "a")->pinned = true;
	rule(f, unit(f, "new.service", NULL), "Replaces=old.*");
	placement_decide(&f->in, &p);
	assert_string_equal(where(f, &p, "old.service"), "a");
	assert_string_equal(where(f, &p, "new.service"), "-");
	assert_int_equal(p.demand[0].fresh, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_units_spread_over_hosts_by_tier),
		cmocka_unit_test(what_runs_stays),
		cmocka_unit_test(units_of_a_lost_host_start_elsewhere),
		cmocka_unit_test(a_draining_host_is_emptied_but_never_into_nothing),
		cmocka_unit_test(machine_id_and_metadata_choose_hosts),
		cmocka_unit_test(a_unit_whose_rules_are_broken_moves),
		cmocka_unit_test(conflicts_hold_in_both_directions),
		cmocka_unit_test(two_that_conflict_on_one_host_part),
		cmocka_unit_test(units_with_the_same_port_share_no_host),
		cmocka_unit_test(machine_of_keeps_units_together),
		cmocka_unit_test(followers_move_with_their_unit),
		cmocka_unit_test(globals_run_on_every_able_host),
		cmocka_unit_test(globals_take_their_share_of_new_hosts),
		cmocka_unit_test(replacing_moves_the_other_away),
		cmocka_unit_test(mutual_and_circular_replaces_come_to_an_end),
		cmocka_unit_test(pinned_units_do_not_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
