/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The users and roles of all hosts at an etcd: what is sent, when, and in which order. */
#include "db_fixture.h"
#include "fake_etcd.h"

#include "etcd.h"
#include "store_users.h"

#define HOSTS 2000
#define SECRET "of-the-controller"

struct world {
	struct fixture *f;
	struct fake_etcd etcd;
	struct store_opts store;
	struct store_users_opts opts;
	struct store_sync *s;
	struct store_users *u;
};

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	void *f = NULL;
	struct err e;

	fixture_setup(&f);
	w->f = f;
	fake_etcd_open(&w->etcd);
	w->store = (struct store_opts){ .endpoints = w->etcd.url,
					.user = "root",
					.password = "r",
					.timeout_ms = PATIENCE_MS };
	w->opts = (struct store_users_opts){ .db = w->f->db,
					     .store = &w->store,
					     .secret = SECRET,
					     .budget_ms = PATIENCE_MS };
	assert_ok(store_sync_open(&w->store, &w->s, &e), &e);
	w->u = store_users_new(&w->opts);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	void *f = w->f;

	store_users_free(w->u);
	store_sync_close(w->s);
	fake_etcd_close(&w->etcd);
	fixture_teardown(&f);
	free(w);
	return 0;
}

/* stack: whose keys it may read; NULL: of none. */
static void set(struct world *w, const char *host, const char *stack)
{
	const char *const reads[] = { stack, NULL };

	store_users_set(w->u, &(struct kv_rights){ .host = host, .read = reads });
}

static void set_many(struct world *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char host[32];

		snprintf(host, sizeof(host), "web-%04zu", i);
		set(w, host, "/foretide/conf/shop/");
	}
}

/* Whether all was sent. */
static bool apply(struct world *w)
{
	bool more = true;
	struct err e;

	fake_etcd_forget_calls(&w->etcd);
	fake_etcd_meet(&w->etcd);
	assert_ok(store_users_apply(w->u, w->s, &more, &e), &e);
	fake_etcd_meet(&w->etcd);
	return !more;
}

static size_t calls(const struct world *w, const char *what)
{
	return fake_etcd_counted(&w->etcd, what);
}

/* The controller starts again. */
static void restart(struct world *w)
{
	store_users_free(w->u);
	w->u = store_users_new(&w->opts);
}

static json_t *role(const struct world *w, const char *name)
{
	return json_object_get(w->etcd.roles, name);
}

/* In base64: /foretide/conf/shop/ and /foretide/conf/bank/, and their ends. */
#define SHOP "L2ZvcmV0aWRlL2NvbmYvc2hvcC8= L2ZvcmV0aWRlL2NvbmYvc2hvcDA="
#define BANK_KEY "L2ZvcmV0aWRlL2NvbmYvYmFuay8="
#define BANK_END "L2ZvcmV0aWRlL2NvbmYvYmFuazA="
#define BANK BANK_KEY " " BANK_END

static void of_many_hosts_only_what_differs_is_sent(void **state)
{
	struct world *w = *state;

	set_many(w, HOSTS);
	assert_true(apply(w));
	assert_int_equal(json_object_size(w->etcd.users), 2 * HOSTS);
	assert_int_equal(json_object_size(w->etcd.roles), 2 * HOSTS);
	assert_true(apply(w));
	assert_int_equal(w->etcd.calls, 0);
	/* All are said again, as when a rule changed; one is another's now. */
	set_many(w, HOSTS);
	set(w, "web-0700", "/foretide/conf/bank/");
	assert_true(apply(w));
	assert_string_equal(buf_str(&w->etcd.order),
			    "role/grant foretide-host-web-0700\n"
			    "role/revoke foretide-host-web-0700\n");
	assert_int_equal(w->etcd.calls, 2);
	assert_non_null(json_object_get(role(w, "foretide-host-web-0700"), BANK));
	assert_null(json_object_get(role(w, "foretide-host-web-0700"), SHOP));
}

static void one_round_sends_for_so_long_and_the_next_the_rest(void **state)
{
	struct world *w = *state;
	size_t rounds = 1;

	w->opts.budget_ms = 5;
	set_many(w, 200);
	while (!apply(w)) {
		rounds++;
		assert_true(w->etcd.calls < 200 * 12);
	}
	assert_true(rounds > 1);
	assert_int_equal(json_object_size(w->etcd.users), 400);
	assert_int_equal(json_object_size(role(w, "foretide-host-web-0199")), 5);
}

/* Whoever else has something sent. */
static void a_host_that_is_no_more_loses_all_first(void **state)
{
	struct world *w = *state;

	set(w, "web-1", "/foretide/conf/shop/");
	set(w, "zoe-1", "/foretide/conf/shop/");
	assert_true(apply(w));
	set(w, "abe-1", "/foretide/conf/shop/");
	store_users_drop(w->u, "zoe-1");
	assert_true(apply(w));
	assert_ptr_equal(strstr(buf_str(&w->etcd.order),
				"user/delete foretide-host-zoe-1\n"
				"role/delete foretide-host-zoe-1\n"
				"user/delete foretide-programs-zoe-1\n"
				"role/delete foretide-programs-zoe-1\n"
				"user/add foretide-host-abe-1\n"),
			 buf_str(&w->etcd.order));
	assert_null(json_object_get(w->etcd.users, "foretide-host-zoe-1"));
	assert_null(role(w, "foretide-programs-zoe-1"));
	assert_non_null(role(w, "foretide-host-web-1"));
}

/* A restored database may be older than the etcd, which has more and less than it says.
 */
static void after_a_restore_all_is_compared_and_put_right(void **state)
{
	struct world *w = *state;
	json_t *mine;

	set(w, "web-1", "/foretide/conf/shop/");
	set(w, "later-1", "/foretide/conf/shop/");
	assert_true(apply(w));
	mine = role(w, "foretide-host-web-1");
	json_object_del(mine, SHOP);
	json_object_set_new(mine, BANK,
			    json_pack("{s:s, s:s, s:s}", "permType", "READ", "key",
				      BANK_KEY, "range_end", BANK_END));
	json_object_set_new(w->etcd.users, "alice", json_string("hers"));
	w->opts.care.until_ms = clock_now_ms() + 3600000;
	w->opts.care.most_ms = 3600000;
	restart(w);
	set(w, "web-1", "/foretide/conf/shop/");
	assert_true(apply(w));
	mine = role(w, "foretide-host-web-1");
	assert_non_null(json_object_get(mine, SHOP));
	assert_null(json_object_get(mine, BANK));
	assert_int_equal(calls(w, "user/add"), 1); /* of the trial */
	assert_int_equal(calls(w, "user/changepw"), 0);
	/* What it does not know of yet may be a host that serves. */
	assert_non_null(json_object_get(w->etcd.users, "foretide-host-later-1"));
	w->opts.care = (struct clock_wait){ 0 };
	assert_true(apply(w));
	assert_null(json_object_get(w->etcd.users, "foretide-host-later-1"));
	assert_null(role(w, "foretide-programs-later-1"));
	assert_non_null(json_object_get(w->etcd.users, "alice"));
}

static void another_secret_gives_all_their_passwords_again(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *before = NULL;
	const json_t *now;

	set(w, "web-1", NULL);
	assert_true(apply(w));
	now = json_object_get(w->etcd.users, "foretide-host-web-1");
	before = xstrdup(json_string_value(now));
	w->opts.secret = "of-another-controller";
	restart(w);
	set(w, "web-1", NULL);
	assert_true(apply(w));
	assert_int_equal(calls(w, "user/changepw"), 2);
	now = json_object_get(w->etcd.users, "foretide-host-web-1");
	assert_string_not_equal(json_string_value(now), before);
	/* That is kept: at the next start none is sent. */
	restart(w);
	set(w, "web-1", NULL);
	assert_true(apply(w));
	assert_int_equal(calls(w, "user/changepw"), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_many_hosts_only_what_differs_is_sent),
		TEST(one_round_sends_for_so_long_and_the_next_the_rest),
		TEST(a_host_that_is_no_more_loses_all_first),
		TEST(after_a_restore_all_is_compared_and_put_right),
		TEST(another_secret_gives_all_their_passwords_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
