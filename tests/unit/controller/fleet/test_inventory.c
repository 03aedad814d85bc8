/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "inventory.h"

static struct db_pool pools[3] = { { .name = (char *)(uintptr_t) "a" },
				   { .name = (char *)(uintptr_t) "b" },
				   { .name = (char *)(uintptr_t) "web" } };

static void pools_are_found_by_name(void **state)
{
	const struct fleet f = { .pools = { pools, 3 } };
	const struct fleet none = { .n_hosts = 0 };

	(void)state;
	assert_ptr_equal(fleet_pool(&f, "a"), &pools[0]);
	assert_ptr_equal(fleet_pool(&f, "web"), &pools[2]);
	assert_null(fleet_pool(&f, "aa"));
	assert_null(fleet_pool(&f, "z"));
	assert_null(fleet_pool(&none, "a"));
}

#define HOSTS 7
#define TIERS 3
#define UNITS 60

struct crowd {
	struct fleet f;
	struct fleet_host hosts[HOSTS];
	struct fleet_tier tiers[TIERS];
	struct fleet_unit units[UNITS];
	char ids[HOSTS][16], names[TIERS][16], unit_names[UNITS][24];
	char stack[4], none[1];
};

static void gather(struct crowd *c)
{
	*c = (struct crowd){ .stack = "s" };
	for (int i = 0; i < HOSTS; i++) {
		snprintf(c->ids[i], sizeof(c->ids[i]), "h%d", i);
		c->hosts[i].h.id = c->ids[i];
	}
	for (int i = 0; i < TIERS; i++) {
		snprintf(c->names[i], sizeof(c->names[i]), "t%d", i);
		c->tiers[i].t.stack = c->stack;
		c->tiers[i].t.name = c->names[i];
	}
	for (int i = 0; i < UNITS; i++) {
		snprintf(c->unit_names[i], sizeof(c->unit_names[i]), "t%d@%d.service",
			 i % TIERS, i);
		c->units[i].u.name = c->unit_names[i];
		c->units[i].u.stack = c->stack;
		c->units[i].u.tier = c->names[i % TIERS];
		c->units[i].u.host = c->none;
	}
	c->f = (struct fleet){ .hosts = c->hosts,
			       .n_hosts = HOSTS,
			       .tiers = c->tiers,
			       .n_tiers = TIERS,
			       .units = c->units,
			       .n_units = UNITS };
}

/* Each unit has its tier and its host, and all are counted where they are. */
static void assert_indexed(struct crowd *c)
{
	size_t on[HOSTS] = { 0 }, of[TIERS] = { 0 };

	fleet_index(&c->f);
	for (int i = 0; i < UNITS; i++) {
		const struct fleet_unit *u = &c->units[i];

		assert_string_equal(u->tier->t.name, u->u.tier);
		of[u->tier - c->tiers]++;
		if (!*u->u.host) {
			assert_null(u->host);
			continue;
		}
		assert_string_equal(u->host->h.id, u->u.host);
		on[u->host - c->hosts]++;
	}
	for (int i = 0; i < HOSTS; i++)
		assert_int_equal(c->hosts[i].n_units, on[i]);
	for (int i = 0; i < TIERS; i++) {
		assert_int_equal(c->tiers[i].n_units, of[i]);
		assert_ptr_equal(c->units[c->tiers[i].first_unit].tier, &c->tiers[i]);
	}
}

static void the_index_follows_units_that_move(void **state)
{
	struct crowd c;

	(void)state;
	gather(&c);
	assert_indexed(&c);
	srand(5);
	for (int round = 0; round < 200; round++) {
		struct fleet_unit *u = &c.units[rand() % UNITS];

		u->u.host = rand() % 4 ? c.ids[rand() % HOSTS] : c.none;
		if (rand() % 3 == 0)
			c.units[rand() % UNITS].u.tier = c.names[rand() % TIERS];
		assert_indexed(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_are_found_by_name),
		cmocka_unit_test(the_index_follows_units_that_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
