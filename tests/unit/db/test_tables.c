/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

static struct db_host a_host(char *id)
{
	return (struct db_host){ .id = id,
				 .pool = "web",
				 .launch_id = id,
				 .requested_ms = 1000,
				 .cpu = 2,
				 .memory_bytes = 1 << 30,
				 .metadata_json = "{}",
				 .join_token_hash = "h4sh" };
}

static void a_name_comes_back_from_meta(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *value = NULL;

	assert_int_equal(db_meta_get(f->db, "id", &value, &f->e), ERR_NOT_FOUND);
	assert_ok(db_meta_put(f->db, "id", "one", &f->e), &f->e);
	assert_ok(db_meta_put(f->db, "id", "two", &f->e), &f->e);
	assert_ok(db_meta_get(f->db, "id", &value, &f->e), &f->e);
	assert_string_equal(value, "two");
}

static void a_stack_changes_only_from_the_version_that_was_read(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_stack_done) struct db_stack back = { 0 };
	struct db_stack s = { .name = "wp", .timezone = "UTC", .text_json = "{}" };
	int64_t v1, v2;

	assert_ok(db_stack_put(f->db, &s, 0, &v1, &f->e), &f->e);
	assert_int_equal(db_stack_put(f->db, &s, 0, NULL, &f->e), ERR_CONFLICT);
	assert_ok(db_stack_put(f->db, &s, v1, &v2, &f->e), &f->e);
	assert_true(v2 > v1);
	assert_int_equal(db_stack_put(f->db, &s, v1, NULL, &f->e), ERR_CONFLICT);
	assert_ok(db_stack_put(f->db, &s, -1, NULL, &f->e), &f->e);
	assert_ok(db_stack_get(f->db, "wp", &back, &f->e), &f->e);
	assert_true(back.version > v2);
	assert_string_equal(back.domain, "");
}

static void a_version_of_a_deleted_stack_never_comes_again(void **state)
{
	struct fixture *f = *state;
	struct db_stack s = { .name = "wp" };
	int64_t v1, v2;

	assert_ok(db_stack_put(f->db, &s, 0, &v1, &f->e), &f->e);
	assert_ok(db_stack_delete(f->db, "wp", &f->e), &f->e);
	assert_int_equal(db_stack_delete(f->db, "wp", &f->e), ERR_NOT_FOUND);
	assert_ok(db_stack_put(f->db, &s, 0, &v2, &f->e), &f->e);
	assert_true(v2 > v1);
}

static void deleting_a_stack_takes_its_tiers_and_holds_along(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { 0 };
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { 0 };
	struct db_stack s = { .name = "wp" };
	struct db_tier mine = { .stack = "wp", .name = "web" };
	struct db_tier other = { .stack = "shop", .name = "web" };
	struct db_hold h = { .stack = "wp", .owner = "eve" };

	assert_ok(db_stack_put(f->db, &s, 0, NULL, &f->e), &f->e);
	assert_ok(db_tier_put(f->db, &mine, &f->e), &f->e);
	assert_ok(db_tier_put(f->db, &other, &f->e), &f->e);
	assert_ok(db_hold_add(f->db, &h, NULL, &f->e), &f->e);

	assert_ok(db_stack_delete(f->db, "wp", &f->e), &f->e);
	assert_ok(db_tier_list(f->db, NULL, &tiers, &f->e), &f->e);
	assert_int_equal(tiers.n, 1);
	assert_string_equal(tiers.v[0].stack, "shop");
	assert_ok(db_hold_list(f->db, NULL, 0, &holds, &f->e), &f->e);
	assert_int_equal(holds.n, 0);
}

static void applying_a_tier_again_keeps_what_was_decided(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_tier_done) struct db_tier back = { 0 };
	struct db_tier t = { .stack = "wp",
			     .name = "web",
			     .unit = "web@.service",
			     .mode = DB_MODE_AUTO,
			     .min = 1,
			     .max = 9,
			     .capacity = 12.5,
			     .utilisation = "avg(busy)",
			     .latency = "avg(wait)",
			     .target_utilisation = 0.6,
			     .risk_ratio = 0.005,
			     .stateful = true,
			     .desired = -1 };
	struct db_tier gone = { .stack = "wp", .name = "gone" };
	struct db_tier both[2];

	assert_ok(db_tier_put(f->db, &t, &f->e), &f->e);
	t.desired = 4;
	t.explanation_json = "{\"x\":1}";
	both[0] = gone;
	both[1] = t;
	assert_ok(db_tiers_decide(f->db, both, 2, &f->e), &f->e);
	t.max = 20;
	t.desired = 0;
	t.explanation_json = "";
	assert_ok(db_tier_put(f->db, &t, &f->e), &f->e);

	assert_ok(db_tier_get(f->db, "wp", "web", &back, &f->e), &f->e);
	assert_int_equal(back.desired, 4);
	assert_int_equal(back.max, 20);
	assert_int_equal(back.mode, DB_MODE_AUTO);
	assert_true(back.stateful);
	assert_close(back.capacity, 12.5, 0);
	assert_string_equal(back.utilisation, "avg(busy)");
	assert_string_equal(back.latency, "avg(wait)");
	assert_close(back.target_utilisation, 0.6, 0);
	assert_string_equal(back.explanation_json, "{\"x\":1}");
	assert_int_equal(db_tier_get(f->db, "wp", "gone", &back, &f->e), ERR_NOT_FOUND);
}

static void what_is_no_number_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct db_host h = { .id = (char *)(uintptr_t) "web-1", .cpu = NAN };

	assert_int_equal(db_host_put(f->db, &h, &f->e), ERR_INVAL);
	assert_non_null(strstr(f->e.msg, "cores"));
	h.cpu = INFINITY;
	assert_int_equal(db_host_put(f->db, &h, &f->e), ERR_INVAL);
}

static void a_pools_state_and_its_declaration_are_written_apart(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_pool_done) struct db_pool back = { 0 };
	struct db_pool p = { .name = "web", .driver = "local", .min = 1, .max = 4 };

	assert_int_equal(db_pool_want(f->db, "web", 3, &f->e), ERR_NOT_FOUND);
	assert_ok(db_pool_put(f->db, &p, &f->e), &f->e);
	assert_ok(db_pool_want(f->db, "web", 3, &f->e), &f->e);
	assert_ok(db_pool_note(f->db, "web", "backoff", 7, "no", &f->e), &f->e);
	p.max = 8;
	assert_ok(db_pool_put(f->db, &p, &f->e), &f->e);
	assert_ok(db_pool_get(f->db, "web", &back, &f->e), &f->e);
	assert_string_equal(back.state, "backoff");
	assert_string_equal(back.last_error, "no");
	assert_int_equal(back.want, 3);
	assert_int_equal(back.max, 8);
	assert_ok(db_pool_delete(f->db, "web", &f->e), &f->e);
}

static void a_join_token_works_once_and_for_its_own_host_only(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host back = { 0 };
	struct db_host a = a_host("web-1"), b = a_host("web-2");

	b.join_token_hash = "other";
	assert_ok(db_host_put(f->db, &a, &f->e), &f->e);
	assert_ok(db_host_put(f->db, &b, &f->e), &f->e);
	assert_int_equal(db_host_join(f->db, "web-1", "other", "ip", "s", 5, &f->e),
			 ERR_DENIED);
	assert_int_equal(db_host_join(f->db, "web-1", "", "ip", "s", 5, &f->e),
			 ERR_DENIED);
	assert_ok(db_host_join(f->db, "web-1", "h4sh", "10.0.0.7", "0a", 5, &f->e),
		  &f->e);
	assert_int_equal(db_host_join(f->db, "web-1", "h4sh", "ip", "s", 6, &f->e),
			 ERR_DENIED);
	assert_ok(db_host_get(f->db, "web-1", &back, &f->e), &f->e);
	assert_int_equal(back.state, DB_HOST_UP);
	assert_string_equal(back.address, "10.0.0.7");
	assert_int_equal(back.joined_ms, 5);
	assert_string_equal(back.cert_serial, "0a");
}

static void a_host_that_is_gone_leaves_its_units_unplaced(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_unit_done) struct db_unit back = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list present = { 0 };
	struct db_host h = a_host("web-1");
	struct db_unit u = { .name = "web@1.service",
			     .host = "web-1",
			     .active = "active",
			     .health = "passing",
			     .healthy_ms = 9 };

	assert_ok(db_host_put(f->db, &h, &f->e), &f->e);
	assert_ok(db_unit_put(f->db, &u, &f->e), &f->e);
	assert_int_equal(db_host_gone(f->db, "nobody", "", 7, &f->e), ERR_NOT_FOUND);
	assert_ok(db_host_gone(f->db, "web-1", "lost", 7, &f->e), &f->e);
	assert_ok(db_unit_get(f->db, "web@1.service", &back, &f->e), &f->e);
	assert_string_equal(back.host, "");
	assert_string_equal(back.health, "");
	assert_int_equal(back.healthy_ms, 0);
	assert_ok(db_host_list(f->db, &(struct db_host_filter){ .present = true },
			       &present, &f->e),
		  &f->e);
	assert_int_equal(present.n, 0);
}

static void lists_are_filtered_and_paged(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_unit_list_done) struct db_unit_list page = { 0 };
	const char *const gone[] = { "u1" };
	struct db_unit u[] = { { .name = "u1", .stack = "a", .tier = "x" },
			       { .name = "u2", .stack = "a", .tier = "x" },
			       { .name = "u3", .stack = "a", .tier = "y" },
			       { .name = "u4", .stack = "a", .tier = "x" } };

	assert_ok(db_units_change(f->db, u, 4, NULL, 0, &f->e), &f->e);
	assert_ok(db_unit_list(f->db, &(struct db_unit_filter){ .tier = "x", .limit = 2 },
			       &page, &f->e),
		  &f->e);
	assert_int_equal(page.n, 2);
	assert_string_equal(page.v[1].name, "u2");
	db_unit_list_done(&page);
	assert_ok(db_unit_list(f->db,
			       &(struct db_unit_filter){
				       .tier = "x", .after = "u2", .limit = 2 },
			       &page, &f->e),
		  &f->e);
	assert_int_equal(page.n, 1);
	assert_string_equal(page.v[0].name, "u4");
	db_unit_list_done(&page);
	assert_ok(db_units_change(f->db, NULL, 0, gone, 1, &f->e), &f->e);
	assert_ok(db_unit_list(f->db, NULL, &page, &f->e), &f->e);
	assert_int_equal(page.n, 3);
}

static void a_launch_and_its_host_are_journalled_together(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host host = { 0 };
	CLEANUP(db_launch_done) struct db_launch launch = { 0 };
	CLEANUP(db_launch_list_done) struct db_launch_list open = { 0 };
	struct db_host h = a_host("web-1"), h2 = a_host("web-2");
	struct db_launch l = { .launch_id = "web-1", .pool = "web", .host = "web-1" };
	struct db_launch l2 = { .launch_id = "web-2", .pool = "web", .host = "web-1" };

	assert_ok(db_launch_intend(f->db, &l, &h, &f->e), &f->e);
	assert_int_equal(db_launch_intend(f->db, &l, &h, &f->e), ERR_CONFLICT);
	/* The launch clashes, so its host must not appear either. */
	assert_int_equal(db_launch_intend(f->db, &l2, &h2, &f->e), ERR_CONFLICT);
	assert_int_equal(db_host_get(f->db, "web-2", &host, &f->e), ERR_NOT_FOUND);

	assert_ok(db_launch_set(f->db, "web-1", DB_LAUNCH_SENT, NULL, NULL, 10, &f->e),
		  &f->e);
	/* No answer, so it is sent again: what boots was launched by that call. */
	assert_ok(db_launch_set(f->db, "web-1", DB_LAUNCH_UNKNOWN, NULL, "?", 11, &f->e),
		  &f->e);
	assert_ok(db_launch_set(f->db, "web-1", DB_LAUNCH_SENT, NULL, NULL, 15, &f->e),
		  &f->e);
	assert_ok(db_launch_set(f->db, "web-1", DB_LAUNCH_DONE, "vm9", NULL, 20, &f->e),
		  &f->e);
	assert_ok(db_launch_get(f->db, "web-1", &launch, &f->e), &f->e);
	assert_int_equal(launch.attempt, 2);
	assert_int_equal(launch.state, DB_LAUNCH_DONE);
	assert_ok(db_host_get(f->db, "web-1", &host, &f->e), &f->e);
	assert_int_equal(host.state, DB_HOST_BOOTING);
	assert_string_equal(host.vm_id, "vm9");
	assert_int_equal(host.requested_ms, 15);
	assert_int_equal(host.booted_ms, 20);
	assert_ok(db_launch_list(f->db, &(struct db_launch_filter){ .open = true }, &open,
				 &f->e),
		  &f->e);
	assert_int_equal(open.n, 0);
}

/* The hosts of a page of launches, one after the other. */
static char *page_of(struct fixture *f, const char *pool, const char *before)
{
	CLEANUP(db_launch_list_done) struct db_launch_list l = { 0 };
	char *ret = xstrdup("");

	assert_ok(db_launch_list(f->db,
				 &(struct db_launch_filter){
					 .pool = pool, .before = before, .limit = 2 },
				 &l, &f->e),
		  &f->e);
	for (size_t i = 0; i < l.n; i++) {
		char *more = xasprintf("%s%s ", ret, l.v[i].host);

		free(ret);
		ret = more;
	}
	return ret;
}

static void launches_are_read_from_the_newest_on(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *newest = NULL;
	CLEANUP(free) char *next = NULL;
	CLEANUP(free) char *last = NULL;
	CLEANUP(free) char *of_pool = NULL;

	for (int i = 1; i <= 4; i++) {
		CLEANUP(free) char *id = xasprintf("h-%d", i);
		struct db_launch l = { .launch_id = id,
				       .pool = (char *)(uintptr_t)(i == 2 ? "db" : "web"),
				       .host = id };
		struct db_host h = a_host(id);

		assert_ok(db_launch_intend(f->db, &l, &h, &f->e), &f->e);
	}
	newest = page_of(f, NULL, "");
	assert_string_equal(newest, "h-4 h-3 ");
	next = page_of(f, NULL, "h-3");
	assert_string_equal(next, "h-2 h-1 ");
	last = page_of(f, NULL, "h-1");
	assert_string_equal(last, "");
	of_pool = page_of(f, "web", "h-4");
	assert_string_equal(of_pool, "h-3 h-1 ");
}

static void a_host_that_joined_before_the_answer_stays_up(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_done) struct db_host host = { 0 };
	struct db_host h = a_host("web-1");
	struct db_launch l = { .launch_id = "web-1", .pool = "web", .host = "web-1" };

	assert_ok(db_launch_intend(f->db, &l, &h, &f->e), &f->e);
	assert_ok(db_host_join(f->db, "web-1", "h4sh", "ip", "s", 5, &f->e), &f->e);
	assert_ok(db_launch_set(f->db, "web-1", DB_LAUNCH_DONE, "vm9", NULL, 20, &f->e),
		  &f->e);
	assert_ok(db_host_get(f->db, "web-1", &host, &f->e), &f->e);
	assert_int_equal(host.state, DB_HOST_UP);
	assert_int_equal(host.booted_ms, 5);
	assert_string_equal(host.vm_id, "vm9");
}

static void decisions_come_newest_first_in_pages(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_decision_list_done) struct db_decision_list page = { 0 };
	int64_t id = 0, last;

	for (int i = 1; i <= 5; i++) {
		struct db_decision d = { .stack = "wp",
					 .tier = i == 3 ? "db" : "web",
					 .at_ms = 100 * i,
					 .from = i,
					 .to = i + 1,
					 .cause = "forecast",
					 .record = "{\"v\":1}" };

		assert_ok(db_decision_add(f->db, &d, &id, &f->e), &f->e);
	}
	assert_ok(db_decision_list(f->db, &(struct db_page){ .tier = "web", .limit = 2 },
				   &page, &f->e),
		  &f->e);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.v[0].id, id);
	assert_int_equal(page.v[1].to, 5);
	last = page.v[1].id;
	db_decision_list_done(&page);
	assert_ok(db_decision_list(f->db,
				   &(struct db_page){
					   .tier = "web", .before_id = last, .limit = 9 },
				   &page, &f->e),
		  &f->e);
	assert_int_equal(page.n, 2);
	db_decision_list_done(&page);
	assert_ok(db_decision_list(f->db, &(struct db_page){ .since_ms = 400 }, &page,
				   &f->e),
		  &f->e);
	assert_int_equal(page.n, 2);
	db_decision_list_done(&page);
	assert_ok(db_decision_list(f->db, &(struct db_page){ .until_ms = 400 }, &page,
				   &f->e),
		  &f->e);
	assert_int_equal(page.n, 3);
	assert_int_equal(page.v[0].at_ms, 300);
	assert_string_equal(page.v[0].record, "{\"v\":1}");
}

static void a_hold_is_in_force_until_it_expires_or_is_released(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_hold_list_done) struct db_hold_list active = { 0 };
	struct db_hold h = { .stack = "wp", .owner = "eve", .expires_ms = 1000 };
	int64_t id;

	assert_ok(db_hold_add(f->db, &h, &id, &f->e), &f->e);
	h.expires_ms = 0;
	assert_ok(db_hold_add(f->db, &h, NULL, &f->e), &f->e);
	assert_ok(db_hold_list(f->db, "wp", 999, &active, &f->e), &f->e);
	assert_int_equal(active.n, 2);
	db_hold_list_done(&active);
	assert_ok(db_hold_list(f->db, "wp", 1000, &active, &f->e), &f->e);
	assert_int_equal(active.n, 1);
	assert_ok(db_hold_release(f->db, id, "bob", 500, &f->e), &f->e);
	assert_int_equal(db_hold_release(f->db, id, "bob", 500, &f->e), ERR_CONFLICT);
	assert_int_equal(db_hold_release(f->db, 77, "bob", 500, &f->e), ERR_NOT_FOUND);
	db_hold_list_done(&active);
	assert_ok(db_hold_list(f->db, "wp", 600, &active, &f->e), &f->e);
	assert_int_equal(active.n, 1);
}

static void a_token_is_found_by_its_hash_while_it_is_valid(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_token_done) struct db_token back = { 0 };
	struct db_token t = {
		.name = "ci", .role = DB_ROLE_OPERATOR, .hash = "aa", .expires_ms = 1000
	};
	struct db_token same_name = { .name = "ci", .hash = "bb" };
	int64_t id;

	assert_ok(db_token_add(f->db, &t, &id, &f->e), &f->e);
	assert_int_equal(db_token_add(f->db, &same_name, NULL, &f->e), ERR_CONFLICT);
	assert_int_equal(db_token_find(f->db, "zz", 5, &back, &f->e), ERR_NOT_FOUND);
	assert_int_equal(db_token_find(f->db, "aa", 1000, &back, &f->e), ERR_NOT_FOUND);
	assert_ok(db_token_find(f->db, "aa", 999, &back, &f->e), &f->e);
	assert_int_equal(back.role, DB_ROLE_OPERATOR);
	assert_ok(db_token_used(f->db, id, 70000, &f->e), &f->e);
	assert_ok(db_token_used(f->db, id, 70001, &f->e), &f->e);
	db_token_done(&back);
	assert_ok(db_token_find(f->db, "aa", 999, &back, &f->e), &f->e);
	assert_int_equal(back.last_used_ms, 70000);
	assert_ok(db_token_revoke(f->db, id, &f->e), &f->e);
	assert_int_equal(db_token_revoke(f->db, id, &f->e), ERR_NOT_FOUND);
	db_token_done(&back);
	assert_int_equal(db_token_find(f->db, "aa", 5, &back, &f->e), ERR_NOT_FOUND);
	assert_ok(db_token_add(f->db, &same_name, NULL, &f->e), &f->e);
}

static void events_are_read_on_from_the_last_one_seen(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	struct db_event e = { .kind = "host-joined",
			      .level = DB_LEVEL_WARN,
			      .host = "h1" };
	int64_t first;

	assert_ok(db_event_add(f->db, &e, &first, &f->e), &f->e);
	e.kind = "host-gone";
	assert_ok(db_event_add(f->db, &e, NULL, &f->e), &f->e);
	assert_ok(db_event_list(f->db, &(struct db_event_filter){ .after_id = first }, &l,
				&f->e),
		  &f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].kind, "host-gone");
	assert_int_equal(l.v[0].level, DB_LEVEL_WARN);
	db_event_list_done(&l);
	assert_ok(db_event_list(f->db, &(struct db_event_filter){ .newest = true }, &l,
				&f->e),
		  &f->e);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].kind, "host-gone");
}

static void lead_times_are_listed_by_pool_and_kind(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };
	struct db_lead x = { .kind = DB_LEAD_HOST, .pool = "web", .lead_ms = 180000 };

	assert_ok(db_lead_add(f->db, &x, &f->e), &f->e);
	x.kind = DB_LEAD_UNIT;
	assert_ok(db_lead_add(f->db, &x, &f->e), &f->e);
	assert_ok(db_lead_list(f->db,
			       &(struct db_lead_filter){ .pool = "web", .kind = "host" },
			       &l, &f->e),
		  &f->e);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].lead_ms, 180000);
}

static void a_models_state_comes_back_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_model_state_done) struct db_model_state back = { 0 };
	char bytes[] = { 1, 0, 2 };
	struct db_model_state s = { "wp", "web", "decision/1", bytes, 3, 5 };

	assert_ok(db_model_states_put(f->db, &s, 1, &f->e), &f->e);
	assert_ok(db_model_states_put(f->db, &s, 1, &f->e), &f->e);
	assert_ok(db_model_state_get(f->db, "wp", "web", "decision/1", &back, &f->e),
		  &f->e);
	assert_int_equal(back.len, 3);
	assert_memory_equal(back.data, bytes, 3);
	assert_int_equal(
		db_model_state_get(f->db, "wp", "db", "decision/1", &back, &f->e),
		ERR_NOT_FOUND);
}

static void the_last_backtest_of_a_tier_is_kept_until_its_stack_goes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_backtest_done) struct db_backtest back = { 0 };
	struct db_stack s = { .name = "wp" };
	struct db_backtest b = { "wp", "web", 5, "{}" };
	struct db_tier t = { .stack = "wp", .name = "web" };

	assert_int_equal(db_backtest_get(f->db, "wp", "web", &back, &f->e),
			 ERR_NOT_FOUND);
	assert_ok(db_stack_put(f->db, &s, 0, NULL, &f->e), &f->e);
	assert_ok(db_tier_put(f->db, &t, &f->e), &f->e);
	assert_ok(db_backtest_put(f->db, &b, &f->e), &f->e);
	b.at_ms = 7;
	assert_ok(db_backtest_put(f->db, &b, &f->e), &f->e);
	assert_ok(db_backtest_get(f->db, "wp", "web", &back, &f->e), &f->e);
	assert_int_equal(back.at_ms, 7);
	assert_string_equal(back.report_json, "{}");
	assert_ok(db_stack_delete(f->db, "wp", &f->e), &f->e);
	db_backtest_done(&back);
	assert_int_equal(db_backtest_get(f->db, "wp", "web", &back, &f->e),
			 ERR_NOT_FOUND);
	/* one that ends later is of nothing */
	assert_ok(db_backtest_put(f->db, &b, &f->e), &f->e);
	assert_int_equal(db_backtest_get(f->db, "wp", "web", &back, &f->e),
			 ERR_NOT_FOUND);
}

static void a_measured_uplift_replaces_those_of_its_time(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_uplift_list_done) struct db_uplift_list l = { NULL, 0 };
	char stack[] = "wp", web[] = "web", db[] = "db", sale[] = "sale", spot[] = "spot";
	const struct db_uplift rows[] = {
		{ stack, web, sale, 100, 200, 0.5, 0.1, 8, 300 },
		{ stack, web, sale, 1100, 1200, 0.6, 0.1, 8, 1300 },
		{ stack, web, spot, 100, 200, 0.7, 0.1, 8, 300 },
		{ stack, db, sale, 100, 200, 0.8, 0.1, 8, 300 },
		{ stack, web, sale, 150, 250, 0.9, 0.2, 7, 400 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_ok(db_uplift_put(f->db, &rows[i], &f->e), &f->e);
	assert_ok(db_uplift_list(f->db, "wp", "web", &l, &f->e), &f->e);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].start_ms, 150);
	assert_close(l.v[0].log_ratio, 0.9, 0);
	assert_close(l.v[0].error, 0.2, 0);
	assert_int_equal(l.v[1].start_ms, 1100);
	assert_string_equal(l.v[2].name, "spot");
}

static int half_done(struct db *db, void *arg, struct err *err)
{
	int rc = db_meta_put(db, "a", "1", err);

	if (rc == 0)
		rc = db_meta_put(db, "b", "1", err);
	return rc ? rc : *(int *)arg;
}

static void a_transaction_happens_wholly_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *value = NULL;
	int outcome = ERR_INVAL;

	assert_int_equal(db_tx(f->db, half_done, &outcome, &f->e), ERR_INVAL);
	assert_int_equal(db_meta_get(f->db, "a", &value, &f->e), ERR_NOT_FOUND);
	outcome = 0;
	assert_ok(db_tx(f->db, half_done, &outcome, &f->e), &f->e);
	assert_ok(db_meta_get(f->db, "b", &value, &f->e), &f->e);
}

static void names_and_values_of_enumerations_match(void **state)
{
	(void)state;
	assert_int_equal(db_mode_from_name("auto"), DB_MODE_AUTO);
	assert_int_equal(db_mode_from_name("Auto"), -1);
	assert_string_equal(db_host_state_name(DB_HOST_FAILED), "failed");
	assert_int_equal(db_goal_from_name("gone"), DB_GOAL_GONE);
	assert_int_equal(db_launch_state_from_name("unknown"), DB_LAUNCH_UNKNOWN);
	assert_int_equal(db_role_from_name("admin"), DB_ROLE_ADMIN);
	assert_string_equal(db_level_name(DB_LEVEL_ERROR), "error");
	assert_string_equal(db_lead_kind_name(DB_LEAD_UNIT), "unit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_name_comes_back_from_meta),
		DB_TEST(a_stack_changes_only_from_the_version_that_was_read),
		DB_TEST(a_version_of_a_deleted_stack_never_comes_again),
		DB_TEST(deleting_a_stack_takes_its_tiers_and_holds_along),
		DB_TEST(applying_a_tier_again_keeps_what_was_decided),
		DB_TEST(what_is_no_number_is_refused_by_name),
		DB_TEST(a_pools_state_and_its_declaration_are_written_apart),
		DB_TEST(a_join_token_works_once_and_for_its_own_host_only),
		DB_TEST(a_host_that_is_gone_leaves_its_units_unplaced),
		DB_TEST(lists_are_filtered_and_paged),
		DB_TEST(a_launch_and_its_host_are_journalled_together),
		DB_TEST(launches_are_read_from_the_newest_on),
		DB_TEST(a_host_that_joined_before_the_answer_stays_up),
		DB_TEST(decisions_come_newest_first_in_pages),
		DB_TEST(a_hold_is_in_force_until_it_expires_or_is_released),
		DB_TEST(a_token_is_found_by_its_hash_while_it_is_valid),
		DB_TEST(events_are_read_on_from_the_last_one_seen),
		DB_TEST(lead_times_are_listed_by_pool_and_kind),
		DB_TEST(a_models_state_comes_back_byte_by_byte),
		DB_TEST(the_last_backtest_of_a_tier_is_kept_until_its_stack_goes),
		DB_TEST(a_measured_uplift_replaces_those_of_its_time),
		DB_TEST(a_transaction_happens_wholly_or_not_at_all),
		cmocka_unit_test(names_and_values_of_enumerations_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
