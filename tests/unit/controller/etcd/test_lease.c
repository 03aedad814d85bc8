/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases: their times, their ends, and what is read of them again. */
#include "clock.h"
#include "db_fail.h"
#include "kv_fixture.h"
#include "lease.h"

#include <unistd.h>

static int64_t grant(struct kv *kv, const struct kv_access *a, int64_t ttl_s)
{
	const struct kv_lease *l = NULL;

	pthread_mutex_lock(&kv->lock);
	assert_null(kv_lease_grant(kv, ttl_s, 0, a, &l));
	pthread_mutex_unlock(&kv->lock);
	return l->id;
}

static void put_leased(struct kv *kv, const char *key, int64_t lease)
{
	CLEANUP(free) char *k = b64(key);
	CLEANUP(free)
	char *body =
		xasprintf("{\"key\":\"%s\",\"lease\":\"%lld\"}", k, (long long)lease);

	assert_int_equal(call(kv, &all, "/v3/kv/put", body, NULL), 200);
}

static int64_t expire(struct kv *kv, int64_t now_ms)
{
	int64_t next;

	pthread_mutex_lock(&kv->lock);
	next = kv_lease_expire(kv, now_ms);
	pthread_mutex_unlock(&kv->lock);
	return next;
}

static int64_t keep_alive(struct kv *kv, int64_t id)
{
	CLEANUP(free) char *body = xasprintf("{\"ID\":\"%lld\"}", (long long)id);
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(call(kv, &all, "/v3/lease/keepalive", body, &doc), 200);
	return number(json_object_get(doc, "result"), "TTL");
}

static void a_lease_ends_with_its_time_and_its_keys(void **state)
{
	struct world *w = *state;
	const int64_t now = clock_mono_ms();
	int64_t soon = grant(w->kv, &all, 600), late = grant(w->kv, &all, 9000);
	int64_t next;

	put_leased(w->kv, "/a/soon", soon);
	put_leased(w->kv, "/a/late", late);
	next = expire(w->kv, now);
	assert_true(next >= now + 600000 && next < now + 700000);
	next = expire(w->kv, now + 1000000);
	assert_true(next >= now + 9000000);
	assert_int_equal(w->kv->n_leases, 1);
	assert_int_equal(count(w->kv, "/a/", "/a0"), 1);
	assert_int_equal(keep_alive(w->kv, soon), 0);
	assert_int_equal(keep_alive(w->kv, late), 9000);
}

static void many_end_together(void **state)
{
	struct world *w = *state;
	const int64_t now = clock_mono_ms();

	for (int i = 0; i < 600; i++)
		(void)grant(w->kv, &all, 600);
	/* Not all in one hold of the lock. */
	assert_true(expire(w->kv, now + 1000000) < now + 2000000);
	assert_true(w->kv->n_leases > 0 && w->kv->n_leases < 600);
	while (expire(w->kv, now + 1000000) != INT64_MAX)
		;
	assert_int_equal(w->kv->n_leases, 0);
}

static void who_cannot_be_ended_now_is_ended_later(void **state)
{
	struct world *w = *state;
	const int64_t now = clock_mono_ms();
	int64_t id = grant(w->kv, &all, 600);

	db_fail_writes(w->f->db, true);
	assert_true(expire(w->kv, now + 1000000) < now + 1010000);
	assert_int_equal(call(w->kv, &all, "/v3/lease/grant", "{\"TTL\":5}", NULL), 503);
	db_fail_writes(w->f->db, false);
	assert_int_equal(w->kv->n_leases, 1);
	assert_int_equal(keep_alive(w->kv, id), 600);
	expire(w->kv, now + 2000000);
	assert_int_equal(w->kv->n_leases, 0);
}

/* What others write may take its time. */
static void a_lease_is_kept_alive_while_the_store_waits(void **state)
{
	struct world *w = *state;
	int64_t id = grant(w->kv, &all, 600);

	alarm(60); /* it must not wait for ever */
	pthread_mutex_lock(&w->kv->lock);
	assert_int_equal(keep_alive(w->kv, id), 600);
	pthread_mutex_unlock(&w->kv->lock);
	alarm(0);
}

static void after_a_stop_all_have_their_full_time(void **state)
{
	struct world *w = *state;
	const int64_t later = clock_mono_ms() + 500000;
	const struct kv_lease *l;
	int64_t id = grant(w->kv, &all, 600);

	kv_lease_renew_all(w->kv, later);
	pthread_mutex_lock(&w->kv->lock);
	l = kv_lease_find(w->kv, id);
	assert_true(kv_lease_left_s(w->kv, l) > 1000);
	pthread_mutex_unlock(&w->kv->lock);
}

static int64_t ttl_of(struct kv *kv, int64_t id)
{
	int64_t ttl_s;

	pthread_mutex_lock(&kv->lock);
	ttl_s = kv_lease_find(kv, id)->ttl_s;
	pthread_mutex_unlock(&kv->lock);
	return ttl_s;
}

static void leases_of_before_the_limits_end_as_well(void **state)
{
	static const struct db_kv_lease rows[] = {
		{ .id = 1, .ttl_s = 9000000000, .owner = "web-1" },
		{ .id = 2, .ttl_s = 9000000000, .owner = "token:1" },
		{ .id = 3, .ttl_s = 9000000000, .owner = "" },
		{ .id = 4, .ttl_s = 5, .owner = "web-1" },
	};
	struct world *w = *state;

	kv_close(TAKE(w->kv));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_ok(db_kv_lease_put(w->f->db, &rows[i], &w->f->e), &w->f->e);
	world_open(w, NULL);
	assert_int_equal(ttl_of(w->kv, 1), 3600);
	assert_int_equal(ttl_of(w->kv, 2), 9000000000);
	assert_int_equal(ttl_of(w->kv, 3), 9000000000);
	assert_int_equal(ttl_of(w->kv, 4), 5);
}

static void what_an_owner_has_ends_with_it(void **state)
{
	static const char *const rules[] = { "/a/", NULL };
	const struct kv_access one = { .owner = "web-1", .read = rules, .write = rules };
	const struct kv_access two = { .owner = "web-2", .read = rules, .write = rules };
	struct world *w = *state;

	put_leased(w->kv, "/a/1", grant(w->kv, &one, 60));
	put_leased(w->kv, "/a/2", grant(w->kv, &two, 60));
	put_leased(w->kv, "/a/3", grant(w->kv, &one, 60));
	assert_true(kv_end_owner(w->kv, "web-1"));
	assert_int_equal(w->kv->n_leases, 1);
	assert_int_equal(count(w->kv, "/a/", "/a0"), 1);
	kv_close(TAKE(w->kv));
	world_open(w, NULL);
	assert_int_equal(w->kv->n_leases, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(a_lease_ends_with_its_time_and_its_keys),
		KV_TEST(many_end_together),
		KV_TEST(who_cannot_be_ended_now_is_ended_later),
		KV_TEST(a_lease_is_kept_alive_while_the_store_waits),
		KV_TEST(after_a_stop_all_have_their_full_time),
		KV_TEST(leases_of_before_the_limits_end_as_well),
		KV_TEST(what_an_owner_has_ends_with_it),
	};

	return cmocka_run_group_tests_name("leases", tests, NULL, NULL);
}
