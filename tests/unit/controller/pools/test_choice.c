/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_choice.c - of which type a pool's hosts are, and which of them spot capacity.
 */
#include "pool_bench.h"

#include "spot.h"

static void put_choice(struct bench *b, struct db_pool p, int64_t want)
{
	p.name = (char *)(uintptr_t)POOL;
	p.driver = p.profile = (char *)(uintptr_t) "fake";
	p.max = 8;
	p.config_json = (char *)(uintptr_t) "{}";
	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, want, &b->f->e), &b->f->e);
}

/* Of units that each want so many cores. */
static void put_units(struct bench *b, int64_t n, double cpu)
{
	char name[] = "app", pool[] = POOL, none[] = "";
	const struct db_tier t = { .stack = none,
				   .name = name,
				   .pool = pool,
				   .cpu = cpu,
				   .memory_bytes = 1 << 20,
				   .desired = n };

	assert_ok(db_tier_put(b->f->db, &t, &b->f->e), &b->f->e);
	assert_ok(db_tiers_decide(b->f->db, &t, 1, &b->f->e), &b->f->e);
}

static size_t n_spot(const struct bench *b)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	size_t n = 0;

	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		n += l.v[i].is_spot;
	return n;
}

static void a_share_above_a_base_is_met_as_hosts_come(void **state)
{
	int64_t regular = 0, spot = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		const bool is_spot = spot_is_next(0.5, 2, regular, spot);

		spot += is_spot;
		regular += !is_spot;
		assert_true(regular >= 2 || !is_spot);
	}
	assert_int_equal(spot, 4);
	assert_false(spot_is_next(0, 0, 100, 0));
	assert_true(spot_is_next(1, 0, 0, 0));
	assert_false(spot_is_next(0.5, 0, 0, 0));
}

static void a_share_of_the_hosts_is_spot_capacity(void **state)
{
	struct bench *b = *state;

	put_choice(b, (struct db_pool){ .spot_share = 0.5, .spot_base = 2 }, 6);
	assert_true(reconcile_until(b, n_vms(b) == 6));
	once(b);
	assert_int_equal(n_spot(b), 2);
}

static void without_spot_capacity_hosts_are_regular(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"capacity\"}]}");
	put_choice(b, (struct db_pool){ .spot_share = 1 }, 1);
	assert_true(reconcile_until(b, n_vms(b) == 1));
	assert_int_equal(n_spot(b), 0);
}

static void the_cheapest_type_for_the_units_is_launched(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	char types[] = "large, medium", price[] = "price";

	put_choice(b, (struct db_pool){ .type = types, .type_order = price }, 0);
	put_units(b, 2, 1);
	once(b);
	assert_ok(db_pool_want(b->f->db, POOL, 1, &b->f->e), &b->f->e);
	assert_true(reconcile_until(b, n_vms(b) == 1));
	once(b);
	h = only_host(b);
	assert_string_equal(h.type, "medium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_above_a_base_is_met_as_hosts_come),
		POOL_TEST(a_share_of_the_hosts_is_spot_capacity),
		POOL_TEST(without_spot_capacity_hosts_are_regular),
		POOL_TEST(the_cheapest_type_for_the_units_is_launched),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
