/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A state folder that is not whole is not started as if it were. */
#include "life_fixture.h"

static char *in_folder(const struct life *l, const char *name)
{
	return xasprintf("%s/%s", l->dir, name);
}

static void assert_not_started(struct life *l, const char *words)
{
	struct err e;

	assert_int_equal(life_start(l, &e), ERR_CONFLICT);
	assert_null(l->d);
	if (!strstr(e.msg, words))
		fail_msg("'%s' has no '%s'", e.msg, words);
}

/* An empty database would launch everything again beside what runs. */
static void keys_without_their_database_are_started_only_as_new(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *database = in_folder(l, "foretide.db");
	CLEANUP(free) char *owner = NULL;
	struct err e;

	assert_ok(life_start(l, &e), &e);
	owner = xstrdup(l->d->owner);
	life_stop(l);
	assert_int_equal(unlink(database), 0);
	assert_not_started(l, "its database foretide.db is missing or empty");
	/* Empty, as of a copy that broke off. */
	fclose(fopen(database, "w"));
	assert_not_started(l, "--restore");
	l->o.is_new = true;
	assert_ok(life_start(l, &e), &e);
	/* Its VMs are found by it. */
	assert_string_equal(l->d->owner, owner);
	life_stop(l);
	assert_not_started(l, "--new is for a folder without one");
	l->o.is_new = false;
	assert_ok(life_start(l, &e), &e);
}

/* A database that was made beside the keys, but is not theirs. */
static void a_database_that_knows_no_owner_is_none_of_these_keys(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *database = in_folder(l, "foretide.db");
	CLEANUP(db_close) struct db *db = NULL;
	struct err e;

	assert_ok(life_start(l, &e), &e);
	life_stop(l);
	assert_int_equal(unlink(database), 0);
	assert_ok(db_open(database, &db, &e), &e);
	db_close(TAKE(db));
	assert_not_started(l, "missing or empty");
}

static void the_keys_of_another_installation_are_refused(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *owner = in_folder(l, "ca/owner");
	struct err e;
	FILE *f;

	assert_ok(life_start(l, &e), &e);
	life_stop(l);
	f = fopen(owner, "w");
	assert_non_null(f);
	fputs("0123456789abcdef\n", f);
	fclose(f);
	assert_not_started(l, "the keys in ca/ are of 0123456789abcdef");
	/* One from before it was kept there is taken over. */
	assert_int_equal(unlink(owner), 0);
	assert_ok(life_start(l, &e), &e);
	assert_int_equal(access(owner, F_OK), 0);
}

static void folders_above_the_state_are_made_and_a_file_is_no_folder(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *deep = in_folder(l, "a/b/c");
	CLEANUP(free) char *file = in_folder(l, "file");
	CLEANUP(free) char *below = in_folder(l, "file/state");
	struct err e;

	assert_ok(options_set(&l->o, "controller.state_dir", deep, &e), &e);
	assert_ok(life_start(l, &e), &e);
	life_stop(l);
	assert_int_equal(access(deep, F_OK), 0);
	fclose(fopen(file, "w"));
	assert_ok(options_set(&l->o, "controller.state_dir", below, &e), &e);
	assert_int_equal(life_start(l, &e), ERR_STORE);
	assert_non_null(strstr(e.msg, "cannot create the state folder"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(keys_without_their_database_are_started_only_as_new),
		LIFE_TEST(a_database_that_knows_no_owner_is_none_of_these_keys),
		LIFE_TEST(the_keys_of_another_installation_are_refused),
		LIFE_TEST(folders_above_the_state_are_made_and_a_file_is_no_folder),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
