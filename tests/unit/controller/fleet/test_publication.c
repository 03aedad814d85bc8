/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"
#include "http_script.h"

#include "publication.h"
#include "schedule.h"
#include "text.h"

#include <curl/curl.h>

#define WEB                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 1\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define DONE(rev) \
	SCRIPT_JSON("{\"header\":{\"revision\":\"" rev "\"},\"succeeded\":true}")

struct press {
	struct scene *s;
	struct view_snapshot view;
	struct publication *p;
};

static int setup(void **state)
{
	struct press *p = xcalloc(1, sizeof(*p));

	scene_setup((void **)&p->s);
	p->view = (struct view_snapshot){ .has_copy = true, .is_synced = true };
	p->p = publication_new();
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct press *p = *state;

	publication_free(p->p);
	view_snapshot_done(&p->view);
	scene_teardown((void **)&p->s);
	free(p);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct view_kv *)a)->key, ((const struct view_kv *)b)->key);
}

/* What the store has. */
static void show(struct press *p, const char *key, const char *value)
{
	struct view_snapshot *v = &p->view;

	v->kvs = xrealloc(v->kvs, (v->n + 1) * sizeof(*v->kvs));
	v->kvs[v->n++] = (struct view_kv){ xstrdup(key), xstrdup(value), strlen(value) };
	qsort(v->kvs, v->n, sizeof(*v->kvs), by_key);
}

static void add(struct press *p, const char *key, const char *value)
{
	publication_add(p->p, key, value, strlen(value));
}

/* ---------------------------------------------------------------- what is written */

static void say_op(const json_t *op, struct buf *b)
{
	const json_t *put = json_object_get(op, "request_put");
	const json_t *del = json_object_get(op, "request_delete_range");
	const char *key = json_string_value(json_object_get(put ? put : del, "key"));
	CLEANUP(free) char *text = NULL;
	size_t len;

	assert_non_null(key);
	assert_int_equal(base64_decode(key, strlen(key), &text, &len, NULL), 0);
	buf_printf(b, "%s %s\n", put ? "put" : "del", text);
}

/* Writes to a store that answers; what it was asked for, a line an operation. */
static char *written(struct press *p, const char *const *answers, int64_t *ret_rev)
{
	CLEANUP(store_sync_close) struct store_sync *store = NULL;
	CLEANUP(buf_done) struct buf b;
	struct script peer;
	struct store_opts opts = { .timeout_ms = PATIENCE_MS };

	buf_init(&b, 1 << 20);
	script_start(&peer, answers);
	opts.endpoints = peer.url;
	assert_ok(store_sync_open(&opts, &store, p->s->e), p->s->e);
	assert_ok(publication_write(p->p, &p->view, store, ret_rev, p->s->e), p->s->e);
	script_done(&peer);
	for (size_t i = 0; i < peer.served; i++) {
		const char *body = strstr(buf_str(&peer.requests[i]), "\r\n\r\n");
		CLEANUP(json_decref) json_t *doc = json_loads(body + 4, 0, NULL);
		json_t *op;
		size_t k;

		json_array_foreach(json_object_get(doc, "success"), k, op) say_op(op, &b);
		buf_printf(&b, "--\n");
	}
	script_free(&peer);
	return buf_take(&b);
}

static char *written_at_7(struct press *p)
{
	static const char *const answers[] = { DONE("7"), NULL };
	int64_t rev = 0;
	char *text = written(p, answers, &rev);

	assert_int_equal(rev, 7);
	return text;
}

static void only_differences_are_written(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	show(p, "/foretide/conf/shop/web/a", "same");
	show(p, "/foretide/conf/shop/web/b", "old");
	show(p, "/foretide/conf/shop/web/gone", "x");
	add(p, "/foretide/conf/shop/web/a", "same");
	add(p, "/foretide/conf/shop/web/b", "new");
	add(p, "/foretide/conf/shop/web/c", "new");
	text = written_at_7(p);
	assert_string_equal(text, "put /foretide/conf/shop/web/b\n"
				  "put /foretide/conf/shop/web/c\n"
				  "del /foretide/conf/shop/web/gone\n--\n");
}

static void when_all_is_equal_the_store_is_not_asked(void **state)
{
	static const char *const nothing[] = { NULL };
	struct press *p = *state;
	int64_t rev = -1;
	CLEANUP(free) char *text = NULL;

	show(p, "/foretide/units/h", "text");
	add(p, "/foretide/units/h", "text");
	add(p, "/foretide/units/h", "text"); /* two stacks may share one */
	text = written(p, nothing, &rev);
	assert_string_equal(text, "");
	assert_int_equal(rev, 0);
}

static void what_others_wrote_is_left_alone(void **state)
{
	static const char *const nothing[] = { NULL };
	struct press *p = *state;
	int64_t rev;
	CLEANUP(free) char *text = NULL;

	show(p, "/foretide/hosts/a", "{}");
	show(p, "/foretide/states/a", "{}");
	show(p, "/foretide/leader", "x");
	text = written(p, nothing, &rev);
	assert_string_equal(text, "");
}

static void what_is_kept_stays_though_nobody_names_it(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	show(p, "/foretide/conf/shop/web/a", "x");
	show(p, "/foretide/conf/shopping/web/a", "x");
	publication_keep(p->p, "/foretide/conf/shop/");
	text = written_at_7(p);
	assert_string_equal(text, "del /foretide/conf/shopping/web/a\n--\n");
}

static void texts_come_before_the_schedules_that_name_them(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	add(p, "/foretide/schedule/a", "{}");
	add(p, "/foretide/units/h", "text");
	add(p, "/foretide/secrets/shop/s", "x");
	text = written_at_7(p);
	assert_string_equal(text, "put /foretide/secrets/shop/s\nput /foretide/units/h\n"
				  "put /foretide/schedule/a\n--\n");
}

static void many_differences_are_few_transactions(void **state)
{
	static const char *const answers[] = { DONE("7"), DONE("8"), NULL };
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;
	size_t n = 0, ends = 0;
	int64_t rev = 0;

	for (int i = 0; i < 150; i++) {
		char key[64];

		snprintf(key, sizeof(key), "/foretide/units/%03d", i);
		add(p, key, "x");
	}
	text = written(p, answers, &rev);
	assert_int_equal(rev, 8);
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		n += strncmp(at, "put ", 4) == 0;
		ends += strncmp(at, "--", 2) == 0;
	}
	assert_int_equal(n, 150);
	assert_int_equal(ends, 2);
}

/* ---------------------------------------------------------------- schedules */

static void put_unit(struct press *p, const char *name, enum db_goal goal)
{
	struct db_unit u = {
		.name = (char *)(uintptr_t)name,
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.host = (char *)(uintptr_t) "a",
		.hash = (char *)(uintptr_t) "h1",
		.goal = goal,
	};

	assert_ok(db_unit_put(p->s->db->db, &u, p->s->e), p->s->e);
}

static void set_stage(struct press *p)
{
	scene_apply(p->s, WEB, TEXT);
	scene_host(p->s, "a", "p", DB_HOST_UP);
	put_unit(p, "web@1.service", DB_GOAL_RUN);
	put_unit(p, "web@2.service", DB_GOAL_DRAIN);
	scene_load(p->s);
}

static void add_schedules(struct press *p)
{
	assert_ok(publication_add_schedules(p->p, p->s->f, &p->view, p->s->e), p->s->e);
}

static void show_schedule(struct press *p, int64_t epoch, bool drains)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(epoch);
	CLEANUP(free) char *text = NULL;
	struct schedule_unit u = {
		.hash = (char *)(uintptr_t) "h1",
		.state = SCHEDULE_LAUNCHED,
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
	};

	u.name = (char *)(uintptr_t) "web@1.service";
	assert_ok(schedule_add(s, &u, p->s->e), p->s->e);
	u.name = (char *)(uintptr_t) "web@2.service";
	u.drain = drains;
	assert_ok(schedule_add(s, &u, p->s->e), p->s->e);
	text = schedule_format(s);
	show(p, "/foretide/schedule/a", text);
}

static void a_new_schedule_begins_with_epoch_1(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	set_stage(p);
	add_schedules(p);
	assert_int_equal(scene_unit(p->s, "web@1.service")->u.epoch, 1);
	assert_true(scene_unit(p->s, "web@1.service")->dirty);
	text = written_at_7(p);
	assert_string_equal(text, "put /foretide/schedule/a\n--\n");
}

static void a_change_raises_the_epoch_by_one(void **state)
{
	struct press *p = *state;

	set_stage(p);
	show_schedule(p, 41, false);
	add_schedules(p);
	assert_int_equal(scene_unit(p->s, "web@1.service")->u.epoch, 42);
	assert_int_equal(scene_unit(p->s, "web@2.service")->u.epoch, 42);
}

static void an_equal_schedule_is_not_written_again(void **state)
{
	static const char *const nothing[] = { NULL };
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;
	int64_t rev;

	set_stage(p);
	show_schedule(p, 41, true);
	add_schedules(p);
	assert_int_equal(scene_unit(p->s, "web@1.service")->u.epoch, 0);
	assert_false(scene_unit(p->s, "web@1.service")->dirty);
	text = written(p, nothing, &rev);
	assert_string_equal(text, "");
}

static void a_schedule_that_cannot_be_read_is_replaced(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	set_stage(p);
	show(p, "/foretide/schedule/a", "{\"epoch\":");
	add_schedules(p);
	text = written_at_7(p);
	assert_string_equal(text, "put /foretide/schedule/a\n--\n");
}

static void the_text_that_an_instance_runs_stays(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	set_stage(p);
	show(p, "/foretide/units/h1", "in use");
	show(p, "/foretide/units/h0", "in nobody's use");
	show_schedule(p, 41, true);
	add_schedules(p);
	text = written_at_7(p);
	assert_string_equal(text, "del /foretide/units/h0\n--\n");
}

static void one_whose_units_are_to_be_taken_over_keeps_the_schedule_that_it_has(
	void **state)
{
	static const char *const nothing[] = { NULL };
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;
	int64_t rev = 0;
	const struct db_host h = { .id = (char *)(uintptr_t) "a",
				   .pool = (char *)(uintptr_t) "p",
				   .state = DB_HOST_UP,
				   .adopted_ms = NOW_MS };

	scene_apply(p->s, WEB, TEXT);
	assert_ok(db_host_put(p->s->db->db, &h, p->s->e), p->s->e);
	scene_load(p->s);
	show_schedule(p, 41, true);
	add_schedules(p);
	text = written(p, nothing, &rev);
	assert_string_equal(text, "");
}

static void a_host_that_goes_has_no_schedule(void **state)
{
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;

	set_stage(p);
	scene_host(p->s, "a", "p", DB_HOST_TERMINATING);
	scene_load(p->s);
	show_schedule(p, 41, true);
	add_schedules(p);
	text = written_at_7(p);
	assert_string_equal(text, "del /foretide/schedule/a\n--\n");
}

/* ---------------------------------------------------------------- stacks */

static void a_stack_that_cannot_be_read_keeps_what_hosts_have_of_it(void **state)
{
	static const char *const nothing[] = { NULL };
	struct press *p = *state;
	CLEANUP(free) char *text = NULL;
	struct err e;
	int64_t rev;

	set_stage(p);
	free(p->s->f->stacks.v[0].text_json);
	p->s->f->stacks.v[0].text_json = xstrdup("{\"of\": \"tomorrow\"}");
	p->s->f->stacks.v[0].version++;
	assert_true(catalog_update(p->s->catalog, p->s->f, &e) < 0);
	assert_non_null(strstr(e.msg, "shop"));
	assert_null(fleet_tier(p->s->f, "shop", "web")->cat);
	show(p, "/foretide/conf/shop/web/a", "x");
	show(p, "/foretide/secrets/shop/s", "x");
	assert_ok(catalog_publish(p->s->catalog, p->p, p->s->db->db, &e), &e);
	text = written(p, nothing, &rev);
	assert_string_equal(text, "");
}

#define PRESS_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PRESS_TEST(only_differences_are_written),
		PRESS_TEST(when_all_is_equal_the_store_is_not_asked),
		PRESS_TEST(what_others_wrote_is_left_alone),
		PRESS_TEST(what_is_kept_stays_though_nobody_names_it),
		PRESS_TEST(texts_come_before_the_schedules_that_name_them),
		PRESS_TEST(many_differences_are_few_transactions),
		PRESS_TEST(a_new_schedule_begins_with_epoch_1),
		PRESS_TEST(a_change_raises_the_epoch_by_one),
		PRESS_TEST(an_equal_schedule_is_not_written_again),
		PRESS_TEST(a_schedule_that_cannot_be_read_is_replaced),
		PRESS_TEST(the_text_that_an_instance_runs_stays),
		PRESS_TEST(
			one_whose_units_are_to_be_taken_over_keeps_the_schedule_that_it_has),
		PRESS_TEST(a_host_that_goes_has_no_schedule),
		PRESS_TEST(a_stack_that_cannot_be_read_keeps_what_hosts_have_of_it),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = cmocka_run_group_tests_name("publish", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
