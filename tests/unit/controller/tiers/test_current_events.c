/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The events of a stack as people are shown them, read without the tick. */
#include "fleet_fixture.h"

#include "current_events.h"

#define DAY_MS INT64_C(86400000)
#define MONDAY_MS INT64_C(1788739200000) /* 2026-09-07 00:00Z */
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define CONF                                                                          \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\n[tier app]\nunit = app@.service\n"          \
	"pool = p\nmax = 9\n"
#define SALE "[event sale]\nwhen = 2026-08-17\nwhen = 2026-09-14\n"

static int setup(void **state)
{
	const int rc = scene_setup(state);
	struct scene *s = *state;

	s->now_ms = MONDAY_MS;
	return rc;
}

/* Of the tier (NULL: all) at the scene's time; the caller's. */
static json_t *events_of(struct scene *s, const char *tier)
{
	CLEANUP(event_view_done) struct event_view v = { 0 };
	json_t *ret = NULL;

	assert_ok(event_view_read(s->db->db, "shop", s->now_ms, &v, s->e), s->e);
	assert_ok(event_view_json(&v, s->db->db, tier, s->now_ms, &ret, s->e), s->e);
	return ret;
}

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static double number_of(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

static void measured(struct scene *s, int64_t start_ms, double uplift)
{
	const struct db_uplift u = { .stack = (char *)(uintptr_t) "shop",
				     .tier = (char *)(uintptr_t) "web",
				     .name = (char *)(uintptr_t) "sale",
				     .start_ms = start_ms,
				     .end_ms = start_ms + DAY_MS,
				     .log_ratio = log(uplift),
				     .error = 0.05,
				     .days = 7,
				     .measured_ms = start_ms + DAY_MS };

	assert_ok(db_uplift_put(s->db->db, &u, s->e), s->e);
}

static void each_tier_has_a_line_an_event_with_its_next_time(void **state)
{
	struct scene *s = *state;
	CLEANUP(json_decref) json_t *all = NULL;
	CLEANUP(json_decref) json_t *of_app = NULL;
	const json_t *first;

	scene_apply(s, CONF SALE "uplift = 2.4\n[event spot]\nwhen = 2026-09-08\n", TEXT);
	all = events_of(s, NULL);
	assert_int_equal(json_array_size(all), 4);
	first = json_array_get(all, 0);
	assert_string_equal(text_of(first, "name"), "sale");
	assert_string_equal(text_of(first, "source"), "stack.conf");
	assert_string_equal(text_of(first, "start"), "2026-09-14T00:00:00.000Z");
	assert_string_equal(text_of(first, "end"), "2026-09-15T00:00:00.000Z");
	assert_close(number_of(first, "uplift"), 2.4, 1e-9);
	assert_true(json_is_true(json_object_get(first, "given")));
	assert_true(json_is_false(json_object_get(first, "in_force")));
	assert_int_equal(json_array_size(json_object_get(first, "measured")), 0);
	of_app = events_of(s, "app");
	assert_int_equal(json_array_size(of_app), 2);
	assert_string_equal(text_of(json_array_get(of_app, 0), "tier"), "app");
}

static void one_that_is_in_force_is_shown_before_the_next(void **state)
{
	struct scene *s = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const json_t *sale;

	scene_apply(s, CONF SALE "when = 2026-09-21\n", TEXT);
	s->now_ms = MONDAY_MS + 7 * DAY_MS + 3600000;
	list = events_of(s, "web");
	sale = json_array_get(list, 0);
	assert_string_equal(text_of(sale, "start"), "2026-09-14T00:00:00.000Z");
	assert_true(json_is_true(json_object_get(sale, "in_force")));
}

static void what_was_measured_is_listed_and_learned_from(void **state)
{
	struct scene *s = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const json_t *sale, *past;

	scene_apply(s, CONF SALE, TEXT);
	measured(s, MONDAY_MS - 21 * DAY_MS, 3);
	list = events_of(s, "web");
	sale = json_array_get(list, 0);
	assert_int_equal(json_integer_value(json_object_get(sale, "learned_from")), 1);
	/* Of one alone, with caution. */
	assert_close(number_of(sale, "uplift"), 2.75, 0.25);
	past = json_array_get(json_object_get(sale, "measured"), 0);
	assert_string_equal(text_of(past, "start"), "2026-08-17T00:00:00.000Z");
	assert_close(number_of(past, "uplift"), 3, 1e-9);
}

static void an_event_that_is_over_has_no_time_but_what_was(void **state)
{
	struct scene *s = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const json_t *sale;

	scene_apply(s, CONF SALE, TEXT);
	measured(s, MONDAY_MS + 7 * DAY_MS, 2);
	s->now_ms = MONDAY_MS + 10 * DAY_MS;
	list = events_of(s, "web");
	sale = json_array_get(list, 0);
	assert_true(json_is_null(json_object_get(sale, "start")));
	assert_true(json_is_null(json_object_get(sale, "end")));
	assert_int_equal(json_array_size(json_object_get(sale, "measured")), 1);
}

/* As one of an earlier version may be. */
static void a_stack_that_cannot_be_read_has_no_events_and_fails_no_call(void **state)
{
	struct scene *s = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const struct db_stack stack = {
		.name = (char *)(uintptr_t) "shop",
		.timezone = (char *)(uintptr_t) "UTC",
		.domain = (char *)(uintptr_t) "",
		.text_json = (char *)(uintptr_t) "{\"stack.conf\": \"[stack]\\nx\"}",
		.applied_ms = MONDAY_MS,
	};

	assert_ok(db_stack_put(s->db->db, &stack, 0, NULL, s->e), s->e);
	list = events_of(s, NULL);
	assert_int_equal(json_array_size(list), 0);
}

static void a_stack_that_is_not_applied_is_not_found(void **state)
{
	struct scene *s = *state;
	struct event_view v = { 0 };

	assert_int_equal(event_view_read(s->db->db, "none", s->now_ms, &v, s->e),
			 ERR_NOT_FOUND);
	assert_null(v.file);
}

#define EVENTS_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EVENTS_TEST(each_tier_has_a_line_an_event_with_its_next_time),
		EVENTS_TEST(one_that_is_in_force_is_shown_before_the_next),
		EVENTS_TEST(what_was_measured_is_listed_and_learned_from),
		EVENTS_TEST(an_event_that_is_over_has_no_time_but_what_was),
		EVENTS_TEST(a_stack_that_cannot_be_read_has_no_events_and_fails_no_call),
		EVENTS_TEST(a_stack_that_is_not_applied_is_not_found),
	};

	return cmocka_run_group_tests_name("current_events", tests, NULL, NULL);
}
