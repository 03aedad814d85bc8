/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin_token.h"

#include "check.h"
#include "clock.h"
#include "test.h"
#include "text.h"
#include "trust.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	char dir[64];
	struct db *db;
};

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	char path[128];
	struct err e;

	strcpy(w->dir, "/tmp/foretide-token-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(path, sizeof(path), "%s/foretide.db", w->dir);
	assert_ok(db_open(path, &w->db, &e), &e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"foretide.db",      "foretide.db-wal", "foretide.db-shm",
		"foretide.db.lock", "admin-token",     "admin-2-token",
	};
	struct world *w = *state;

	db_close(w->db);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	rmdir(w->dir);
	free(w);
	return 0;
}

/* The file's line is an admin's token; nobody else can read it. */
static void assert_admin(struct world *w, const char *path, const char *name)
{
	CLEANUP(db_token_done) struct db_token t = { 0 };
	CLEANUP(free) char *text = NULL;
	char hash[TOKEN_HASH_TEXT];
	struct stat st;
	struct err e;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(conf_read_file(path, 4096, &text, NULL, &e), &e);
	text[strcspn(text, "\n")] = '\0';
	token_hash(text, hash);
	assert_ok(db_token_find(w->db, hash, clock_now_ms(), &t, &e), &e);
	assert_string_equal(t.name, name);
	assert_int_equal(t.role, DB_ROLE_ADMIN);
	assert_int_equal(t.expires_ms, 0);
}

static void the_first_is_made_once(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *again = NULL;
	struct err e;

	assert_ok(admin_token_first(w->db, w->dir, &path, &e), &e);
	assert_admin(w, path, "admin");
	assert_ok(admin_token_first(w->db, w->dir, &again, &e), &e);
	assert_null(again);
}

static void another_is_made_beside_a_controller(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *other = NULL;
	struct err e;

	assert_ok(admin_token_first(w->db, w->dir, &first, &e), &e);
	assert_ok(admin_token_recover(w->dir, &other, &e), &e);
	assert_admin(w, other, "admin-2");
	/* What is not lost is not replaced. */
	assert_admin(w, first, "admin");
}

static void a_revoked_name_is_free_again(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *other = NULL;
	struct err e;

	assert_ok(admin_token_first(w->db, w->dir, &first, &e), &e);
	assert_ok(db_token_revoke(w->db, 1, &e), &e);
	assert_ok(admin_token_recover(w->dir, &other, &e), &e);
	assert_admin(w, other, "admin");
}

static void a_folder_without_a_database_is_left_alone(void **state)
{
	char *path = NULL;
	struct err e;

	(void)state;
	assert_int_equal(admin_token_recover("/tmp", &path, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "--state-dir"));
	assert_int_equal(access("/tmp/foretide.db", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_is_made_once, setup, teardown),
		cmocka_unit_test_setup_teardown(another_is_made_beside_a_controller,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_revoked_name_is_free_again, setup,
						teardown),
		cmocka_unit_test(a_folder_without_a_database_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
