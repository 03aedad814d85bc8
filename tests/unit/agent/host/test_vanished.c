/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rule for records that vanish, on a copy that is a list of names. */
#include "vanished.h"

#include "test.h"

#include "check.h"
#include "clock.h"

#include <string.h>

#define WEB "/skydns/local/foretide/shop/web/"
#define DB "/skydns/local/foretide/shop/db/"
#define KEEP_MS 300000

struct setup {
	struct vanished *v;
	char keys[64][64];
	size_t n;
	int64_t now;
	size_t kept; /* as told last */
	int told;
};

static size_t at(const struct setup *s, const char *key)
{
	size_t i = 0;

	while (i < s->n && strcmp(s->keys[i], key) != 0)
		i++;
	return i;
}

static bool has(const struct setup *s, const char *key)
{
	return at(s, key) < s->n;
}

static void put(struct setup *s, const char *key)
{
	vanished_forget(s->v, key);
	if (!has(s, key))
		snprintf(s->keys[s->n++], sizeof(s->keys[0]), "%s", key);
}

static void take(struct setup *s, const char *key)
{
	size_t i = at(s, key);

	assert_true(i < s->n);
	memmove(s->keys[i], s->keys[i + 1], (--s->n - i) * sizeof(s->keys[0]));
}

static size_t count(void *arg, const char *group)
{
	const struct setup *s = arg;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += strncmp(s->keys[i], group, strlen(group)) == 0;
	return n;
}

static void act(void *arg, enum vanished_act act, const struct store_kv *kv)
{
	struct setup *s = arg;

	if (act == VANISHED_DROP) {
		take(s, kv->key);
		return;
	}
	assert_false(has(s, kv->key));
	snprintf(s->keys[s->n++], sizeof(s->keys[0]), "%s", kv->key);
}

static void told(void *arg, const char *group, size_t n)
{
	struct setup *s = arg;

	assert_string_equal(group, WEB);
	s->told++;
	s->kept = n;
}

static void vanish(struct setup *s, const char *key)
{
	const struct store_kv kv = { .key = key,
				     .key_len = strlen(key),
				     .value = "{}",
				     .value_len = 2,
				     .lease = 1 };

	assert_true(has(s, key));
	vanished_add(s->v, &kv, s->now);
}

/* Looks each quarter of a second, as the agent does. */
static void pass(struct setup *s, int64_t ms)
{
	for (int64_t end = s->now + ms; s->now < end;) {
		s->now = MIN(end, s->now + 250);
		vanished_settle(s->v, s->now);
	}
}

static void web(char key[64], size_t i)
{
	snprintf(key, 64, WEB "web-%zu-80", i);
}

static void vanish_web(struct setup *s, size_t from, size_t to)
{
	char key[64];

	for (size_t i = from; i < to; i++) {
		web(key, i);
		vanish(s, key);
	}
}

static void put_web(struct setup *s, size_t from, size_t to)
{
	char key[64];

	for (size_t i = from; i < to; i++) {
		web(key, i);
		put(s, key);
	}
}

static int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	const struct vanished_opts o = {
		.keep_ms = KEEP_MS, .count = count, .act = act, .told = told, .arg = s
	};

	s->v = vanished_new(&o);
	s->now = 1000;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	vanished_free(s->v);
	free(s);
	return 0;
}

static void fewer_than_half_go_at_once(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 2);
	pass(s, VANISHED_SETTLE_MS);
	assert_int_equal(count(s, WEB), 2);
	assert_int_equal(s->told, 0);
	pass(s, VANISHED_WINDOW_MS);
	assert_false(vanished_settle(s->v, s->now));
}

static void more_than_half_stay_for_the_stated_time(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	put(s, DB "db-3306");
	vanish_web(s, 0, 4);
	pass(s, KEEP_MS - 250);
	assert_int_equal(count(s, WEB), 4);
	assert_int_equal(s->told, 1);
	assert_int_equal(s->kept, 4);
	pass(s, 500);
	assert_int_equal(count(s, WEB), 0);
	assert_int_equal(s->told, 2);
	assert_int_equal(s->kept, 0);
	assert_true(has(s, DB "db-3306"));
	assert_false(vanished_settle(s->v, s->now));
}

static void those_that_went_first_come_back_when_more_follow(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 1);
	pass(s, 1000);
	assert_int_equal(count(s, WEB), 3);
	vanish_web(s, 1, 2);
	pass(s, 1000);
	assert_int_equal(count(s, WEB), 2);
	vanish_web(s, 2, 3);
	pass(s, 1000);
	assert_int_equal(count(s, WEB), 4);
	vanish_web(s, 3, 4);
	pass(s, 1000);
	assert_int_equal(count(s, WEB), 4);
	assert_int_equal(s->kept, 3);
}

static void losses_that_are_far_apart_do_not_add_up(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	for (size_t i = 0; i < 3; i++) {
		vanish_web(s, i, i + 1);
		pass(s, VANISHED_WINDOW_MS + 250);
	}
	assert_int_equal(count(s, WEB), 1);
	assert_int_equal(s->told, 0);
}

static void the_last_of_a_service_stays_until_another_is_there(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 1);
	vanish_web(s, 0, 1);
	pass(s, 60000);
	assert_int_equal(count(s, WEB), 1);
	put_web(s, 7, 8);
	pass(s, 250);
	assert_int_equal(count(s, WEB), 1);
	assert_true(has(s, WEB "web-7-80"));
	assert_int_equal(s->kept, 0);
}

static void those_that_return_one_by_one_lose_no_other(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 4);
	pass(s, 10000);
	for (size_t i = 0; i < 4; i++) {
		put_web(s, i, i + 1);
		pass(s, VANISHED_CALM_MS / 4);
		assert_int_equal(count(s, WEB), 4);
	}
	assert_false(vanished_settle(s->v, s->now));
	assert_int_equal(s->kept, 0);
}

static void half_of_them_for_long_is_enough(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 4);
	pass(s, 1000);
	put_web(s, 0, 2);
	pass(s, 1000);
	assert_int_equal(s->kept, 0);
	pass(s, VANISHED_CALM_MS - 2000);
	assert_int_equal(count(s, WEB), 4);
	pass(s, 2000);
	assert_int_equal(count(s, WEB), 2);
}

static void one_that_is_withdrawn_meanwhile_goes(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 4);
	pass(s, 1000);
	/* As the copy does it. */
	vanished_forget(s->v, WEB "web-1-80");
	take(s, WEB "web-1-80");
	pass(s, 1000);
	assert_int_equal(count(s, WEB), 3);
}

static void a_look_that_comes_late_decides_the_same(void **state)
{
	struct setup *s = *state;

	put_web(s, 0, 4);
	vanish_web(s, 0, 4);
	s->now += 2 * VANISHED_WINDOW_MS;
	vanished_settle(s->v, s->now);
	assert_int_equal(count(s, WEB), 4);
}

static void ten_thousand_at_once_are_decided_quickly(void **state)
{
	struct setup *s = *state;
	int64_t begun = clock_mono_ms();
	char key[64];

	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), WEB "web-%d-80", i);
		vanished_add(s->v,
			     &(struct store_kv){ .key = key,
						 .key_len = strlen(key),
						 .value = "{}",
						 .value_len = 2 },
			     s->now);
	}
	pass(s, VANISHED_SETTLE_MS);
	assert_int_equal(s->kept, 10000);
	assert_true(clock_mono_ms() - begun < 2000);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(fewer_than_half_go_at_once),
		TEST(more_than_half_stay_for_the_stated_time),
		TEST(those_that_went_first_come_back_when_more_follow),
		TEST(losses_that_are_far_apart_do_not_add_up),
		TEST(the_last_of_a_service_stays_until_another_is_there),
		TEST(those_that_return_one_by_one_lose_no_other),
		TEST(half_of_them_for_long_is_enough),
		TEST(one_that_is_withdrawn_meanwhile_goes),
		TEST(a_look_that_comes_late_decides_the_same),
		TEST(ten_thousand_at_once_are_decided_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
