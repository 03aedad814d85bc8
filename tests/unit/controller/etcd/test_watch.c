/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches: whose are open, what they cost, and how they end. */
#include "kv_fixture.h"
#include "owner.h"
#include "watch.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY "{\"create_request\": {\"key\": \"L2ZvcmV0aWRlL2hvc3RzL2Ex\"}}"

/* ---------------------------------------------------------------- a reader */

struct reader {
	struct kv_watch *w;
	int woken;
};

static void on_wake(void *arg)
{
	((struct reader *)arg)->woken++;
}

static unsigned try_open(struct kv *kv, struct reader *r, const struct kv_access *a,
			 const char *body)
{
	const struct kv_reader reader = { .wake = on_wake, .arg = r };
	CLEANUP(buf_done) struct buf answer;

	*r = (struct reader){ 0 };
	return kv_watch_open(kv, body, strlen(body), a, &reader, &r->w, &answer);
}

static void open_range(struct kv *kv, struct reader *r, const struct kv_access *a,
		       const char *key, const char *end, const char *more)
{
	CLEANUP(free) char *k = b64(key);
	CLEANUP(free) char *e = b64(end);
	CLEANUP(free)
	char *body =
		xasprintf("{\"create_request\":{\"key\":\"%s\",\"range_end\":\"%s\"%s}}",
			  k, e, more);

	assert_int_equal(try_open(kv, r, a, body), 200);
}

/* All that there is to read; the caller frees it. *ret_over: and then it ended. */
static char *read_all(struct reader *r, bool *ret_over)
{
	char data[4096];
	struct buf b;
	ssize_t n;

	buf_init(&b, 1u << 24);
	while ((n = kv_watch_read(r->w, data, sizeof(data))) > 0)
		buf_add(&b, data, (size_t)n);
	if (ret_over)
		*ret_over = n < 0;
	if (b.len)
		return buf_take(&b);
	buf_done(&b);
	return xstrdup("");
}

static void read_on(struct reader *r)
{
	free(read_all(r, NULL));
}

static size_t times(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* ---------------------------------------------------------------- owners */

static void note(void *arg, const char *owner)
{
	snprintf(arg, 16, "%s", owner);
}

static void a_host_is_watching_until_its_last_watch_ends(void **state)
{
	struct world *w = *state;
	char gone[16] = "";
	const struct kv_opts opts = { .hung_up = note, .arg = gone };
	const struct kv_access a1 = somebody("a1", NULL),
			       person = somebody("token:1", NULL);
	struct reader first, second, third;

	kv_close(TAKE(w->kv));
	world_open(w, &opts);
	assert_false(kv_is_watched(w->kv, "a1"));
	try_open(w->kv, &first, &a1, BODY);
	try_open(w->kv, &second, &a1, BODY);
	try_open(w->kv, &third, &person, BODY);
	kv_watch_close(third.w);
	assert_string_equal(gone, ""); /* no host */
	kv_watch_close(first.w);
	assert_string_equal(gone, "a1");
	assert_true(kv_is_watched(w->kv, "a1"));
	assert_false(kv_is_watched(w->kv, "a"));
	kv_watch_close(second.w);
	assert_false(kv_is_watched(w->kv, "a1"));
}

static void watches_end_with_their_owner(void **state)
{
	struct world *w = *state;
	const struct kv_access a1 = somebody("a1", NULL), a2 = somebody("a2", NULL);
	struct reader waits, reads, other;
	bool over;
	int sockets[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	try_open(w->kv, &waits, &a1, BODY);
	try_open(w->kv, &reads, &a1, BODY);
	try_open(w->kv, &other, &a2, BODY);
	kv_watch_set_peer(waits.w, sockets[0]);
	read_on(&waits);
	read_on(&other);
	assert_true(kv_end_owner(w->kv, "a1"));
	assert_int_equal(waits.woken, 1);
	assert_int_equal(other.woken, 0);
	free(read_all(&waits, &over));
	assert_true(over);
	free(read_all(&reads, &over)); /* it was not even told that it was made */
	assert_true(over);
	free(read_all(&other, &over));
	assert_false(over);
	assert_int_equal(recv(sockets[1], &byte, 1, 0), 0); /* the connection is shut */
	kv_watch_close(waits.w);
	kv_watch_close(reads.w);
	kv_watch_close(other.w);
	close(sockets[0]);
	close(sockets[1]);
}

static void an_owner_has_so_many_watches(void **state)
{
	static const struct kv_limits few = { .watches = 3,
					      .reads = { .per_s = 1, .burst = 1000 } };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few), b = somebody("b", &few);
	struct reader r[3], more;

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(try_open(w->kv, &r[i], &a, BODY), 200);
	assert_int_equal(try_open(w->kv, &more, &a, BODY), 429);
	assert_int_equal(try_open(w->kv, &more, &b, BODY), 200);
	kv_watch_close(more.w);
	kv_watch_close(r[0].w);
	assert_int_equal(try_open(w->kv, &r[0], &a, BODY), 200);
	for (size_t i = 0; i < 3; i++)
		kv_watch_close(r[i].w);
	assert_int_equal(w->kv->n_watches, 0);
}

static void a_watch_that_hung_up_ends(void **state)
{
	struct world *w = *state;
	struct reader r;
	int sockets[2];
	bool over;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	try_open(w->kv, &r, &all, BODY);
	kv_watch_set_peer(r.w, sockets[0]);
	read_on(&r);
	pthread_mutex_lock(&w->kv->lock);
	kv_watch_tend(w->kv, 0);
	pthread_mutex_unlock(&w->kv->lock);
	free(read_all(&r, &over));
	assert_false(over);
	close(sockets[1]);
	pthread_mutex_lock(&w->kv->lock);
	kv_watch_tend(w->kv, 0);
	pthread_mutex_unlock(&w->kv->lock);
	free(read_all(&r, &over));
	assert_true(over);
	kv_watch_close(r.w);
	close(sockets[0]);
}

/* ---------------------------------------------------------------- requests */

static void requests_that_make_no_sense_are_refused(void **state)
{
	static const char *const bodies[] = {
		"[]",
		"{",
		"{}",
		"{\"create_request\":7}",
		"{\"create_request\":{\"key\":7}}",
		"{\"create_request\":{\"filters\":[\"NOTHING\"]}}",
		"{\"create_request\":{\"start_revision\":\"x\"}}",
	};
	static const char *const rules[] = { "/a/", NULL };
	const struct kv_access one = { .owner = "web-1", .read = rules };
	struct world *w = *state;
	CLEANUP(buf_done) struct buf long_key;
	struct reader r;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_int_equal(try_open(w->kv, &r, &all, bodies[i]), 400);
	assert_int_equal(try_open(w->kv, &r, &one, BODY), 403);
	buf_init(&long_key, 1u << 20);
	buf_puts(&long_key, "{\"create_request\":{\"key\":\"");
	for (int i = 0; i < 2000; i++)
		buf_puts(&long_key, "YWFh");
	buf_puts(&long_key, "\"}}");
	assert_int_equal(try_open(w->kv, &r, &all, buf_str(&long_key)), 400);
	assert_int_equal(w->kv->n_watches, 0);
}

static void watches_end_with_their_certificate(void **state)
{
	struct world *w = *state;
	struct kv_access old = somebody("web-1", NULL), new = old;
	struct kv_access other = somebody("web-2", NULL);
	struct reader first, second, others, late;
	bool over;

	old.certificate = 7;
	new.certificate = 8;
	other.certificate = 7;
	kv_owner_shows(w->kv, &old);
	kv_owner_shows(w->kv, &other);
	assert_int_equal(try_open(w->kv, &first, &old, BODY), 200);
	assert_int_equal(try_open(w->kv, &others, &other, BODY), 200);
	read_on(&first);
	kv_owner_shows(w->kv, &old);
	free(read_all(&first, &over));
	assert_false(over);

	kv_owner_shows(w->kv, &new);
	assert_int_equal(first.woken, 1);
	free(read_all(&first, &over));
	assert_true(over);
	assert_int_equal(try_open(w->kv, &second, &new, BODY), 200);
	/* Its request was let in before. */
	assert_int_equal(try_open(w->kv, &late, &old, BODY), 403);
	free(read_all(&second, &over));
	assert_false(over);
	free(read_all(&others, &over));
	assert_false(over);
	kv_watch_close(first.w);
	kv_watch_close(second.w);
	kv_watch_close(others.w);
}

static void rights_that_change_meanwhile_are_named(void **state)
{
	struct world *w = *state;
	static const char body[] = "{\"create_request\":{\"key\":\"L3NreWRucy9h\"}}";
	const struct kv_rights rights = { .host = "web-1" };
	CLEANUP(kv_host_access_done) struct kv_host_access old = { 0 };
	CLEANUP(buf_done) struct buf answer;
	struct kv_watch *watch = NULL;

	kv_set_rights(w->kv, &rights);
	kv_host_access(w->kv, "web-1", &old);
	kv_set_rights(w->kv, &rights);
	assert_int_equal(kv_watch_open(w->kv, body, strlen(body), &old.access,
				       &(struct kv_reader){ 0 }, &watch, &answer),
			 403);
	assert_non_null(strstr(buf_str(&answer), "has changed meanwhile: ask again"));
}

static void an_empty_range_is_cancelled_at_once(void **state)
{
	struct world *w = *state;
	struct reader r;
	bool over;
	char *text;

	open_range(w->kv, &r, &all, "/b", "/a", "");
	text = read_all(&r, &over);
	assert_true(over);
	assert_non_null(strstr(text, "watcher range is empty"));
	free(text);
	kv_watch_close(r.w);
}

/* ---------------------------------------------------------------- changes */

static void a_watch_wakes_for_what_it_wants(void **state)
{
	struct world *w = *state;
	struct reader prefix, one, deletions, future;
	char *text;

	open_range(w->kv, &prefix, &all, "/a/", "/a0", ",\"prev_kv\":true");
	open_range(w->kv, &one, &all, "/a/1", "", "");
	open_range(w->kv, &deletions, &all, "/a/", "/a0", ",\"filters\":[\"NOPUT\"]");
	open_range(w->kv, &future, &all, "/a/", "/a0", ",\"start_revision\":5");
	read_on(&prefix), read_on(&one), read_on(&deletions), read_on(&future);
	put(w->kv, &all, "/b/1", "x"); /* 2 */
	put(w->kv, &all, "/a/2", "x"); /* 3 */
	put(w->kv, &all, "/a/2", "y"); /* 4 */
	assert_int_equal(prefix.woken, 1);
	assert_int_equal(one.woken + deletions.woken + future.woken, 0);
	text = read_all(&prefix, NULL);
	assert_int_equal(times(text, "\"kv\""), 2);
	assert_int_equal(times(text, "prev_kv"), 1);
	free(text);
	put(w->kv, &all, "/a/1", "x"); /* 5 */
	assert_int_equal(one.woken, 1);
	assert_int_equal(future.woken, 1);
	text = read_all(&future, NULL);
	assert_int_equal(times(text, "\"kv\""), 1);
	free(text);
	call(w->kv, &all, "/v3/kv/deleterange",
	     "{\"key\":\"L2Ev\",\"range_end\":\"L2Ew\"}", NULL);
	assert_int_equal(deletions.woken, 1);
	text = read_all(&deletions, NULL);
	assert_int_equal(times(text, "DELETE"), 2);
	free(text);
	kv_watch_close(prefix.w), kv_watch_close(one.w);
	kv_watch_close(deletions.w), kv_watch_close(future.w);
	assert_null(w->kv->watched);
}

static void a_watch_that_is_compacted_under_its_reader_says_so(void **state)
{
	struct world *w = *state;
	struct reader slow, quick, past;
	bool over;
	char *text;

	open_range(w->kv, &slow, &all, "/a/", "/a0", "");
	open_range(w->kv, &quick, &all, "/a/", "/a0", "");
	read_on(&slow), read_on(&quick);
	for (int i = 0; i < 10; i++)
		put(w->kv, &all, "/a/1", "x");
	read_on(&quick);
	open_range(w->kv, &past, &all, "/a/", "/a0", ",\"start_revision\":3");
	assert_int_equal(
		call(w->kv, &all, "/v3/kv/compaction", "{\"revision\":11}", NULL), 200);
	text = read_all(&slow, &over);
	assert_true(over);
	assert_non_null(strstr(text, "\"compact_revision\":\"11\""));
	free(text);
	text = read_all(&past, &over);
	assert_true(over);
	assert_non_null(strstr(text, "\"canceled\":true"));
	free(text);
	put(w->kv, &all, "/a/1", "y");
	text = read_all(&quick, &over);
	assert_false(over);
	assert_int_equal(times(text, "\"kv\""), 1);
	free(text);
	/* One that waited for what it does not want has seen all the same. */
	kv_watch_close(slow.w), kv_watch_close(past.w);
	open_range(w->kv, &slow, &all, "/z", "", "");
	read_on(&slow);
	for (int i = 0; i < 5; i++)
		put(w->kv, &all, "/a/1", "x");
	call(w->kv, &all, "/v3/kv/compaction", "{\"revision\":17}", NULL);
	put(w->kv, &all, "/z", "x");
	text = read_all(&slow, &over);
	assert_false(over);
	assert_int_equal(times(text, "\"kv\""), 1);
	free(text);
	kv_watch_close(slow.w), kv_watch_close(quick.w);
}

/* Much that it does not want lies before what it does. */
static void a_watch_of_the_past_looks_in_pieces(void **state)
{
	struct world *w = *state;
	struct reader r;
	size_t looked = 0, steps = 0;
	char *text;

	for (int i = 0; i < 12000; i++)
		assert_int_equal(put(w->kv, &all, "/b", "x"), 200);
	put(w->kv, &all, "/a", "x");
	open_range(w->kv, &r, &all, "/a", "", ",\"start_revision\":2");
	text = xcalloc(1, 200);
	assert_true(kv_watch_read(r.w, text, 199) > 0); /* created */
	pthread_mutex_lock(&w->kv->lock);
	r.w->sent = r.w->out.len;
	while (kv_watch_next(r.w, &looked) == KV_LOOK_ON) {
		assert_true(looked <= 5000);
		steps++;
	}
	pthread_mutex_unlock(&w->kv->lock);
	assert_int_equal(steps, 2);
	free(text);
	text = read_all(&r, NULL);
	assert_int_equal(times(text, "\"kv\""), 1);
	free(text);
	kv_watch_close(r.w);
}

static void progress_is_told(void **state)
{
	struct world *w = *state;
	struct reader asked, silent;
	char *text;

	open_range(w->kv, &asked, &all, "/a/", "/a0", ",\"progress_notify\":true");
	open_range(w->kv, &silent, &all, "/a/", "/a0", "");
	read_on(&asked), read_on(&silent);
	put(w->kv, &all, "/b", "x");
	pthread_mutex_lock(&w->kv->lock);
	kv_watch_tend(w->kv, asked.w->sent_ms + 59000);
	assert_int_equal(asked.woken, 0);
	kv_watch_tend(w->kv, asked.w->sent_ms + 61000);
	pthread_mutex_unlock(&w->kv->lock);
	assert_int_equal(asked.woken, 1);
	assert_int_equal(silent.woken, 0);
	text = read_all(&asked, NULL);
	assert_int_equal(times(text, "\"revision\":\"2\""), 1);
	free(text);
	kv_watch_close(asked.w), kv_watch_close(silent.w);
}

/* ---------------------------------------------------------------- slow readers */

static void a_message_that_is_too_large_says_so(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *value = xcalloc(1, 1400001);
	struct reader r;
	bool over;
	char *text;

	memset(value, 'v', 1400000);
	for (int i = 0; i < 12; i++) {
		char key[16];

		snprintf(key, sizeof(key), "/a/%d", i);
		assert_int_equal(put(w->kv, &all, key, value), 200);
	}
	open_range(w->kv, &r, &all, "/a/", "/a0", ",\"prev_kv\":true");
	read_on(&r);
	call(w->kv, &all, "/v3/kv/deleterange",
	     "{\"key\":\"L2Ev\",\"range_end\":\"L2Ew\"}", NULL);
	text = read_all(&r, &over);
	assert_true(over);
	assert_non_null(strstr(text, "a message is too large"));
	assert_non_null(strstr(text, "compact_revision"));
	free(text);
	kv_watch_close(r.w);
}

/* Of many watches that all have something to send, and no reader. */
static void what_waits_for_a_slow_reader_is_bounded(void **state)
{
	static const struct kv_limits few = { .watches = 10,
					      .answer_bytes = 3000,
					      .reads = { .per_s = 1000, .burst = 1000 } };
	struct world *w = *state;
	const struct kv_access a = somebody("a", &few);
	CLEANUP(free) char *value = xcalloc(1, 1001);
	struct kv_refusals refused;
	struct reader r[10];
	struct kv_owner *o;
	size_t n_over = 0;

	memset(value, 'v', 1000);
	for (size_t i = 0; i < 10; i++) {
		open_range(w->kv, &r[i], &a, "/a/", "/a0", "");
		read_on(&r[i]);
	}
	put(w->kv, &all, "/a/1", value);
	for (size_t i = 0; i < 10; i++) {
		char one;

		n_over += kv_watch_read(r[i].w, &one, 1) < 0; /* and no more */
	}
	assert_int_equal(n_over, 8); /* two have 1,500 bytes each */
	assert_true(kv_refusals(w->kv, &refused));
	o = r[0].w->owner;
	assert_true(o->answer_bytes > 2000 && o->answer_bytes < 4000);
	read_on(&r[0]);
	assert_true(o->answer_bytes < 2000);
	for (size_t i = 0; i < 10; i++)
		kv_watch_close(r[i].w);
	assert_int_equal(o->answer_bytes, 0);
}

/* ---------------------------------------------------------------- many */

#define AGENTS 10000
#define EACH 5

/*
 * 10,000 agents with five watches each: a change wakes those that want it and looks at
 * few others; memory is what each is, not what was sent to it.
 */
static void ten_thousand_agents_watch(void **state)
{
	struct world *w = *state;
	struct reader *r = xcalloc(AGENTS * EACH, sizeof(*r));
	struct mallinfo2 before = mallinfo2(), after;
	size_t woken = 0, bytes;

	for (size_t i = 0; i < AGENTS; i++) {
		char name[16], key[64], end[64];
		struct kv_access a;

		snprintf(name, sizeof(name), "h%05zu", i);
		a = somebody(name, NULL);
		snprintf(key, sizeof(key), "/foretide/schedule/%s", name);
		open_range(w->kv, &r[i * EACH], &a, key, "", "");
		open_range(w->kv, &r[i * EACH + 1], &a, "/skydns/", "/skydns0", "");
		for (size_t j = 2; j < EACH; j++) {
			snprintf(key, sizeof(key), "/foretide/conf/s%zu-%zu/", i % 50, j);
			snprintf(end, sizeof(end), "/foretide/conf/s%zu-%zu0", i % 50, j);
			open_range(w->kv, &r[i * EACH + j], &a, key, end, "");
		}
	}
	for (size_t i = 0; i < AGENTS * EACH; i++)
		read_on(&r[i]);
	after = mallinfo2();
	bytes = (after.uordblks - before.uordblks) / (AGENTS * EACH);
	print_message("%zu bytes a watch\n", bytes);
	assert_true(bytes < 800);

	put(w->kv, &all, "/foretide/schedule/h00042", "x");
	put(w->kv, &all, "/nobody/wants/this", "x");
	for (size_t i = 0; i < AGENTS * EACH; i++)
		woken += (size_t)r[i].woken;
	assert_int_equal(woken, 1);
	assert_int_equal(r[42 * EACH].woken, 1);
	put(w->kv, &all, "/foretide/conf/s7-3/a", "x");
	put(w->kv, &all, "/skydns/local/a", "x");
	put(w->kv, &all, "/skydns/local/b", "x"); /* all are awake */
	woken = 0;
	for (size_t i = 0; i < AGENTS * EACH; i++)
		woken += (size_t)r[i].woken;
	assert_int_equal(woken, 1 + AGENTS / 50 + AGENTS);
	for (size_t i = 0; i < AGENTS * EACH; i++)
		kv_watch_close(r[i].w);
	assert_null(w->kv->watched);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(a_host_is_watching_until_its_last_watch_ends),
		KV_TEST(watches_end_with_their_owner),
		KV_TEST(an_owner_has_so_many_watches),
		KV_TEST(a_watch_that_hung_up_ends),
		KV_TEST(requests_that_make_no_sense_are_refused),
		KV_TEST(watches_end_with_their_certificate),
		KV_TEST(rights_that_change_meanwhile_are_named),
		KV_TEST(an_empty_range_is_cancelled_at_once),
		KV_TEST(a_watch_wakes_for_what_it_wants),
		KV_TEST(a_watch_that_is_compacted_under_its_reader_says_so),
		KV_TEST(a_watch_of_the_past_looks_in_pieces),
		KV_TEST(progress_is_told),
		KV_TEST(a_message_that_is_too_large_says_so),
		KV_TEST(what_waits_for_a_slow_reader_is_bounded),
		KV_TEST(ten_thousand_agents_watch),
	};

	return cmocka_run_group_tests_name("watches", tests, NULL, NULL);
}
