/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions have a bound: operations on all levels, what they look at and answer. */
#include "clash.h"
#include "kv_fixture.h"
#include "op.h"

/* ---------------------------------------------------------------- operations */

static unsigned run(struct kv *kv, const char *body, json_t **ret)
{
	return call(kv, &all, "/v3/kv/txn", body, ret);
}

static void add_puts(struct buf *b, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++) {
		char key[32];
		CLEANUP(free) char *k = NULL;

		snprintf(key, sizeof(key), "/a/%07zu", i);
		k = b64(key);
		buf_printf(b, "%s{\"request_put\":{\"key\":\"%s\"}}", i > from ? "," : "",
			   k);
	}
}

/* Transactions in a transaction, each with so many puts. */
static char *nested(size_t n_txns, size_t n_puts)
{
	struct buf b;

	buf_init(&b, 64u << 20);
	buf_puts(&b, "{\"success\":[");
	for (size_t i = 0; i < n_txns; i++) {
		buf_printf(&b, "%s{\"request_txn\":{\"success\":[", i ? "," : "");
		add_puts(&b, i * n_puts, n_puts);
		buf_puts(&b, "]}}");
	}
	buf_puts(&b, "]}");
	return buf_take(&b);
}

static void operations_count_through_all_levels(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *fits = nested(8, 15); /* 8 + 8 * 15 = 128 */
	CLEANUP(free) char *over = nested(8, 16);
	CLEANUP(free) char *wide = nested(128, 128);
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *doc2 = NULL;

	assert_int_equal(run(w->kv, fits, NULL), 200);
	assert_int_equal(count(w->kv, "/a/", "/a0"), 120);
	assert_int_equal(run(w->kv, over, &doc), 400);
	assert_string_equal(error_of(doc),
			    "etcdserver: too many operations in txn request");
	assert_int_equal(run(w->kv, wide, &doc2), 400);
	assert_string_equal(error_of(doc2),
			    "etcdserver: too many operations in txn request");
}

static void each_list_of_a_transaction_may_be_full(void **state)
{
	struct world *w = *state;
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 1u << 20);
	buf_puts(&b, "{\"compare\":[");
	for (size_t i = 0; i < 128; i++)
		buf_printf(&b, "%s{\"key\":\"YQ==\",\"target\":\"VERSION\"}",
			   i ? "," : "");
	buf_puts(&b, "],\"success\":[");
	add_puts(&b, 0, 128);
	buf_puts(&b, "],\"failure\":[");
	add_puts(&b, 0, 128);
	buf_puts(&b, "]}");
	assert_int_equal(run(w->kv, buf_str(&b), NULL), 200);
}

static void a_key_has_a_longest_length(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *fits = xcalloc(1, 4097);
	CLEANUP(free) char *over = xcalloc(1, 4098);

	memset(fits, 'k', 4096);
	memset(over, 'k', 4097);
	assert_int_equal(put(w->kv, &all, fits, "v"), 200);
	assert_int_equal(put(w->kv, &all, over, "v"), 400);
}

/* ---------------------------------------------------------------- clashes */

#define PUT(k) "{\"request_put\":{\"key\":\"" k "\"}}"
#define DEL(k, e) "{\"request_delete_range\":{\"key\":\"" k "\",\"range_end\":\"" e "\"}}"
#define TXN(a, b) "{\"request_txn\":{\"success\":[" a "],\"failure\":[" b "]}}"

/* YQ== a, Yg== b, Yw== c, ZA== d, AA== the end of all. */
static void writes_clash_or_not(void **state)
{
	static const struct {
		const char *ops;
		bool clash;
	} cases[] = {
		{ PUT("YQ==") "," PUT("Yg=="), false },
		{ PUT("YQ==") "," PUT("Yg==") "," PUT("YQ=="), true },
		{ PUT("Yg==") "," DEL("YQ==", "Yw=="), true },
		{ DEL("YQ==", "Yg==") "," PUT("Yg=="), false },
		{ DEL("YQ==", "AA==") "," PUT("ZA=="), true },
		{ DEL("YQ==", "") "," PUT("YQ=="), true },
		{ DEL("YQ==", "") "," PUT("Yg=="), false },
		{ DEL("Yw==", "YQ==") "," PUT("Yg=="), false },
		{ DEL("YQ==", "Yw==") "," DEL("YQ==", "ZA=="), false },
		/* One of two branches is executed. */
		{ TXN(PUT("YQ=="), PUT("YQ==")), false },
		{ TXN(PUT("YQ==") "," PUT("YQ=="), ""), true },
		{ TXN("", PUT("YQ==") "," DEL("YQ==", "Yg==")), true },
		{ TXN(PUT("YQ=="), DEL("YQ==", "Yg==")), false },
		{ TXN(PUT("YQ=="), PUT("YQ==")) "," PUT("YQ=="), true },
		{ TXN(PUT("YQ=="), "") "," TXN("", PUT("YQ==")), true },
		{ TXN(PUT("YQ=="), "") "," TXN(DEL("YQ==", "Yg=="), ""), true },
		{ TXN(DEL("YQ==", "Yg=="), "") "," PUT("YQ=="), true },
		{ TXN(PUT("YQ=="), PUT("Yg==")) "," DEL("Yg==", ""), true },
		{ TXN(PUT("YQ=="), PUT("Yg==")) "," DEL("Yw==", ""), false },
		{ TXN(TXN(PUT("YQ=="), ""), PUT("YQ==")), false },
		{ TXN(TXN(PUT("YQ=="), "") "," PUT("YQ=="), ""), true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *text = xasprintf("{\"success\":[%s]}", cases[i].ops);
		CLEANUP(json_decref) json_t *doc = json_loads(text, 0, NULL);
		CLEANUP(kv_op_done) struct kv_op op = { 0 };
		struct err e;

		assert_non_null(doc);
		assert_ok(kv_parse_op(doc, KV_TXN, &op, &e), &e);
		if (kv_writes_clash(op.txn) != cases[i].clash)
			fail_msg("case %zu: %s", i, cases[i].ops);
	}
}

/* ---------------------------------------------------------------- reads in it */

static void fill(struct kv *kv, size_t n, size_t value_len)
{
	CLEANUP(free) char *value = xcalloc(1, value_len + 1);

	memset(value, 'v', value_len);
	for (size_t i = 0; i < n; i++) {
		char key[32];

		snprintf(key, sizeof(key), "/f/%06zu", i);
		assert_int_equal(put(kv, &all, key, value), 200);
	}
}

/* /f/ is L2Yv, /f0 is L2Yw. */
static char *reads_and_a_put(size_t n_reads)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_puts(&b, "{\"success\":[{\"request_put\":{\"key\":\"bmV3\"}}");
	for (size_t i = 0; i < n_reads; i++)
		buf_puts(&b, ",{\"request_range\":{\"key\":\"L2Yv\",\"range_end\":"
			     "\"L2Yw\"}}");
	buf_puts(&b, "]}");
	return buf_take(&b);
}

static void an_answer_that_is_too_large_writes_nothing(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *fits = reads_and_a_put(3);
	CLEANUP(free) char *over = reads_and_a_put(100);
	CLEANUP(json_decref) json_t *doc = NULL;
	struct kv_stats before, after;

	fill(w->kv, 20, 100000); /* 2 MB; 100 times it is 270 MB of answer */
	assert_int_equal(run(w->kv, fits, NULL), 200);
	kv_stats(w->kv, &before);
	assert_int_equal(run(w->kv, over, &doc), 429);
	assert_string_equal(error_of(doc), "etcdserver: answer is too large");
	kv_stats(w->kv, &after);
	assert_int_equal(before.rev, after.rev);
	assert_int_equal(before.bytes, after.bytes);
}

static void what_a_transaction_looks_at_is_bounded(void **state)
{
	struct world *w = *state;
	CLEANUP(buf_done) struct buf b;

	fill(w->kv, 2000, 1);
	buf_init(&b, 1u << 20);
	buf_puts(&b, "{\"success\":[");
	for (size_t i = 0; i < 128; i++)
		buf_printf(&b,
			   "%s{\"request_range\":{\"key\":\"L2Yv\",\"range_end\":"
			   "\"L2Yw\",\"count_only\":true}}",
			   i ? "," : "");
	buf_puts(&b, "]}");
	assert_int_equal(run(w->kv, buf_str(&b), NULL), 429); /* 256,000 keys */
	assert_int_equal(count(w->kv, "/f/", "/f0"), 2000);
}

/* The controller's own may be larger. */
static void a_person_deletes_so_many_at_once(void **state)
{
	static const struct kv_limits wide = { .writes = { .per_s = 1, .burst = 1e9 } };
	const struct kv_access person = somebody("token:1", &wide);
	struct world *w = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *body = "{\"key\":\"L2Yv\",\"range_end\":\"L2Yw\"}";

	fill(w->kv, 20001, 1);
	assert_int_equal(call(w->kv, &person, "/v3/kv/deleterange", body, &doc), 400);
	assert_string_equal(error_of(doc), "etcdserver: request is too large");
	assert_int_equal(count(w->kv, "/f/", "/f0"), 20001);
	call(w->kv, &all, "/v3/kv/deleterange", "{\"key\":\"L2YvMDAwMDAw\"}", NULL);
	assert_int_equal(call(w->kv, &person, "/v3/kv/deleterange", body, NULL), 200);
	assert_int_equal(count(w->kv, "/f/", "/f0"), 0);
}

static void what_was_compacted_while_it_is_read_stays(void **state)
{
	struct world *w = *state;
	struct kv_found found = { 0 };
	struct kv_change *c;
	bool is;
	size_t before, at;

	put(w->kv, &all, "/k", "first");
	before = w->kv->space.bytes;
	pthread_mutex_lock(&w->kv->lock);
	at = kv_find(&w->kv->space, "/k", 2, &is);
	assert_true(is);
	c = kv_at(w->kv->space.keys[at], 0);
	kv_found_add(&found, c);
	pthread_mutex_unlock(&w->kv->lock);
	assert_int_equal(
		call(w->kv, &all, "/v3/kv/deleterange", "{\"key\":\"L2s=\"}", NULL), 200);
	assert_int_equal(call(w->kv, &all, "/v3/kv/compaction", "{\"revision\":3}", NULL),
			 200);
	assert_int_equal(w->kv->space.n_keys, 0);
	assert_string_equal(c->value, "first");
	assert_string_equal(c->key->name, "/k");
	assert_true(w->kv->space.bytes == before);
	pthread_mutex_lock(&w->kv->lock);
	assert_true(kv_found_release(&found, &w->kv->space, 1));
	pthread_mutex_unlock(&w->kv->lock);
	kv_found_done(&found);
	assert_int_equal(w->kv->space.bytes, 0);
}

static void an_old_state_of_a_key_is_found(void **state)
{
	struct world *w = *state;
	struct kv_key *k;
	bool is;

	for (int i = 0; i < 100; i++)
		put(w->kv, &all, i % 2 ? "/other" : "/k", i % 10 ? "x" : "y");
	call(w->kv, &all, "/v3/kv/deleterange", "{\"key\":\"L2s=\"}", NULL);
	k = w->kv->space.keys[kv_find(&w->kv->space, "/k", 2, &is)];
	assert_true(is);
	assert_null(kv_at(k, 0));
	assert_null(kv_at(k, 1));
	for (int64_t rev = 2; rev <= 101; rev++)
		assert_int_equal(kv_at(k, rev)->rev, rev / 2 * 2);
	assert_null(kv_at(k, 102));
	assert_int_equal(kv_before(k->changes[k->n - 1])->rev, 100);
	assert_null(kv_before(k->changes[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(operations_count_through_all_levels),
		KV_TEST(each_list_of_a_transaction_may_be_full),
		KV_TEST(a_key_has_a_longest_length),
		cmocka_unit_test(writes_clash_or_not),
		KV_TEST(an_answer_that_is_too_large_writes_nothing),
		KV_TEST(what_a_transaction_looks_at_is_bounded),
		KV_TEST(a_person_deletes_so_many_at_once),
		KV_TEST(what_was_compacted_while_it_is_read_stays),
		KV_TEST(an_old_state_of_a_key_is_found),
	};

	return cmocka_run_group_tests_name("transactions", tests, NULL, NULL);
}
