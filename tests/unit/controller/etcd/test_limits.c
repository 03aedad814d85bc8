/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one owner takes has a limit, at which it alone is refused, by name. */
#include "clock.h"
#include "kv_fixture.h"
#include "lease.h"
#include "owner.h"

#include <string.h>

static const char *const rules[] = { "/a/", NULL };
static const struct kv_access web1 = { .owner = "web-1", .read = rules, .write = rules };
static const struct kv_access web2 = { .owner = "web-2", .read = rules, .write = rules };

static unsigned grant(struct kv *kv, const struct kv_access *a, const char *body,
		      int64_t *ret_id, int64_t *ret_ttl_s, char *words)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	unsigned status = call(kv, a, "/v3/lease/grant", body, &doc);

	if (ret_id)
		*ret_id = number(doc, "ID");
	if (ret_ttl_s)
		*ret_ttl_s = number(doc, "TTL");
	if (words)
		snprintf(words, 200, "%s", error_of(doc));
	return status;
}

static unsigned with_id(struct kv *kv, const struct kv_access *a, const char *path,
			int64_t id, json_t **ret)
{
	CLEANUP(free) char *body = xasprintf("{\"ID\":\"%lld\"}", (long long)id);

	return call(kv, a, path, body, ret);
}

/* ---------------------------------------------------------------- leases */

static void a_host_takes_few_leases_and_others_go_on(void **state)
{
	struct world *w = *state;
	struct kv_refusals r;
	char words[200];

	assert_false(kv_refusals(w->kv, &r));
	for (int i = 0; i < 8; i++)
		assert_int_equal(grant(w->kv, &web1, "{\"TTL\":5}", NULL, NULL, NULL),
				 200);
	for (int i = 0; i < 3; i++)
		assert_int_equal(grant(w->kv, &web1, "{\"TTL\":5}", NULL, NULL, words),
				 429);
	assert_string_equal(words, "etcdserver: too many leases: the limit of web-1");
	assert_int_equal(grant(w->kv, &web2, "{\"TTL\":5}", NULL, NULL, NULL), 200);
	assert_int_equal(grant(w->kv, &all, "{\"TTL\":5}", NULL, NULL, NULL), 200);
	assert_true(kv_refusals(w->kv, &r));
	assert_string_equal(r.owner, "web-1");
	assert_string_equal(r.why, "etcdserver: too many leases");
	assert_int_equal(r.n, 3);
	assert_int_equal(r.n_owners, 1);
}

static void a_time_to_live_has_bounds(void **state)
{
	struct world *w = *state;
	char words[200];
	int64_t ttl_s;

	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":3600}", NULL, NULL, NULL), 200);
	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":3601}", NULL, NULL, words), 400);
	assert_string_equal(words, "etcdserver: too large lease TTL: the limit of web-1");
	assert_int_equal(grant(w->kv, &all, "{\"TTL\":9000000000}", NULL, &ttl_s, NULL),
			 200);
	assert_int_equal(ttl_s, 9000000000);
	assert_int_equal(grant(w->kv, &all, "{\"TTL\":9000000001}", NULL, NULL, words),
			 400);
	assert_string_equal(words, "etcdserver: too large lease TTL");
	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":-5}", NULL, &ttl_s, NULL), 200);
	assert_int_equal(ttl_s, 2);
	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":\"-9223372036854775808\"}", NULL,
			       &ttl_s, NULL),
			 200);
	assert_int_equal(ttl_s, 2);
	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":\"much\"}", NULL, NULL, NULL),
			 400);
}

static void a_lease_is_its_owners(void **state)
{
	static const char *const paths[] = { "/v3/lease/revoke", "/v3/lease/keepalive",
					     "/v3/lease/timetolive" };
	struct world *w = *state;
	CLEANUP(free) char *body = NULL;
	int64_t id;

	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":5}", &id, NULL, NULL), 200);
	assert_true(id > 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(with_id(w->kv, &web2, paths[i], id, NULL), 403);
	body = xasprintf("{\"key\":\"L2EvaA==\",\"lease\":\"%lld\"}", (long long)id);
	assert_int_equal(call(w->kv, &web2, "/v3/kv/put", body, NULL), 403);
	assert_int_equal(call(w->kv, &web1, "/v3/kv/put", body, NULL), 200);
	assert_int_equal(grant(w->kv, &web2, "{\"TTL\":5,\"ID\":77}", &id, NULL, NULL),
			 200);
	assert_int_equal(id, 77);
	assert_int_equal(grant(w->kv, &web1, "{\"TTL\":5,\"ID\":77}", NULL, NULL, NULL),
			 412);
	assert_int_equal(with_id(w->kv, &web1, "/v3/lease/revoke", 77, NULL), 403);
}

static void leases_of_thousands_of_hosts_fit(void **state)
{
	struct world *w = *state;

	for (int h = 0; h < 1000; h++) {
		char name[24];
		struct kv_access a = web1;
		int64_t id;

		snprintf(name, sizeof(name), "host-%d", h);
		a.owner = name;
		for (int i = 0; i < 2; i++)
			assert_int_equal(
				grant(w->kv, &a, "{\"TTL\":600}", &id, NULL, NULL), 200);
		assert_int_equal(with_id(w->kv, &a, "/v3/lease/keepalive", id, NULL),
				 200);
	}
	assert_int_equal(w->kv->n_leases, 2000);
	for (size_t i = 1; i < w->kv->n_leases; i++)
		assert_true(w->kv->leases[i - 1]->id < w->kv->leases[i]->id);
	assert_true(kv_end_owner(w->kv, "host-7"));
	assert_int_equal(w->kv->n_leases, 1998);
}

/* ---------------------------------------------------------------- keys and bytes */

static void an_owner_has_so_many_keys_and_bytes(void **state)
{
	static const struct kv_limits few = {
		.keys = 3, .bytes = 100, .writes = { 100, 100 }, .reads = { 100, 100 }
	};
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few), b = somebody("b", &few);
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(put(w->kv, &a, "/1", "x"), 200);
	assert_int_equal(put(w->kv, &a, "/2", "x"), 200);
	assert_int_equal(put(w->kv, &a, "/3", "x"), 200);
	assert_int_equal(call(w->kv, &a, "/v3/kv/put", "{\"key\":\"LzQ=\"}", &doc), 429);
	assert_string_equal(error_of(doc),
			    "etcdserver: mvcc: database space exceeded: the limit of a");
	assert_int_equal(put(w->kv, &a, "/3", "y"), 200); /* its own, again */
	assert_int_equal(put(w->kv, &b, "/4", "x"), 200);
	assert_int_equal(put(w->kv, &b, "/3", "x"), 200); /* now b's */
	assert_int_equal(put(w->kv, &a, "/5", "x"), 200);
	call(w->kv, &a, "/v3/kv/deleterange", "{\"key\":\"LzE=\"}", NULL);
	assert_int_equal(put(w->kv, &a, "/6",
			     "0123456789012345678901234567890123456789"
			     "0123456789012345678901234567890123456789"),
			 200);
	assert_int_equal(put(w->kv, &a, "/5", "0123456789012345678901234567890123456789"),
			 429);
	assert_int_equal(
		put(w->kv, &all, "/5", "0123456789012345678901234567890123456789"), 200);
}

static void what_an_owner_has_is_known_after_a_restart(void **state)
{
	static const struct kv_limits few = { .keys = 2,
					      .bytes = 100,
					      .writes = { 100, 100 } };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few);

	put(w->kv, &a, "/1", "x");
	put(w->kv, &a, "/2", "x");
	put(w->kv, &a, "/2", "y");
	put(w->kv, &all, "/3", "x");
	kv_close(TAKE(w->kv));
	world_open(w, NULL);
	assert_int_equal(put(w->kv, &a, "/4", "x"), 429);
	assert_int_equal(put(w->kv, &a, "/2", "z"), 200);
	call(w->kv, &a, "/v3/kv/deleterange", "{\"key\":\"LzE=\"}", NULL);
	kv_close(TAKE(w->kv));
	world_open(w, NULL);
	assert_int_equal(put(w->kv, &a, "/4", "x"), 200);
	assert_int_equal(put(w->kv, &a, "/5", "x"), 429);
}

static void an_undone_write_is_nobodys(void **state)
{
	static const struct kv_limits few = { .keys = 2,
					      .bytes = 100,
					      .writes = { 100, 100 } };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few);

	/* A put of a lease that is not there, beside two that would fit. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			call(w->kv, &a, "/v3/kv/txn",
			     "{\"success\":[{\"request_put\":{\"key\":\"YQ==\"}},"
			     "{\"request_put\":{\"key\":\"Yg==\",\"lease\":5}}]}",
			     NULL),
			404);
	assert_int_equal(put(w->kv, &a, "/1", "x"), 200);
	assert_int_equal(put(w->kv, &a, "/2", "x"), 200);
}

/* It is taken over, and written, as if it had been sent. */
static void a_value_that_is_kept_counts(void **state)
{
	static const struct kv_limits few = {
		.keys = 10,
		.bytes = 60000,
		.writes = { .per_s = 0.001, .burst = 20 },
	};
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few);
	CLEANUP(free) char *value = xcalloc(1, 100001);
	const char *body = "{\"key\":\"L2s=\",\"ignore_value\":true}";
	int n = 0;

	memset(value, 'v', 100000);
	put(w->kv, &all, "/k", value);
	assert_int_equal(call(w->kv, &a, "/v3/kv/put", body, NULL), 429);
	value[50000] = '\0';
	put(w->kv, &all, "/k", value);
	while (n < 100 && call(w->kv, &a, "/v3/kv/put", body, NULL) == 200)
		n++;
	assert_true(n > 0 && n < 8); /* four tokens each, and seven for the refusal */
}

static void the_last_of_the_space_is_the_controllers(void **state)
{
	static const struct kv_opts small = { .max_bytes = 64000 };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &kv_person_limits);
	CLEANUP(free) char *value = xcalloc(1, 1001);
	unsigned status = 200;
	char key[32];

	memset(value, 'v', 1000);
	kv_close(TAKE(w->kv));
	world_open(w, &small);
	for (int i = 0; status == 200 && i < 100; i++) {
		snprintf(key, sizeof(key), "/%d", i);
		status = put(w->kv, &a, key, value);
	}
	assert_int_equal(status, 429);
	assert_int_equal(put(w->kv, &all, "/controller", value), 200);
}

/* Puts values of so many bytes until one is refused, at most n; how many were not. */
static int fill(struct kv *kv, const struct kv_access *a, const char *prefix,
		size_t bytes, int n)
{
	CLEANUP(free) char *value = xcalloc(1, bytes + 1);
	unsigned status = 200;
	int i = 0;

	memset(value, 'v', bytes);
	for (; status == 200 && i < n; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s%d", prefix, i);
		status = put(kv, a, key, value);
	}
	return i - (status != 200);
}

#define SMALL_STORE (8u << 20)

static void world_small(struct world *w)
{
	static const struct kv_opts small = { .max_bytes = SMALL_STORE };

	kv_close(TAKE(w->kv));
	world_open(w, &small);
}

/* Those of the hosts of several stacks, and then one with many rights: agents still
 * register. */
static void who_has_little_has_room_when_others_have_filled_it(void **state)
{
	struct world *w = *state;
	struct kv_filling filling;
	struct kv_refusals refused;

	world_small(w);
	assert_false(kv_is_filling(w->kv, &filling));
	for (int h = 0; h < 4; h++) {
		char owner[32], prefix[32];
		struct kv_access a = somebody(owner, &kv_host_limits);

		snprintf(owner, sizeof(owner), "web-%d:programs", h);
		snprintf(prefix, sizeof(prefix), "/apps/%d/", h);
		fill(w->kv, &a, prefix, 100000, 19);
	}
	assert_true(w->kv->space.bytes <= SMALL_STORE / 8 * 5);
	assert_true(w->kv->space.bytes > SMALL_STORE / 2);
	assert_true(kv_refusals(w->kv, &refused));
	assert_non_null(strstr(refused.owner, ":programs"));
	assert_true(kv_is_filling(w->kv, &filling));
	assert_int_equal(filling.max_bytes, SMALL_STORE);
	assert_non_null(strstr(filling.owner, ":programs"));
	assert_true(filling.owner_bytes > 1900000);
	assert_true(filling.since_ms > 0);
	/* Those who have much themselves. */
	for (int h = 0; h < 4; h++) {
		char owner[32], prefix[32];
		struct kv_access a = somebody(owner, &kv_host_limits);

		snprintf(owner, sizeof(owner), "web-%d", h);
		snprintf(prefix, sizeof(prefix), "/states/%d/", h);
		fill(w->kv, &a, prefix, 60000, 40);
	}
	assert_true(w->kv->space.bytes > SMALL_STORE / 8 * 5);
	for (int h = 10; h < 20; h++) {
		char owner[32];
		const struct kv_access a = somebody(owner, &kv_host_limits);

		snprintf(owner, sizeof(owner), "web-%d", h);
		assert_int_equal(fill(w->kv, &a, owner, 20000, 1), 1);
	}
	assert_int_equal(fill(w->kv, &all, "/controller/", 100000, 8), 8);
}

/* Programs of so many hosts of a stack put values; how many were not refused. */
static int fill_stack(struct kv *kv, const char *stack, int hosts)
{
	int n = 0;

	for (int h = 0; h < hosts; h++) {
		char owner[32], prefix[48];
		const struct kv_access a = somebody(owner, &kv_host_limits);

		snprintf(owner, sizeof(owner), "%s-%d:programs", stack, h);
		snprintf(prefix, sizeof(prefix), "/apps/%s/%d/", stack, h);
		n += fill(kv, &a, prefix, 100000, 10);
	}
	return n;
}

static unsigned put_two(struct kv *kv, const struct kv_access *a, const char *key1,
			const char *key2, const char *value)
{
	CLEANUP(free) char *k1 = b64(key1);
	CLEANUP(free) char *k2 = b64(key2);
	CLEANUP(free) char *v = b64(value);
	CLEANUP(free)
	char *body = xasprintf(
		"{\"success\":[{\"request_put\":{\"key\":\"%s\",\"value\":\"%s\"}},"
		"{\"request_put\":{\"key\":\"%s\",\"value\":\"%s\"}}]}",
		k1, v, k2, v);

	return call(kv, a, "/v3/kv/txn", body, NULL);
}

/* A fourth of eight MiB are 20 values and what they cost besides. */
static void the_programs_of_a_stack_have_a_quarter_together(void **state)
{
	struct world *w = *state;
	const struct kv_access shop1 = somebody("shop-1:programs", &kv_host_limits);
	const struct kv_access fresh = somebody("shop-9:programs", &kv_host_limits);
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *value = xcalloc(1, 100001);
	struct kv_refusals refused;
	struct kv_filling filling;

	memset(value, 'w', 100000);
	world_small(w);
	assert_int_equal(fill_stack(w->kv, "shop", 5), 20);
	assert_true(kv_refusals(w->kv, &refused));
	assert_string_equal(refused.owner, "/apps/shop/");
	assert_non_null(strstr(refused.why, "the programs of one stack"));
	assert_int_equal(refused.n_owners, 1);
	assert_false(kv_is_filling(w->kv, &filling));
	/* Others are not asked, and neither is who changes what the stack has. */
	assert_int_equal(fill_stack(w->kv, "blog", 2), 20);
	assert_int_equal(put(w->kv, &fresh, "/apps/shop/1/3", value), 200);
	assert_int_equal(put(w->kv, &fresh, "/apps/shop/9/0", value), 429);
	assert_int_equal(put(w->kv, &all, "/apps/shop/all", value), 200);
	/* A transaction counts as a whole: of 190 KB that are free it takes 120. */
	assert_int_equal(put(w->kv, &shop1, "/apps/shop/1/2", "x"), 200);
	value[60000] = '\0';
	assert_int_equal(
		put_two(w->kv, &fresh, "/apps/shop/9/1", "/apps/shop/9/2", value), 200);
	assert_int_equal(
		put_two(w->kv, &fresh, "/apps/shop/9/3", "/apps/shop/9/4", value), 429);
	assert_int_equal(put(w->kv, &fresh, "/apps/shop/9/3", value), 200);
	/* It is known after a restart, and what is deleted is free. */
	kv_close(TAKE(w->kv));
	world_open(w, &(struct kv_opts){ .max_bytes = SMALL_STORE });
	assert_int_equal(put(w->kv, &fresh, "/apps/shop/9/4", value), 429);
	assert_int_equal(call(w->kv, &fresh, "/v3/kv/deleterange",
			      "{\"key\":\"L2FwcHMvc2hvcC8xLzM=\"}", &doc),
			 200);
	assert_int_equal(number(doc, "deleted"), 1);
	assert_int_equal(put(w->kv, &fresh, "/apps/shop/9/4", value), 200);
}

/* What a full store's owner deletes is not compacted at each of his puts. */
static void a_full_store_is_compacted_rarely(void **state)
{
	struct world *w = *state;
	const struct kv_access a = somebody("a", &kv_person_limits);
	const int64_t until = clock_mono_ms() + 60000;
	int64_t before;
	int n = 0;

	world_small(w);
	fill(w->kv, &a, "/k", 100000, 100);
	for (int i = 0; i < 5; i++) {
		before = w->kv->space.compacted;
		fill(w->kv, &a, "/other", 100000, 1);
		n += w->kv->space.compacted != before;
		call(w->kv, &a, "/v3/kv/deleterange", "{\"key\":\"L2sx\"}", NULL);
	}
	assert_true(n < 4);
	while (fill(w->kv, &a, "/other", 100000, 1) == 0)
		assert_true(clock_mono_ms() < until);
}

/* ---------------------------------------------------------------- rates */

static void a_flood_slows_its_owner_alone(void **state)
{
	static const struct kv_limits slow = { .keys = 100,
					       .bytes = 1000,
					       .leases = 1,
					       .ttl_s = 60,
					       .writes = { .per_s = 2, .burst = 10 },
					       .reads = { .per_s = 2, .burst = 10 },
					       .keepalives = { .per_s = 2,
							       .burst = 10 } };
	struct world *w = *state;
	struct kv_access a = web1, b = web2;
	const int64_t until = clock_mono_ms() + 60000;
	CLEANUP(json_decref) json_t *doc = NULL;
	size_t n = 0;
	int64_t id;

	a.limits = b.limits = &slow;
	grant(w->kv, &a, "{\"TTL\":60}", &id, NULL, NULL);
	while (put(w->kv, &a, "/a/k", "x") == 200)
		n++;
	assert_true(n >= 5);
	assert_int_equal(call(w->kv, &a, "/v3/kv/put", "{\"key\":\"L2Ev\"}", &doc), 429);
	assert_string_equal(error_of(doc),
			    "etcdserver: too many requests: the limit of web-1");
	assert_int_equal(put(w->kv, &b, "/a/k", "x"), 200);
	assert_int_equal(put(w->kv, &all, "/a/k", "x"), 200);
	assert_int_equal(with_id(w->kv, &a, "/v3/lease/keepalive", id, NULL), 200);
	for (n = 0; with_id(w->kv, &a, "/v3/lease/keepalive", id, NULL) == 200; n++)
		;
	assert_true(n < 10000);
	while (put(w->kv, &a, "/a/k", "x") == 429)
		assert_true(clock_mono_ms() < until);
}

/* Half a million keys looked at are paid by fifty tokens, a body of 1 MB by 64. */
static void work_is_paid(void **state)
{
	static const struct kv_limits slow = {
		.reads = { .per_s = 0.001, .burst = 10 },
		.writes = { .per_s = 0.001, .burst = 20 },
		.keys = 100,
		.bytes = 8u << 20,
	};
	struct world *w = *state;
	const struct kv_access a = somebody("a", &slow);
	CLEANUP(free) char *value = xcalloc(1, (1u << 20) + 1);

	for (int i = 0; i < 2000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "/f/%d", i);
		put(w->kv, &all, key, "x");
	}
	/* One call, then debt: 2,000 keys cost twenty and more. */
	assert_int_equal(call(w->kv, &a, "/v3/kv/range",
			      "{\"key\":\"L2Yv\",\"range_end\":\"L2Yw\"}", NULL),
			 200);
	assert_int_equal(call(w->kv, &a, "/v3/kv/range", "{\"key\":\"L2Yv\"}", NULL),
			 429);
	memset(value, 'v', 1u << 20);
	assert_int_equal(put(w->kv, &a, "/v", value), 200);
	assert_int_equal(put(w->kv, &a, "/v", "x"), 429);
}

/* A transaction costs as many as it changes. */
static void each_change_of_a_transaction_is_paid(void **state)
{
	static const struct kv_limits slow = { .writes = { .per_s = 0.001, .burst = 2 },
					       .keys = 100,
					       .bytes = 1000 };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &slow);

	assert_int_equal(call(w->kv, &a, "/v3/kv/txn",
			      "{\"success\":[{\"request_put\":{\"key\":\"YQ==\"}},"
			      "{\"request_put\":{\"key\":\"Yg==\"}},"
			      "{\"request_put\":{\"key\":\"Yw==\"}}]}",
			      NULL),
			 200);
	assert_int_equal(put(w->kv, &a, "/1", "x"), 429);
}

static void answers_that_wait_are_bounded(void **state)
{
	static const struct kv_limits few = { .answer_bytes = 100 };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few);
	struct kv_owner *o;

	assert_null(kv_owner_answers(w->kv, &a));
	o = kv_owner_sends(w->kv, &a, 150);
	assert_ptr_equal(kv_owner_answers(w->kv, &a), &kv_too_many_requests);
	assert_null(kv_owner_answers(w->kv, &all));
	kv_owner_sent(w->kv, o, 150);
	assert_null(kv_owner_answers(w->kv, &a));
}

static void owners_without_anything_are_forgotten(void **state)
{
	struct world *w = *state;
	const int64_t later = clock_mono_ms() + 3600000;

	grant(w->kv, &web1, "{\"TTL\":60}", NULL, NULL, NULL);
	put(w->kv, &web2, "/a/k", "x");
	call(w->kv, &web2, "/v3/kv/deleterange", "{\"key\":\"L2Evaw==\"}", NULL);
	assert_int_equal(w->kv->n_owners, 2);
	kv_books_tend(w->kv, later);
	assert_int_equal(w->kv->n_owners, 1);
	assert_string_equal(w->kv->owners[0]->name, "web-1");
}

static void many_who_are_refused_are_counted(void **state)
{
	static const struct kv_limits none = { .keys = 0 };
	struct world *w = *state;
	struct kv_refusals r;

	for (int i = 0; i < 20; i++) {
		char name[16];
		struct kv_access a;

		snprintf(name, sizeof(name), "h%d", i);
		a = somebody(name, &none);
		put(w->kv, &a, "/k", "x");
		if (i == 7)
			put(w->kv, &a, "/k", "x");
	}
	assert_true(kv_refusals(w->kv, &r));
	assert_int_equal(r.n_owners, 20);
	assert_string_equal(r.owner, "h7");
	kv_books_tend(w->kv, clock_mono_ms()); /* logs some of them */
	assert_true(w->kv->owners[1]->logged_ms > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(a_host_takes_few_leases_and_others_go_on),
		KV_TEST(a_time_to_live_has_bounds),
		KV_TEST(a_lease_is_its_owners),
		KV_TEST(leases_of_thousands_of_hosts_fit),
		KV_TEST(an_owner_has_so_many_keys_and_bytes),
		KV_TEST(what_an_owner_has_is_known_after_a_restart),
		KV_TEST(an_undone_write_is_nobodys),
		KV_TEST(a_value_that_is_kept_counts),
		KV_TEST(the_last_of_the_space_is_the_controllers),
		KV_TEST(who_has_little_has_room_when_others_have_filled_it),
		KV_TEST(the_programs_of_a_stack_have_a_quarter_together),
		KV_TEST(a_full_store_is_compacted_rarely),
		KV_TEST(a_flood_slows_its_owner_alone),
		KV_TEST(work_is_paid),
		KV_TEST(each_change_of_a_transaction_is_paid),
		KV_TEST(answers_that_wait_are_bounded),
		KV_TEST(owners_without_anything_are_forgotten),
		KV_TEST(many_who_are_refused_are_counted),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
