/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_round.c - from a stack to hosts that are wanted, units that are placed, schedules
 * that are in the store, and hosts that go.
 */
#include "rounds.h"

#define ENOUGH 30 /* rounds for a host to go */

/* ---------------------------------------------------------------- out */

static void hosts_are_wanted_for_instances_and_their_pools_worker_is_poked(void **state)
{
	struct rounds *r = *state;

	start(r, WEB("min = 2\n"));
	go_round(r, true);
	assert_int_equal(desired(r->h), 2);
	assert_true(wanted_hosts(r->h) >= 1);
	assert_int_equal(pokes(r->h), 1);
	/* It has to launch still. */
	tick(r);
	assert_int_equal(pokes(r->h), 1);
	join(r->h, "a");
	join(r->h, "b");
	tick(r);
	(void)pokes(r->h);
	tick(r);
	assert_int_equal(pokes(r->h), 0);
}

static void a_unit_is_in_the_database_and_in_the_schedule_of_its_host(void **state)
{
	struct rounds *r = *state;
	CLEANUP(db_unit_done) struct db_unit u = { 0 };
	int64_t rev;

	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	assert_ok(db_unit_get(r->h->s->db->db, "web@1.service", &u, r->h->s->e),
		  r->h->s->e);
	assert_string_equal(u.host, "a");
	assert_true(is_scheduled(r->h, "a", "web@1.service"));
	/* What is equal is not written again. */
	rev = store_rev(r);
	tick(r);
	go_round(r, false);
	assert_int_equal(store_rev(r), rev);
}

/* What its host may read by the time that its schedule names the unit. */
struct witness {
	struct hall *h;
	size_t n_before, n_after;
};

static void see_rights(void *arg, const struct kv_rights *rights)
{
	struct witness *w = arg;
	bool may_read = false;

	for (size_t i = 0; rights->read && rights->read[i]; i++)
		may_read |= strstr(rights->read[i], "/foretide/units/") != NULL;
	if (may_read && !is_scheduled(w->h, rights->host, "web@1.service"))
		w->n_before++;
	else if (may_read)
		w->n_after++;
}

static void a_unit_that_is_scheduled_finds_its_rights(void **state)
{
	struct rounds *r = *state;
	struct witness w = { .h = r->h };

	r->h->o.rights.set = see_rights;
	r->h->o.rights.arg = &w;
	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	assert_true(is_scheduled(r->h, "a", "web@1.service"));
	assert_int_equal(w.n_before, 1);
	assert_int_equal(w.n_after, 0);
}

static void only_a_full_round_decides_again(void **state)
{
	struct rounds *r = *state;

	start(r, WEB("min = 1\n" DEMAND));
	measure(r->h, 25);
	go_round(r, true);
	assert_in_range(desired(r->h), 3, 4);
	clock_hold(clock_now_ms() + 10000);
	measure(r->h, 75);
	go_round(r, false);
	assert_in_range(desired(r->h), 3, 4);
	go_round(r, true);
	assert_in_range(desired(r->h), 8, 9);
}

/* ---------------------------------------------------------------- in */

static bool is_leaving(struct rounds *r, const char *id)
{
	return state_of(r->h, id) == DB_HOST_TERMINATING;
}

static void a_host_that_is_not_needed_goes_and_is_not_wanted_again(void **state)
{
	struct rounds *r = *state;
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };

	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	join(r->h, "b");
	go_round(r, true);
	for (int i = 0; i < ENOUGH && !is_leaving(r, "a") && !is_leaving(r, "b"); i++)
		tick(r);
	assert_int_equal(is_leaving(r, "a") + is_leaving(r, "b"), 1);
	assert_int_equal(wanted_hosts(r->h), 1);
	assert_true(pokes(r->h) > 0);
	assert_ok(db_event_list(r->h->s->db->db,
				&(struct db_event_filter){ .kind = "host-leaves" }, &l,
				r->h->s->e),
		  r->h->s->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].data_json, "{\"pool\":\"p\"}");
}

static void on_hold_an_empty_host_stays(void **state)
{
	struct rounds *r = *state;
	const struct db_hold hold = {
		.stack = (char *)(uintptr_t) "shop",
		.owner = (char *)(uintptr_t) "ann",
		.reason = (char *)(uintptr_t) "sale",
		.created_ms = NOW_MS,
		.expires_ms = NOW_MS + 86400000,
	};

	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	join(r->h, "b");
	assert_ok(db_hold_add(r->h->s->db->db, &hold, NULL, r->h->s->e), r->h->s->e);
	for (int i = 0; i < ENOUGH; i++)
		tick(r);
	assert_false(is_leaving(r, "a"));
	assert_false(is_leaving(r, "b"));
	assert_int_equal(wanted_hosts(r->h), 2);
}

static void drain(struct rounds *r, const char *id)
{
	assert_ok(db_host_set_state(r->h->s->db->db, id, DB_HOST_DRAINING, "by a person",
				    clock_now_ms(), r->h->s->e),
		  r->h->s->e);
}

static void a_host_that_drains_goes_once_it_runs_nothing(void **state)
{
	struct rounds *r = *state;

	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	assert_true(is_scheduled(r->h, "a", "web@1.service"));
	drain(r, "a");
	tick(r);
	assert_int_equal(state_of(r->h, "a"), DB_HOST_DRAINING);
	join(r->h, "b");
	drain(r, "b");
	(void)pokes(r->h);
	tick(r);
	assert_int_equal(state_of(r->h, "a"), DB_HOST_DRAINING);
	assert_int_equal(state_of(r->h, "b"), DB_HOST_TERMINATING);
	assert_true(pokes(r->h) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUND_TEST(
			hosts_are_wanted_for_instances_and_their_pools_worker_is_poked),
		ROUND_TEST(a_unit_is_in_the_database_and_in_the_schedule_of_its_host),
		ROUND_TEST(a_unit_that_is_scheduled_finds_its_rights),
		ROUND_TEST(only_a_full_round_decides_again),
		ROUND_TEST(a_host_that_is_not_needed_goes_and_is_not_wanted_again),
		ROUND_TEST(on_hold_an_empty_host_stays),
		ROUND_TEST(a_host_that_drains_goes_once_it_runs_nothing),
	};

	return cmocka_run_group_tests_name("round", tests, NULL, NULL);
}
