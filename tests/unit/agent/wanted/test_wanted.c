/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schedule in the store turned into units, on the built-in store and with units that
 * are only remembered. */
#include "fake_units.h"
#include "store_world.h"

#include "registrator.h"
#include "schedule.h"
#include "wanted.h"

#define SCHEDULE "/foretide/schedule/h1"
#define STATES "/foretide/states/h1"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define SERVED TEXT "[X-Service]\nName=web\nPort=8080\nDrainSec=%s\n"
#define RECORD "/skydns/local/foretide/shop/web/a-h1-8080"

struct host {
	struct store_world w;
	struct fake_units units;
	struct registrator *registrator;
	struct wanted *wanted;
	bool is_not_ready;
	size_t told; /* that units changed */
};

static void on_unit(void *arg, const char *unit)
{
	(void)arg;
	(void)unit;
}

static void on_change(void *arg, const char *unit)
{
	struct host *h = arg;

	(void)unit;
	if (h->wanted)
		wanted_poke(h->wanted);
}

static bool is_ready(void *arg, const char *stack, const char *tier)
{
	const struct host *h = arg;

	assert_string_equal(stack, "shop");
	assert_string_equal(tier, "web");
	return !h->is_not_ready;
}

static const char *why_not_ready(void *arg, const char *stack, const char *tier)
{
	(void)arg;
	(void)stack;
	(void)tier;
	return "its files are late";
}

static void on_units(void *arg)
{
	((struct host *)arg)->told++;
}

/* An agent that starts; the store is told of it by connect(). */
static void begin(struct host *h)
{
	const struct registrator_opts r = { .domain = "foretide.local",
					    .address = "10.0.0.1",
					    .host = "h1",
					    .on_health = on_unit,
					    .on_restart = on_unit,
					    .arg = h };
	const struct wanted_opts o = { .host = "h1",
				       .state_dir = h->w.dir,
				       .files = h->w.files,
				       .units = &h->units.base,
				       .registrator =
					       registrator_new(h->w.loop, h->w.http, &r),
				       .is_ready = is_ready,
				       .why_not_ready = why_not_ready,
				       .on_units = on_units,
				       .arg = h };

	h->registrator = o.registrator;
	registrator_set_lease(h->registrator, h->w.lease);
	h->wanted = wanted_new(h->w.loop, &o);
}

static void connect_store(struct host *h)
{
	wanted_set_store(h->wanted, h->w.store, h->w.lease);
}

static void end(struct host *h)
{
	wanted_free(TAKE(h->wanted));
	registrator_free(TAKE(h->registrator));
}

static int setup(void **state)
{
	struct host *h = xcalloc(1, sizeof(*h));

	h->units = (struct fake_units){ .base = { .ops = &fake_units_ops },
					.on_change = on_change,
					.arg = h };
	world_open(&h->w);
	begin(h);
	connect_store(h);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct host *h = *state;

	end(h);
	world_done(&h->w);
	free(h);
	return 0;
}

/* ---------------------------------------------------------------- what is scheduled */

static void put_text(struct host *h, const char *hash, const char *text)
{
	CLEANUP(free) char *key = xasprintf("/foretide/units/%s", hash);

	world_put(&h->w, key, text);
}

static void put_schedule(struct host *h, int64_t epoch, const char *name,
			 const char *hash, enum schedule_state state, bool drain)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(epoch);
	CLEANUP(free) char *copy = xstrdup(name);
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *hash_copy = xstrdup(hash);
	static char stack[] = "shop", tier[] = "web";
	const struct schedule_unit u = { .name = copy,
					 .hash = hash_copy,
					 .state = state,
					 .stack = stack,
					 .tier = tier,
					 .drain = drain };

	if (*name)
		assert_int_equal(schedule_add(s, &u, NULL), 0);
	text = schedule_format(s);
	world_put(&h->w, SCHEDULE, text);
}

/* Whether a is published as this. */
static bool is_published(struct host *h, const char *words)
{
	return world_has(&h->w, STATES, words);
}

/* Units that are taken from the store and run. */
static void launch(struct host *h, const char *text)
{
	put_text(h, "aa", text);
	put_schedule(h, 1, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"active\":\"active\""));
}

static void launch_served(struct host *h, const char *drain)
{
	CLEANUP(free) char *text = xasprintf(SERVED, drain);

	launch(h, text);
	LOOP_UNTIL(h->w.loop, world_has(&h->w, RECORD, "10.0.0.1"));
}

/* ---------------------------------------------------------------- tests */

static void a_scheduled_unit_is_started_kept_and_published(void **state)
{
	struct host *h = *state;
	CLEANUP(free) char *saved = NULL;
	CLEANUP(free) char *text = NULL;
	struct wanted_unit u;

	launch(h, TEXT);
	assert_string_equal(fake_unit(&h->units.base, "a.service")->text, TEXT);
	assert_true(is_published(h, "\"epoch\":1"));
	assert_true(wanted_at(h->wanted, 0, &u));
	assert_string_equal(u.name, "a.service");
	assert_string_equal(u.text, TEXT);
	assert_true(u.up && u.active && !u.starting);
	assert_false(wanted_at(h->wanted, 1, &u));
	files_close(TAKE(h->w.files)); /* which writes what waits */
	saved = world_file(&h->w, "schedule.json");
	text = world_file(&h->w, "texts/aa");
	assert_non_null(strstr(saved, "a.service"));
	assert_string_equal(text, TEXT);
}

static void a_host_without_a_store_goes_on_as_it_was(void **state)
{
	struct host *h = *state;

	launch(h, TEXT);
	end(h);
	files_close(h->w.files);
	assert_int_equal(files_open(h->w.loop, NULL, NULL, &h->w.files, NULL), 0);
	h->units.n = 0; /* as after a boot */
	begin(h);
	LOOP_UNTIL(h->w.loop, fake_unit(&h->units.base, "a.service"));
	LOOP_UNTIL(h->w.loop, fake_unit(&h->units.base, "a.service")->run);
}

static void a_saved_schedule_that_cannot_be_read_is_passed_over(void **state)
{
	struct host *h = *state;
	CLEANUP(free) char *path = xasprintf("%s/schedule.json", h->w.dir);
	CLEANUP(fclose) FILE *f = fopen(path, "w");

	assert_true(f && fputs("{\"epoch\":", f) > 0 && fflush(f) == 0);
	end(h);
	begin(h);
	connect_store(h);
	launch(h, TEXT);
}

static void a_unit_waits_for_its_files(void **state)
{
	struct host *h = *state;

	h->is_not_ready = true;
	put_text(h, "aa", TEXT);
	put_schedule(h, 1, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "its files are late"));
	assert_int_equal(h->units.starts, 0);
	h->is_not_ready = false;
	wanted_poke(h->wanted);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"active\":\"active\""));
	assert_int_equal(h->units.starts, 1);
}

static void a_text_that_is_late_is_asked_for_again(void **state)
{
	struct host *h = *state;

	put_schedule(h, 1, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "waiting for its text"));
	put_text(h, "aa", TEXT);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"active\":\"active\""));
}

static void a_unit_that_leaves_drains_before_it_stops(void **state)
{
	struct host *h = *state;

	launch_served(h, "300ms");
	put_schedule(h, 2, "", "", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, world_has(&h->w, RECORD, NULL));
	/* The record went first. */
	LOOP_UNTIL(h->w.loop, !fake_unit(&h->units.base, "a.service"));
	LOOP_UNTIL(h->w.loop, is_published(h, "\"units\":{}"));
	assert_int_equal(h->units.stops, 1);
}

static void a_drained_unit_is_stopped_and_told(void **state)
{
	struct host *h = *state;

	launch_served(h, "0");
	put_schedule(h, 2, "a.service", "aa", SCHEDULE_LAUNCHED, true);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"drained\":true"));
	assert_false(fake_unit(&h->units.base, "a.service")->run);
	/* It may come back. */
	put_schedule(h, 3, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"drained\":false"));
	LOOP_UNTIL(h->w.loop, world_has(&h->w, RECORD, "10.0.0.1"));
}

static void a_unit_with_another_text_is_replaced(void **state)
{
	struct host *h = *state;

	launch_served(h, "200ms");
	put_text(h, "bb", "[Service]\nExecStart=/bin/false\n");
	put_schedule(h, 2, "a.service", "bb", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"hash\":\"bb\""));
	LOOP_UNTIL(h->w.loop, world_has(&h->w, RECORD, NULL));
	assert_non_null(strstr(fake_unit(&h->units.base, "a.service")->text, "false"));
	/* The text that nobody names is gone from the disk. */
	LOOP_UNTIL(h->w.loop, ({
			   CLEANUP(free) char *old = world_file(&h->w, "texts/aa");
			   !*old;
		   }));
}

static void a_unit_that_is_only_loaded_is_there_and_does_not_run(void **state)
{
	struct host *h = *state;

	put_text(h, "aa", TEXT);
	put_schedule(h, 1, "a.service", "aa", SCHEDULE_LOADED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"load\":\"loaded\""));
	assert_int_equal(h->units.starts, 0);
	put_schedule(h, 2, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"active\":\"active\""));
	put_schedule(h, 3, "a.service", "aa", SCHEDULE_INACTIVE, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"active\":\"inactive\""));
	assert_int_equal(h->units.stops, 1);
}

static void an_unreadable_or_absent_schedule_changes_nothing(void **state)
{
	struct host *h = *state;

	launch(h, TEXT);
	world_put(&h->w, SCHEDULE, "{\"epoch\":2,\"units\":[{}]}");
	world_delete(&h->w, SCHEDULE);
	/* Only what comes after them is proof that both were seen. */
	put_schedule(h, 4, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"epoch\":4"));
	assert_int_equal(h->units.starts, 1);
	assert_int_equal(h->units.stops, 0);
}

static void units_that_no_schedule_names_are_stopped(void **state)
{
	struct host *h = *state;

	units_set(&h->units.base, "old.service", "cc", TEXT, true);
	launch(h, TEXT);
	LOOP_UNTIL(h->w.loop, !fake_unit(&h->units.base, "old.service"));
	assert_int_equal(h->units.stops, 1);
}

static void a_unit_that_starts_slowly_or_fails_is_told_as_that(void **state)
{
	struct host *h = *state;
	struct wanted_unit u;
	size_t told;

	h->units.slow = true;
	put_text(h, "aa", TEXT);
	put_schedule(h, 1, "a.service", "aa", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "activating"));
	assert_true(wanted_at(h->wanted, 0, &u) && u.active && u.starting && !u.up);
	told = h->told;
	fake_unit(&h->units.base, "a.service")->active = "failed";
	strcpy(fake_unit(&h->units.base, "a.service")->message, "it fell over");
	wanted_poke(h->wanted);
	LOOP_UNTIL(h->w.loop, is_published(h, "it fell over"));
	assert_true(h->told > told);
	/* One that failed is let go when it leaves. */
	put_schedule(h, 2, "", "", SCHEDULE_LAUNCHED, false);
	LOOP_UNTIL(h->w.loop, is_published(h, "\"units\":{}"));
	assert_int_equal(h->units.n, 0);
}

static void services_that_cannot_be_read_do_not_hold_up_their_unit(void **state)
{
	struct host *h = *state;

	launch(h, TEXT "[X-Service]\nPort=8080\n");
	assert_true(world_has(&h->w, RECORD, NULL));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scheduled_unit_is_started_kept_and_published),
		TEST(a_host_without_a_store_goes_on_as_it_was),
		TEST(a_saved_schedule_that_cannot_be_read_is_passed_over),
		TEST(a_unit_waits_for_its_files),
		TEST(a_text_that_is_late_is_asked_for_again),
		TEST(a_unit_that_leaves_drains_before_it_stops),
		TEST(a_drained_unit_is_stopped_and_told),
		TEST(a_unit_with_another_text_is_replaced),
		TEST(a_unit_that_is_only_loaded_is_there_and_does_not_run),
		TEST(an_unreadable_or_absent_schedule_changes_nothing),
		TEST(units_that_no_schedule_names_are_stopped),
		TEST(a_unit_that_starts_slowly_or_fails_is_told_as_that),
		TEST(services_that_cannot_be_read_do_not_hold_up_their_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
