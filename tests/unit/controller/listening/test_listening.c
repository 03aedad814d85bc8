/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "listening.h"

#include <stdio.h>
#include <string.h>

/* A machine that was never suspended, with pulses until now. */
struct machine {
	struct listening *l;
	int64_t now_ms, suspended_ms;
};

static void pulse_for(struct machine *m, int64_t ms)
{
	for (int64_t i = 0; i < ms; i += 250) {
		m->now_ms += 250;
		listening_pulse(m->l, m->now_ms, m->now_ms + m->suspended_ms);
	}
}

static int64_t heard_for(struct machine *m, struct listening_gap *gap)
{
	return m->now_ms -
	       listening_since_at(m->l, m->now_ms, m->now_ms + m->suspended_ms, gap);
}

static int setup(void **state)
{
	struct machine *m = xcalloc(1, sizeof(*m));

	m->l = listening_new();
	m->now_ms = clock_mono_ms() + 900;
	m->suspended_ms = 3600000;
	listening_pulse(m->l, m->now_ms, m->now_ms + m->suspended_ms);
	pulse_for(m, 10000);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	listening_free(m->l);
	free(m);
	return 0;
}

static void one_that_pulses_listens_without_a_break(void **state)
{
	struct machine *m = *state;

	pulse_for(m, 60000);
	assert_true(heard_for(m, NULL) >= 60000);
}

static void a_stop_is_found_by_whoever_asks_first(void **state)
{
	struct machine *m = *state;
	struct listening_gap gap;

	m->now_ms += 20000;
	assert_int_equal(heard_for(m, &gap), 0);
	assert_int_equal(gap.for_ms, 20000);
	assert_non_null(strstr(gap.what, "stopped"));
	pulse_for(m, 3000);
	assert_int_equal(heard_for(m, &gap), 2750);
}

static void a_pulse_that_is_a_little_late_is_none(void **state)
{
	struct machine *m = *state;
	const int64_t before = heard_for(m, NULL);

	m->now_ms += 900;
	assert_int_equal(heard_for(m, NULL), before + 900);
}

static void a_suspended_machine_did_not_listen(void **state)
{
	struct machine *m = *state;
	struct listening_gap gap;

	m->suspended_ms += 60000;
	m->now_ms += 250;
	assert_int_equal(heard_for(m, &gap), 0);
	assert_int_equal(gap.for_ms, 60000);
	assert_non_null(strstr(gap.what, "suspended"));
}

static void a_thread_that_is_held_listens_to_nobody(void **state)
{
	struct machine *m = *state;
	struct listening_work held, quick;
	struct listening_gap gap;

	listening_begin_at(m->l, &held, "answering a request", 2000, m->now_ms);
	listening_begin_at(m->l, &quick, "reading", 2000, m->now_ms);
	pulse_for(m, 1000);
	listening_end_at(m->l, &quick, m->now_ms);
	assert_true(heard_for(m, NULL) > 1000);
	pulse_for(m, 4000);
	assert_int_equal(heard_for(m, &gap), 0);
	assert_string_equal(gap.what, "answering a request");
	listening_end_at(m->l, &held, m->now_ms);
	pulse_for(m, 5000);
	assert_int_equal(heard_for(m, &gap), 5000);
	assert_int_equal(gap.for_ms, 5000);
}

/* Nobody asked while it was held. */
static void work_that_was_too_long_is_noted_at_its_end(void **state)
{
	struct machine *m = *state;
	struct listening_work w;

	listening_begin_at(m->l, &w, "reading", 2000, m->now_ms);
	listening_end_at(m->l, &w, m->now_ms + 2500);
	m->now_ms += 2500;
	listening_pulse(m->l, m->now_ms - 900, m->now_ms - 900 + m->suspended_ms);
	assert_int_equal(heard_for(m, NULL), 0);
}

static void works_end_in_any_order(void **state)
{
	struct machine *m = *state;
	struct listening_work w[3];

	for (size_t i = 0; i < 3; i++)
		listening_begin_at(m->l, &w[i], "work", 2000, m->now_ms);
	listening_end_at(m->l, &w[1], m->now_ms);
	listening_end_at(m->l, &w[2], m->now_ms);
	listening_end_at(m->l, &w[0], m->now_ms);
	pulse_for(m, 4000);
	assert_true(heard_for(m, NULL) >= 4000);
}

static void a_push_is_kept_by_host(void **state)
{
	struct machine *m = *state;
	char id[32];

	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "web-%d", i * 7 % 100);
		listening_pushed(m->l, id);
	}
	assert_int_equal(listening_last_push(m->l, "db-1"), 0);
	assert_true(llabs(clock_mono_ms() - listening_last_push(m->l, "web-42")) < 5000);
	listening_pushed(NULL, "web-1");
	assert_int_equal(listening_last_push(NULL, "web-1"), 0);
}

static void its_thread_keeps_the_time_itself(void **state)
{
	CLEANUP(listening_free) struct listening *l = listening_new();
	struct err e;
	int64_t until = clock_mono_ms() + 1600;

	(void)state;
	assert_ok(listening_start(l, &e), &e);
	while (clock_mono_ms() < until)
		continue;
	/* On a loaded machine it may have been late, which is what it tells. */
	if (clock_mono_ms() - listening_since(l, NULL) < 1500) {
		struct listening_gap gap;

		listening_since(l, &gap);
		assert_true(gap.for_ms > 1000);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_pulses_listens_without_a_break),
		TEST(a_stop_is_found_by_whoever_asks_first),
		TEST(a_pulse_that_is_a_little_late_is_none),
		TEST(a_suspended_machine_did_not_listen),
		TEST(a_thread_that_is_held_listens_to_nobody),
		TEST(work_that_was_too_long_is_noted_at_its_end),
		TEST(works_end_in_any_order),
		TEST(a_push_is_kept_by_host),
		cmocka_unit_test(its_thread_keeps_the_time_itself),
	};

	return cmocka_run_group_tests_name("listening", tests, NULL, NULL);
}
