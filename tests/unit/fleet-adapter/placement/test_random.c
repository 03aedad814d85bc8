/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fleets made up at random, from a fixed seed, and what must be true of every placement.
 */
#include "test.h"

#include "check.h"
#include "placement.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

#define FLEETS 400
#define HOSTS 12
#define UNITS 40

struct fleet {
	char host_ids[HOSTS][16];
	char unit_names[UNITS][32];
	char tiers[UNITS][8];
	struct words metadata[HOSTS];
	struct x_fleet rules[UNITS];
	int ports[UNITS];
	struct place_host hosts[HOSTS];
	struct place_unit units[UNITS];
	struct place_pool pools[2];
	struct place_input in;
};

static uint32_t seed;

/* 0 to n - 1 */
static int pick(int n)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)((seed >> 8) % (uint32_t)n);
}

static void make_host(struct fleet *f, int i)
{
	static const enum place_host_state states[] = { PLACE_UP,      PLACE_UP,
							PLACE_UP,      PLACE_UP,
							PLACE_BOOTING, PLACE_SILENT,
							PLACE_DRAINING };

	snprintf(f->host_ids[i], sizeof(f->host_ids[i]), "h-%08d", i * 7 % 100);
	words_add(&f->metadata[i], pick(2) ? "disk=ssd" : "disk=hdd");
	f->hosts[i] = (struct place_host){
		.id = f->host_ids[i],
		.pool = pick(4) ? "p" : "q",
		.state = states[pick(7)],
		.cpu = pick(6) ? 1 + pick(4) : 0,
		.memory_bytes = pick(6) ? 500 + 500 * pick(4) : 0,
		.metadata = &f->metadata[i],
		.joined_ms = pick(5),
	};
}

static void make_rules(struct fleet *f, int i, int n_units)
{
	struct x_fleet *x = &f->rules[i];

	switch (pick(12)) {
	case 0:
		words_addf(&x->conflicts, "t%d@*", pick(5));
		break;
	case 1:
		words_add(&x->metadata, "disk=ssd");
		break;
	case 2:
		if (i > 0 && n_units > 1)
			words_add(&x->machine_of, f->unit_names[pick(i)]);
		break;
	case 3:
		x->machine_id = xstrdup(f->host_ids[pick(HOSTS / 2)]);
		break;
	case 4:
		words_addf(&x->replaces, "t%d@*", pick(5));
		break;
	case 5:
		x->global = pick(3) == 0;
		break;
	default:
		break;
	}
}

static void make_unit(struct fleet *f, int i, int n_hosts, int n_units)
{
	int tier = pick(5);

	snprintf(f->tiers[i], sizeof(f->tiers[i]), "t%d", tier);
	snprintf(f->unit_names[i], sizeof(f->unit_names[i]), "t%d@%d.service", tier, i);
	make_rules(f, i, n_units);
	f->ports[i] = 8000 + pick(3);
	f->units[i] = (struct place_unit){
		.name = f->unit_names[i],
		.stack = "s",
		.tier = f->tiers[i],
		.pool = pick(4) ? "p" : "q",
		.fleet = &f->rules[i],
		.cpu = 0.25 * pick(5),
		.memory_bytes = 100 * pick(4),
		.ports = &f->ports[i],
		.n_ports = pick(6) == 0,
		.host = n_hosts && pick(2) ? f->host_ids[pick(n_hosts)] : NULL,
		.leaving = pick(10) == 0,
		.pinned = pick(8) == 0,
		.priority = pick(3),
	};
	if (pick(20) == 0)
		f->units[i].host = "gone";
}

static struct fleet *fleet_new(uint32_t number)
{
	struct fleet *f = xcalloc(1, sizeof(*f));
	int n_hosts, n_units;

	seed = number * 2654435761u + 1;
	n_hosts = pick(HOSTS + 1);
	n_units = pick(UNITS + 1);
	for (int i = 0; i < HOSTS; i++)
		make_host(f, i);
	for (int i = 0; i < n_units; i++)
		make_unit(f, i, n_hosts, n_units);
	f->pools[0] = (struct place_pool){ .name = "p",
					   .cpu = 4,
					   .memory_bytes = 2000,
					   .min = (size_t)pick(3),
					   .max = 10 };
	f->pools[1] = (struct place_pool){ .name = "q", .cpu = 2, .max = 4 };
	f->in = (struct place_input){
		.hosts = f->hosts,
		.n_hosts = (size_t)n_hosts,
		.units = f->units,
		.n_units = (size_t)n_units,
		.pools = f->pools,
		.n_pools = 2,
		.max_moves = (size_t)pick(4),
	};
	return f;
}

static void fleet_free(struct fleet *f)
{
	for (int i = 0; i < HOSTS; i++)
		words_done(&f->metadata[i]);
	for (int i = 0; i < UNITS; i++)
		x_fleet_done(&f->rules[i]);
	free(f);
}
DEFINE_CLEANUP(struct fleet *, fleet_free);

/* ---------------------------------------------------------------- what must be true */

static bool names(const struct words *globs, const char *name)
{
	for (size_t i = 0; i < globs->n; i++)
		if (unit_glob(globs->v[i], name))
			return true;
	return false;
}

static bool conflicts(const struct place_unit *a, const struct place_unit *b)
{
	return names(&a->fleet->conflicts, b->name) ||
	       names(&b->fleet->conflicts, a->name) ||
	       (a->n_ports && b->n_ports && *a->ports == *b->ports);
}

static bool replaces(const struct place_unit *a, const struct place_unit *b)
{
	return names(&a->fleet->replaces, b->name) &&
	       !names(&b->fleet->replaces, a->name);
}

static bool is_on(const struct fleet *f, const struct placement *p, size_t unit,
		  size_t host)
{
	for (size_t i = 0; i < p->n_globals; i++)
		if (p->globals[i].unit == unit && p->globals[i].host == host)
			return true;
	return !f->units[unit].fleet->global && p->rows[unit].host == host;
}

/* All rules between a unit that was put on a host in this round and those there. */
static void check_neighbours(const struct fleet *f, const struct placement *p, size_t u)
{
	size_t at = p->rows[u].host;
	const struct place_unit *unit = &f->units[u];

	for (size_t i = 0; i < f->in.n_units; i++) {
		if (i == u || !is_on(f, p, i, at))
			continue;
		if (conflicts(unit, &f->units[i]) || replaces(unit, &f->units[i]) ||
		    replaces(&f->units[i], unit))
			fail_msg("%s and %s are on %s", unit->name, f->units[i].name,
				 f->hosts[at].id);
	}
	for (size_t i = 0; i < unit->fleet->machine_of.n; i++) {
		size_t peer = 0;

		while (strcmp(f->units[peer].name, unit->fleet->machine_of.v[i]) != 0)
			peer++;
		if (p->rows[peer].host != at)
			fail_msg("%s is not with its peer", unit->name);
	}
}

static void check_room(const struct fleet *f, const struct placement *p, size_t at)
{
	const struct place_host *h = &f->hosts[at];
	double cpu = 0;
	int64_t memory = 0;

	for (size_t i = 0; i < f->in.n_units; i++) {
		if (is_on(f, p, i, at)) {
			cpu += f->units[i].cpu;
			memory += f->units[i].memory_bytes;
		}
	}
	if ((h->cpu > 0 && cpu > h->cpu + 1e-6) ||
	    (h->memory_bytes > 0 && memory > h->memory_bytes))
		fail_msg("%s holds %g CPU and %lld bytes", h->id, cpu, (long long)memory);
}

static void check_placed(const struct fleet *f, const struct placement *p, size_t u)
{
	const struct place_unit *unit = &f->units[u];
	const struct place_host *h = &f->hosts[p->rows[u].host];

	if (h->state != PLACE_UP || strcmp(h->pool, unit->pool) != 0 ||
	    !x_fleet_is_machine(unit->fleet, h->id) ||
	    !x_fleet_metadata_fits(unit->fleet, h->metadata))
		fail_msg("%s must not be on %s", unit->name, h->id);
	check_neighbours(f, p, u);
	check_room(f, p, p->rows[u].host);
}

static size_t find_host(const struct fleet *f, const char *id)
{
	for (size_t i = 0; id && i < f->in.n_hosts; i++)
		if (strcmp(f->hosts[i].id, id) == 0)
			return i;
	return PLACE_NOWHERE;
}

static void check_row(const struct fleet *f, const struct placement *p, size_t u)
{
	const struct place_unit *unit = &f->units[u];
	const struct place_row *row = &p->rows[u];
	size_t was = find_host(f, unit->host);

	switch (row->action) {
	case PLACE_STAY:
		assert_int_equal(row->host, was);
		assert_true(was != PLACE_NOWHERE);
		break;
	case PLACE_START:
		assert_int_equal(was, PLACE_NOWHERE);
		check_placed(f, p, u);
		break;
	case PLACE_MOVE:
		assert_true(was != PLACE_NOWHERE && was != row->host && !unit->pinned);
		check_placed(f, p, u);
		break;
	case PLACE_WAIT:
		assert_int_equal(row->host, PLACE_NOWHERE);
		assert_true(row->reason || unit->leaving);
		break;
	case PLACE_GLOBAL:
		assert_true(unit->fleet->global);
		break;
	}
}

static size_t hosts_of(const struct fleet *f, size_t pool, bool counted)
{
	size_t n = 0;

	for (size_t i = 0; i < f->in.n_hosts; i++)
		n += strcmp(f->hosts[i].pool, f->pools[pool].name) == 0 &&
		     (!counted || f->hosts[i].state != PLACE_DRAINING);
	return n;
}

static void check_pools(const struct fleet *f, const struct placement *p)
{
	size_t leaving[2] = { 0 };

	for (size_t i = 0; i < p->n_leave; i++) {
		const struct place_host *h = &f->hosts[p->leave[i].host];
		size_t burden = 0;

		assert_true(h->state == PLACE_UP || h->state == PLACE_BOOTING);
		leaving[strcmp(h->pool, "q") == 0]++;
		for (size_t u = 0; u < f->in.n_units; u++)
			burden += p->rows[u].host == p->leave[i].host &&
				  !f->units[u].leaving;
		assert_int_equal(burden, p->leave[i].moves);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct place_demand *d = &p->demand[i];

		assert_int_equal(d->have, hosts_of(f, i, true));
		assert_true(d->have + d->fresh >= f->pools[i].min);
		assert_true(d->fresh == 0 || d->have + d->fresh <= f->pools[i].max);
		assert_true(leaving[i] == 0 ||
			    (d->fresh == 0 && d->have - leaving[i] >= f->pools[i].min));
	}
}

static void every_placement_keeps_the_rules(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FLEETS; n++) {
		CLEANUP(fleet_free) struct fleet *f = fleet_new(n);
		CLEANUP(placement_done) struct placement p;

		placement_decide(&f->in, &p);
		for (size_t u = 0; u < f->in.n_units; u++)
			check_row(f, &p, u);
		check_pools(f, &p);
	}
}

static void shuffling_changes_nothing(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FLEETS; n++) {
		CLEANUP(fleet_free) struct fleet *f = fleet_new(n);
		CLEANUP(placement_done) struct placement p;
		CLEANUP(placement_done) struct placement q;
		size_t last = f->in.n_units;

		placement_decide(&f->in, &p);
		for (size_t i = 0; i < last / 2; i++) {
			struct place_unit u = f->units[i];

			f->units[i] = f->units[last - 1 - i];
			f->units[last - 1 - i] = u;
		}
		placement_decide(&f->in, &q);
		for (size_t i = 0; i < last; i++) {
			assert_int_equal(p.rows[i].action, q.rows[last - 1 - i].action);
			assert_int_equal(p.rows[i].host, q.rows[last - 1 - i].host);
		}
		assert_int_equal(p.n_leave, q.n_leave);
		assert_int_equal(p.demand[0].fresh, q.demand[0].fresh);
	}
}

/* Carried out round by round, every fleet comes to a state that asks for no change. */
static void every_fleet_comes_to_rest(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < FLEETS; n++) {
		CLEANUP(fleet_free) struct fleet *f = fleet_new(n);
		int rounds = 0;
		bool changed = true;

		f->in.max_moves = 3;
		for (size_t u = 0; u < f->in.n_units; u++)
			words_clear(
				&f->rules[u]
					 .replaces); /* may chase each other for ever */
		while (changed) {
			CLEANUP(placement_done) struct placement p;

			changed = false;
			placement_decide(&f->in, &p);
			for (size_t u = 0; u < f->in.n_units; u++) {
				if (p.rows[u].action != PLACE_START &&
				    p.rows[u].action != PLACE_MOVE)
					continue;
				f->units[u].host = f->hosts[p.rows[u].host].id;
				changed = true;
			}
			if (++rounds > 60)
				fail_msg("fleet %u never rests", n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_placement_keeps_the_rules),
		cmocka_unit_test(shuffling_changes_nothing),
		cmocka_unit_test(every_fleet_comes_to_rest),
	};

	return cmocka_run_group_tests_name("placement_random", tests, NULL, NULL);
}
