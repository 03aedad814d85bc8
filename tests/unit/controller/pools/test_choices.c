/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "choices.h"

static void a_type_is_tried_in_all_zones_then_the_next(void **state)
{
	static const struct choice expected[] = {
		{ "small", "b" }, { "small", "a" }, { "large", "b" }, { "large", "a" }
	};
	struct choices c = { 0 };

	(void)state;
	choices_read(&c, " small,large ,", "b a");
	assert_int_equal(choices_n(&c), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(choices_at(&c, i).type, expected[i].type);
		assert_string_equal(choices_at(&c, i).zone, expected[i].zone);
	}
	choices_done(&c);
}

static void nothing_named_is_one_choice_the_drivers_own(void **state)
{
	struct choices c = { 0 };

	(void)state;
	choices_read(&c, "", NULL);
	assert_int_equal(choices_n(&c), 1);
	assert_string_equal(choices_at(&c, 0).type, "");
	assert_string_equal(choices_at(&c, 0).zone, "");
	/* Read again, it is that of the last. */
	choices_read(&c, "a,b", NULL);
	choices_read(&c, "c", " , ");
	assert_int_equal(choices_n(&c), 1);
	assert_string_equal(choices_at(&c, 0).type, "c");
	choices_done(&c);
}

static void more_than_the_most_are_left_out(void **state)
{
	struct choices c = { 0 };

	(void)state;
	choices_read(&c, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18", "x,y");
	assert_int_equal(choices_n(&c), 2 * CHOICES_MOST);
	assert_string_equal(choices_at(&c, 2 * CHOICES_MOST - 1).type, "16");
	choices_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_is_tried_in_all_zones_then_the_next),
		cmocka_unit_test(nothing_named_is_one_choice_the_drivers_own),
		cmocka_unit_test(more_than_the_most_are_left_out),
	};

	return cmocka_run_group_tests_name("choices", tests, NULL, NULL);
}
