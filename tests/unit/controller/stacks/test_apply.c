/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applying stacks through the API: what changes is said first, then done at once. */
#include "api_fixture.h"

#include "apply.h"

#define CONF                                                         \
	"[stack]\nname = shop\n[pool web]\ndriver = fake\nmax = 4\n" \
	"[tier web]\nunit = web@.service\nmax = 3\n"
#define DB_TIER "[pool db]\ndriver = fake\nmax = 1\n[tier db]\nunit = db.service\n"
#define UNIT "[Service]\nExecStart=/bin/true\n"

static int refuse_pool(void *arg, const struct db_pool *p, struct err *err)
{
	(void)arg;
	return strcmp(p->driver, "fake") == 0
		       ? 0
		       : err_set(err, ERR_NOT_FOUND, "there is no driver '%s'",
				 p->driver);
}

static int refuse_demand(void *arg, const char *stack, const char *tier, const char *text,
			 struct err *err)
{
	(void)arg;
	(void)stack;
	(void)tier;
	return strcmp(text, "bad(") == 0 ? err_set(err, ERR_INVAL, "cannot be read") : 0;
}

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f,
					 .check_pool = refuse_pool,
					 .check_demand = refuse_demand };

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

/* PUTs conf with the units that it may name. */
static long put(const struct fixture *f, const char *path, const char *conf,
		const char *unit, const char *header, json_t **ret)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:{s:s, s:s}}", "files", "stack.conf", conf,
				 "units/web@.service", unit);
	CLEANUP(free) char *text = NULL;

	if (strstr(conf, "db.service"))
		json_object_set_new(json_object_get(body, "files"), "units/db.service",
				    json_string(UNIT));
	text = json_dumps(body, 0);
	return fixture_json(f,
			    CALL(.method = "PUT", .path = path, .token = f->admin,
				 .body = text, .header = header),
			    ret);
}

static long put_only(const struct fixture *f, const char *conf, const char *unit)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	return put(f, "/v1/stacks/shop", conf, unit, NULL, &doc);
}

static size_t n_changes(const json_t *doc, const char *action, const char *kind)
{
	json_t *c;
	size_t i, n = 0;

	json_array_foreach(json_object_get(doc, "changes"), i, c)
	{
		const char *a = json_string_value(json_object_get(c, "action"));
		const char *k = json_string_value(json_object_get(c, "kind"));

		n += strcmp(a, action) == 0 && strcmp(k, kind) == 0;
	}
	return n;
}

static bool tells(const json_t *doc, const char *words)
{
	CLEANUP(free) char *text = json_dumps(json_object_get(doc, "changes"), 0);

	return strstr(text, words) != NULL;
}

/* "" when there is no such change. */
static const char *detail_of(const json_t *doc, const char *kind, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(doc, "changes"), i, c)
	{
		if (strcmp(json_string_value(json_object_get(c, "kind")), kind) == 0 &&
		    strcmp(json_string_value(json_object_get(c, "name")), name) == 0)
			return json_string_value(json_object_get(c, "detail"));
	}
	return "";
}

static void a_dry_run_tells_and_does_nothing(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_stack_list_done) struct db_stack_list stacks = { NULL, 0 };
	struct err e;

	assert_int_equal(put(f, "/v1/stacks/shop?dry_run=true", CONF, UNIT, NULL, &doc),
			 200);
	assert_int_equal(n_changes(doc, "add", "stack"), 1);
	assert_int_equal(n_changes(doc, "add", "tier"), 1);
	assert_int_equal(n_changes(doc, "add", "pool"), 1);
	assert_int_equal(n_changes(doc, "add", "unit"), 1);
	assert_true(json_is_false(json_object_get(doc, "applied")));
	assert_ok(db_stack_list(f->db, &stacks, &e), &e);
	assert_int_equal(stacks.n, 0);
}

static bool is_warned(const json_t *doc, const char *words)
{
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(doc, "warnings"), i,
			   w) if (strstr(json_string_value(w), words)) return true;
	return false;
}

static void a_tier_may_run_in_the_pool_of_another_stack(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *files = NULL;
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	struct err e;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	files = json_pack("{s:s, s:s}", "stack.conf",
			  "[stack]\nname = blog\n[tier page]\nunit = page@.service\n"
			  "pool = web\n",
			  "units/page@.service", UNIT);
	assert_ok(stack_file_read(files, &s, &e), &e);
	assert_ok(stack_check(f->db, s, &e), &e);
}

static void what_nobody_reads_is_told(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *plain = NULL;

	assert_int_equal(put(f, "/v1/stacks/shop?dry_run=true", CONF,
			     UNIT "Restrat=always\nMemoryMax=1G\nX-Ours=1\n"
				  "[X-Servce]\nName=web\nPort=80\n[Install]\n",
			     NULL, &doc),
			 200);
	assert_true(
		is_warned(doc, "units/web@.service:3: [Service] has no option Restrat"));
	assert_true(
		is_warned(doc, "units/web@.service:7: there is no section [X-Servce]"));
	assert_int_equal(json_array_size(json_object_get(doc, "warnings")), 2);
	assert_int_equal(put(f, "/v1/stacks/shop?dry_run=true", CONF, UNIT, NULL, &plain),
			 200);
	assert_int_equal(json_array_size(json_object_get(plain, "warnings")), 0);
}

static void warnings_end_after_a_hundred(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(buf_done) struct buf conf;
	const json_t *warnings;

	buf_init(&conf, 1 << 20);
	buf_puts(&conf, CONF);
	for (int i = 0; i < 32; i++)
		buf_printf(&conf,
			   "schedule = a%d: mon 08:00-18:00 min=3\n"
			   "schedule = b%d: mon 09:00-19:00 max=2\n",
			   i, i);
	assert_int_equal(
		put(f, "/v1/stacks/shop?dry_run=true", buf_str(&conf), UNIT, NULL, &doc),
		200);
	warnings = json_object_get(doc, "warnings");
	assert_int_equal(json_array_size(warnings), 101);
	assert_string_equal(json_string_value(json_array_get(warnings, 100)),
			    "there are more warnings");
}

/* As an earlier version took one. */
static void a_stored_option_that_is_given_twice_is_read(void **state)
{
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	CLEANUP(json_decref)
	json_t *files = json_pack("{s:s, s:s}", "stack.conf", CONF "max = 7\n",
				  "units/web@.service", UNIT);
	CLEANUP(free) char *text = stack_file_canonical(files);
	struct err e;

	(void)state;
	assert_int_equal(stack_file_read(files, &s, &e), ERR_INVAL);
	assert_ok(stack_file_parse(text, &s, &e), &e);
	assert_int_equal(s->tiers.v[0].max, 7);
}

static void applying_writes_the_stack_its_tiers_and_pools(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(stack_file_free) struct stack_file *again = NULL;
	struct err e;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_ok(db_tier_get(f->db, "shop", "web", &t, &e), &e);
	assert_ok(db_pool_get(f->db, "web", &p, &e), &e);
	assert_ok(db_stack_get(f->db, "shop", &s, &e), &e);
	assert_ok(stack_file_parse(s.text_json, &again, &e), &e);

	assert_int_equal(t.max, 3);
	assert_int_equal(t.desired, -1);
	assert_string_equal(p.stack, "shop");
	assert_string_equal(again->units[0].name, "web@.service");
}

static void the_same_again_changes_nothing(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(put(f, "/v1/stacks/shop", CONF, UNIT, NULL, &doc), 200);
	assert_int_equal(json_array_size(json_object_get(doc, "changes")), 0);
	assert_true(json_is_false(json_object_get(doc, "applied")));
}

static void a_change_is_told_value_by_value(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(put(f, "/v1/stacks/shop", CONF "min = 2\n" DB_TIER,
			     UNIT "Nice=5\n", NULL, &doc),
			 200);
	assert_string_equal(detail_of(doc, "tier", "web"), "min 1 -> 2");
	assert_int_equal(n_changes(doc, "add", "tier"), 1);
	assert_int_equal(n_changes(doc, "change", "unit"), 1);
}

/* The one change of an event that applying conf would make. */
static json_t *event_change(const struct fixture *f, const char *conf)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *found = NULL, *c;
	size_t i;

	assert_int_equal(put(f, "/v1/stacks/shop?dry_run=true", conf, UNIT, NULL, &doc),
			 200);
	json_array_foreach(json_object_get(doc, "changes"), i, c)
	{
		if (strcmp(json_string_value(json_object_get(c, "kind")), "event") == 0) {
			assert_null(found);
			found = json_incref(c);
		}
	}
	assert_non_null(found);
	return found;
}

static void assert_change(const json_t *c, const char *action, const char *detail)
{
	assert_string_equal(json_string_value(json_object_get(c, "action")), action);
	assert_string_equal(json_string_value(json_object_get(c, "name")), "sale");
	if (!strstr(json_string_value(json_object_get(c, "detail")), detail))
		fail_msg("'%s' does not say '%s'",
			 json_string_value(json_object_get(c, "detail")), detail);
}

static void events_that_come_change_or_go_are_told(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_decref)
	json_t *added = event_change(f, CONF "[event sale]\nwhen = yearly 11-27\n");
	CLEANUP(json_decref) json_t *changed = NULL;
	CLEANUP(json_decref) json_t *removed = NULL;

	assert_change(added, "add", "uplift \"learn\", tiers all, next 20");
	assert_int_equal(put_only(f, CONF "[event sale]\nwhen = yearly 11-27\n", UNIT),
			 200);
	changed = event_change(f, CONF "[event sale]\nwhen = yearly 11-27\n"
				       "uplift = 2.5\ntiers = web\n");
	assert_change(changed, "change", "uplift 2.5, tiers web, next 20");
	removed = event_change(f, CONF);
	assert_change(removed, "remove", "");
}

static void what_is_known_of_a_stacks_events_is_listed(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *of_web = NULL;
	const struct db_uplift past = { .stack = (char *)(uintptr_t) "shop",
					.tier = (char *)(uintptr_t) "web",
					.name = (char *)(uintptr_t) "sale",
					.start_ms = 86400000,
					.end_ms = 2 * 86400000,
					.log_ratio = 1,
					.error = 0.05,
					.days = 8,
					.measured_ms = 3 * 86400000 };
	const json_t *item;
	struct err e;

	assert_int_equal(put_only(f, CONF "[event sale]\nwhen = yearly 11-27\n", UNIT),
			 200);
	assert_ok(db_uplift_put(f->db, &past, &e), &e);
	assert_int_equal(
		fixture_json(f,
			     CALL(.path = "/v1/stacks/shop/events", .token = f->viewer),
			     &doc),
		200);
	assert_int_equal(json_array_size(json_object_get(doc, "items")), 1);
	item = json_array_get(json_object_get(doc, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(item, "tier")), "web");
	assert_string_equal(json_string_value(json_object_get(item, "source")),
			    "stack.conf");
	assert_int_equal(json_integer_value(json_object_get(item, "learned_from")), 1);
	assert_true(json_number_value(json_object_get(item, "uplift")) > 1.5);
	assert_non_null(json_string_value(json_object_get(item, "start")));
	assert_int_equal(fixture_json(f,
				      CALL(.path = "/v1/stacks/shop/events?tier=web",
					   .token = f->viewer),
				      &of_web),
			 200);
	assert_true(json_equal(of_web, doc));
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/stacks/shop/events?tier=db",
						.token = f->viewer)),
			 404);
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/stacks/none/events",
						.token = f->viewer)),
			 404);
}

static void what_was_changed_by_hand_is_shown_and_undone(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	struct err e;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(
		fixture_status(f, CALL(.method = "PATCH", .path = "/v1/tiers/shop/web",
				       .token = f->admin, .body = "{\"max\":9}")),
		200);
	assert_int_equal(put(f, "/v1/stacks/shop", CONF, UNIT, NULL, &doc), 200);
	assert_string_equal(detail_of(doc, "tier", "web"), "max 9 (set by hand) -> 3");
	assert_ok(db_tier_get(f->db, "shop", "web", &t, &e), &e);
	assert_int_equal(t.max, 3);
}

static void a_removed_tier_goes_and_its_pool_when_it_is_empty(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	char id[] = "db-00000001", pool[] = "db";
	const struct db_host h = { .id = id, .pool = pool, .state = DB_HOST_UP };
	struct db_tier t;
	struct err e;

	assert_int_equal(put_only(f, CONF DB_TIER, UNIT), 200);
	assert_ok(db_host_put(f->db, &h, &e), &e);
	assert_int_equal(put(f, "/v1/stacks/shop", CONF, UNIT, NULL, &doc), 200);
	assert_int_equal(n_changes(doc, "remove", "tier"), 1);
	assert_int_equal(n_changes(doc, "remove", "pool"), 1);
	assert_int_equal(db_tier_get(f->db, "shop", "db", &t, &e), ERR_NOT_FOUND);
	assert_ok(stack_sweep(f->db, &e), &e);
	assert_ok(db_pool_get(f->db, "db", &p, &e), &e);
	assert_int_equal(p.max, 0);
	assert_ok(db_host_gone(f->db, "db-00000001", "", 1, &e), &e);
	assert_ok(stack_sweep(f->db, &e), &e);
	db_pool_done(&p);
	assert_int_equal(db_pool_get(f->db, "db", &p, &e), ERR_NOT_FOUND);
	p = (struct db_pool){ .name = NULL };
}

static void a_pool_that_was_asked_for_hosts_stays_until_its_cloud_has_none(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	char id[] = "db-00000001", pool[] = "db", launch[] = "00000001";
	const struct db_host h = { .id = id, .pool = pool, .launch_id = launch };
	const struct db_launch l = { .launch_id = launch, .pool = pool, .host = id };
	struct err e;

	assert_int_equal(put_only(f, CONF DB_TIER, UNIT), 200);
	assert_ok(db_launch_intend(f->db, &l, &h, &e), &e);
	assert_int_equal(put_only(f, CONF, UNIT), 200);
	/* Given up: its VM may show up yet. */
	assert_ok(db_host_set_state(f->db, id, DB_HOST_FAILED, "no answer", 1, &e), &e);
	assert_ok(stack_sweep(f->db, &e), &e);
	assert_ok(db_pool_get(f->db, "db", &p, &e), &e);
	assert_ok(db_pool_note(f->db, "db", POOL_STATE_EMPTY, 0, "", &e), &e);
	assert_ok(stack_sweep(f->db, &e), &e);
	db_pool_done(&p);
	assert_int_equal(db_pool_get(f->db, "db", &p, &e), ERR_NOT_FOUND);
	p = (struct db_pool){ .name = NULL };
}

static void a_stateful_tier_that_changes_its_pool_is_told_to_stay(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(put_only(f, CONF DB_TIER "stateful = yes\n", UNIT), 200);
	assert_int_equal(put(f, "/v1/stacks/shop?dry_run=true",
			     CONF "[tier db]\nunit = db.service\npool = web\n"
				  "stateful = yes\n",
			     UNIT, NULL, &doc),
			 200);
	assert_int_equal(n_changes(doc, "keep", "tier"), 1);
	assert_true(tells(doc, "stay on the hosts of pool db until you drain them"));
	assert_true(tells(doc, "except those that still run a stateful tier"));
}

static void sweeping_leaves_what_is_declared(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	struct err e;

	assert_int_equal(put_only(f,
				  "[stack]\nname = shop\n[pool web]\ndriver = fake\n"
				  "max = 0\n[tier web]\nunit = web@.service\n",
				  UNIT),
			 200);
	assert_ok(stack_sweep(f->db, &e), &e);
	assert_ok(db_pool_get(f->db, "web", &p, &e), &e);
}

static void two_people_do_not_overwrite_each_other(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *a = NULL;
	CLEANUP(json_decref) json_t *b = NULL;
	CLEANUP(json_decref) json_t *c = NULL;
	CLEANUP(json_decref) json_t *d = NULL;

	assert_int_equal(put(f, "/v1/stacks/shop", CONF, UNIT, "If-None-Match: *", &a),
			 200);
	assert_int_equal(put(f, "/v1/stacks/shop", CONF, UNIT, "If-None-Match: *", &b),
			 412);
	assert_int_equal(
		put(f, "/v1/stacks/shop", CONF "min = 2\n", UNIT, "If-Match: \"v1\"", &c),
		200);
	assert_int_equal(
		put(f, "/v1/stacks/shop", CONF "min = 3\n", UNIT, "If-Match: \"v1\"", &d),
		412);
}

static void stacks_do_not_take_each_others_names(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *pool = NULL;
	CLEANUP(json_decref) json_t *unit = NULL;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(
		put(f, "/v1/stacks/blog",
		    "[stack]\nname = blog\n[pool web]\ndriver = fake\n[tier web]\n"
		    "unit = web@.service\n",
		    UNIT, NULL, &pool),
		409);
	assert_int_equal(put(f, "/v1/stacks/blog",
			     "[stack]\nname = blog\n[pool b]\ndriver = fake\n[tier web]\n"
			     "unit = web@.service\npool = b\n",
			     UNIT, NULL, &unit),
			 409);
}

static void what_others_refuse_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *conf, *words;
	} cases[] = {
		{ "[stack]\nname = shop\n[pool web]\ndriver = cloud9\n[tier web]\n"
		  "unit = web@.service\n",
		  "stack.conf:4: [pool web]: there is no driver 'cloud9'" },
		{ CONF "demand = bad(\n",
		  "stack.conf:9: [tier web]: demand: cannot be read" },
		{ CONF "utilisation = bad(\n",
		  "stack.conf:9: [tier web]: utilisation: cannot be read" },
		{ CONF "latency = bad(\n",
		  "stack.conf:9: [tier web]: latency: cannot be read" },
		{ "[stack]\nname = shop\n[tier web]\nunit = web@.service\n",
		  "stack.conf:3: [tier web]: there is no [pool web]" },
		{ "[stack]\nname = other\n[pool web]\ndriver = fake\n[tier web]\n"
		  "unit = web@.service\n",
		  "stack.conf names the stack other, the URL shop" },
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;

		assert_int_equal(
			put(f, "/v1/stacks/shop", cases[i].conf, UNIT, NULL, &doc), 400);
		assert_string_equal(json_string_value(json_object_get(doc, "detail")),
				    cases[i].words);
	}
}

static void deleting_leaves_nothing_but_what_must_be_drained(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *dry = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	struct call c = { .method = "DELETE",
			  .path = "/v1/stacks/shop?dry_run=true",
			  .token = f->admin };
	struct err e;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(fixture_json(f, &c, &dry), 200);
	assert_int_equal(n_changes(dry, "remove", "stack"), 1);
	c.path = "/v1/stacks/shop";
	assert_int_equal(fixture_json(f, &c, &doc), 200);
	assert_ok(db_tier_list(f->db, NULL, &tiers, &e), &e);
	assert_int_equal(tiers.n, 0);
	assert_ok(stack_sweep(f->db, &e), &e);
	assert_ok(db_pool_list(f->db, &pools, &e), &e);
	assert_int_equal(pools.n, 0);
	assert_int_equal(fixture_status(f, &c), 404);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void what_cannot_be_read_of_another_stack_stops_no_apply(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref)
	json_t *files = json_pack("{s:{s:s, s:s}}", "files", "stack.conf",
				  "[stack]\nname = old\n[tier a]\nunit = a@.service\n"
				  "pool = web\n",
				  "units/a@.service", UNIT);
	CLEANUP(free) char *body = json_dumps(files, 0);
	CLEANUP(db_tier_done) struct db_tier tier = { 0 };
	struct err e;

	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(fixture_status(f, CALL(.method = "PUT", .path = "/v1/stacks/old",
						.token = f->admin, .body = body)),
			 200);
	/* As another version may have left it. */
	assert_ok(db_tier_get(f->db, "old", "a", &tier, &e), &e);
	free(tier.schedule_json);
	tier.schedule_json = xstrdup("[\"whenever min=9\"]");
	assert_ok(db_tier_put(f->db, &tier, &e), &e);
	assert_int_equal(put_only(f, CONF, UNIT), 200);
	assert_int_equal(
		fixture_status(f, CALL(.method = "PATCH", .path = "/v1/tiers/shop/web",
				       .token = f->admin, .body = "{\"min\": 2}")),
		200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dry_run_tells_and_does_nothing),
		TEST(a_tier_may_run_in_the_pool_of_another_stack),
		TEST(what_nobody_reads_is_told),
		TEST(warnings_end_after_a_hundred),
		TEST(a_stored_option_that_is_given_twice_is_read),
		TEST(applying_writes_the_stack_its_tiers_and_pools),
		TEST(the_same_again_changes_nothing),
		TEST(a_change_is_told_value_by_value),
		TEST(events_that_come_change_or_go_are_told),
		TEST(what_is_known_of_a_stacks_events_is_listed),
		TEST(what_was_changed_by_hand_is_shown_and_undone),
		TEST(a_removed_tier_goes_and_its_pool_when_it_is_empty),
		TEST(a_pool_that_was_asked_for_hosts_stays_until_its_cloud_has_none),
		TEST(a_stateful_tier_that_changes_its_pool_is_told_to_stay),
		TEST(sweeping_leaves_what_is_declared),
		TEST(two_people_do_not_overwrite_each_other),
		TEST(stacks_do_not_take_each_others_names),
		TEST(what_others_refuse_is_refused_with_its_place),
		TEST(what_cannot_be_read_of_another_stack_stops_no_apply),
		TEST(deleting_leaves_nothing_but_what_must_be_drained),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("stack_apply", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
