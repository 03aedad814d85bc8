/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a change of a stack was compared with is known again in its transaction. */
#include "db_fixture.h"

#include "stack_base.h"

#include <string.h>

static const char *base(const struct fixture *f, int64_t now_ms, char ret[STACK_BASE])
{
	struct err e;

	assert_ok(stack_base(f->db, "shop", now_ms, ret, &e), &e);
	return ret;
}

static void a_base_is_another_after_each_change_of_what_is_compared(void **state)
{
	const struct fixture *f = *state;
	char was[STACK_BASE], is[STACK_BASE], text[] = "{}";
	struct db_stack s = { .name = (char *)(uintptr_t) "shop",
			      .timezone = (char *)(uintptr_t) "UTC",
			      .domain = (char *)(uintptr_t) "d",
			      .text_json = text };
	struct db_tier t = { .stack = (char *)(uintptr_t) "shop",
			     .name = (char *)(uintptr_t) "web",
			     .unit = (char *)(uintptr_t) "web@.service",
			     .pool = (char *)(uintptr_t) "web",
			     .max = 3 };
	struct db_hold h = { .stack = (char *)(uintptr_t) "shop",
			     .owner = (char *)(uintptr_t) "ann",
			     .reason = (char *)(uintptr_t) "sale",
			     .created_ms = 1000,
			     .expires_ms = 9000 };
	struct err e;
	int64_t id;

	(void)base(f, 2000, was);
	assert_string_equal(base(f, 2000, is), was);
	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_string_not_equal(base(f, 2000, is), was);
	strcpy(was, is);
	assert_ok(db_tier_put(f->db, &t, &e), &e);
	assert_string_not_equal(base(f, 2000, is), was);
	strcpy(was, is);
	t.max = 4;
	assert_ok(db_tier_put(f->db, &t, &e), &e);
	assert_string_not_equal(base(f, 2000, is), was);
	strcpy(was, is);
	assert_ok(db_hold_add(f->db, &h, &id, &e), &e);
	assert_string_not_equal(base(f, 2000, is), was);
	/* Once it has expired it is as if there were none. */
	assert_string_equal(base(f, 9500, is), was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_base_is_another_after_each_change_of_what_is_compared),
	};

	return cmocka_run_group_tests_name("stack_base", tests, NULL, NULL);
}
