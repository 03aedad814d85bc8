/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_table.c - what each driver states of its cloud: which option is the zone,
 * who tells hosts of their interruption, and how VMs are paid for; and what is read of
 * tables that are older.
 */
#include "here.h"

#define HOUR_MS 3600000

static const struct {
	const char *driver, *zone_option, *interruption;
	int64_t billing_ms, billing_min_ms;
} stated[] = {
	{ "azure", "zone", "azure", 1000, 0 },
	{ "cloudpool", NULL, NULL, 0, 0 },
	{ "digitalocean", "region", NULL, 1000, 60000 },
	{ "ec2", "zone", "ec2", 1000, 60000 },
	{ "gce", "zone", "gce", 1000, 60000 },
	{ "hetzner", "location", NULL, HOUR_MS, 0 },
	{ "libvirt", NULL, NULL, 0, 0 },
	{ "local", NULL, NULL, 0, 0 },
	{ "openstack", "zone", NULL, 0, 0 },
	{ "static", NULL, NULL, 0, 0 },
};

static void assert_text(const char *is, const char *expected)
{
	assert_string_equal(is ? is : "none", expected ? expected : "none");
}

static void each_states_what_is_its_clouds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stated); i++) {
		const struct drv_ops *ops = here_load(stated[i].driver);
		/* Theirs depend on no option. */
		const struct drv_caps caps = so_caps(ops, ops->caps(NULL));

		assert_text(so_zone_option(ops), stated[i].zone_option);
		assert_text(so_interruption(ops), stated[i].interruption);
		assert_int_equal(caps.billing_ms, stated[i].billing_ms);
		assert_int_equal(caps.billing_min_ms, stated[i].billing_min_ms);
	}
}

static void the_option_of_the_zone_is_one_that_a_stack_may_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stated); i++)
		if (stated[i].zone_option)
			assert_true(here_stack_gives(stated[i].driver,
						     stated[i].zone_option));
}

/* Its members that are newer are not its own: what lies behind its table. */
static void of_an_older_table_no_more_is_read_than_it_has(void **state)
{
	const struct drv_caps caps = { .in_flight = 2,
				       .billing_ms = 3,
				       .billing_min_ms = 4 };
	struct drv_ops ops = { .abi_major = DRV_ABI_MAJOR,
			       .abi_minor = 3,
			       .zone_option = "beyond",
			       .interruption = "beyond" };

	(void)state;
	assert_text(so_zone_option(&ops), "zone");
	assert_text(so_interruption(&ops), NULL);
	assert_int_equal(so_caps(&ops, &caps).billing_ms, 3);
	assert_int_equal(so_caps(&ops, &caps).billing_min_ms, 0);
	ops.abi_minor = 2;
	assert_int_equal(so_caps(&ops, &caps).in_flight, 2);
	assert_int_equal(so_caps(&ops, &caps).billing_ms, 0);
	ops.abi_minor = 4;
	assert_int_equal(so_caps(&ops, &caps).billing_min_ms, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_states_what_is_its_clouds),
		cmocka_unit_test(the_option_of_the_zone_is_one_that_a_stack_may_set),
		cmocka_unit_test(of_an_older_table_no_more_is_read_than_it_has),
	};

	return cmocka_run_group_tests_name("driver table", tests, NULL, NULL);
}
