/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to a host after its launch, and to its certificates. */
#include "db_fixture.h"

static char web_1[] = "web-1", web_2[] = "web-2", pool[] = "web";

static void put_host(struct fixture *f, char *id, enum db_host_state state,
		     const char *address)
{
	const struct db_host h = { .id = id,
				   .pool = pool,
				   .launch_id = id,
				   .state = state,
				   .address = (char *)(uintptr_t)address,
				   .join_token_hash = (char[]){ "first" } };

	assert_ok(db_host_put(f->db, &h, &f->e), &f->e);
}

static struct db_host host_of(struct fixture *f, const char *id)
{
	struct db_host h = { 0 };

	assert_ok(db_host_get(f->db, id, &h, &f->e), &f->e);
	return h;
}

static void a_launch_that_is_sent_again_has_a_new_token_until_it_joined(void **state)
{
	struct fixture *f = *state;

	put_host(f, web_1, DB_HOST_REQUESTED, "");
	assert_ok(db_host_set_token(f->db, web_1, "second", &f->e), &f->e);
	assert_int_equal(db_host_join(f->db, web_1, "first", "a", "s", 5, &f->e),
			 ERR_DENIED);
	assert_ok(db_host_join(f->db, web_1, "second", "a", "s", 5, &f->e), &f->e);
	assert_int_equal(db_host_set_token(f->db, web_1, "third", &f->e), ERR_CONFLICT);
	assert_non_null(strstr(f->e.msg, "has joined"));
	assert_int_equal(db_host_set_token(f->db, web_2, "third", &f->e), ERR_CONFLICT);
}

static void a_host_moves_to_an_address_that_no_other_has(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_host(f, web_1, DB_HOST_UP, "10.0.0.1");
	put_host(f, web_2, DB_HOST_UP, "10.0.0.2");
	assert_int_equal(db_host_move(f->db, web_1, "10.0.0.1", &f->e), ERR_NOT_FOUND);
	assert_int_equal(db_host_move(f->db, web_1, "10.0.0.2", &f->e), ERR_NOT_FOUND);
	assert_ok(db_host_gone(f->db, web_2, "ended", 9, &f->e), &f->e);
	assert_ok(db_host_move(f->db, web_1, "10.0.0.2", &f->e), &f->e);
	h = host_of(f, web_1);
	assert_string_equal(h.address, "10.0.0.2");
}

static void a_host_that_is_to_end_comes_back_until_its_end_was_asked_for(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_host(f, web_1, DB_HOST_UP, "");
	/* Of one that is up no end is asked for. */
	assert_int_equal(db_host_ending(f->db, web_1, 5, &f->e), ERR_NOT_FOUND);
	assert_int_equal(db_host_take_back(f->db, web_1, &f->e), ERR_NOT_FOUND);
	assert_ok(db_host_set_state(f->db, web_1, DB_HOST_TERMINATING, "empty", 5, &f->e),
		  &f->e);
	assert_ok(db_host_take_back(f->db, web_1, &f->e), &f->e);
	h = host_of(f, web_1);
	assert_int_equal(h.state, DB_HOST_UP);
	assert_string_equal(h.message, "");
	assert_ok(db_host_set_state(f->db, web_1, DB_HOST_TERMINATING, "empty", 6, &f->e),
		  &f->e);
	assert_ok(db_host_ending(f->db, web_1, 7, &f->e), &f->e);
	assert_int_equal(db_host_take_back(f->db, web_1, &f->e), ERR_NOT_FOUND);
	db_host_done(&h);
	h = host_of(f, web_1);
	assert_int_equal(h.state, DB_HOST_TERMINATING);
	assert_int_equal(h.gone_ms, 7);
}

static void when_a_host_was_heard_listed_or_missed_is_written_down(void **state)
{
	struct fixture *f = *state;
	const char *const ids[] = { "web-1", "nobody" };
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_host(f, web_1, DB_HOST_UP, "");
	assert_ok(db_hosts_seen(f->db, ids, ARRAY_SIZE(ids), 11, &f->e), &f->e);
	assert_ok(db_host_listed(f->db, web_1, "small", true, 12, &f->e), &f->e);
	assert_int_equal(db_host_listed(f->db, "nobody", "small", true, 12, &f->e),
			 ERR_NOT_FOUND);
	assert_ok(db_host_set_unknown(f->db, web_1, 13, true, &f->e), &f->e);
	h = host_of(f, web_1);
	assert_int_equal(h.seen_ms, 11);
	assert_int_equal(h.listed_ms, 12);
	assert_int_equal(h.unknown_ms, 13);
	assert_true(h.is_replaced);
	assert_ok(db_host_set_unknown(f->db, web_1, 0, false, &f->e), &f->e);
	db_host_done(&h);
	h = host_of(f, web_1);
	assert_int_equal(h.unknown_ms, 0);
	assert_false(h.is_replaced);
}

static void the_first_lease_makes_a_host_ready_whatever_it_is_about_to_be(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host booting = { 0 };
	CLEANUP(db_host_done) struct db_host draining = { 0 };

	put_host(f, web_1, DB_HOST_BOOTING, "");
	put_host(f, web_2, DB_HOST_UP, "");
	assert_ok(db_host_set_state(f->db, web_2, DB_HOST_DRAINING, "asked", 3, &f->e),
		  &f->e);
	assert_ok(db_host_ready(f->db, web_1, 21, &f->e), &f->e);
	assert_ok(db_host_ready(f->db, web_2, 22, &f->e), &f->e);
	booting = host_of(f, web_1);
	assert_int_equal(booting.state, DB_HOST_UP);
	assert_int_equal(booting.ready_ms, 21);
	assert_int_equal(booting.joined_ms, 21);
	draining = host_of(f, web_2);
	assert_int_equal(draining.state, DB_HOST_DRAINING);
	assert_string_equal(draining.message, "asked");
	assert_int_equal(draining.ready_ms, 22);
}

static void a_restore_adopts_all_that_are_not_to_end(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host up = { 0 };
	CLEANUP(db_host_done) struct db_host ending = { 0 };
	int64_t n = 0;

	put_host(f, web_1, DB_HOST_UP, "");
	put_host(f, web_2, DB_HOST_TERMINATING, "");
	assert_ok(db_host_ready(f->db, web_1, 5, &f->e), &f->e);
	assert_ok(db_hosts_adopt(f->db, 31, &f->e), &f->e);
	up = host_of(f, web_1);
	assert_int_equal(up.adopted_ms, 31);
	assert_int_equal(up.ready_ms, 0);
	ending = host_of(f, web_2);
	assert_int_equal(ending.adopted_ms, 0);
	assert_ok(db_host_count(f->db, &n, &f->e), &f->e);
	assert_int_equal(n, 2);
	assert_ok(db_host_gone(f->db, web_2, "", 40, &f->e), &f->e);
	assert_ok(db_host_count(f->db, &n, &f->e), &f->e);
	assert_int_equal(n, 1);
}

/* What has no answer has no id to be ended by. */
static void a_launch_without_an_answer_is_lost_with_its_host(void **state)
{
	static const struct {
		enum db_launch_state was, is;
	} cases[] = { { DB_LAUNCH_INTENDED, DB_LAUNCH_FAILED },
		      { DB_LAUNCH_SENT, DB_LAUNCH_LOST },
		      { DB_LAUNCH_UNKNOWN, DB_LAUNCH_LOST },
		      { DB_LAUNCH_DONE, DB_LAUNCH_DONE } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free) char *id = xasprintf("web-%zu", i);
		CLEANUP(db_launch_done) struct db_launch back = { 0 };
		const struct db_host h = { .id = id, .pool = pool, .launch_id = id };
		const struct db_launch l = { .launch_id = id, .pool = pool, .host = id };

		assert_ok(db_launch_intend(f->db, &l, &h, &f->e), &f->e);
		if (cases[i].was != DB_LAUNCH_INTENDED)
			assert_ok(db_launch_set(f->db, id, cases[i].was, NULL, NULL, 5,
						&f->e),
				  &f->e);
		assert_ok(db_host_gone(f->db, id, "nobody came", 9, &f->e), &f->e);
		assert_ok(db_launch_get(f->db, id, &back, &f->e), &f->e);
		assert_int_equal(back.state, cases[i].is);
		assert_string_equal(back.error,
				    cases[i].is == cases[i].was ? "" : "nobody came");
	}
}

/* ---------------------------------------------------------------- certificates */

static int use(struct fixture *f, const char *serial, int64_t issued_ms)
{
	return db_certificate_use(f->db, web_1, serial, issued_ms, &f->e);
}

static void a_certificate_is_used_until_the_next_one_is(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_certificate_done) struct db_certificate c = { 0 };

	/* Of a name that has none there is nothing that could be replaced. */
	assert_ok(db_certificate_issued(f->db, web_1, "b", &f->e), &f->e);
	assert_ok(use(f, "a", 100), &f->e);
	assert_ok(db_certificate_issued(f->db, web_1, "b", &f->e), &f->e);
	assert_ok(use(f, "a", 100), &f->e);
	/* Issued by a clock that was behind: it was this one. */
	assert_ok(use(f, "b", 90), &f->e);
	assert_int_equal(use(f, "a", 100), 0); /* newer than that one */
	assert_int_equal(use(f, "b", 90), ERR_DENIED);
	assert_non_null(strstr(f->e.msg, "replaced by a newer one"));
	assert_ok(use(f, "c", 200), &f->e);
	assert_ok(db_certificate_get(f->db, web_1, &c, &f->e), &f->e);
	assert_string_equal(c.serial, "c");
	assert_string_equal(c.next_serial, "");
	assert_int_equal(c.issued_ms, 200);
}

static size_t ended(struct fixture *f)
{
	CLEANUP(db_ended_host_list_done) struct db_ended_host_list l = { 0 };

	assert_ok(db_ended_hosts(f->db, &l, &f->e), &f->e);
	return l.n;
}

static void the_certificates_of_a_host_that_ended_are_forgotten_once(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_certificate_done) struct db_certificate c = { 0 };

	put_host(f, web_1, DB_HOST_UP, "");
	assert_ok(use(f, "a", 100), &f->e);
	assert_ok(db_certificate_use(f->db, "web-1:programs", "p", 100, &f->e), &f->e);
	assert_ok(db_certificate_use(f->db, "web-10", "t", 100, &f->e), &f->e);
	assert_int_equal(ended(f), 0);
	assert_ok(db_host_gone(f->db, web_1, "", 9, &f->e), &f->e);
	assert_int_equal(ended(f), 1);
	/* It came back: its certificates stay. */
	assert_ok(db_ended_host_settled(f->db, web_1, false, &f->e), &f->e);
	assert_int_equal(ended(f), 0);
	assert_ok(use(f, "a", 100), &f->e);
	assert_ok(db_ended_host_settled(f->db, web_1, true, &f->e), &f->e);
	assert_int_equal(db_certificate_get(f->db, web_1, &c, &f->e), ERR_NOT_FOUND);
	assert_int_equal(db_certificate_get(f->db, "web-1:programs", &c, &f->e),
			 ERR_NOT_FOUND);
	assert_ok(db_certificate_get(f->db, "web-10", &c, &f->e), &f->e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_launch_that_is_sent_again_has_a_new_token_until_it_joined),
		DB_TEST(a_host_moves_to_an_address_that_no_other_has),
		DB_TEST(a_host_that_is_to_end_comes_back_until_its_end_was_asked_for),
		DB_TEST(when_a_host_was_heard_listed_or_missed_is_written_down),
		DB_TEST(the_first_lease_makes_a_host_ready_whatever_it_is_about_to_be),
		DB_TEST(a_restore_adopts_all_that_are_not_to_end),
		DB_TEST(a_launch_without_an_answer_is_lost_with_its_host),
		DB_TEST(a_certificate_is_used_until_the_next_one_is),
		DB_TEST(the_certificates_of_a_host_that_ended_are_forgotten_once),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
