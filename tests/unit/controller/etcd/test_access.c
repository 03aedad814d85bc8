/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"

#include "check.h"
#include "cleanup.h"
#include "test.h"

#include <string.h>
#include <time.h>

static bool may(const char *const *rules, const char *key, const char *end)
{
	char k[100], e[100];
	struct kv_access a = { .owner = "x", .read = rules };
	struct kv_bytes key_bytes = { k, strlen(key) };
	struct kv_bytes end_bytes = { e, strlen(end) };

	strcpy(k, key);
	strcpy(e, end);
	return kv_may(&a, false, &key_bytes, &end_bytes);
}

static void a_prefix_rule_covers_ranges_inside_it(void **state)
{
	static const char *const rules[] = { "/a/b/", NULL };

	(void)state;
	assert_true(may(rules, "/a/b/", ""));
	assert_true(may(rules, "/a/b/c", ""));
	assert_true(may(rules, "/a/b/", "/a/b0"));
	assert_true(may(rules, "/a/b/c", "/a/b/d"));
	assert_true(may(rules, "/a/b/c", "/a/b/"));
	assert_false(may(rules, "/a/b", ""));
	assert_false(may(rules, "/a/b", "/a/b0"));
	assert_false(may(rules, "/a/bb", ""));
	assert_false(may(rules, "/a/b/", "/a/b1"));
	assert_false(may(rules, "/a/b/", "/a/b00"));
	assert_false(may(rules, "/a/b/", "/a/c"));
	assert_false(may(rules, "/a/b/", "/b"));
	assert_false(may(rules, "/a/b/", "b"));
	assert_false(may(NULL, "/a/b/", ""));
}

static void no_end_at_all_is_outside_every_prefix(void **state)
{
	static const char *const rules[] = { "/a/", NULL };
	struct kv_access a = { .owner = "x", .read = rules };
	char key[] = "/a/b", end[] = { 0 };

	(void)state;
	assert_false(kv_may(&a, false, &(struct kv_bytes){ key, 4 },
			    &(struct kv_bytes){ end, 1 }));
}

static void a_key_rule_covers_that_key_only(void **state)
{
	static const char *const rules[] = { "/a", "", NULL };

	(void)state;
	assert_true(may(rules, "/a", ""));
	assert_false(may(rules, "/ab", ""));
	assert_false(may(rules, "/a", "/b"));
	assert_false(may(rules, "/a/", ""));
	assert_false(may(rules, "/", ""));
}

/* ---------------------------------------------------------------- what is written */

#define KEY "/skydns/local/shop/web/web-1-80"
#define VALUE "{\"host\":\"10.0.0.1\",\"port\":80}"

static struct kv_bytes bytes(const char *text)
{
	return (struct kv_bytes){ (char *)(uintptr_t)text, strlen(text) };
}

static struct kv_op op_of(enum kv_op_kind kind, const char *key, const char *value)
{
	return (struct kv_op){ .kind = kind, .key = bytes(key), .value = bytes(value) };
}

/* An agent with two records under one key, as while its unit's text is replaced. */
static const struct kv_access *agent(void)
{
	static const char *const read[] = { "/skydns/", NULL };
	static const char *const write[] = { "/foretide/hosts/h", NULL };
	static const struct kv_record records[] = {
		{ "/skydns/local/hosts/h", "{\"host\":\"10.0.0.1\"}" },
		{ KEY, VALUE },
		{ KEY, "{\"host\":\"10.0.0.1\",\"port\":80,\"weight\":7}" },
	};
	static const struct kv_access a = { .owner = "h",
					    .is_agent = true,
					    .read = read,
					    .write = write,
					    .records = records,
					    .n_records = ARRAY_SIZE(records) };

	return &a;
}

static enum kv_right right(enum kv_op_kind kind, const char *key, const char *value)
{
	const struct kv_op op = op_of(kind, key, value);

	return kv_may_write(agent(), &op);
}

static struct kv_change *change(const char *value)
{
	struct kv_change *c = xcalloc(1, sizeof(*c) + strlen(value) + 1);

	c->value_len = strlen(value);
	memcpy(c->value, value, c->value_len);
	return c;
}

static void a_record_has_the_value_that_it_has_to_have(void **state)
{
	(void)state;
	assert_int_equal(right(KV_PUT, KEY, VALUE), KV_GRANTED);
	assert_int_equal(right(KV_PUT, KEY, "{\"port\":80,\"host\":\"10.0.0.1\"}"),
			 KV_GRANTED);
	assert_int_equal(
		right(KV_PUT, KEY, "{\"host\":\"10.0.0.1\",\"port\":80,\"weight\":7}"),
		KV_GRANTED);
	assert_int_equal(right(KV_PUT, KEY,
			       "{\"host\":\"10.0.0.1\",\"port\":80,\"withdrawn\":true}"),
			 KV_GRANTED);
	assert_int_equal(right(KV_PUT, KEY, "{\"host\":\"10.0.0.2\",\"port\":80}"),
			 KV_DENIED);
	assert_int_equal(right(KV_PUT, KEY, "{\"host\":\"10.0.0.1\",\"port\":\"80\"}"),
			 KV_DENIED);
	assert_int_equal(
		right(KV_PUT, KEY,
		      "{\"host\":\"10.0.0.2\",\"host\":\"10.0.0.1\",\"port\":80}"),
		KV_DENIED);
	assert_int_equal(right(KV_PUT, KEY, VALUE "x"), KV_DENIED);
	assert_int_equal(right(KV_PUT, KEY, ""), KV_DENIED);
	assert_int_equal(right(KV_PUT, KEY, "[]"), KV_DENIED);
	assert_int_equal(right(KV_PUT, KEY "0", VALUE), KV_DENIED);
	assert_int_equal(right(KV_PUT, "/skydns/local/shop/web/web-1-8", VALUE),
			 KV_DENIED);
	assert_int_equal(right(KV_PUT, "/foretide/hosts/h", "anything"), KV_GRANTED);
}

static const char *spaced(char *to, size_t n_spaces)
{
	const size_t n = strlen(VALUE) - 1;

	memset(to, ' ', n + n_spaces + 1);
	memcpy(to, VALUE, n);
	strcpy(to + n + n_spaces, "}");
	return to;
}

/* As large as the store takes one: a value of spaces, and one of many members. */
static void a_long_value_is_not_looked_into(void **state)
{
	const size_t max = 1500000;
	CLEANUP(free) char *padded = xcalloc(1, max + 100);
	CLEANUP(free) char *many = xcalloc(1, max + 100);
	struct timespec t[2];
	size_t len = 0;

	(void)state;
	assert_int_equal(right(KV_PUT, KEY, spaced(padded, 64)), KV_GRANTED);
	assert_int_equal(right(KV_PUT, KEY, spaced(padded, 65)), KV_DENIED);
	spaced(padded, max);
	for (int i = 0; len < max - 40; i++)
		len += (size_t)sprintf(many + len, "%s\"%d\":[0]", i ? "," : "{", i);
	strcpy(many + len, ",\"withdrawn\":true}");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[0]);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(right(KV_PUT, KEY, padded), KV_DENIED);
		assert_int_equal(right(KV_PUT, KEY, many), KV_DENIED);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[1]);
	/* Parsed once, such a value takes 0.2 s. */
	assert_true(t[1].tv_sec - t[0].tv_sec < 2);
}

static void a_record_that_is_withdrawn_does_not_grow(void **state)
{
	char text[4000] = "{\"withdrawn\":true}";
	struct kv_op op = op_of(KV_PUT, "/skydns/old", text);
	size_t most = 0;

	(void)state;
	for (bool may = true; may && most < 3000;) {
		CLEANUP(free) struct kv_change *is = change(text);

		most = strlen(text);
		memset(text + most - 1, ' ', 60);
		strcpy(text + most + 59, "}");
		op.value = bytes(text);
		may = kv_may_write(agent(), &op) == KV_IF_OWN &&
		      kv_may_on(agent(), &op, is, true, true);
	}
	assert_in_range(most, 1000, 1100);
}

static void a_value_that_is_not_named_is_not_judged(void **state)
{
	struct kv_op op = op_of(KV_PUT, KEY, "");

	(void)state;
	op.ignore_value = true;
	assert_int_equal(kv_may_write(agent(), &op), KV_DENIED);
	op = op_of(KV_PUT, "/foretide/hosts/h", "");
	op.ignore_lease = true;
	assert_int_equal(kv_may_write(agent(), &op), KV_DENIED);
}

static void what_is_deleted_is_one_key_and_its_own(void **state)
{
	struct kv_op op = op_of(KV_DELETE, KEY, "");

	(void)state;
	assert_int_equal(kv_may_write(agent(), &op), KV_GRANTED);
	op.end = bytes("/skydns0");
	assert_int_equal(kv_may_write(agent(), &op), KV_DENIED);
	op = op_of(KV_DELETE, "/skydns/other", "");
	assert_int_equal(kv_may_write(agent(), &op), KV_IF_OWN);
	assert_true(kv_may_on(agent(), &op, NULL, false, false));
	op = op_of(KV_DELETE, "/secret", "");
	assert_int_equal(kv_may_write(agent(), &op), KV_DENIED);
}

static void what_is_under_its_lease_can_be_taken_back(void **state)
{
	CLEANUP(free) struct kv_change *is = change("{\"host\":\"10.0.0.1\",\"port\":9}");
	struct kv_op del = op_of(KV_DELETE, "/skydns/old", "");
	struct kv_op put = op_of(KV_PUT, "/skydns/old",
				 "{\"host\":\"10.0.0.1\",\"port\":9,\"withdrawn\":true}");
	struct kv_op other = op_of(KV_PUT, "/skydns/old",
				   "{\"host\":\"10.0.0.2\",\"withdrawn\":true}");
	struct kv_op mine = op_of(KV_PUT, KEY, VALUE);

	(void)state;
	assert_int_equal(kv_may_write(agent(), &put), KV_IF_OWN);
	assert_true(kv_may_on(agent(), &put, is, true, true));
	assert_false(kv_may_on(agent(), &put, is, false, true));
	assert_false(kv_may_on(agent(), &put, NULL, false, true));
	assert_false(kv_may_on(agent(), &other, is, true, true));
	assert_true(kv_may_on(agent(), &del, is, true, false));
	assert_false(kv_may_on(agent(), &del, is, false, false));
	/* A record that it may put is under a lease of its own. */
	assert_true(kv_may_on(agent(), &mine, NULL, false, true));
	assert_false(kv_may_on(agent(), &mine, NULL, false, false));
}

static void a_refusal_names_the_first_that_is_refused(void **state)
{
	struct kv_op ops[] = { op_of(KV_PUT, KEY, VALUE),
			       op_of(KV_RANGE, "/se\ncret", "") };
	struct kv_txn txn = { .ops = { NULL, ops }, .n_ops = { 0, 2 } };
	const struct kv_op op = { .kind = KV_TXN, .txn = &txn };
	char words[200];

	(void)state;
	kv_denial_words(agent(), &op, words, sizeof(words));
	assert_string_equal(words,
			    "etcdserver: permission denied: h may not read /se?cret");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_rule_covers_ranges_inside_it),
		cmocka_unit_test(no_end_at_all_is_outside_every_prefix),
		cmocka_unit_test(a_key_rule_covers_that_key_only),
		cmocka_unit_test(a_record_has_the_value_that_it_has_to_have),
		cmocka_unit_test(a_long_value_is_not_looked_into),
		cmocka_unit_test(a_record_that_is_withdrawn_does_not_grow),
		cmocka_unit_test(a_value_that_is_not_named_is_not_judged),
		cmocka_unit_test(what_is_deleted_is_one_key_and_its_own),
		cmocka_unit_test(what_is_under_its_lease_can_be_taken_back),
		cmocka_unit_test(a_refusal_names_the_first_that_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
