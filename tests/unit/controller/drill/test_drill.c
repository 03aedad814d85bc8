/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drills over a database, with faults that only change rows. */
#include "drill.h"

#include "check.h"
#include "clock.h"
#include "look.h"
#include "text.h"
#include "watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define ALWAYS "daily 00:00-24:00"
#define CONF(window)                                                                \
	"{\"stack.conf\":\"[stack]\\nname = shop\\n" window "[pool p]\\ndriver = "  \
	"fake\\n[tier web]\\nunit = web@.service\\npool = p\\nmax = 9\\n\",\"units" \
	"/web@.service\":\"[Service]\\nExecStart=/bin/true\\n\"}"

struct fixture {
	char dir[64];
	struct db *db;
	struct events events;
	struct drill_opts opts;
	struct drill *drill;
	json_t *problems;
	pthread_mutex_t lock; /* of the next two */
	char cut[64];         /* "": none */
	char was_cut[64];
	_Atomic int stops;
	int kill_takes_ms;
	_Atomic bool is_killing;
	const char *told; /* a problem that a kill leaves; NULL: none */
	bool takes_all;   /* no host is left */
	bool breaks;      /* a killed host is not replaced */
};

/* Strings of rows that are only written. */
static char *text(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { .in = s };

	return u.out;
}

static void put_host(struct fixture *f, const char *id, enum db_host_state state)
{
	const struct db_host h = {
		.id = text(id), .pool = text("p"), .vm_id = text(id), .state = state
	};
	struct err e;

	assert_ok(db_host_put(f->db, &h, &e), &e);
}

static void put_unit(struct fixture *f, const char *name, const char *host,
		     const char *tier, const char *health)
{
	const struct db_unit u = { .name = text(name),
				   .stack = text("shop"),
				   .tier = text(tier),
				   .host = text(host),
				   .active = text("active"),
				   .health = text(health) };
	struct err e;

	assert_ok(db_unit_put(f->db, &u, &e), &e);
}

static void put_tier(struct fixture *f, const char *name, int64_t n, bool stateful)
{
	const struct db_tier t = { .stack = text("shop"),
				   .name = text(name),
				   .min = n,
				   .max = 9,
				   .desired = n,
				   .risk_ratio = 0.01,
				   .stateful = stateful };
	struct err e;

	assert_ok(db_tier_put(f->db, &t, &e), &e);
}

static void put_stack(struct fixture *f, const char *files)
{
	const struct db_stack s = { .name = text("shop"),
				    .timezone = text("UTC"),
				    .text_json = text(files) };
	const struct db_pool p = { .name = text("p"), .stack = text("shop") };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_pool_put(f->db, &p, &e), &e);
}

/* ---------------------------------------------------------------- the faults */

static int kill_host(void *arg, const struct db_host *h, struct err *err)
{
	struct fixture *f = arg;
	int rc = db_host_gone(f->db, h->id, "killed", clock_now_ms(), err);

	f->is_killing = true;
	usleep((useconds_t)f->kill_takes_ms * 1000);
	if (f->told)
		json_array_append_new(f->problems, json_pack("{s:s, s:s}", "kind", "pool",
							     "message", f->told));
	if (rc == 0 && f->takes_all)
		rc = db_host_gone(f->db, "h-2", "with it", clock_now_ms(), err);
	if (rc < 0 || f->breaks)
		return rc;
	put_host(f, "h-9", DB_HOST_UP);
	put_unit(f, strcmp(h->id, "h-1") == 0 ? "web@1.service" : "web@2.service", "h-9",
		 "web", "passing");
	return 0;
}

static void cut_host(void *arg, const char *host)
{
	struct fixture *f = arg;

	pthread_mutex_lock(&f->lock);
	if (*host)
		snprintf(f->was_cut, sizeof(f->was_cut), "%s", host);
	snprintf(f->cut, sizeof(f->cut), "%s", host);
	pthread_mutex_unlock(&f->lock);
}

static bool was_cut(struct fixture *f)
{
	bool ret;

	pthread_mutex_lock(&f->lock);
	ret = *f->was_cut != '\0';
	pthread_mutex_unlock(&f->lock);
	return ret;
}

static int stop(void *arg, int64_t for_ms, bool (*should_end)(void *of), void *of,
		struct err *err)
{
	struct fixture *f = arg;

	(void)for_ms;
	(void)should_end;
	(void)of;
	(void)err;
	f->stops++;
	return 0;
}

static json_t *problems(void *arg)
{
	struct fixture *f = arg;

	return json_deep_copy(f->problems);
}

/* ---------------------------------------------------------------- the fixture */

static void open_all(struct fixture *f)
{
	CLEANUP(free) char *path = xasprintf("%s/t.db", f->dir);
	struct err e;

	assert_ok(db_open(path, &f->db, &e), &e);
	f->events.db = f->db;
	f->opts = (struct drill_opts){ .db = f->db,
				       .events = &f->events,
				       .metrics_ms = 1,
				       .lost_after_ms = 1800000,
				       .look_ms = 2,
				       .settle_ms = 10,
				       .recover_ms = 300,
				       .ops = { .arg = f,
						.kill_host = kill_host,
						.cut_host = cut_host,
						.stop = stop,
						.problems = problems } };
	f->drill = drill_new(&f->opts);
}

static void close_all(struct fixture *f)
{
	drill_free(f->drill);
	db_close(f->db);
}

/* Two hosts, each with an instance of web that serves. */
static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/foretide-drill-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->problems = json_array();
	pthread_mutex_init(&f->lock, NULL);
	open_all(f);
	put_stack(f, CONF(""));
	put_tier(f, "web", 2, false);
	put_host(f, "h-1", DB_HOST_UP);
	put_host(f, "h-2", DB_HOST_UP);
	put_unit(f, "web@1.service", "h-1", "web", "passing");
	put_unit(f, "web@2.service", "h-2", "web", "none");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -rf '%s'", f->dir);
	FILE *p;

	close_all(f);
	json_decref(f->problems);
	pthread_mutex_destroy(&f->lock);
	p = popen(command, "r");
	if (p)
		pclose(p);
	free(f);
	return 0;
}

static struct drill_request request(void)
{
	return (struct drill_request){
		.stack = "shop", .owner = "ann", .window = ALWAYS, .for_ms = 1000
	};
}

static void assert_refused(struct fixture *f, const struct drill_request *q, int code,
			   const char *words)
{
	json_t *doc = NULL;
	struct err e = { .code = 0 };

	assert_int_equal(drill_start(f->drill, q, true, &doc, &e), code);
	assert_non_null(strstr(e.msg, words));
	assert_int_equal(drill_start(f->drill, q, false, &doc, &e), code);
	assert_null(doc);
}

/* It ends when the test does. */
static void assert_begins(struct fixture *f, const struct drill_request *q)
{
	json_t *begun = NULL;
	struct err e;

	assert_ok(drill_start(f->drill, q, false, &begun, &e), &e);
	assert_non_null(begun);
	json_decref(begun);
}

/* The report once it has ended; the caller's. */
static json_t *run_to_end(struct fixture *f, const struct drill_request *q)
{
	CLEANUP(json_decref) json_t *begun = NULL;
	struct err e;
	int64_t id;

	assert_ok(drill_start(f->drill, q, false, &begun, &e), &e);
	id = json_integer_value(json_object_get(begun, "id"));
	for (;;) {
		CLEANUP(db_drill_done) struct db_drill row = { .id = 0 };

		assert_ok(db_drill_get(f->db, id, &row, &e), &e);
		if (strcmp(row.state, DB_DRILL_RUNNING) != 0)
			return drill_json(&row);
		usleep(2000);
	}
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s ? s : "";
}

static const json_t *step(const json_t *doc, size_t i)
{
	return json_array_get(json_object_get(doc, "steps"), i);
}

/* ---------------------------------------------------------------- refused */

static void it_keeps_to_windows(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();

	q.window = NULL;
	assert_refused(f, &q, ERR_CONFLICT, "no window is stated");
	q.window = "2001-01-01..2001-01-02";
	assert_refused(f, &q, ERR_CONFLICT, "outside the window 2001");
	q.window = "at night";
	assert_refused(f, &q, ERR_INVAL, "is not a window");
	q.window = "daily 00:00-24:00 max=1";
	assert_refused(f, &q, ERR_INVAL, "is not a window");
	put_stack(f, CONF("drill_window = 2001-01-01..2001-01-02\\n"));
	q.window = ALWAYS;
	assert_refused(f, &q, ERR_CONFLICT, "drill_window of its stack.conf");
	put_stack(f, CONF("drill_window = Mon-Sun 00:00-24:00\\n"));
	q.window = NULL;
	json_array_append_new(f->problems, json_pack("{s:s, s:s}", "kind", "store-away",
						     "message", "no"));
	assert_refused(f, &q, ERR_CONFLICT, "store-away: no");
}

static void it_respects_holds(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();
	const struct db_hold h = { .stack = text("shop"),
				   .tier = text("web"),
				   .owner = text("bob"),
				   .reason = text("stock taking") };
	int64_t id;
	struct err e;

	assert_ok(db_hold_add(f->db, &h, &id, &e), &e);
	assert_refused(f, &q, ERR_CONFLICT, "hold 1 of bob is on shop/web");
	assert_ok(db_hold_release(f->db, id, "bob", clock_now_ms(), &e), &e);
	assert_begins(f, &q);
}

static void it_needs_a_stack_that_is_whole(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();

	put_unit(f, "web@2.service", "h-2", "web", "failing");
	assert_refused(f, &q, ERR_CONFLICT, "shop/web serves with 1 of 2");
	put_unit(f, "web@2.service", "h-2", "web", "passing");
	put_host(f, "h-3", DB_HOST_BOOTING);
	assert_refused(f, &q, ERR_CONFLICT, "host h-3 is booting");
	put_host(f, "h-3", DB_HOST_DRAINING);
	assert_refused(f, &q, ERR_CONFLICT, "host h-3 is draining");
}

static void it_needs_a_spare(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();

	q.host = "h-7";
	assert_refused(f, &q, ERR_NOT_FOUND, "no host 'h-7'");
	/* Whose instances all are on one host. */
	q.host = NULL;
	put_unit(f, "web@2.service", "h-1", "web", "passing");
	assert_refused(f, &q, ERR_CONFLICT, "has no spare");
	put_unit(f, "web@2.service", "h-2", "web", "passing");
	/* One host has a stateful unit, the other one that is alone: neither can go. */
	put_tier(f, "db", 2, true);
	put_unit(f, "db@1.service", "h-1", "db", "passing");
	put_unit(f, "db@2.service", "h-2", "db", "passing");
	assert_refused(f, &q, ERR_CONFLICT, "is stateful");
	q.host = "h-2";
	assert_refused(f, &q, ERR_CONFLICT, "for that host the stack shop has no spare");
}

static void it_knows_its_limits(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();

	q.for_ms = 999;
	assert_refused(f, &q, ERR_INVAL, "from 1s to 10m");
	q.for_ms = 600001;
	assert_refused(f, &q, ERR_INVAL, "from 1s to 10m");
	q = request();
	q.stack = "nosuch";
	assert_refused(f, &q, ERR_NOT_FOUND, "nosuch");
}

static void it_is_shorter_than_what_ends_a_host(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();
	struct db_pool p = { .name = text("p"), .stack = text("shop") };
	struct err e;

	f->opts.lost_after_ms = 60000;
	q.for_ms = 30000;
	assert_refused(f, &q, ERR_INVAL, "pool p that is silent for 1m is ended");
	p.lost_after_ms = 2000;
	assert_ok(db_pool_put(f->db, &p, &e), &e);
	q.for_ms = 1000;
	assert_refused(f, &q, ERR_INVAL, "silent for 2s");
	p.lost_after_ms = 2002;
	assert_ok(db_pool_put(f->db, &p, &e), &e);
	assert_begins(f, &q);
}

static void a_stranger_that_breaks_off_does_not_stand_against_it(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();

	json_array_append_new(f->problems,
			      json_pack("{s:s, s:s}", "kind", "connections-refused",
					"message", "10.0.0.7 breaks off"));
	json_decref(run_to_end(f, &q));
	json_array_append_new(f->problems, json_pack("{s:s, s:s}", "kind", "store-away",
						     "message", "no"));
	assert_refused(f, &q, ERR_CONFLICT, "store-away: no");
}

/* ---------------------------------------------------------------- made */

static void all_steps_are_made_and_reported(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;

	q.host = "h-2";
	doc = run_to_end(f, &q);
	assert_string_equal(text_of(doc, "state"), "done");
	assert_true(json_is_true(json_object_get(doc, "held")));
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(text_of(step(doc, i), "state"), "done");
	assert_string_equal(text_of(step(doc, 0), "host"), "h-2");
	assert_string_equal(text_of(step(doc, 1), "host"), f->was_cut);
	assert_string_equal(f->cut, "");
	assert_int_equal(f->stops, 1);
	assert_true(json_integer_value(json_object_get(step(doc, 1), "took_ms")) >= 1000);
}

static void the_host_that_took_over_is_not_cut_off(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;

	/* Although its units are the fewest. */
	put_tier(f, "lb", 2, false);
	put_host(f, "h-3", DB_HOST_UP);
	put_unit(f, "lb@1.service", "h-2", "lb", "passing");
	put_unit(f, "lb@2.service", "h-3", "lb", "passing");
	put_unit(f, "web@3.service", "h-3", "web", "passing");
	q.host = "h-1";
	doc = run_to_end(f, &q);
	assert_string_equal(text_of(doc, "state"), "done");
	assert_string_equal(f->was_cut, "h-2");
}

static void where_all_took_over_none_is_cut_off(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;

	put_tier(f, "lb", 1, false);
	put_unit(f, "lb@1.service", "h-2", "lb", "passing");
	q.host = "h-1";
	doc = run_to_end(f, &q);
	assert_string_equal(text_of(step(doc, 1), "state"), "skipped");
	assert_non_null(strstr(text_of(step(doc, 1), "why"), "took over"));
	assert_string_equal(text_of(step(doc, 2), "state"), "done");
	assert_true(json_is_true(json_object_get(doc, "held")));
	assert_string_equal(f->was_cut, "");
}

static void one_that_does_not_recover_ends_it(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;

	f->breaks = true;
	doc = run_to_end(f, &q);
	assert_string_equal(text_of(doc, "state"), DB_DRILL_EARLY);
	assert_non_null(strstr(text_of(doc, "why"), "it has not recovered"));
	assert_non_null(strstr(text_of(doc, "why"), "1 of 2"));
	assert_string_equal(text_of(step(doc, 0), "state"), "failed");
	assert_string_equal(text_of(step(doc, 1), "state"), "waiting");
	assert_int_equal(f->stops, 0);
	assert_true(json_is_false(json_object_get(doc, "held")));
	/* And the next one sees what is left of it. */
	assert_refused(f, &q, ERR_CONFLICT, "1 of 2");
}

static void a_problem_that_stays_ends_it_and_is_reported(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *told;

	f->told = "is full";
	f->opts.recover_ms = 50;
	doc = run_to_end(f, &q);
	assert_non_null(strstr(text_of(doc, "why"), "pool: is full"));
	told = json_object_get(step(doc, 0), "told");
	assert_string_equal(json_string_value(json_array_get(told, 0)), "pool: is full");
	assert_string_equal(text_of(step(doc, 1), "state"), "waiting");
}

static void a_tier_of_which_nothing_serves_ends_it(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();
	CLEANUP(json_decref) json_t *doc = NULL;

	f->breaks = f->takes_all = true;
	f->opts.recover_ms = PATIENCE_MS;
	f->opts.nothing_ms = 20;
	doc = run_to_end(f, &q);
	assert_string_equal(text_of(doc, "state"), DB_DRILL_EARLY);
	assert_non_null(strstr(text_of(doc, "why"), "web has nothing that serves"));
	assert_string_equal(text_of(step(doc, 0), "state"), "failed");
}

static void only_one_runs_and_the_end_of_the_controller_ends_it(void **state)
{
	struct fixture *f = *state;
	struct drill_request q = request();
	CLEANUP(json_decref) json_t *begun = NULL;
	CLEANUP(db_drill_list_done) struct db_drill_list l = { NULL, 0 };
	struct err e;

	q.for_ms = 600000;
	assert_ok(drill_start(f->drill, &q, false, &begun, &e), &e);
	assert_refused(f, &q, ERR_CONFLICT, "another drill runs");
	while (!was_cut(f))
		usleep(1000);
	close_all(f);
	assert_string_equal(f->cut, "");
	open_all(f);
	assert_ok(db_drill_list(f->db, "shop", &l, &e), &e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].state, DB_DRILL_INTERRUPTED);
	assert_true(l.v[0].ended_ms > 0);
}

static void one_that_was_running_is_marked_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	const struct db_drill row = { .stack = text("shop"),
				      .owner = text("ann"),
				      .state = text(DB_DRILL_RUNNING),
				      .report_json = text("{\"steps\":[],\"log\":[]}") };
	CLEANUP(db_drill_done) struct db_drill after = { .id = 0 };
	int64_t id;
	struct err e;

	assert_ok(db_drill_add(f->db, &row, &id, &e), &e);
	close_all(f);
	open_all(f);
	assert_ok(db_drill_get(f->db, id, &after, &e), &e);
	assert_string_equal(after.state, DB_DRILL_INTERRUPTED);
	assert_non_null(strstr(after.report_json, "the controller ended while it ran"));
}

static void a_call_to_a_cloud_does_not_keep_the_end(void **state)
{
	struct fixture *f = *state;
	const struct drill_request q = request();
	CLEANUP(json_decref) json_t *begun = NULL;
	struct err e;

	f->kill_takes_ms = 300;
	assert_ok(drill_start(f->drill, &q, false, &begun, &e), &e);
	while (!f->is_killing)
		usleep(1000);
	assert_false(drill_halt(f->drill, 10));
	assert_true(drill_halt(f->drill, PATIENCE_MS));
}

/* ---------------------------------------------------------------- what it cost */

static void see(struct fixture *f, struct watch *w, int64_t mono_ms)
{
	CLEANUP(look_done) struct look l = { .stack = "" };
	struct err e;

	assert_ok(look_read(f->db, "shop", &l, &e), &e);
	watch_see(w, &l, true, f->problems, mono_ms);
}

static void what_was_lost_is_counted(void **state)
{
	struct fixture *f = *state;
	CLEANUP(watch_done) struct watch w = { .subject = "" };
	CLEANUP(look_done) struct look l = { .stack = "" };
	CLEANUP(json_decref) json_t *lost = NULL;
	const json_t *tier;
	struct err e;

	assert_ok(look_read(f->db, "shop", &l, &e), &e);
	watch_begin(&w, &l, "h-1", 1000);
	see(f, &w, 1100);
	assert_int_equal(watch_served_again_ms(&w), 0);
	put_host(f, "h-1", DB_HOST_GONE);
	see(f, &w, 1300);
	put_host(f, "h-2", DB_HOST_TERMINATING);
	see(f, &w, 1600);
	put_host(f, "h-3", DB_HOST_UP);
	put_unit(f, "web@1.service", "h-3", "web", "passing");
	put_unit(f, "web@4.service", "h-3", "web", "passing");
	see(f, &w, 2000);
	see(f, &w, 5000);
	assert_int_equal(watch_served_again_ms(&w), 1000);
	lost = watch_lost(&w);
	assert_int_equal(json_array_size(json_object_get(lost, "units")), 2);
	/* The one that was killed is not among them. */
	assert_int_equal(json_array_size(json_object_get(lost, "hosts")), 1);
	tier = json_array_get(json_object_get(lost, "tiers"), 0);
	assert_int_equal(json_integer_value(json_object_get(tier, "wanted")), 2);
	assert_int_equal(json_integer_value(json_object_get(tier, "least")), 0);
	assert_int_equal(json_integer_value(json_object_get(tier, "short_ms")), 500);
}

#define TEST(f)                                                  \
	{                                                        \
		.name = #f, .test_func = f, .setup_func = setup, \
		.teardown_func = teardown                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_keeps_to_windows),
		TEST(it_respects_holds),
		TEST(it_needs_a_stack_that_is_whole),
		TEST(it_needs_a_spare),
		TEST(it_knows_its_limits),
		TEST(it_is_shorter_than_what_ends_a_host),
		TEST(a_stranger_that_breaks_off_does_not_stand_against_it),
		TEST(all_steps_are_made_and_reported),
		TEST(the_host_that_took_over_is_not_cut_off),
		TEST(where_all_took_over_none_is_cut_off),
		TEST(one_that_does_not_recover_ends_it),
		TEST(a_problem_that_stays_ends_it_and_is_reported),
		TEST(a_tier_of_which_nothing_serves_ends_it),
		TEST(only_one_runs_and_the_end_of_the_controller_ends_it),
		TEST(one_that_was_running_is_marked_at_the_next_start),
		TEST(a_call_to_a_cloud_does_not_keep_the_end),
		TEST(what_was_lost_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
