/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier versions of a stack, and what going back to one means. */
#include "fleet_fixture.h"

#include "roll_back.h"

#define CONF                                                                         \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit =" \
	" web@.service\npool = p\nmax = 9\n"
#define ONE "[Service]\nExecStart=/bin/one\n"
#define TWO "[Service]\nExecStart=/bin/two\n"
#define THREE "[Service]\nExecStart=/bin/three\n"

static int64_t version_in_force(struct scene *s)
{
	CLEANUP(db_stack_done) struct db_stack now = { 0 };

	assert_ok(db_stack_get(s->db->db, "shop", &now, s->e), s->e);
	return now.version;
}

static int64_t default_version(struct scene *s)
{
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };

	assert_ok(stack_find_default(s->db->db, "shop", &v, s->e), s->e);
	return v.version;
}

/* The roll-out of the text in force; good: of the text before. */
static void stop(struct scene *s, const char *hash, const char *good)
{
	char none[] = "", shop[] = "shop", web[] = "web";
	const struct db_roll_out r = { .stack = shop,
				       .tier = web,
				       .hash = (char *)(uintptr_t)hash,
				       .good = (char *)(uintptr_t)good,
				       .state = DB_ROLL_OUT_STOPPED,
				       .unit = none,
				       .host = none,
				       .why = none,
				       .since_ms = NOW_MS };

	const int64_t version = version_in_force(s);

	assert_ok(db_roll_outs_put(s->db->db, &r, &version, 1, s->e), s->e);
}

static const char *hash_in_force(struct scene *s)
{
	scene_load(s);
	return s->f->tiers[0].cat->unit->hash;
}

static void the_latest_twenty_are_kept_and_named(void **state)
{
	struct scene *s = *state;
	CLEANUP(db_stack_version_list_done) struct db_stack_version_list l = { 0 };
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };

	for (int i = 0; i < 25; i++) {
		CLEANUP(free)
		char *text = xasprintf("[Service]\nExecStart=/bin/n%d\n", i);

		scene_apply(s, CONF, text);
	}
	assert_ok(db_stack_version_list(s->db->db, "shop", &l, s->e), s->e);
	assert_int_equal(l.n, 20);
	assert_int_equal(l.v[0].version, version_in_force(s));
	assert_int_equal(l.v[19].version, version_in_force(s) - 19);
	assert_int_equal(stack_find_version(s->db->db, "shop", 3, &v, s->e),
			 ERR_NOT_FOUND);
	assert_non_null(
		strstr(s->e->msg, "no version 3 of the stack shop; kept are 25, 24"));
	assert_ok(stack_find_version(s->db->db, "shop", 24, &v, s->e), s->e);
}

static void without_a_number_it_is_the_latest_that_differs(void **state)
{
	struct scene *s = *state;
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };

	scene_apply(s, CONF, ONE);
	assert_int_equal(stack_find_default(s->db->db, "shop", &v, s->e), ERR_NOT_FOUND);
	scene_apply(s, CONF, TWO);
	scene_apply(s, CONF, TWO);
	assert_int_equal(default_version(s), 1);
}

static void after_a_stop_it_is_the_latest_with_the_good_text(void **state)
{
	struct scene *s = *state;
	CLEANUP(free) char *good = NULL;

	scene_apply(s, CONF, ONE);
	good = xstrdup(hash_in_force(s));
	scene_apply(s, CONF, TWO);
	scene_apply(s, CONF, THREE);
	assert_int_equal(default_version(s), 2);
	stop(s, hash_in_force(s), good);
	assert_int_equal(default_version(s), 1);
}

static void the_same_applied_again_is_told_as_another_try(void **state)
{
	struct scene *s = *state;
	CLEANUP(db_stack_done) struct db_stack now = { 0 };
	CLEANUP(stack_file_free) struct stack_file *file = NULL;
	CLEANUP(json_decref) json_t *before = NULL;
	CLEANUP(json_decref) json_t *changes = NULL;
	CLEANUP(db_roll_out_list_done) struct db_roll_out_list l = { 0 };

	scene_apply(s, CONF, ONE);
	assert_ok(db_stack_get(s->db->db, "shop", &now, s->e), s->e);
	assert_ok(stack_file_parse(now.text_json, &file, s->e), s->e);
	assert_ok(stack_diff(s->db->db, file, now.text_json, &before, s->e), s->e);
	assert_int_equal(json_array_size(before), 0);
	stop(s, hash_in_force(s), "");
	assert_ok(stack_diff(s->db->db, file, now.text_json, &changes, s->e), s->e);
	assert_int_equal(json_array_size(changes), 1);
	scene_apply(s, CONF, ONE);
	assert_ok(db_roll_out_list(s->db->db, "shop", &l, s->e), s->e);
	assert_int_equal(l.v[0].state, DB_ROLL_OUT_RUNNING);
}

static void by_itself_the_unit_alone_goes_back(void **state)
{
	struct scene *s = *state;
	CLEANUP(free) char *good = NULL;
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	CLEANUP(db_stack_done) struct db_stack now = { 0 };
	int64_t from = 0, version = 0;

	scene_apply(s, CONF, ONE);
	good = xstrdup(hash_in_force(s));
	scene_apply(s, CONF "min = 2\n[secret key]\n", TWO);
	assert_ok(db_tier_get(s->db->db, "shop", "web", &t, s->e), s->e);
	t.step_out_max = 7;
	assert_ok(db_tier_put(s->db->db, &t, s->e), s->e);
	assert_int_equal(stack_go_back(s->db->db, "shop", "web@.service", good, 1, NOW_MS,
				       &from, &version, s->e),
			 ERR_CONFLICT);
	assert_int_equal(stack_go_back(s->db->db, "shop", "app@.service", good, 2, NOW_MS,
				       &from, &version, s->e),
			 ERR_NOT_FOUND);
	assert_ok(stack_go_back(s->db->db, "shop", "web@.service", good, 2, NOW_MS, &from,
				&version, s->e),
		  s->e);
	assert_int_equal(from, 1);
	assert_int_equal(version, 3);
	assert_string_equal(hash_in_force(s), good);
	assert_int_equal(s->f->tiers[0].t.min, 2);
	assert_int_equal(s->f->tiers[0].t.step_out_max, 7);
	assert_ok(db_stack_get(s->db->db, "shop", &now, s->e), s->e);
	assert_non_null(strstr(now.text_json, "[secret key]"));
}

static void a_tier_may_go_back_by_itself_where_its_stack_does_not(void **state)
{
	struct scene *s = *state;

	scene_apply(s, CONF, ONE);
	scene_load(s);
	assert_false(s->f->tiers[0].cat->rolls_back);
	scene_apply(s, CONF "rollback = auto\n", ONE);
	scene_load(s);
	assert_true(s->f->tiers[0].cat->rolls_back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(the_latest_twenty_are_kept_and_named),
		SCENE_TEST(without_a_number_it_is_the_latest_that_differs),
		SCENE_TEST(after_a_stop_it_is_the_latest_with_the_good_text),
		SCENE_TEST(the_same_applied_again_is_told_as_another_try),
		SCENE_TEST(by_itself_the_unit_alone_goes_back),
		SCENE_TEST(a_tier_may_go_back_by_itself_where_its_stack_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
