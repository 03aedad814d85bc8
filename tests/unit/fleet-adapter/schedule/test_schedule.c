/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "schedule.h"

#include <stdio.h>
#include <string.h>

static char hash_text[] = "ae3b", stack_name[] = "shop", tier_name[] = "web";
static char loaded_word[] = "loaded", active_word[] = "active",
	    running_word[] = "running";

static struct schedule_unit launched(const char *name)
{
	return (struct schedule_unit){
		.name = (char *)(uintptr_t)name,
		.hash = hash_text,
		.state = SCHEDULE_LAUNCHED,
		.stack = stack_name,
		.tier = tier_name,
	};
}

static struct unit_state running(const char *name)
{
	return (struct unit_state){
		.name = (char *)(uintptr_t)name,
		.hash = hash_text,
		.load = loaded_word,
		.active = active_word,
		.sub = running_word,
		.health = HEALTH_PASSING,
		.restarts = 2,
		.since_ms = INT64_C(1700000000000),
	};
}

static void a_schedule_is_written_sorted_and_read_back(void **state)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(7);
	CLEANUP(schedule_free) struct schedule *t = NULL;
	CLEANUP(free) char *text = NULL;
	struct schedule_unit u = launched("web@2.service");
	struct err e;

	(void)state;
	u.drain = true;
	assert_ok(schedule_add(s, &u, &e), &e);
	u = launched("db.service");
	u.state = SCHEDULE_LOADED;
	assert_ok(schedule_add(s, &u, &e), &e);
	text = schedule_format(s);
	assert_string_equal(
		text,
		"{\"epoch\":7,\"units\":["
		"{\"name\":\"db.service\",\"hash\":\"ae3b\",\"state\":\"loaded\","
		"\"stack\":\"shop\",\"tier\":\"web\",\"drain\":false},"
		"{\"name\":\"web@2.service\",\"hash\":\"ae3b\",\"state\":\"launched\","
		"\"stack\":\"shop\",\"tier\":\"web\",\"drain\":true}]}");
	assert_ok(schedule_parse(text, strlen(text), &t, &e), &e);
	assert_true(schedule_is_equal(s, t));
	assert_int_equal(t->epoch, 7);
	assert_true(schedule_get(t, "web@2.service")->drain);
	assert_null(schedule_get(t, "web@1.service"));
}

static void a_unit_is_in_a_schedule_once(void **state)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(1);
	struct schedule_unit u = launched("a.service");
	struct err e;

	(void)state;
	assert_ok(schedule_add(s, &u, &e), &e);
	assert_int_equal(schedule_add(s, &u, &e), ERR_CONFLICT);
	assert_int_equal(s->n, 1);
}

static void schedules_differ_by_what_they_ask_for(void **state)
{
	CLEANUP(schedule_free) struct schedule *a = schedule_new(1);
	struct schedule_unit u = launched("a.service");
	struct err e;

	(void)state;
	assert_ok(schedule_add(a, &u, &e), &e);
	for (int i = 0; i < 7; i++) {
		CLEANUP(schedule_free) struct schedule *b = schedule_new(2);
		struct schedule_unit v = launched(i == 1 ? "b.service" : "a.service");

		v.hash = i == 2 ? (char[]){ "ffff" } : v.hash;
		v.state = i == 3 ? SCHEDULE_INACTIVE : v.state;
		v.drain = i == 4;
		v.tier = i == 5 ? (char[]){ "other" } : v.tier;
		if (i != 6)
			assert_ok(schedule_add(b, &v, &e), &e);
		assert_int_equal(schedule_is_equal(a, b), i == 0);
	}
}

static void wrong_schedules_are_refused_in_words(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "is not JSON" },
		{ "[]", "expected an object" },
		{ "{\"units\":[]}", "\"epoch\" is missing" },
		{ "{\"epoch\":\"1\",\"units\":[]}", "\"epoch\" must be" },
		{ "{\"epoch\":1}", "\"units\" of a schedule must be a list" },
		{ "{\"epoch\":1,\"units\":{}}", "must be a list" },
		{ "{\"epoch\":1,\"units\":[1]}", "expected an object" },
		{ "{\"epoch\":1,\"units\":[{\"name\":\"a\"}]}", "\"hash\" is missing" },
		{ "{\"epoch\":1,\"units\":[{\"name\":\"a\",\"hash\":\"b\",\"state\":"
		  "\"on\"}]}",
		  "'on' is not a state" },
		{ "{\"epoch\":1,\"units\":[{\"name\":\"a\",\"hash\":\"b\",\"state\":"
		  "\"loaded\"},"
		  "{\"name\":\"a\",\"hash\":\"b\",\"state\":\"loaded\"}]}",
		  "twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct schedule *s = NULL;
		struct err e;

		if (schedule_parse(cases[i].text, strlen(cases[i].text), &s, &e) >= 0 ||
		    s)
			fail_msg("case %zu was accepted", i);
		if (!strstr(e.msg, cases[i].words))
			fail_msg("'%s' does not say '%s'", e.msg, cases[i].words);
	}
}

static void states_are_written_and_read_back(void **state)
{
	CLEANUP(states_free) struct states *s = states_new(7);
	CLEANUP(states_free) struct states *t = NULL;
	CLEANUP(free) char *text = NULL;
	struct unit_state u = running("web@1.service");
	struct err e;

	(void)state;
	assert_ok(states_add(s, &u, &e), &e);
	assert_int_equal(states_add(s, &u, &e), ERR_CONFLICT);
	text = states_format(s);
	assert_string_equal(
		text, "{\"epoch\":7,\"units\":{\"web@1.service\":{\"hash\":\"ae3b\","
		      "\"load\":\"loaded\",\"active\":\"active\",\"sub\":\"running\","
		      "\"health\":\"passing\",\"drained\":false,\"restarts\":2,"
		      "\"since\":1700000000000,\"message\":\"\"}}}");
	assert_ok(states_parse(text, strlen(text), &t, &e), &e);
	assert_true(states_is_equal(s, t));
	assert_int_equal(states_get(t, "web@1.service")->restarts, 2);
	t->epoch = 8;
	assert_false(states_is_equal(s, t));
}

static void words_that_are_no_utf8_do_not_lose_the_unit(void **state)
{
	CLEANUP(states_free) struct states *s = states_new(1);
	CLEANUP(states_free) struct states *t = NULL;
	CLEANUP(free) char *text = NULL;
	struct unit_state u = running("a.service");
	struct err e;

	(void)state;
	u.message = (char[]){ "died: \xff\xfe!" };
	assert_ok(states_add(s, &u, &e), &e);
	text = states_format(s);
	assert_ok(states_parse(text, strlen(text), &t, &e), &e);
	assert_int_equal(t->n, 1);
	assert_string_equal(t->units[0].message, "died: ?\?!");
}

static void wrong_states_are_refused(void **state)
{
	static const char *const texts[] = {
		"{\"epoch\":1,\"units\":[]}",
		"{\"epoch\":1,\"units\":{\"a\":{}}}",
		"{\"epoch\":1,\"units\":{\"a\":{\"hash\":\"\",\"load\":\"\",\"active\":"
		"\"\","
		"\"sub\":\"\",\"health\":\"fine\"}}}",
		"{\"epoch\":1,\"units\":{\"a\":{\"hash\":\"\",\"load\":\"\",\"active\":1,"
		"\"sub\":\"\"}}}",
		"{\"units\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct states *s = NULL;
		struct err e;

		assert_int_equal(states_parse(texts[i], strlen(texts[i]), &s, &e),
				 ERR_INVAL);
		assert_null(s);
	}
}

static void healthy_is_active_and_not_failing(void **state)
{
	static const struct {
		const char *active, *sub;
		enum unit_health health;
		bool is_healthy;
	} cases[] = {
		{ "active", "running", HEALTH_PASSING, true },
		{ "active", "running", HEALTH_NONE, true },
		{ "active", "exited", HEALTH_NONE, true },
		{ "active", "running", HEALTH_FAILING, false },
		{ "active", "running", HEALTH_STARTING, false },
		{ "activating", "start", HEALTH_NONE, false },
		{ "failed", "failed", HEALTH_PASSING, false },
		{ "active", "waiting", HEALTH_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct unit_state u = running("a.service");

		u.active = (char *)(uintptr_t)cases[i].active;
		u.sub = (char *)(uintptr_t)cases[i].sub;
		u.health = cases[i].health;
		assert_int_equal(unit_state_is_healthy(&u), cases[i].is_healthy);
		assert_non_null(health_name(u.health));
	}
}

static void many_units_stay_sorted(void **state)
{
	CLEANUP(states_free) struct states *s = states_new(1);
	char name[32];
	struct err e;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct unit_state u;

		snprintf(name, sizeof(name), "u%03d.service", i * 37 % 200);
		u = running(name);
		assert_ok(states_add(s, &u, &e), &e);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "u%03d.service", i);
		assert_string_equal(s->units[i].name, name);
		assert_ptr_equal(states_get(s, name), &s->units[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedule_is_written_sorted_and_read_back),
		cmocka_unit_test(a_unit_is_in_a_schedule_once),
		cmocka_unit_test(schedules_differ_by_what_they_ask_for),
		cmocka_unit_test(wrong_schedules_are_refused_in_words),
		cmocka_unit_test(states_are_written_and_read_back),
		cmocka_unit_test(words_that_are_no_utf8_do_not_lose_the_unit),
		cmocka_unit_test(wrong_states_are_refused),
		cmocka_unit_test(healthy_is_active_and_not_failing),
		cmocka_unit_test(many_units_stay_sorted),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
