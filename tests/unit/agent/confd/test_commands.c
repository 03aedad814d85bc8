/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is run when a file changes: its check, and the reload. */
#include "confd_fixture.h"
#include "destination.h"

static void reloads_only_what_runs(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *members = xasprintf(
		"\"reload_cmd\":\"echo {{.src}} {{.dest}} >>%s/reloads\"", s->root);
	CLEANUP(free) char *want = NULL;

	put_resource(members);
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, s->ready);
	put_web(1);
	wait_until(s, stats(s).writes == 2);
	let_pass(s, 30);
	assert_true(has_content(s, "/reloads", "(none)"));

	set_tier(s, true);
	put_web(2);
	wait_until(s, stats(s).reloads == 1);
	want = xasprintf("%s/etc/lb/lb.cfg %s/etc/lb/lb.cfg\n", s->root, s->root);
	assert_true(has_content(s, "/reloads", want));
}

static void set_starting(struct setup *s, bool starting)
{
	confd_set_tiers(s->confd,
			&(struct confd_tier){ .stack = "shop",
					      .tier = "lb",
					      .active = true,
					      .starting = starting },
			1);
}

static void holds_a_reload_until_the_unit_is_up(void **state)
{
	struct setup *s = *state;

	put_resource("\"reload_cmd\":\"true\"");
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, s->ready);
	set_starting(s, true);
	put_web(1);
	wait_until(s, stats(s).writes == 2);
	let_pass(s, 30);
	assert_int_equal(stats(s).reloads, 0);

	set_starting(s, false);
	wait_until(s, stats(s).reloads == 1);
}

static void keeps_the_file_that_a_check_rejects(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *members = xasprintf("\"check_cmd\":\"! grep -q 10.90.0.12 {{.src}} || { "
				  "echo bad; exit 3; }\"");

	put_resource(members);
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	put_web(2);
	wait_until(s, stats(s).failures > 0);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"),
			    "it exited with status 3: bad");
	assert_true(has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));

	/* What is staged meanwhile is gone once it is rejected, and a good one
	 * comes in. */
	fake_delete("/skydns/local/foretide/shop/web/web-2-80");
	put_web(3);
	wait_until(s, has_content(s, "/etc/lb/lb.cfg",
				  "web-1-80 10.90.0.11:80\nweb-3-80 10.90.0.13:80\n"));
	assert_int_equal(count_files(s, "/etc/lb"), 1);
}

static void tries_a_failed_reload_again_until_it_succeeds(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *members = xasprintf("\"reload_cmd\":\"test -e %s/up\"", s->root);
	CLEANUP(free) char *touch = xasprintf("%s/up", s->root);
	FILE *f;

	put_resource(members);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).failures >= 3);
	assert_int_equal(s->ready, 1);
	assert_int_equal(stats(s).reloads, 0);
	f = fopen(touch, "w");
	assert_non_null(f);
	fclose(f);
	wait_until(s, stats(s).reloads == 1);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"), "");
}

static void remembers_a_reload_over_a_restart(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *members = xasprintf("\"reload_cmd\":\"test -e %s/up\"", s->root);
	CLEANUP(free) char *touch = xasprintf("%s/up", s->root);
	FILE *f;

	put_resource(members);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).failures >= 1);
	confd_free(s->confd);

	f = fopen(touch, "w");
	assert_non_null(f);
	fclose(f);
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).reloads == 1);
	assert_int_equal(stats(s).writes, 0);
	confd_free(s->confd);

	/* Once it has succeeded it is not done again. */
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready == 3);
	let_pass(s, 30);
	assert_int_equal(stats(s).reloads, 0);
}

static void its_mark_is_looked_at_once(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *mark = confd_mark_path(s->root, "/foretide/conf/shop/lb/lb");

	put_resource("\"reload_cmd\":\"true\"");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).reloads == 1);
	wait_until(s, !confd_mark_is_set(mark));
	/* As while the disk is slow in taking it away. */
	confd_mark_set(mark);
	set_tier(s, true);
	let_pass(s, 30);
	assert_int_equal(stats(s).reloads, 1);
}

static void forgets_a_reload_when_the_unit_stops(void **state)
{
	struct setup *s = *state;

	put_resource("\"reload_cmd\":\"false\"");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).failures >= 1);
	set_tier(s, false);
	wait_until(s, *confd_problem(s->confd, "shop", "lb") == '\0');
}

/* A program that runs with a copy of its file; it loses its first reload, or none. */
static void put_program(const struct setup *s, int lost)
{
	CLEANUP(free)
	char *members = xasprintf(
		"\"reload_cmd\":\"echo x >>%s/asked; test $(wc -l <%s/asked) -le %d || "
		"cp {{.dest}} %s/running\",\"verify_cmd\":\"cmp -s {{.dest}} "
		"%s/running\","
		"\"verify_cmd_timeout\":\"100ms\"",
		s->root, s->root, lost, s->root, s->root);

	put_resource(members);
}

static void makes_a_reload_that_was_lost_again(void **state)
{
	struct setup *s = *state;

	put_program(s, 1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, confd_is_ready(s->confd, "shop", "lb"));
	put_web(1);
	wait_until(s, stats(s).reloads == 1);
	assert_true(has_content(s, "/asked", "x\nx\n"));
	assert_true(has_content(s, "/running", "web-1-80 10.90.0.11:80\n"));
}

/* Its units change, which is told to every resource, between two tries of it. */
static void a_verification_comes_to_its_end_whatever_is_told(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *members = xasprintf("\"reload_cmd\":\"true\",\"verify_cmd\":\"echo x "
				  ">>%s/looks; test -e %s/up\"",
				  s->root, s->root);

	put_resource(members);
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, has_content(s, "/looks", "x\n"));
	for (int i = 0; i < 10; i++) {
		set_tier(s, true);
		let_pass(s, 5);
	}
	write_file(s, "/up", "");
	wait_until(s, stats(s).reloads == 1);
	put_web(2);
	wait_until(s, stats(s).reloads == 2);
	assert_true(has_content(s, "/etc/lb/lb.cfg",
				"web-1-80 10.90.0.11:80\nweb-2-80 10.90.0.12:80\n"));
}

static void what_takes_its_place_makes_the_reload_that_was_under_way(void **state)
{
	struct setup *s = *state;
	CLEANUP(free)
	char *old =
		xasprintf("\"reload_cmd\":\"echo old >>%s/asked; sleep 60\"", s->root);
	CLEANUP(free)
	char *new = xasprintf("\"reload_cmd\":\"echo new >>%s/asked\"", s->root);

	put_resource(old);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, has_content(s, "/asked", "old\n"));
	put_resource(new);
	wait_until(s, stats(s).reloads == 1);
	assert_true(has_content(s, "/asked", "old\nnew\n"));
}

static void finds_what_runs_with_an_old_file(void **state)
{
	struct setup *s = *state;
	struct confd_opts o = options(s);

	o.verify_every_ms = 20;
	put_program(s, 0);
	put_web(1);
	fake_sync();
	s->confd = confd_new(s->loop, s->keys, &o);
	set_tier(s, false);
	wait_until(s, confd_is_ready(s->confd, "shop", "lb"));
	/* Nothing has changed, so nothing else would reload it. */
	set_tier(s, true);
	wait_until(s, stats(s).reloads == 1);
	assert_true(has_content(s, "/running", "web-1-80 10.90.0.11:80\n"));
	write_file(s, "/running", "old");
	wait_until(s, stats(s).reloads == 2);
	assert_true(has_content(s, "/running", "web-1-80 10.90.0.11:80\n"));
}

static void reloads_of_one_program_never_overlap(void **state)
{
	struct setup *s = *state;
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(free)
		char *key = xasprintf("/foretide/conf/shop/lb/%s", names[i]);
		CLEANUP(free)
		char *doc = xasprintf(
			"{\"src\":\"{{len (gets "
			"\\\"/web/*\\\")}}\",\"dest\":\"/etc/lb/%s\","
			"\"prefix\":\"/skydns/local/foretide/shop\",\"keys\":[\"/web\"],"
			"\"reload_cmd\":\"mkdir %s/busy || echo x >>%s/overlap; sleep "
			"0.05; "
			"rmdir %s/busy\"}",
			names[i], s->root, s->root, s->root);

		fake_put(key, doc);
	}
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, confd_is_ready(s->confd, "shop", "lb"));
	put_web(1);
	wait_until(s, stats(s).reloads >= 3);
	put_web(2);
	wait_until(s, stats(s).reloads >= 6);
	assert_true(has_content(s, "/overlap", "(none)"));
}

static void waits_between_reloads(void **state)
{
	struct setup *s = *state;
	int64_t from = clock_mono_ms(); /* before the first, which may be the start's */

	put_resource("\"reload_cmd\":\"true\",\"min_reload_interval\":\"300ms\"");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	put_web(1);
	wait_until(s, stats(s).reloads >= 1);
	for (int i = 2; i < 6; i++) {
		put_web(i);
		wait_until(s, stats(s).renders >= (uint64_t)i);
	}
	wait_until(s, stats(s).reloads >= 2);
	/* However slowly it goes on: no more of them than fit in. */
	assert_true(clock_mono_ms() - from >= 300 * ((int64_t)stats(s).reloads - 1));
}

static void kills_a_command_that_does_not_end(void **state)
{
	struct setup *s = *state;

	put_resource("\"check_cmd\":\"sleep 60\",\"check_cmd_timeout\":\"50ms\"");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).failures >= 1);
	assert_non_null(strstr(confd_problem(s->confd, "shop", "lb"),
			       "did not exit within 50 ms"));
	assert_true(has_content(s, "/etc/lb/lb.cfg", "(none)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reloads_only_what_runs),
		TEST(holds_a_reload_until_the_unit_is_up),
		TEST(keeps_the_file_that_a_check_rejects),
		TEST(tries_a_failed_reload_again_until_it_succeeds),
		TEST(remembers_a_reload_over_a_restart),
		TEST(its_mark_is_looked_at_once),
		TEST(forgets_a_reload_when_the_unit_stops),
		TEST(makes_a_reload_that_was_lost_again),
		TEST(a_verification_comes_to_its_end_whatever_is_told),
		TEST(what_takes_its_place_makes_the_reload_that_was_under_way),
		TEST(finds_what_runs_with_an_old_file),
		TEST(reloads_of_one_program_never_overlap),
		TEST(waits_between_reloads),
		TEST(kills_a_command_that_does_not_end),
	};

	return cmocka_run_group_tests_name("confd_commands", tests, NULL, NULL);
}
