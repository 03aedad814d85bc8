/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "clock.h"
#include "observer.h"

#define WEB                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 1\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"

struct watch {
	struct scene *s;
	struct observer *o;
	struct failing *failing;
	struct events events;
	struct view_snapshot view;
	struct observed seen;
};

static int setup(void **state)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->events = (struct events){ .db = w->s->db->db };
	w->view = (struct view_snapshot){ .has_copy = true, .is_synced = true };
	w->o = observer_new(
		&(struct observer_opts){ .grace_ms = 100, .lost_after_ms = 300 });
	w->failing = failing_new();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watch *w = *state;

	observer_free(w->o);
	failing_free(w->failing);
	view_snapshot_done(&w->view);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct view_kv *)a)->key, ((const struct view_kv *)b)->key);
}

static void show(struct watch *w, const char *key, const char *value)
{
	struct view_snapshot *v = &w->view;

	v->kvs = xrealloc(v->kvs, (v->n + 1) * sizeof(*v->kvs));
	v->kvs[v->n++] = (struct view_kv){ xstrdup(key), xstrdup(value), strlen(value) };
	qsort(v->kvs, v->n, sizeof(*v->kvs), by_key);
}

static void show_host(struct watch *w, const char *id)
{
	CLEANUP(free) char *key = xasprintf("/foretide/hosts/%s", id);

	show(w, key, "{\"metadata\": {\"zone\": \"a\"}}");
}

static void hide_all(struct watch *w)
{
	bool synced = w->view.is_synced;

	view_snapshot_done(&w->view);
	w->view = (struct view_snapshot){ .has_copy = true, .is_synced = synced };
}

/* A round over what the database has now. */
static void look(struct watch *w)
{
	scene_load(w->s);
	assert_ok(observe(w->o, w->s->f, &w->view, &w->events, &w->seen, w->s->e),
		  w->s->e);
	failing_update(w->failing, w->s->f, true, 1000, &w->events);
	assert_ok(observe_leads(w->o, w->s->f, &w->events, w->s->e), w->s->e);
}

/* The controller has been there for an hour. */
static void look_before(struct watch *w)
{
	w->s->now_ms = NOW_MS - 3600000;
	look(w);
	w->s->now_ms = NOW_MS;
}

static enum db_host_state state_of(struct watch *w, const char *id)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };

	assert_ok(db_host_get(w->s->db->db, id, &h, w->s->e), w->s->e);
	return h.state;
}

/* Looks until it holds, within the patience of a test. */
#define look_until(w, condition)                                            \
	({                                                                  \
		int64_t until_ = clock_mono_ms() + PATIENCE_MS;             \
		bool held_;                                                 \
		do                                                          \
			look(w);                                            \
		while (!(held_ = (condition)) && clock_mono_ms() < until_); \
		held_;                                                      \
	})

/* ---------------------------------------------------------------- hosts */

/* The one host of the fleet. */
static const struct fleet_host *host_a(const struct watch *w)
{
	assert_int_equal(w->s->f->n_hosts, 1);
	return &w->s->f->hosts[0];
}

static void what_a_host_says_is_read_again_when_it_has_changed(void **state)
{
	struct watch *w = *state;
	CLEANUP(states_free) struct states *first = NULL;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	show(w, "/foretide/hosts/a", "{\"metadata\": {\"zone\": \"a\"}}");
	show(w, "/foretide/states/a", "{\"epoch\": 1, \"units\": {}}");
	look(w);
	assert_non_null(json_object_get(host_a(w)->metadata, "zone"));
	assert_int_equal(host_a(w)->states->epoch, 1);
	first = states_share(host_a(w)->states);
	look(w);
	assert_ptr_equal(host_a(w)->states, first);
	assert_non_null(json_object_get(host_a(w)->metadata, "zone"));
	hide_all(w);
	show(w, "/foretide/hosts/a", "{\"metadata\": {\"rack\": \"a\"}}");
	show(w, "/foretide/states/a", "{\"epoch\": 2, \"units\": {}}");
	look(w);
	assert_null(json_object_get(host_a(w)->metadata, "zone"));
	assert_non_null(json_object_get(host_a(w)->metadata, "rack"));
	assert_int_equal(host_a(w)->states->epoch, 2);
	assert_int_equal(first->epoch, 1);
}

static void what_is_no_document_leaves_nothing_of_the_last(void **state)
{
	struct watch *w = *state;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	show_host(w, "a");
	show(w, "/foretide/states/a", "{\"epoch\": 1, \"units\": {}}");
	look(w);
	assert_true(host_a(w)->alive);
	hide_all(w);
	show_host(w, "a");
	show(w, "/foretide/states/a", "no document");
	for (int i = 0; i < 2; i++) {
		look(w);
		assert_true(host_a(w)->alive);
		assert_null(host_a(w)->states);
	}
	hide_all(w);
	show(w, "/foretide/hosts/a", "no document");
	for (int i = 0; i < 2; i++) {
		look(w);
		assert_false(host_a(w)->alive);
		assert_null(host_a(w)->metadata);
	}
	hide_all(w);
	look(w);
	assert_false(host_a(w)->alive);
	show_host(w, "a");
	look(w);
	assert_true(host_a(w)->alive);
	assert_non_null(host_a(w)->metadata);
}

/* Hosts come and go at any place of the list. */
static void each_host_keeps_what_is_its_own(void **state)
{
	struct watch *w = *state;

	for (const char *const *id = (const char *const[]){ "b", "d", "a", "c", NULL };
	     *id; id++) {
		CLEANUP(free) char *key = xasprintf("/foretide/hosts/%s", *id);
		CLEANUP(free)
		char *text = xasprintf("{\"metadata\": {\"%s\": \"\"}}", *id);

		scene_host(w->s, *id, "p", DB_HOST_UP);
		show(w, key, text);
		look(w);
	}
	assert_ok(db_host_set_state(w->s->db->db, "b", DB_HOST_GONE, "", NOW_MS, w->s->e),
		  w->s->e);
	look(w);
	assert_int_equal(w->s->f->n_hosts, 3);
	for (size_t i = 0; i < w->s->f->n_hosts; i++) {
		const struct fleet_host *h = &w->s->f->hosts[i];

		assert_int_equal(json_object_size(h->metadata), 1);
		assert_non_null(json_object_get(h->metadata, h->h.id));
	}
}

static void the_first_lease_makes_a_host_up_and_tells_its_lead_time(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };

	look_before(w);
	scene_host(w->s, "a", "p", DB_HOST_BOOTING);
	look(w);
	assert_int_equal(state_of(w, "a"), DB_HOST_BOOTING);
	show_host(w, "a");
	look(w);
	assert_int_equal(state_of(w, "a"), DB_HOST_UP);
	look(w);
	assert_ok(db_lead_list(w->s->db->db, &(struct db_lead_filter){ .kind = "host" },
			       &l, w->s->e),
		  w->s->e);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].lead_ms, 60000);
	assert_string_equal(
		json_string_value(json_object_get(w->s->f->hosts[0].metadata, "zone")),
		"a");
}

/* It is heard; what it says is neither shown nor placed by. */
static void a_hosts_record_that_is_no_text_or_too_large_says_nothing(void **state)
{
	struct watch *w = *state;
	CLEANUP(buf_done) struct buf large;

	look_before(w);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	scene_host(w->s, "b", "p", DB_HOST_UP);
	buf_init(&large, 4 << 20);
	buf_puts(&large, "{\"metadata\": {");
	for (int i = 100000; i > 0; i--)
		buf_printf(&large, "\"%05x\": \"x\",", i);
	buf_puts(&large, "\"z\": \"a\"}}");
	show(w, "/foretide/hosts/a", "{\"metadata\": {\"zone\": \"\\u001b[31m\"}}");
	show(w, "/foretide/hosts/b", buf_str(&large));
	look(w);
	for (size_t i = 0; i < 2; i++) {
		assert_true(w->s->f->hosts[i].alive);
		assert_null(w->s->f->hosts[i].metadata);
	}
}

static int64_t seen_ms(struct watch *w, const char *id)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };

	assert_ok(db_host_get(w->s->db->db, id, &h, w->s->e), w->s->e);
	return h.seen_ms;
}

static void it_is_recorded_once_a_minute_which_hosts_were_seen(void **state)
{
	struct watch *w = *state;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	scene_host(w->s, "b", "p", DB_HOST_UP);
	show_host(w, "a");
	look(w);
	assert_int_equal(seen_ms(w, "a"), NOW_MS);
	assert_int_equal(seen_ms(w, "b"), 0);
	w->s->now_ms += 59000;
	look(w);
	assert_int_equal(seen_ms(w, "a"), NOW_MS);
	w->s->now_ms += 1000;
	look(w);
	assert_int_equal(seen_ms(w, "a"), NOW_MS + 60000);
}

static void one_that_comes_back_within_its_grace_stays(void **state)
{
	struct watch *w = *state;
	int64_t until = clock_mono_ms() + 200;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	look(w);
	show_host(w, "a");
	assert_true(look_until(w, clock_mono_ms() > until));
	assert_int_equal(state_of(w, "a"), DB_HOST_UP);
	assert_false(w->seen.settling);
}

static void one_that_has_joined_and_not_come_up_is_not_silent(void **state)
{
	struct watch *w = *state;
	int64_t until = clock_mono_ms() + 200;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	scene_host(w->s, "a", "p", DB_HOST_UP);
	assert_ok(db_host_get(w->s->db->db, "a", &h, w->s->e), w->s->e);
	h.ready_ms = 0;
	assert_ok(db_host_put(w->s->db->db, &h, w->s->e), w->s->e);
	assert_true(look_until(w, clock_mono_ms() > until));
	assert_int_equal(state_of(w, "a"), DB_HOST_UP);
}

static void nobody_is_lost_while_the_store_is_away(void **state)
{
	struct watch *w = *state;
	int64_t until = clock_mono_ms() + 200;

	w->view.is_synced = false;
	scene_host(w->s, "a", "p", DB_HOST_UP);
	assert_true(look_until(w, clock_mono_ms() > until));
	assert_int_equal(state_of(w, "a"), DB_HOST_UP);
	assert_false(w->seen.store_ok);
	/* And its grace begins when the store is back. */
	w->view.is_synced = true;
	look(w);
	assert_int_equal(state_of(w, "a"), DB_HOST_UP);
}

static void a_drain_that_comes_in_between_is_not_undone(void **state)
{
	struct watch *w = *state;

	scene_host(w->s, "a", "p", DB_HOST_BOOTING);
	show_host(w, "a");
	scene_load(w->s);
	assert_ok(db_host_set_state(w->s->db->db, "a", DB_HOST_DRAINING, "by a person",
				    NOW_MS, w->s->e),
		  w->s->e);
	assert_ok(observe(w->o, w->s->f, &w->view, &w->events, &w->seen, w->s->e),
		  w->s->e);
	assert_int_equal(state_of(w, "a"), DB_HOST_DRAINING);
}

/* ---------------------------------------------------------------- units */

static void put_unit(struct watch *w, const char *host, enum db_goal goal)
{
	struct db_unit u = {
		.name = (char *)(uintptr_t) "web@1.service",
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.host = (char *)(uintptr_t)host,
		.hash = (char *)(uintptr_t) "new",
		.goal = goal,
		.wanted_ms = NOW_MS - 45000,
		.placed_ms = NOW_MS - 20000,
	};

	assert_ok(db_unit_put(w->s->db->db, &u, w->s->e), w->s->e);
}

static void show_state(struct watch *w, const char *hash, const char *active,
		       const char *health)
{
	CLEANUP(states_free) struct states *states = states_new(3);
	CLEANUP(free) char *text = NULL;
	struct unit_state u = {
		.name = (char *)(uintptr_t) "web@1.service",
		.hash = (char *)(uintptr_t)hash,
		.load = (char *)(uintptr_t) "loaded",
		.active = (char *)(uintptr_t)active,
		.sub = (char *)(uintptr_t) "running",
		.health =
			strcmp(health, "passing") == 0 ? HEALTH_PASSING : HEALTH_FAILING,
	};

	assert_ok(states_add(states, &u, w->s->e), w->s->e);
	text = states_format(states);
	show(w, "/foretide/states/a", text);
}

static size_t n_leads(struct watch *w, const char *kind)
{
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };

	assert_ok(db_lead_list(w->s->db->db, &(struct db_lead_filter){ .kind = kind }, &l,
			       w->s->e),
		  w->s->e);
	return l.n;
}

static void set_stage(struct watch *w)
{
	scene_apply(w->s, WEB, TEXT);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	put_unit(w, "a", DB_GOAL_RUN);
	show_host(w, "a");
}

/* The latest lead time of that kind; -1: none. */
static int64_t latest_lead(struct watch *w, const char *kind)
{
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };

	assert_ok(db_lead_list(w->s->db->db, &(struct db_lead_filter){ .kind = kind }, &l,
			       w->s->e),
		  w->s->e);
	return l.n ? l.v[0].lead_ms : -1;
}

static void the_first_healthy_answer_is_a_lead_time_and_no_later_one(void **state)
{
	struct watch *w = *state;

	look_before(w);
	set_stage(w);
	show_state(w, "new", "active", "passing");
	look(w);
	scene_save(w->s);
	look(w);
	assert_true(scene_unit(w->s, "web@1.service")->healthy);
	assert_int_equal(n_leads(w, "tier"), 1);
	assert_int_equal(n_leads(w, "unit"), 1);
}

static void a_lead_time_is_what_a_launch_takes_without_what_was_waited(void **state)
{
	static const struct {
		const char *what;
		int64_t wanted, requested, ready, placed; /* seconds ago */
		int64_t lead_ms;
	} rows[] = {
		{ "its own host", 45, 44, 5, 5, 44000 },
		{ "40 minutes of a full pool", 2445, 45, 5, 5, 45000 },
		{ "a host that was launched for another", 45, 60, 5, 5, 45000 },
		{ "a host that stood there", 20, 9000, 8000, 20, 20000 },
		{ "40 minutes until one had room", 2420, 9000, 8000, 20, 20000 },
		{ "wanted anew after days", 900000, 45, 5, 5, 45000 },
	};
	struct watch *w = *state;

	look_before(w);
	w->o->blind_ms = 1;
	set_stage(w);
	show_state(w, "new", "active", "passing");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(db_host_done) struct db_host h = { 0 };
		struct db_unit *u;

		print_message("%s\n", rows[i].what);
		assert_ok(db_host_get(w->s->db->db, "a", &h, w->s->e), w->s->e);
		h.requested_ms = NOW_MS - 1000 * rows[i].requested;
		h.joined_ms = h.ready_ms = NOW_MS - 1000 * rows[i].ready;
		assert_ok(db_host_put(w->s->db->db, &h, w->s->e), w->s->e);
		put_unit(w, "a", DB_GOAL_RUN);
		scene_load(w->s);
		u = &scene_unit(w->s, "web@1.service")->u;
		u->wanted_ms = NOW_MS - 1000 * rows[i].wanted;
		u->placed_ms = NOW_MS - 1000 * rows[i].placed;
		assert_ok(db_unit_put(w->s->db->db, u, w->s->e), w->s->e);
		look(w);
		assert_int_equal(n_leads(w, "tier"), i + 1);
		assert_int_equal(latest_lead(w, "tier"), rows[i].lead_ms);
	}
}

static void a_launch_that_was_not_seen_to_its_end_tells_no_lead_time(void **state)
{
	struct watch *w = *state;

	/* The controller begins as it is healthy already. */
	set_stage(w);
	show_state(w, "new", "active", "passing");
	look(w);
	assert_int_equal(n_leads(w, "tier"), 0);

	/* The store was away meanwhile. */
	look_before(w);
	w->o->blind_ms = 1;
	put_unit(w, "a", DB_GOAL_RUN);
	hide_all(w);
	show_host(w, "a");
	w->s->now_ms = NOW_MS - 10000;
	w->view.is_synced = false;
	look(w);
	w->s->now_ms = NOW_MS;
	w->view.is_synced = true;
	show_state(w, "new", "active", "passing");
	look(w);
	assert_true(scene_unit(w->s, "web@1.service")->healthy);
	assert_int_equal(n_leads(w, "tier"), 0);
	assert_int_equal(n_leads(w, "host"), 0);
}

static void an_instance_that_was_failing_tells_no_lead_time(void **state)
{
	struct watch *w = *state;

	look_before(w);
	set_stage(w);
	show_state(w, "new", "failed", "failing");
	look(w);
	assert_non_null(scene_unit(w->s, "web@1.service")->failing);
	scene_save(w->s);
	hide_all(w);
	show_host(w, "a");
	show_state(w, "new", "active", "passing");
	look(w);
	assert_true(scene_unit(w->s, "web@1.service")->healthy);
	assert_int_equal(n_leads(w, "tier"), 0);
}

static void health_is_of_the_text_that_is_wanted_and_of_a_living_host(void **state)
{
	static const struct {
		const char *hash, *active, *health;
		bool is_alive, is_healthy;
	} rows[] = {
		{ "new", "active", "passing", true, true },
		{ "old", "active", "passing", true, false },
		{ "new", "failed", "passing", true, false },
		{ "new", "active", "failing", true, false },
		{ "new", "active", "passing", false, false },
	};
	struct watch *w = *state;

	set_stage(w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		hide_all(w);
		if (rows[i].is_alive)
			show_host(w, "a");
		show_state(w, rows[i].hash, rows[i].active, rows[i].health);
		look(w);
		assert_int_equal(scene_unit(w->s, "web@1.service")->healthy,
				 rows[i].is_healthy);
	}
}

static void units_of_a_lost_host_are_wanted_anew(void **state)
{
	struct watch *w = *state;
	struct fleet_unit *u;

	set_stage(w);
	scene_host(w->s, "a", "p", DB_HOST_TERMINATING);
	look(w);
	u = scene_unit(w->s, "web@1.service");
	assert_string_equal(u->u.host, "");
	assert_null(u->host);
	assert_int_equal(u->u.wanted_ms, NOW_MS);
	assert_true(u->dirty);
	assert_int_equal(fleet_host(w->s->f, "a")->n_units, 0);
}

static void what_one_without_a_host_waits_for_is_not_written_again(void **state)
{
	struct watch *w = *state;
	struct fleet_unit *u;

	set_stage(w);
	put_unit(w, "", DB_GOAL_RUN);
	look(w);
	u = scene_unit(w->s, "web@1.service");
	fleet_unit_set(u, &u->u.message, "waits for a host");
	scene_save(w->s);
	look(w);
	u = scene_unit(w->s, "web@1.service");
	assert_string_equal(u->u.message, "waits for a host");
	assert_false(u->dirty);
}

static void states_that_cannot_be_read_are_none(void **state)
{
	struct watch *w = *state;

	set_stage(w);
	show(w, "/foretide/states/a", "{\"epoch\":");
	look(w);
	assert_false(scene_unit(w->s, "web@1.service")->healthy);
	assert_true(fleet_host(w->s->f, "a")->alive);
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(a_hosts_record_that_is_no_text_or_too_large_says_nothing),
		WATCH_TEST(what_a_host_says_is_read_again_when_it_has_changed),
		WATCH_TEST(what_is_no_document_leaves_nothing_of_the_last),
		WATCH_TEST(each_host_keeps_what_is_its_own),
		WATCH_TEST(the_first_lease_makes_a_host_up_and_tells_its_lead_time),
		WATCH_TEST(it_is_recorded_once_a_minute_which_hosts_were_seen),
		WATCH_TEST(one_that_comes_back_within_its_grace_stays),
		WATCH_TEST(one_that_has_joined_and_not_come_up_is_not_silent),
		WATCH_TEST(nobody_is_lost_while_the_store_is_away),
		WATCH_TEST(a_drain_that_comes_in_between_is_not_undone),
		WATCH_TEST(the_first_healthy_answer_is_a_lead_time_and_no_later_one),
		WATCH_TEST(a_lead_time_is_what_a_launch_takes_without_what_was_waited),
		WATCH_TEST(a_launch_that_was_not_seen_to_its_end_tells_no_lead_time),
		WATCH_TEST(an_instance_that_was_failing_tells_no_lead_time),
		WATCH_TEST(health_is_of_the_text_that_is_wanted_and_of_a_living_host),
		WATCH_TEST(units_of_a_lost_host_are_wanted_anew),
		WATCH_TEST(what_one_without_a_host_waits_for_is_not_written_again),
		WATCH_TEST(states_that_cannot_be_read_are_none),
	};

	return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
