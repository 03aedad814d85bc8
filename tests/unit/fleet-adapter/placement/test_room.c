/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many instances a pool has room for, and who gives way to whom until all is still.
 */
#include "placement_fixture.h"

#define TIERS 3
#define ROUNDS 200
#define FLEETS 300

static const char *const tier_names[TIERS] = { "app", "db", "web" };

static uint32_t seed;

/* 0 to n - 1 */
static int pick(int n)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)((seed >> 8) % (uint32_t)n);
}

/* The fleet's tiers, with a probe of each; of each tier as its first unit is. */
static void add_probes(struct fleet *f, struct place_tier tiers[TIERS])
{
	for (int t = 0; t < TIERS; t++) {
		char name[32];
		struct place_unit *probe;
		const size_t n = f->in.n_units;

		snprintf(name, sizeof(name), "%s@0.service", tier_names[t]);
		probe = unit(f, name, NULL);
		for (size_t i = 0; i < n; i++) {
			if (strcmp(f->units[i].tier, tier_names[t]) != 0)
				continue;
			probe->cpu = f->units[i].cpu;
			probe->priority = f->units[i].priority;
			break;
		}
		probe->leaving = true;
		tiers[t].stack = "s";
		tiers[t].tier = tier_names[t];
		tiers[t].probe = n;
		tiers[t].most = SIZE_MAX;
	}
}

static struct place_room room_of(struct fleet *f, const char *tier)
{
	struct place_tier tiers[TIERS] = { { 0 } };
	struct place_room rooms[TIERS];
	int t = 0;

	add_probes(f, tiers);
	placement_find_room(&f->in, tiers, TIERS, rooms);
	f->in.n_units -= TIERS;
	while (strcmp(tier_names[t], tier) != 0)
		t++;
	return rooms[t];
}

static void room_is_what_hosts_have_and_what_the_pool_may_add(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room r;

	(void)state;
	f->pools[0].max = 4;
	host(f, "a");
	host(f, "b")->state = PLACE_BOOTING;
	unit(f, "web@1.service", "a"); /* four of them fill a host */
	unit(f, "web@2.service", NULL);
	r = room_of(f, "web");
	assert_int_equal(r.has, 2);
	assert_int_equal(r.waiting, 0);
	assert_int_equal(r.more, 3 - 1 + 4 + 2 * 4);
	assert_int_equal(r.others, 0);
	f->pools[0].going = 1; /* it still exists */
	assert_int_equal(room_of(f, "web").more, 3 - 1 + 4 + 4);
	f->hosts[1].state = PLACE_DRAINING; /* it takes none, and is not counted */
	assert_int_equal(room_of(f, "web").more, 3 - 1 + 2 * 4);
}

static void what_waits_in_a_full_pool_is_not_there(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room r;
	char name[32];

	(void)state;
	f->pools[0].max = 1;
	host(f, "a");
	for (int i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), "web@%d.service", i);
		unit(f, name, i <= 3 ? "a" : NULL);
	}
	r = room_of(f, "web");
	assert_int_equal(r.has, 4);
	assert_int_equal(r.waiting, 2);
	assert_int_equal(r.more, 0);
}

static void without_sizes_and_ports_there_is_no_limit(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room r;

	(void)state;
	f->pools[0] = (struct place_pool){ .name = "p", .max = 1 };
	host(f, "a")->cpu = 0;
	f->hosts[0].memory_bytes = 0;
	unit(f, "web@1.service", "a");
	r = room_of(f, "web");
	assert_true(r.more == PLACE_NO_LIMIT);
	f->pools[0].max = 0;
	f->in.n_hosts = 0;
	f->units[0].host = NULL;
	r = room_of(f, "web");
	assert_int_equal(r.more, 0);
	assert_int_equal(r.waiting, 1);
}

/* 1,000 tiers of three units on 500 hosts that are full. */
static void the_room_of_large_fleets_is_found_quickly(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_tier *tiers = xcalloc(1000, sizeof(*tiers));
	struct place_room *rooms = xcalloc(1000, sizeof(*rooms));
	double took;

	(void)state;
	f->pools[0].max = 500;
	for (int i = 0; i < 500; i++) {
		char id[16];

		snprintf(id, sizeof(id), "h%03d", i);
		host(f, id)->cpu = 3;
	}
	for (int t = 0; t < 1000; t++) {
		char name[40];

		for (int i = 0; i < 3; i++) {
			snprintf(name, sizeof(name), "t%03d@%d.service", t, i + 1);
			unit(f, name, f->hosts[(3 * t + i) % 500].id);
		}
	}
	for (int t = 0; t < 1000; t++) {
		char name[40];

		snprintf(name, sizeof(name), "t%03d@0.service", t);
		tiers[t] = (struct place_tier){ .probe = f->in.n_units, .most = 9 };
		unit(f, name, NULL)->leaving = true;
		tiers[t].stack = "s";
		tiers[t].tier = f->units[f->in.n_units - 1].tier;
	}
	took = cpu_ms();
	placement_find_room(&f->in, tiers, 1000, rooms);
	took = cpu_ms() - took;
	print_message("the room of 1,000 tiers on 500 hosts in %.0f ms\n", took);
	for (int t = 0; t < 1000; t++) {
		assert_int_equal(rooms[t].has, 3);
		assert_int_equal(rooms[t].more, 0);
	}
	assert_true(took < 1000);
	free(tiers);
	free(rooms);
}

/* ---------------------------------------------------------------- giving way */

struct tier {
	double cpu;
	int priority;
	int wants, min;
};

struct play {
	struct fleet *f;
	struct tier tiers[TIERS];
	int given;      /* instances in all */
	bool is_moving; /* something changed in the last round */
};

static int number_of(const struct place_unit *u)
{
	int t = 0;

	while (strcmp(tier_names[t], u->tier) != 0)
		t++;
	return t;
}

static int count(const struct play *p, int tier, bool placed)
{
	int n = 0;

	for (size_t i = 0; i < p->f->in.n_units; i++)
		n += number_of(&p->f->units[i]) == tier && !p->f->units[i].leaving &&
		     (!placed || p->f->units[i].host);
	return n;
}

static bool has_unit(const struct play *p, const char *name)
{
	for (size_t i = 0; i < p->f->in.n_units; i++)
		if (strcmp(p->f->units[i].name, name) == 0)
			return true;
	return false;
}

static void add(struct play *p, int tier)
{
	struct place_unit *u;
	char name[32];
	int n = 1;

	do
		snprintf(name, sizeof(name), "%s@%d.service", tier_names[tier], n++);
	while (has_unit(p, name));
	u = unit(p->f, name, NULL);
	u->cpu = p->tiers[tier].cpu;
	u->memory_bytes = 0;
	u->priority = p->tiers[tier].priority;
	p->is_moving = true;
}

/* One that nobody needs any more leaves, those without a host first. */
static void drop(struct play *p, int tier)
{
	struct place_unit *last = NULL;

	for (size_t i = 0; i < p->f->in.n_units; i++) {
		struct place_unit *u = &p->f->units[i];

		if (number_of(u) == tier && !u->leaving && (!last || !u->host))
			last = u;
	}
	last->leaving = true;
	p->is_moving = true;
}

/* What left in the last round is gone now. */
static void remove_left(struct play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->f->in.n_units; i++) {
		if (p->f->units[i].leaving)
			p->is_moving = true;
		else
			p->f->units[n++] = p->f->units[i];
	}
	p->f->in.n_units = n;
}

static void place_all(struct play *p, const struct place_room rooms[TIERS])
{
	CLEANUP(placement_done) struct placement out;

	for (int t = 0; t < TIERS; t++) {
		if (rooms[t].keep == PLACE_NOWHERE)
			continue;
		p->f->hosts[rooms[t].keep].is_kept = true;
		p->f->hosts[rooms[t].keep].kept_priority = p->tiers[t].priority;
	}
	placement_decide(&p->f->in, &out);
	for (size_t i = 0; i < p->f->in.n_units; i++) {
		if (out.rows[i].action != PLACE_START)
			continue;
		p->f->units[i].host = p->f->hosts[out.rows[i].host].id;
		p->is_moving = true;
	}
}

static void find_room(struct play *p, struct place_room rooms[TIERS])
{
	struct place_tier tiers[TIERS] = { { 0 } };

	for (int t = 0; t < TIERS; t++)
		tiers[t].spare = (size_t)MAX(count(p, t, false) - p->tiers[t].min, 0);
	add_probes(p->f, tiers);
	for (int t = 0; t < TIERS; t++) {
		struct place_unit *probe = &p->f->units[tiers[t].probe];

		probe->cpu = p->tiers[t].cpu;
		probe->memory_bytes = 0;
		probe->priority = p->tiers[t].priority;
	}
	placement_find_room(&p->f->in, tiers, TIERS, rooms);
	p->f->in.n_units -= TIERS;
}

/* One instance at a time, of a lower priority than the one that waits, never below the
 * minimum. */
static void give_up(struct play *p, const struct place_room rooms[TIERS])
{
	int n = 0;

	for (int t = 0; t < TIERS; t++) {
		const struct place_room *r = &rooms[t];

		if (r->gives == PLACE_NOWHERE)
			continue;
		assert_true(number_of(&p->f->units[r->gives]) == t);
		assert_true(p->tiers[t].priority < p->tiers[r->taker].priority);
		assert_true(count(p, t, false) > p->tiers[t].min);
		assert_true(rooms[r->taker].waiting > 0);
		p->f->units[r->gives].leaving = true;
		p->given++;
		n++;
	}
	assert_true(n <= 1);
	p->is_moving |= n > 0;
}

/* As the controller: room, decision, plan, placement. */
static void play_round(struct play *p)
{
	struct place_room rooms[TIERS];

	p->is_moving = false;
	for (size_t i = 0; i < p->f->in.n_hosts; i++)
		p->f->hosts[i].is_kept = false;
	remove_left(p);
	find_room(p, rooms);
	give_up(p, rooms);
	for (int t = 0; t < TIERS; t++) {
		const struct place_room *r = &rooms[t];
		const size_t most = r->has + r->more + r->others;
		const int want = MAX(MIN(p->tiers[t].wants, (int)MIN(most, (size_t)99)),
				     p->tiers[t].min);

		/* One that gives way in this round does not ask for more. */
		while (r->gives == PLACE_NOWHERE && count(p, t, false) < want)
			add(p, t);
		while (count(p, t, false) > MAX(p->tiers[t].wants, p->tiers[t].min))
			drop(p, t);
	}
	place_all(p, rooms);
}

/* Until nothing moves any more; then nothing ever does. */
static void settle(struct play *p)
{
	int rounds = 0, given;

	do {
		play_round(p);
		assert_true(++rounds < ROUNDS);
	} while (p->is_moving);
	given = p->given;
	for (int i = 0; i < 20; i++) {
		play_round(p);
		assert_false(p->is_moving);
	}
	assert_int_equal(p->given, given);
}

static struct play *play_new(int hosts)
{
	struct play *p = xcalloc(1, sizeof(*p));

	p->f = fleet_new();
	p->f->pools[0].max = (size_t)hosts;
	for (int i = 0; i < hosts; i++) {
		char id[16];

		snprintf(id, sizeof(id), "h%d", i);
		host(p->f, id);
	}
	for (int t = 0; t < TIERS; t++)
		p->tiers[t] = (struct tier){ .cpu = 2 }; /* a host each */
	return p;
}

static void play_free(struct play *p)
{
	if (p)
		fleet_free(p->f);
	free(p);
}
DEFINE_CLEANUP(struct play *, play_free);

enum { APP, DB, WEB };

static void a_higher_priority_gets_hosts_from_a_lower_one(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(4);

	(void)state;
	p->tiers[APP].wants = 4;
	p->tiers[APP].min = 1;
	settle(p);
	assert_int_equal(count(p, APP, true), 4);
	p->tiers[WEB].priority = 10;
	p->tiers[WEB].wants = 2;
	settle(p);
	assert_int_equal(count(p, WEB, true), 2);
	assert_int_equal(count(p, APP, true), 2);
	assert_int_equal(p->given, 2);
	p->tiers[WEB].wants = 9; /* all but its minimum */
	settle(p);
	assert_int_equal(count(p, WEB, true), 3);
	assert_int_equal(count(p, APP, true), 1);
	assert_int_equal(count(p, WEB, false), 3);
}

static void equals_take_nothing_from_each_other(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(4);

	(void)state;
	p->tiers[APP].wants = 4;
	settle(p);
	p->tiers[WEB].wants = p->tiers[WEB].min = 3;
	settle(p);
	assert_int_equal(count(p, APP, true), 4);
	assert_int_equal(count(p, WEB, true), 0);
	assert_int_equal(p->given, 0);
}

/* Two small ones on one host make way for a large one, and not one on each of two. */
static void room_is_made_on_one_host(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(2);

	(void)state;
	p->tiers[APP].cpu = 1;
	p->tiers[APP].wants = 4;
	settle(p);
	p->tiers[DB].wants = 1;
	p->tiers[DB].priority = 1;
	settle(p);
	assert_int_equal(count(p, DB, true), 1);
	assert_int_equal(count(p, APP, true), 2);
	assert_int_equal(p->given, 2);
}

static void nothing_is_given_up_in_vain(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(2);

	(void)state;
	p->tiers[APP].cpu = 1;
	p->tiers[APP].wants = 4;
	p->tiers[APP].min = 3; /* one to spare, which is not enough */
	settle(p);
	p->tiers[DB].wants = p->tiers[DB].min = 1;
	p->tiers[DB].priority = 1;
	settle(p);
	assert_int_equal(p->given, 0);
	assert_int_equal(count(p, APP, true), 4);
}

/* The lowest gives first; one of a middle priority takes and gives. */
static void the_lowest_gives_first(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(6);

	(void)state;
	p->tiers[APP] = (struct tier){ 2, 0, 3, 1 };
	p->tiers[DB] = (struct tier){ 2, 5, 3, 1 };
	settle(p);
	p->tiers[WEB] = (struct tier){ 2, 9, 3, 0 };
	settle(p);
	assert_int_equal(count(p, APP, true), 1);
	assert_int_equal(count(p, DB, true), 2);
	assert_int_equal(count(p, WEB, true), 3);
}

static void a_pinned_one_is_not_given_up(void **state)
{
	CLEANUP(play_free) struct play *p = play_new(2);

	(void)state;
	p->tiers[APP].wants = 2;
	settle(p);
	for (size_t i = 0; i < p->f->in.n_units; i++)
		p->f->units[i].pinned = true;
	p->tiers[WEB].wants = p->tiers[WEB].min = 1;
	p->tiers[WEB].priority = 1;
	settle(p);
	assert_int_equal(p->given, 0);
}

/* The fleet's room, when so many of "app" may be given up. */
static void find_with_spare(struct fleet *f, size_t spare, struct place_room rooms[TIERS])
{
	struct place_tier tiers[TIERS] = { { 0 } };

	add_probes(f, tiers);
	tiers[APP].spare = spare;
	placement_find_room(&f->in, tiers, TIERS, rooms);
	f->in.n_units -= TIERS;
}

/* Once the only one that it shuns is gone, any number fits there. */
static void what_only_shuns_others_is_counted_as_far_as_it_is_looked_for(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_tier tiers[2] = {
		{ .stack = "s", .tier = "app", .probe = PLACE_NOWHERE, .spare = 1 },
		{ .stack = "s", .tier = "web", .probe = 1, .most = 4 },
	};
	struct place_room rooms[2];
	struct place_unit *probe;

	(void)state;
	f->pools[0] = (struct place_pool){ .name = "p", .max = 1 };
	host(f, "a")->cpu = 0;
	f->hosts[0].memory_bytes = 0;
	unit(f, "app@1.service", "a");
	probe = unit(f, "web@0.service", NULL);
	probe->priority = 5;
	probe->leaving = true;
	rule(f, probe, "Conflicts=app@*");
	placement_find_room(&f->in, tiers, 2, rooms);
	assert_int_equal(rooms[1].more, 0);
	assert_int_equal(rooms[1].others, 4);
	tiers[1].most = SIZE_MAX;
	placement_find_room(&f->in, tiers, 2, rooms);
	assert_in_range(rooms[1].others, 1000, SIZE_MAX);
}

/* It runs until another serves in its place, which may be never. */
static void what_leaves_but_does_not_drain_stops_nobody(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room rooms[TIERS];

	(void)state;
	f->pools[0].max = 1;
	host(f, "a");
	unit(f, "app@1.service", "a")->cpu = 1;
	unit(f, "app@2.service", "a")->cpu = 1;
	f->units[1].leaving = true;
	unit(f, "web@1.service", NULL)->cpu = 1;
	f->units[2].priority = 1;
	find_with_spare(f, 1, rooms);
	assert_int_equal(rooms[APP].gives, 0);
	assert_int_equal(rooms[APP].taker, WEB);
	f->units[1].drains = true;
	find_with_spare(f, 1, rooms);
	assert_int_equal(rooms[APP].gives, PLACE_NOWHERE);
	assert_int_equal(rooms[WEB].keep, 0);
}

static void one_that_fits_nowhere_does_not_stop_the_next(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room rooms[TIERS];

	(void)state;
	f->pools[0].max = 1;
	host(f, "a");
	unit(f, "app@1.service", "a")->cpu = 2;
	unit(f, "db@1.service", NULL)->cpu = 8; /* more than a host has */
	f->units[1].priority = 9;
	unit(f, "web@1.service", NULL)->cpu = 2;
	f->units[2].priority = 5;
	find_with_spare(f, 1, rooms);
	assert_int_equal(rooms[APP].gives, 0);
	assert_int_equal(rooms[APP].taker, WEB);
	assert_int_equal(rooms[WEB].keep, 0);
	assert_int_equal(rooms[DB].keep, PLACE_NOWHERE);
}

static void one_that_serves_nobody_goes_before_others(void **state)
{
	CLEANUP(fleet_free) struct fleet *f = fleet_new();
	struct place_room rooms[TIERS];

	(void)state;
	f->pools[0].max = 2;
	for (int i = 0; i < 4; i++) {
		char name[32];

		if (i % 2 == 0)
			host(f, i ? "b" : "a");
		snprintf(name, sizeof(name), "app@%d.service", i + 1);
		unit(f, name, i < 2 ? "a" : "b")->cpu = 1;
		f->units[i].wanted_ms = -i;
	}
	f->units[3].sick = true; /* neither on the first host nor wanted last */
	unit(f, "web@1.service", NULL)->cpu = 1;
	f->units[4].priority = 1;
	find_with_spare(f, 4, rooms);
	assert_int_equal(rooms[APP].gives, 3);
}

/* Whatever they want, and however it changes, it ends. */
static void any_fleet_comes_to_rest(void **state)
{
	int given = 0;

	(void)state;
	for (uint32_t n = 0; n < FLEETS; n++) {
		CLEANUP(play_free) struct play *p = NULL;

		seed = n * 2654435761u + 1;
		p = play_new(1 + pick(6));
		for (int t = 0; t < TIERS; t++)
			p->tiers[t] = (struct tier){ .cpu = 0.25 * (1 + pick(8)),
						     .priority = pick(3),
						     .min = pick(3) };
		for (int change = 0; change < 4; change++) {
			for (int t = 0; t < TIERS; t++)
				p->tiers[t].wants = pick(12);
			settle(p);
		}
		given += p->given;
	}
	print_message("%d gave way\n", given);
	assert_true(given > 100); /* it was not dull */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_what_hosts_have_and_what_the_pool_may_add),
		cmocka_unit_test(what_waits_in_a_full_pool_is_not_there),
		cmocka_unit_test(without_sizes_and_ports_there_is_no_limit),
		cmocka_unit_test(the_room_of_large_fleets_is_found_quickly),
		cmocka_unit_test(a_higher_priority_gets_hosts_from_a_lower_one),
		cmocka_unit_test(equals_take_nothing_from_each_other),
		cmocka_unit_test(room_is_made_on_one_host),
		cmocka_unit_test(nothing_is_given_up_in_vain),
		cmocka_unit_test(the_lowest_gives_first),
		cmocka_unit_test(a_pinned_one_is_not_given_up),
		cmocka_unit_test(
			what_only_shuns_others_is_counted_as_far_as_it_is_looked_for),
		cmocka_unit_test(what_leaves_but_does_not_drain_stops_nobody),
		cmocka_unit_test(one_that_fits_nowhere_does_not_stop_the_next),
		cmocka_unit_test(one_that_serves_nobody_goes_before_others),
		cmocka_unit_test(any_fleet_comes_to_rest),
	};

	return cmocka_run_group_tests_name("placement_room", tests, NULL, NULL);
}
