/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What belongs to hosts and tokens that ended: watches, leases, certificates. */
#include "owners.h"

#include "check.h"
#include "clock.h"
#include "sql.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct world {
	char path[64];
	struct db *db;
	struct kv *kv;
	struct owners *owners;
};

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e;
	int fd;

	snprintf(w->path, sizeof(w->path), "/tmp/foretide-owners-XXXXXX");
	fd = mkstemp(w->path);
	assert_true(fd >= 0);
	close(fd);
	assert_ok(db_open(w->path, &w->db, &e), &e);
	assert_ok(kv_open(w->db, NULL, &w->kv, &e), &e);
	w->owners = owners_new();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	owners_free(w->owners);
	kv_close(w->kv);
	db_close(w->db);
	unlink(w->path);
	free(w);
	return 0;
}

static void put_host(struct world *w, enum db_host_state s)
{
	char id[] = "web-1", pool[] = "web";
	const struct db_host h = { .id = id, .pool = pool, .state = s };
	struct err e;

	assert_ok(db_host_put(w->db, &h, &e), &e);
}

static void wake(void *arg)
{
	(void)arg;
}

static struct kv_access access_of(const char *owner)
{
	return (struct kv_access){ .owner = owner, .read_all = true, .write_all = true };
}

static struct kv_watch *watch_by(struct world *w, const char *owner)
{
	static const char body[] = "{\"create_request\":{\"key\":\"YQ==\"}}";
	const struct kv_access a = access_of(owner);
	const struct kv_reader reader = { .wake = wake };
	CLEANUP(buf_done) struct buf answer;
	struct kv_watch *ret = NULL;

	assert_int_equal(
		kv_watch_open(w->kv, body, strlen(body), &a, &reader, &ret, &answer),
		200);
	return ret;
}

static void grant(struct world *w, const char *owner)
{
	static const char body[] = "{\"TTL\":3600}";
	const struct kv_access a = access_of(owner);
	CLEANUP(buf_done) struct buf answer;

	assert_int_equal(
		kv_call(w->kv, "/v3/lease/grant", body, strlen(body), &a, &answer), 200);
}

static size_t leases(struct world *w)
{
	struct kv_stats s;

	kv_stats(w->kv, &s);
	return s.leases;
}

/* Reads what there is; false at the end. */
static bool goes_on(struct kv_watch *watch)
{
	char part[4096];
	ssize_t n;

	while ((n = kv_watch_read(watch, part, sizeof(part))) > 0)
		;
	return n == 0;
}

static void watches_and_leases_end_with_their_host(void **state)
{
	struct world *w = *state;
	struct kv_watch *agent = watch_by(w, "web-1"), *other = watch_by(w, "web-2");
	struct kv_watch *programs = watch_by(w, "web-1:programs");
	struct err e;

	put_host(w, DB_HOST_UP);
	grant(w, "web-1");
	grant(w, "web-1:programs");
	grant(w, "web-2");
	assert_ok(db_certificate_use(w->db, "web-1", "01", 1, &e), &e);
	owners_end(w->owners, w->db, w->kv);
	assert_true(goes_on(agent) && goes_on(programs) && goes_on(other));

	assert_ok(db_host_gone(w->db, "web-1", "test", 1, &e), &e);
	owners_end(w->owners, w->db, w->kv);

	assert_false(goes_on(agent));
	assert_false(goes_on(programs));
	assert_true(goes_on(other));
	assert_int_equal(leases(w), 1);
	/* The record of its certificate is gone: any may be the first again. */
	assert_ok(db_certificate_use(w->db, "web-1", "00", 0, &e), &e);
	kv_watch_close(agent);
	kv_watch_close(programs);
	kv_watch_close(other);
}

static void a_host_that_is_taken_back_keeps_what_it_has(void **state)
{
	struct world *w = *state;
	struct err e;

	put_host(w, DB_HOST_UP);
	grant(w, "web-1");
	assert_ok(db_host_gone(w->db, "web-1", "test", 1, &e), &e);
	put_host(w, DB_HOST_UP);
	owners_end(w->owners, w->db, w->kv);
	assert_int_equal(leases(w), 1);
}

static void watches_and_leases_end_with_their_token(void **state)
{
	struct world *w = *state;
	char name[] = "a", hash[] = "aa", name2[] = "b", hash2[] = "bb", owner[2][32];
	const struct db_token tokens[] = {
		{ .name = name, .hash = hash },
		{ .name = name2, .hash = hash2, .expires_ms = clock_now_ms() + 200 },
	};
	struct kv_watch *watch[2];
	int64_t id[2], deadline;
	struct err e;

	for (size_t i = 0; i < 2; i++) {
		assert_ok(db_token_add(w->db, &tokens[i], &id[i], &e), &e);
		owner_of_token(id[i], owner[i], sizeof(owner[i]));
		watch[i] = watch_by(w, owner[i]);
		grant(w, owner[i]);
	}
	deadline = clock_mono_ms() + PATIENCE_MS;
	while (goes_on(watch[1]) && clock_mono_ms() < deadline)
		owners_end(w->owners, w->db, w->kv);
	assert_false(goes_on(watch[1]));
	assert_true(goes_on(watch[0]));
	assert_ok(db_token_revoke(w->db, id[0], &e), &e);
	owners_end(w->owners, w->db, w->kv);
	assert_false(goes_on(watch[0]));
	assert_int_equal(leases(w), 0);
	kv_watch_close(watch[0]);
	kv_watch_close(watch[1]);
}

/* Its request was let in before, and goes on after the look. */
static void what_is_opened_after_the_end_ends_too(void **state)
{
	struct world *w = *state;
	struct kv_watch *agent, *programs, *person;
	char name[] = "a", hash[] = "aa", owner[32];
	const struct db_token token = { .name = name, .hash = hash };
	struct err e;
	int64_t id;

	put_host(w, DB_HOST_UP);
	assert_ok(db_host_gone(w->db, "web-1", "test", 1, &e), &e);
	assert_ok(db_token_add(w->db, &token, &id, &e), &e);
	assert_ok(db_token_revoke(w->db, id, &e), &e);
	owner_of_token(id, owner, sizeof(owner));
	owners_end(w->owners, w->db, w->kv);

	agent = watch_by(w, "web-1");
	programs = watch_by(w, "web-1:programs");
	person = watch_by(w, owner);
	grant(w, "web-1");
	grant(w, owner);
	owners_end(w->owners, w->db, w->kv);
	assert_false(goes_on(agent));
	assert_false(goes_on(programs));
	assert_false(goes_on(person));
	assert_int_equal(leases(w), 0);
	kv_watch_close(agent);
	kv_watch_close(programs);
	kv_watch_close(person);
	/* One that is a host again may have what it opens. */
	put_host(w, DB_HOST_UP);
	agent = watch_by(w, "web-1");
	owners_end(w->owners, w->db, w->kv);
	assert_true(goes_on(agent));
	kv_watch_close(agent);
}

static void set_failing(struct db *db, bool fails)
{
	pthread_mutex_lock(&db->write_lock);
	assert_int_equal(
		sqlite3_exec(db->writer->sql,
			     fails ? "PRAGMA query_only=1" : "PRAGMA query_only=0", NULL,
			     NULL, NULL),
		SQLITE_OK);
	pthread_mutex_unlock(&db->write_lock);
}

static void what_could_not_be_ended_is_ended_later(void **state)
{
	struct world *w = *state;
	char name[] = "a", hash[] = "aa", owner[32];
	const struct db_token token = { .name = name, .hash = hash };
	struct db_ended_host_list ended = { NULL, 0 };
	struct kv_watch *watch;
	struct err e;
	int64_t id;

	put_host(w, DB_HOST_UP);
	assert_ok(db_token_add(w->db, &token, &id, &e), &e);
	owner_of_token(id, owner, sizeof(owner));
	grant(w, "web-1");
	grant(w, "web-1:programs");
	grant(w, owner);
	watch = watch_by(w, owner);
	assert_ok(db_host_gone(w->db, "web-1", "test", 1, &e), &e);
	assert_ok(db_token_revoke(w->db, id, &e), &e);
	set_failing(w->db, true);
	owners_end(w->owners, w->db, w->kv);
	owners_end(w->owners, w->db, w->kv);
	assert_int_equal(leases(w), 3);
	assert_false(goes_on(watch));
	kv_watch_close(watch);
	assert_false(kv_end_owner(w->kv, owner));
	set_failing(w->db, false);
	owners_end(w->owners, w->db, w->kv);
	assert_int_equal(leases(w), 0);
	assert_ok(db_ended_hosts(w->db, &ended, &e), &e);
	assert_int_equal(ended.n, 0);
	db_ended_host_list_done(&ended);
}

static void owners_are_told_apart(void **state)
{
	(void)state;
	assert_true(owner_is_host("web-1"));
	assert_false(owner_is_host("web-1:programs"));
	assert_false(owner_is_host("token:1"));
	assert_false(owner_is_host(""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(watches_and_leases_end_with_their_host),
		TEST(a_host_that_is_taken_back_keeps_what_it_has),
		TEST(watches_and_leases_end_with_their_token),
		TEST(what_is_opened_after_the_end_ends_too),
		TEST(what_could_not_be_ended_is_ended_later),
		cmocka_unit_test(owners_are_told_apart),
	};

	return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
