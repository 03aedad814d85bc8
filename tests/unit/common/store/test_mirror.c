/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mirror against a store that answers as it is told; see also tests/system. */
#include "clock.h"
#include "http_script.h"
#include "mirror.h"
#include "test.h"
#include "text.h"

#include <curl/curl.h>

struct fixture {
	struct script script;
	struct loop *loop;
	struct store *store;
	struct mirror *mirror;
	char log[512]; /* "+key=value -key ;" with a ; behind each batch */
	int batches;
};

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	struct fixture *f = arg;
	struct buf b;

	buf_init(&b, sizeof(f->log) - 1);
	buf_puts(&b, f->log);
	for (size_t i = 0; i < n; i++) {
		const struct mirror_change *c = &changes[i];

		if (c->deleted)
			buf_printf(&b, "-%s ", c->kv->key);
		else if (c->old)
			buf_printf(&b, "%s=%s>%s ", c->kv->key, c->old->value,
				   c->kv->value);
		else
			buf_printf(&b, "+%s=%s ", c->kv->key, c->kv->value);
	}
	buf_putc(&b, ';');
	assert_false(buf_is_full(&b));
	strcpy(f->log, buf_str(&b));
	buf_done(&b);
	f->batches++;
}

typedef struct mirror *open_fn(struct store *s, const char *key, mirror_fn *fn,
			       void *arg);

static struct fixture *begin_with(const char *const *answers, open_fn *open,
				  const char *key)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct store_opts opts = { .endpoints = f->script.url };

	script_start(&f->script, answers);
	CHECK(loop_new(&f->loop, NULL) == 0);
	CHECK(store_open(f->loop, &opts, &f->store, NULL) == 0);
	f->mirror = open(f->store, key, on_change, f);
	return f;
}

static struct fixture *begin(const char *const *answers)
{
	return begin_with(answers, mirror_new, "/p/");
}

static void end(struct fixture *f)
{
	mirror_free(f->mirror);
	store_close(f->store);
	loop_free(f->loop);
	script_free(&f->script);
	free(f);
}

static void run_until_log(struct fixture *f, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (strcmp(f->log, want) != 0 && clock_mono_ms() < until)
		loop_once(f->loop, 50);
	assert_string_equal(f->log, want);
}

/* One key in an answer: "/p/a" in base64, revision and value. */
#define KV(key64, rev, value64) \
	"{\"key\":\"" key64 "\",\"mod_revision\":\"" rev "\",\"value\":\"" value64 "\"}"
#define RANGE(rev, more, kvs) \
	SCRIPT_JSON("{\"header\":{\"revision\":\"" rev "\"},\"kvs\":[" kvs "]" more "}")
#define A "L3AvYQ=="
#define B "L3AvYg=="
#define C "L3AvYw=="
#define ONE "MQ=="
#define TWO "Mg=="
#define WATCH(rev) \
	"{\"result\":{\"header\":{\"revision\":\"" rev "\"},\"created\":true}}\n"
#define EVENTS(rev, events) \
	"{\"result\":{\"header\":{\"revision\":\"" rev "\"},\"events\":[" events "]}}\n"
#define REFUSED                                                                         \
	"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"                  \
	"Content-Length: 26\r\nConnection: close\r\n\r\n{\"error\":\"no\",\"code\":   " \
	"7}"
#define COMPACTED "{\"result\":{\"canceled\":true,\"compact_revision\":\"8\"}}\n"

static void reads_in_pages_of_one_revision_then_watches(void **state)
{
	static const char *const answers[] = {
		RANGE("7", ",\"more\":true", KV(A, "3", ONE)),
		RANGE("9", "", KV(B, "4", ONE)),
		SCRIPT_JSON(WATCH("9") EVENTS(
			"9",
			"{\"kv\":" KV(A, "8", TWO) "},"
						   "{\"type\":\"DELETE\",\"kv\":" KV(
							   B, "9",
							   "") "},"
							       "{\"kv\":" KV(C, "9",
									     ONE) "}")),
		NULL
	};
	struct fixture *f = begin(answers);

	(void)state;
	run_until_log(f, "+/p/a=1 +/p/b=1 ;/p/a=1>2 -/p/b +/p/c=1 ;");
	assert_true(mirror_has_copy(f->mirror));
	assert_int_equal(mirror_rev(f->mirror), 9);
	assert_int_equal(mirror_count(f->mirror), 2);
	assert_string_equal(mirror_get(f->mirror, "/p/a")->value, "2");
	assert_null(mirror_get(f->mirror, "/p/b"));
	assert_null(mirror_get(f->mirror, "/p/"));
	script_done(&f->script);
	/* The second page begins behind the last key, at the first one's revision. */
	assert_non_null(strstr(buf_str(&f->script.requests[1]), "\"revision\":\"7\""));
	assert_non_null(strstr(buf_str(&f->script.requests[1]), "\"key\":\"L3AvYQA=\""));
	assert_non_null(
		strstr(buf_str(&f->script.requests[2]), "\"start_revision\":\"8\""));
	end(f);
}

static void on_refused(void *arg, const struct err *err)
{
	struct fixture *f = arg;

	snprintf(f->log, sizeof(f->log), "%s",
		 err && err->code == ERR_DENIED ? "refused" : "given");
}

static void a_refusal_that_lasts_is_told_until_it_ends(void **state)
{
	static const char *const answers[] = { REFUSED,
					       REFUSED,
					       REFUSED,
					       REFUSED,
					       REFUSED,
					       RANGE("7", "", ""),
					       SCRIPT_JSON(WATCH("7")),
					       NULL };
	struct fixture *f = begin(answers);

	(void)state;
	mirror_on_refused(f->mirror, on_refused);
	run_until_log(f, "refused");
	assert_false(mirror_has_copy(f->mirror));
	f->log[0] = '\0';
	run_until_log(f, "given");
	assert_true(mirror_has_copy(f->mirror));
	script_done(&f->script);
	end(f);
}

/* Else it would ask for those of "/px" as well. */
static void the_mirror_of_a_key_asks_for_that_alone(void **state)
{
	static const char *const answers[] = {
		RANGE("7", "", KV("L3A=", "3", ONE)),
		SCRIPT_JSON(WATCH("7") EVENTS("8", "{\"kv\":" KV("L3A=", "8", TWO) "}")),
		NULL
	};
	struct fixture *f = begin_with(answers, mirror_new_key, "/p");

	(void)state;
	run_until_log(f, "+/p=1 ;/p=1>2 ;");
	script_done(&f->script);
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(strstr(buf_str(&f->script.requests[i]), "\"L3A=\""));
		assert_null(strstr(buf_str(&f->script.requests[i]), "range_end"));
	}
	end(f);
}

static void an_empty_prefix_is_told_once(void **state)
{
	static const char *const answers[] = { RANGE("7", "", ""), NULL };
	struct fixture *f = begin(answers);

	(void)state;
	assert_false(mirror_has_copy(f->mirror));
	run_until_log(f, ";");
	assert_true(mirror_has_copy(f->mirror));
	script_done(&f->script);
	end(f);
}

static void failed_reads_leave_the_copy_as_it_is(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 500 x\r\nConnection: close\r\n\r\n",
		RANGE("7", "", KV(A, "3", ONE) "," KV(B, "4", ONE)),
		SCRIPT_JSON(WATCH("7") COMPACTED),
		"",
		"HTTP/1.1 500 x\r\nConnection: close\r\n\r\n",
		SCRIPT_JSON("{\"kvs\":7}"),
		RANGE("12", ",\"more\":true", KV(A, "3", ONE)),
		SCRIPT_JSON("no json"),
		RANGE("12", "", KV(A, "3", ONE) "," KV(C, "11", ONE)),
		SCRIPT_JSON(WATCH("12") "hang"),
		NULL
	};
	struct fixture *f = begin(answers);
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	(void)state;
	run_until_log(f, "+/p/a=1 +/p/b=1 ;");
	while (f->batches < 2 && clock_mono_ms() < until) {
		assert_int_equal(mirror_count(f->mirror), 2);
		assert_true(mirror_has_copy(f->mirror));
		loop_once(f->loop, 50);
	}
	/* After the store is back only what differs is told. */
	assert_string_equal(f->log, "+/p/a=1 +/p/b=1 ;-/p/b +/p/c=1 ;");
	while (!mirror_is_synced(f->mirror) && clock_mono_ms() < until)
		loop_once(f->loop, 50);
	assert_true(mirror_is_synced(f->mirror));
	assert_int_equal(mirror_stale_since_ms(f->mirror), 0);
	script_done(&f->script);
	end(f);
}

static void says_since_when_it_is_stale(void **state)
{
	static const char *const answers[] = { RANGE("7", "", KV(A, "3", ONE)),
					       SCRIPT_JSON(WATCH("7") "hang"), NULL };
	int64_t begun = clock_mono_ms();
	struct fixture *f = begin(answers);
	int64_t until = begun + PATIENCE_MS;

	(void)state;
	assert_true(mirror_stale_since_ms(f->mirror) >= begun);
	while (!mirror_is_synced(f->mirror) && clock_mono_ms() < until)
		loop_once(f->loop, 50);
	assert_int_equal(mirror_stale_since_ms(f->mirror), 0);
	script_done(&f->script);
	while (mirror_is_synced(f->mirror) && clock_mono_ms() < until)
		loop_once(f->loop, 50);
	assert_false(mirror_is_synced(f->mirror));
	assert_true(mirror_stale_since_ms(f->mirror) >= begun);
	assert_string_equal(mirror_get(f->mirror, "/p/a")->value, "1");
	end(f);
}

static bool add_key(void *arg, const struct store_kv *kv)
{
	strcat(arg, kv->key);
	strcat(arg, " ");
	return strcmp(kv->key, "/p/b/2") != 0;
}

static void visits_keys_in_order_by_prefix(void **state)
{
	static const char *const answers[] = {
		RANGE("7", "",
		      KV(A, "1", ONE) "," KV("L3AvYi8x", "2", ONE) "," KV(
			      "L3AvYi8y", "3", ONE) "," KV("L3AvYi8z", "4", ONE)),
		NULL
	};
	struct fixture *f = begin(answers);
	char seen[100] = "";

	(void)state;
	run_until_log(f, "+/p/a=1 +/p/b/1=1 +/p/b/2=1 +/p/b/3=1 ;");
	mirror_each(f->mirror, "/p/b/", add_key, seen);
	assert_string_equal(seen, "/p/b/1 /p/b/2 ");
	seen[0] = '\0';
	mirror_each(f->mirror, NULL, add_key, seen);
	assert_string_equal(seen, "/p/a /p/b/1 /p/b/2 ");
	seen[0] = '\0';
	mirror_each(f->mirror, "/p/c", add_key, seen);
	assert_string_equal(seen, "");
	script_done(&f->script);
	end(f);
}

static void a_key_that_changes_twice_in_a_batch_is_told_twice(void **state)
{
	static const char *const answers[] = {
		RANGE("7", "", KV(A, "3", ONE)),
		SCRIPT_JSON(WATCH("9") EVENTS(
			"9", "{\"kv\":" KV(A, "8", TWO) "},"
							"{\"type\":\"DELETE\",\"kv\":" KV(
								A, "9", "") "}")),
		NULL
	};
	struct fixture *f = begin(answers);

	(void)state;
	run_until_log(f, "+/p/a=1 ;/p/a=1>2 -/p/a ;");
	assert_int_equal(mirror_count(f->mirror), 0);
	script_done(&f->script);
	end(f);
}

/* What vanishes stays; "2" stands for the deletion of its key. */
static enum mirror_verdict judge(void *arg, const struct mirror_change *change)
{
	(void)arg;
	if (change->deleted)
		return MIRROR_KEEP;
	return strcmp(change->kv->value, "2") == 0 ? MIRROR_DELETE : MIRROR_TAKE;
}

static void one_that_judges_keeps_and_drops_by_itself(void **state)
{
	static const char *const answers[] = {
		RANGE("7", "", KV(A, "3", ONE) "," KV(B, "4", ONE) "," KV(C, "4", TWO)),
		SCRIPT_JSON(WATCH("7") EVENTS(
			"9", "{\"type\":\"DELETE\",\"kv\":" KV(
				     A, "8", "") "},"
						 "{\"kv\":" KV(B, "9", TWO) "}")
				    COMPACTED),
		RANGE("12", "", KV(B, "9", TWO) "," KV(C, "11", ONE)),
		SCRIPT_JSON(WATCH("12") "hang"), NULL
	};
	struct fixture *f = begin(answers);

	(void)state;
	mirror_set_judge(f->mirror, judge);
	run_until_log(f, "+/p/a=1 +/p/b=1 ;-/p/b ;+/p/c=1 ;");
	assert_string_equal(mirror_get(f->mirror, "/p/a")->value, "1");
	mirror_remove(f->mirror, "/p/a");
	mirror_remove(f->mirror, "/p/a");
	mirror_restore(f->mirror, mirror_get(f->mirror, "/p/c"));
	assert_string_equal(f->log, "+/p/a=1 +/p/b=1 ;-/p/b ;+/p/c=1 ;-/p/a ;");
	assert_int_equal(mirror_count(f->mirror), 1);
	script_done(&f->script);
	end(f);
}

static void what_was_seeded_is_there_and_only_differences_are_told(void **state)
{
	static const char *const answers[] = {
		RANGE("7", "", KV(A, "3", ONE) "," KV(B, "4", TWO)), NULL
	};
	static const struct store_kv saved[] = {
		{ .key = "/p/c",
		  .key_len = 4,
		  .value = "1",
		  .value_len = 1,
		  .mod_rev = 2 },
		{ .key = "/p/b",
		  .key_len = 4,
		  .value = "1",
		  .value_len = 1,
		  .mod_rev = 4 },
		{ .key = "/p/a",
		  .key_len = 4,
		  .value = "1",
		  .value_len = 1,
		  .mod_rev = 3 },
	};
	struct fixture *f = begin(answers);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(saved); i++)
		mirror_seed(f->mirror, &saved[i]);
	assert_true(mirror_has_copy(f->mirror));
	assert_false(mirror_is_synced(f->mirror));
	assert_string_equal(mirror_get(f->mirror, "/p/c")->value, "1");
	assert_int_equal(f->batches, 0);
	/* A restored store may have given a revision twice: values count. */
	run_until_log(f, "/p/b=1>2 -/p/c ;");
	script_done(&f->script);
	end(f);
}

static void may_be_freed_while_it_reads(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	struct fixture *f = begin(answers);

	(void)state;
	loop_once(f->loop, 20);
	assert_int_equal(f->batches, 0);
	mirror_free(TAKE(f->mirror));
	loop_once(f->loop, 20);
	script_done(&f->script);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_that_lasts_is_told_until_it_ends),
		cmocka_unit_test(the_mirror_of_a_key_asks_for_that_alone),
		cmocka_unit_test(reads_in_pages_of_one_revision_then_watches),
		cmocka_unit_test(an_empty_prefix_is_told_once),
		cmocka_unit_test(failed_reads_leave_the_copy_as_it_is),
		cmocka_unit_test(says_since_when_it_is_stale),
		cmocka_unit_test(visits_keys_in_order_by_prefix),
		cmocka_unit_test(a_key_that_changes_twice_in_a_batch_is_told_twice),
		cmocka_unit_test(one_that_judges_keeps_and_drops_by_itself),
		cmocka_unit_test(what_was_seeded_is_there_and_only_differences_are_told),
		cmocka_unit_test(may_be_freed_while_it_reads),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
