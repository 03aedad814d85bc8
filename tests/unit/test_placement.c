/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "placement.h"
#include "unit_file.h"

#include <stdio.h>
#include <string.h>

#define MAX_HOSTS 600
#define MAX_UNITS 3200

/* A fleet that a test builds up; everything is in pool "p" unless it says otherwise. */
struct fleet {
	struct place_host hosts[MAX_HOSTS];
	struct place_unit units[MAX_UNITS];
	struct place_pool pools[4];
	struct x_fleet rules[32];
	size_t n_rules;
	struct place_input in;
	struct words names;
};

static struct fleet *fleet_new(void)
{
	struct fleet *f = xcalloc(1, sizeof(*f));

	f->in.hosts = f->hosts;
	f->in.units = f->units;
	f->in.pools = f->pools;
	f->in.n_pools = 1;
	f->pools[0] = (struct place_pool){
		.name = "p", .cpu = 2, .memory_bytes = 1000, .min = 0, .max = 100
	};
	return f;
}

static void fleet_free(struct fleet *f)
{
	for (size_t i = 0; i < f->n_rules; i++)
		x_fleet_done(&f->rules[i]);
	words_done(&f->names);
	free(f);
}
DEFINE_CLEANUP(struct fleet *, fleet_free);

static const char *keep(struct fleet *f, const char *name)
{
	words_add(&f->names, name);
	return f->names.v[f->names.n - 1];
}

static struct place_host *host(struct fleet *f, const char *id)
{
	struct place_host *h = &f->hosts[f->in.n_hosts++];

	*h = (struct place_host){ .id = keep(f, id),
				  .pool = "p",
				  .state = PLACE_UP,
				  .cpu = 2,
				  .memory_bytes = 1000 };
	return h;
}

/* The tier is what stands before the "@" or the dot. */
static struct place_unit *unit(struct fleet *f, const char *name, const char *at)
{
	struct place_unit *u = &f->units[f->in.n_units++];
	char tier[64];

	snprintf(tier, sizeof(tier), "%.*s", (int)strcspn(name, "@."), name);
	*u = (struct place_unit){ .name = keep(f, name),
				  .stack = "s",
				  .tier = keep(f, tier),
				  .pool = "p",
				  .cpu = 0.5,
				  .memory_bytes = 100,
				  .host = at };
	return u;
}

/* Gives the unit the [X-Fleet] lines. */
static void rule(struct fleet *f, struct place_unit *u, const char *lines)
{
	CLEANUP(buf_done) struct buf text;
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	struct err e;

	buf_init(&text, 1000);
	buf_printf(&text, "[X-Fleet]\n%s\n", lines);
	assert_ok(unit_file_parse(buf_str(&text), text.len, u->name, &file, &e), &e);
	assert_ok(x_fleet_read(file, u->name, &f->rules[f->n_rules], NULL, &e), &e);
	u->fleet = &f->rules[f->n_rules++];
}

static size_t index_of(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->in.n_units; i++)
		if (strcmp(f->units[i].name, name) == 0)
			return i;
	fail_msg("no unit %s", name);
	return 0;
}

/* Where the unit shall be, "-" for nowhere. */
static const char *where(const struct fleet *f, const struct placement *p,
			 const char *name)
{
	size_t at = p->rows[index_of(f, name)].host;

	return at == PLACE_NOWHERE ? "-" : f->hosts[at].id;
}

static enum place_action action(const struct fleet *f, const struct placement *p,
				const char *name)
{
	return p->rows[index_of(f, name)].action;
}

static void assert_reason(const struct fleet *f, const struct placement *p,
			  const char *name, const char *words)
{
	const char *reason = p->rows[index_of(f, name)].reason;

	if (!reason || !strstr(reason, words))
		fail_msg("%s: '%s' does not say '%s'", name, reason, words);
}

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
	assert_reason(f, &p, "db.service", "not to be moved");
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
	assert_reason(f, &p, "d.service", "2 other metadata");
	assert_reason(f, &p, "e.service", "2 not the machine asked for");
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
	assert_reason(f, &p, "r1.service", "circle");
	assert_reason(f, &p, "r2.service", "circle");
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
		{ "web@9.service", true, true, false, 0, 5 },
		{ "web@10.service", true, true, false, 0, 5 },
		{ "web@1.service", true, true, false, 0, 9 },
		{ "web@2.service", true, true, false, 3, 9 },
		{ "web@3.service", true, false, false, 3, 9 },
		{ "web@4.service", true, true, true, 3, 9 },
		{ "web@5.service", false, false, false, 0, 0 },
	};
	static const char *const want[] = { "web@5.service",  "web@4.service",
					    "web@3.service",  "web@1.service",
					    "web@10.service", "web@9.service",
					    "web@2.service" };

	(void)state;
	placement_sort_victims(v, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(v[i].name, want[i]);
}

/* 1,000 tiers of three units on 500 hosts, from nothing and then at rest. */
static void large_fleets_are_placed_quickly(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	char name[32];
	int64_t from_nothing, at_rest;
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
	from_nothing = clock_mono_ms();
	apply(f);
	from_nothing = clock_mono_ms() - from_nothing;
	for (int i = 0; i < 3000; i++)
		placed += f->units[i].host != NULL;
	assert_int_equal(placed, 3000);
	at_rest = clock_mono_ms();
	assert_int_equal(apply(f), 0);
	at_rest = clock_mono_ms() - at_rest;
	print_message("3,000 units on 500 hosts: %d ms from nothing, %d ms at rest\n",
		      (int)from_nothing, (int)at_rest);
	assert_true(from_nothing < 2000);
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
		cmocka_unit_test(demand_packs_units_into_new_hosts),
		cmocka_unit_test(a_pool_stops_at_its_maximum_and_keeps_its_minimum),
		cmocka_unit_test(units_wait_for_hosts_that_boot),
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

	return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
