/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole daemon, asked over HTTP: what needs all of its parts. */
#include "api_fixture.h"
#include "life_fixture.h"

#include "listening.h"

#include <poll.h>

#define ONE "[Service]\nExecStart=/bin/true\n"
#define SHOP                                                                       \
	"[stack]\nname = shop\n[pool web]\ndriver = fake\nmax = 2\ntype = small\n" \
	"[tier web]\nunit = web@.service\npool = web\nmin = 1\nmax = 2\nmode = auto\n"

/* A running daemon, seen as the API's fixture. */
struct whole {
	struct life *l;
	struct fixture f;
	char token[TOKEN_TEXT + 1];
};

static int setup(void **state)
{
	struct whole *w = xcalloc(1, sizeof(*w));
	CLEANUP(free) char *drivers = NULL;
	CLEANUP(free) char *cloud = NULL;
	CLEANUP(free) char *agent = NULL;
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *token = NULL;
	const char *build = getenv("B");
	struct err e;

	life_setup((void **)&w->l);
	drivers = xasprintf("%s/drivers", build ? build : "build");
	cloud = xasprintf("%s/cloud", w->l->dir);
	agent = xasprintf("%s/agent", w->l->dir);
	assert_ok(file_write(agent, "program", 7, 0755, &e), &e);
	assert_ok(options_set(&w->l->o, "controller.agent", agent, &e), &e);
	assert_ok(options_set(&w->l->o, "controller.drivers_dir", drivers, &e), &e);
	assert_ok(options_set(&w->l->o, "driver fake.dir", cloud, &e), &e);
	assert_ok(life_start(w->l, &e), &e);
	path = xasprintf("%s/admin-token", w->l->dir);
	assert_ok(conf_read_file(path, sizeof(w->token), &token, NULL, &e), &e);
	token[strcspn(token, "\n")] = '\0';
	snprintf(w->token, sizeof(w->token), "%s", token);
	w->f.api = w->l->d->api;
	w->f.db = w->l->d->db;
	w->f.admin = w->token;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct whole *w = *state;

	life_teardown((void **)&w->l);
	free(w);
	return 0;
}

static json_t *ask(struct whole *w, const char *method, const char *path,
		   const char *body, long status)
{
	json_t *doc;
	const struct call c = {
		.method = method, .path = path, .token = w->token, .body = body
	};
	const long got = fixture_json(&w->f, &c, &doc);

	if (got != status)
		fail_msg("%s %s: %ld %s", method, path, got,
			 json_string_value(json_object_get(doc, "detail")));
	return doc;
}

static void apply(struct whole *w, const char *conf)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:{s:s, s:s}}", "files", "stack.conf", conf,
				 "units/web@.service", ONE);
	CLEANUP(free) char *text = json_dumps(body, 0);

	json_decref(ask(w, "PUT", "/v1/stacks/shop", text, 200));
}

static bool says(const json_t *doc, const char *words)
{
	const char *detail = json_string_value(json_object_get(doc, "detail"));

	return detail && strstr(detail, words);
}

/* ---------------------------------------------------------------- backups */

static int count_file(void *arg, const struct db_backup_file *file, struct err *err)
{
	(void)file;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static void a_backup_that_is_downloaded_can_be_restored(void **state)
{
	struct whole *w = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(free) char *file = xasprintf("%s/download", w->l->dir);
	CLEANUP(free) char *to = xasprintf("%s/restored.db", w->l->dir);
	CLEANUP(fclose) FILE *out = NULL;
	char type[64], kept[64];
	size_t files = 0;
	struct err e;

	assert_int_equal(
		fixture_call(&w->f, CALL(.path = "/v1/backup", .token = w->token), &res),
		200);
	assert_true(http_res_header(&res, "Content-Type", type, sizeof(type)));
	assert_string_equal(type, "application/vnd.sqlite3");
	assert_true(http_res_header(&res, "Cache-Control", kept, sizeof(kept)));
	assert_string_equal(kept, "no-store");
	out = fopen(file, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(res.body.data, 1, res.body.len, out), res.body.len);
	assert_int_equal(fflush(out), 0);
	assert_ok(db_restore(file, to, count_file, &files, &e), &e);
	assert_true(files >= 3); /* the authority's certificate and key, and whose */
	json_decref(ask(w, "GET", "/v1/events?kind=backup-made", NULL, 200));
}

/* ---------------------------------------------------------------- drills */

static void a_drill_is_refused_in_words(void **state)
{
	static const struct {
		const char *body;
		long status;
		const char *words;
	} cases[] = {
		{ "{\"stack\":\"none\"}", 404, "no stack 'none'" },
		{ "{}", 400, "stack" },
		{ "{\"stack\":\"shop\",\"fro\":\"1m\"}", 400, "fro" },
		{ "{\"stack\":\"shop\",\"for\":\"long\"}", 400, "for" },
		{ "{\"stack\":\"shop\"}", 409, "no window is stated for faults of shop" },
	};
	struct whole *w = *state;
	CLEANUP(json_decref) json_t *held = NULL;
	CLEANUP(json_decref) json_t *list = NULL;

	apply(w, SHOP);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref)
		json_t *doc = ask(w, "POST", "/v1/drills?dry_run=true", cases[i].body,
				  cases[i].status);

		if (!says(doc, cases[i].words))
			fail_msg("%s has no '%s'", cases[i].body, cases[i].words);
	}
	json_decref(ask(w, "POST", "/v1/holds",
			"{\"stack\":\"shop\",\"reason\":\"sale\"}", 201));
	held = ask(w, "POST", "/v1/drills", "{\"stack\":\"shop\"}", 409);
	assert_int_equal(json_array_size(json_object_get(held, "holds")), 1);
	list = ask(w, "GET", "/v1/drills", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
}

static void past_drills_are_listed_newest_first_and_shown(void **state)
{
	struct whole *w = *state;
	CLEANUP(json_decref) json_t *page = NULL;
	CLEANUP(json_decref) json_t *one = NULL;
	CLEANUP(free) char *path = NULL;
	const json_t *items;
	int64_t id = 0;
	struct err e;

	for (int i = 0; i < 3; i++) {
		const struct db_drill row = {
			.stack = i == 1 ? (char[]){ "blog" } : (char[]){ "shop" },
			.owner = (char[]){ "ann" },
			.state = (char[]){ DB_DRILL_DONE },
			.started_ms = 1000 * (i + 1),
			.report_json = (char[]){ "{\"steps\":[]}" },
		};

		assert_ok(db_drill_add(w->f.db, &row, &id, &e), &e);
	}
	page = ask(w, "GET", "/v1/drills?stack=shop&limit=1", NULL, 200);
	items = json_object_get(page, "items");
	assert_int_equal(json_array_size(items), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(items, 0), "id")), id);
	assert_non_null(json_object_get(page, "next"));
	path = xasprintf("/v1/drills/%lld", (long long)id);
	one = ask(w, "GET", path, NULL, 200);
	assert_true(json_equal(one, json_array_get(items, 0)));
	assert_string_equal(json_string_value(json_object_get(one, "owner")), "ann");
	json_decref(ask(w, "GET", "/v1/drills/none", NULL, 404));
	json_decref(ask(w, "GET", "/v1/drills/99", NULL, 404));
}

/* ---------------------------------------------------------------- hosts */

/* The first host of the pool, in the state; false: none yet. */
static bool find_host(struct whole *w, enum db_host_state in, char id[64])
{
	CLEANUP(db_host_list_done) struct db_host_list l = { NULL, 0 };
	struct err e;

	assert_ok(
		db_host_list(w->f.db, &(struct db_host_filter){ .pool = "web" }, &l, &e),
		&e);
	for (size_t i = 0; i < l.n; i++) {
		snprintf(id, 64, "%s", l.v[i].id);
		if (l.v[i].state == in)
			return true;
	}
	return false;
}

static bool becomes(struct whole *w, enum db_host_state in, char id[64])
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (!find_host(w, in, id) && clock_mono_ms() < until)
		(void)poll(NULL, 0, 5);
	return find_host(w, in, id);
}

/* The cloud is the fake driver's, so its host boots and does not join. */
static void a_tier_that_needs_a_host_gets_one_launched_with_the_way_to_us(void **state)
{
	struct whole *w = *state;
	const struct pool_opts *pool = &w->l->d->pool_opts;
	CLEANUP(db_pool_done) struct db_pool p = { 0 };
	CLEANUP(db_host_done) struct db_host h = { 0 };
	CLEANUP(free) char *text = NULL;
	char id[64], token[TOKEN_TEXT];
	struct err e;

	token_new(token);
	apply(w, SHOP);
	assert_true(becomes(w, DB_HOST_BOOTING, id));
	assert_ok(db_host_get(w->f.db, id, &h, &e), &e);
	assert_true(strlen(h.vm_id) > 0);
	assert_ok(db_pool_get(w->f.db, h.pool, &p, &e), &e);
	assert_ok(pool->user_data(pool->arg, &p, &h, token, &text, &e), &e);
	assert_non_null(strstr(text, "https://127.0.0.1:1"));
	assert_non_null(strstr(text, id));
	assert_non_null(strstr(text, token));
	assert_non_null(strstr(text, "BEGIN CERTIFICATE"));
	assert_non_null(strstr(text, api_agent_sum(w->f.api)));
}

static void push(struct whole *w, const char *host)
{
	CLEANUP(json_decref) json_t *body = json_loads("{\"samples\":[]}", 0, NULL);
	struct api_hooks hooks;
	json_t *refused = NULL;
	struct err e;

	daemon_hooks(w->l->d, &hooks);
	assert_ok(hooks.agent_metrics(w->l->d, host, body, &refused, &e), &e);
}

/* No host is ended for a silence that may be ours. */
static void who_pushed_is_heard_and_of_others_nothing_is_said_at_the_start(void **state)
{
	struct whole *w = *state;
	struct daemon *d = w->l->d;

	assert_int_equal(d->pool_opts.listen(d, "web-1"), POOL_DEAF);
	push(w, "web-1");
	assert_int_equal(d->pool_opts.listen(d, "web-1"), POOL_HEARD);
	assert_int_equal(d->pool_opts.listen(d, "web-2"), POOL_DEAF);
	/* It pushed, then its connection ended, and it came with no other. */
	(void)poll(NULL, 0, 2);
	assert_true(hang_ups_note(d->hang_ups, "web-1"));
	assert_int_equal(d->pool_opts.listen(d, "web-1"), POOL_HUNG_UP);
	push(w, "web-1");
	assert_int_equal(d->pool_opts.listen(d, "web-1"), POOL_HEARD);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_backup_that_is_downloaded_can_be_restored),
		TEST(a_drill_is_refused_in_words),
		TEST(past_drills_are_listed_newest_first_and_shown),
		TEST(a_tier_that_needs_a_host_gets_one_launched_with_the_way_to_us),
		TEST(who_pushed_is_heard_and_of_others_nothing_is_said_at_the_start),
	};

	return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
