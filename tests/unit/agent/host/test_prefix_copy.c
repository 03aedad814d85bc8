/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a copy from the disk makes of records that went while nobody watched. */
#include "check.h"
#include "clock.h"
#include "copy_file.h"
#include "file.h"
#include "http_script.h"
#include "prefix_copy.h"
#include "test.h"
#include "text.h"

#include <curl/curl.h>
#include <string.h>

#define ROOT "/skydns/"
#define H1 ROOT "local/hosts/h1"
#define H2 ROOT "local/hosts/h2"
#define WEB ROOT "local/shop/web/"
#define CREATED "{\"result\":{\"header\":{\"revision\":\"%d\"},\"created\":true}}\n"
#define COMPACTED "{\"result\":{\"canceled\":true,\"compact_revision\":\"8\"}}\n"

struct fixture {
	char dir[64];
	struct loop *loop;
	struct files *files;
	struct script script;
	struct store *store;
	struct prefix_copy *copy;
	char *answers[8];
	size_t n_answers, told;
};

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	(void)arg;
	(void)changes;
	(void)n;
}

static void on_vanished(void *arg, const char *group, size_t n)
{
	struct fixture *f = arg;

	if (strcmp(group, WEB) == 0)
		f->told = n;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/foretide-prefix-XXXXXX");
	CHECK(mkdtemp(f->dir));
	CHECK(loop_new(&f->loop, NULL) == 0);
	CHECK(files_open(f->loop, NULL, NULL, &f->files, NULL) == 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", f->dir);

	prefix_copy_free(f->copy);
	script_done(&f->script);
	script_free(&f->script);
	store_close(f->store);
	files_close(f->files);
	loop_free(f->loop);
	for (size_t i = 0; i < f->n_answers; i++)
		free(f->answers[i]);
	CHECK(system(command) == 0);
	free(f);
	return 0;
}

static void save(struct buf *b, const char *key, int64_t lease)
{
	copy_file_add(b, &(struct store_kv){ .key = key,
					     .key_len = strlen(key),
					     .value = "{}",
					     .value_len = 2,
					     .mod_rev = 7,
					     .lease = lease });
}

/* Two hosts with three records of a service, at revision 7. */
static void save_copy(const struct fixture *f)
{
	CLEANUP(free) char *path = copy_file_path(f->dir, ROOT);
	CLEANUP(buf_done) struct buf b;
	struct err err;

	buf_init(&b, COPY_FILE_MAX);
	copy_file_begin(&b, ROOT);
	save(&b, H1, 1);
	save(&b, H2, 2);
	save(&b, WEB "a", 1);
	save(&b, WEB "b", 1);
	save(&b, WEB "c", 2);
	assert_ok(file_replace(path, b.data, b.len, 0600, false, &err), &err);
}

static void answer(struct fixture *f, const char *text)
{
	f->answers[f->n_answers++] = xasprintf(SCRIPT_JSON("%s"), text);
}

/* The store has these keys at this revision, then watches until its history ends. */
static void store_has(struct fixture *f, int rev, bool is_last, const char *const *keys)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 10000);
	buf_printf(&b, "{\"header\":{\"revision\":\"%d\"},\"kvs\":[", rev);
	for (size_t i = 0; keys[i]; i++) {
		buf_puts(&b, i ? ",{\"key\":\"" : "{\"key\":\"");
		base64_encode(&b, keys[i], strlen(keys[i]));
		buf_puts(&b, "\",\"mod_revision\":\"2\",\"lease\":\"9\"}");
	}
	buf_puts(&b, "]}");
	answer(f, buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, CREATED "%s", rev, is_last ? "hang" : COMPACTED);
	answer(f, buf_str(&b));
}

static bool is_settled(const struct fixture *f)
{
	return f->script.served == f->n_answers &&
	       mirror_is_synced(prefix_copy_mirror(f->copy));
}

/* Starts from the disk; returns when the copy has done what it does with what it read. */
static void start(struct fixture *f)
{
	const struct store_opts s = { .endpoints = f->script.url };
	const struct keys_opts o = { .state_dir = f->dir,
				     .files = f->files,
				     .keep_vanished_ms = 60000,
				     .vanished = on_vanished,
				     .arg = f };
	int64_t end = clock_mono_ms() + PATIENCE_MS, settled_ms = 0;

	save_copy(f);
	script_start(&f->script, (const char *const *)f->answers);
	assert_int_equal(store_open(f->loop, &s, &f->store, NULL), 0);
	f->copy = prefix_copy_new(f->loop, f->store, ROOT, &o, on_change, f);
	assert_int_equal(mirror_count(prefix_copy_mirror(f->copy)), 5);
	while ((!settled_ms || clock_mono_ms() - settled_ms < 800) &&
	       clock_mono_ms() < end) {
		loop_once(f->loop, 20);
		if (!settled_ms && is_settled(f))
			settled_ms = clock_mono_ms();
	}
	assert_true(settled_ms);
}

static bool has(const struct fixture *f, const char *key)
{
	return mirror_get(prefix_copy_mirror(f->copy), key) != NULL;
}

static void records_of_hosts_that_live_were_withdrawn(void **state)
{
	struct fixture *f = *state;

	store_has(f, 20, true, (const char *const[]){ H1, H2, NULL });
	start(f);
	assert_int_equal(mirror_count(prefix_copy_mirror(f->copy)), 2);
	assert_int_equal(f->told, 0);
}

static void records_that_went_with_their_host_have_vanished(void **state)
{
	struct fixture *f = *state;

	store_has(f, 20, true, (const char *const[]){ H1, NULL });
	start(f);
	assert_false(has(f, WEB "a"));
	assert_false(has(f, WEB "b"));
	assert_true(has(f, WEB "c"));
	assert_int_equal(f->told, 1);
}

static void what_a_store_that_went_back_lacks_has_vanished(void **state)
{
	struct fixture *f = *state;

	store_has(f, 3, true, (const char *const[]){ H1, H2, NULL });
	start(f);
	assert_int_equal(mirror_count(prefix_copy_mirror(f->copy)), 5);
	assert_int_equal(f->told, 3);
}

static void what_is_kept_stays_when_it_is_not_read_again(void **state)
{
	struct fixture *f = *state;

	store_has(f, 3, false, (const char *const[]){ H1, H2, NULL });
	store_has(f, 20, true, (const char *const[]){ H1, H2, NULL });
	start(f);
	assert_int_equal(mirror_count(prefix_copy_mirror(f->copy)), 5);
	assert_int_equal(f->told, 3);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(records_of_hosts_that_live_were_withdrawn),
		TEST(records_that_went_with_their_host_have_vanished),
		TEST(what_a_store_that_went_back_lacks_has_vanished),
		TEST(what_is_kept_stays_when_it_is_not_read_again),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
