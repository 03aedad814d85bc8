/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files as their resources and the keys say. */
#include "confd_fixture.h"

#include <sched.h>
#include <sys/mount.h>

static void renders_when_its_keys_are_known(void **state)
{
	struct setup *s = *state;

	put_resource("");
	put_web(1);
	put_web(2);
	start(s);
	set_tier(s, false);
	let_pass(s, 30);
	assert_true(has_content(s, "/etc/lb/lb.cfg", "(none)"));
	assert_false(confd_is_ready(s->confd, "shop", "lb"));

	fake_sync();
	wait_until(s, s->ready);
	assert_true(has_content(s, "/etc/lb/lb.cfg",
				"web-1-80 10.90.0.11:80\nweb-2-80 10.90.0.12:80\n"));
	assert_true(confd_is_ready(s->confd, "shop", "lb"));
	assert_string_equal(confd_problem(s->confd, "shop", "lb"), "");
}

static void is_ready_without_resources_once_that_is_known(void **state)
{
	struct setup *s = *state;

	start(s);
	set_tier(s, false);
	let_pass(s, 20);
	assert_int_equal(s->ready, 0);
	fake_sync();
	wait_until(s, s->ready == 1);
}

/* Of the same stack: what is copied is the stack's. */
static void is_ready_without_resources_beside_a_tier_that_has_some(void **state)
{
	struct setup *s = *state;

	fake_put("/foretide/conf/shop/web/web", "{\"src\":\"\",\"dest\":\"/etc/web\"}");
	start(s);
	set_tier(s, false);
	let_pass(s, 20);
	assert_int_equal(s->ready, 0);
	fake_sync();
	wait_until(s, s->ready == 1);
	assert_int_equal(stats(s).resources, 0);
}

static void renders_a_burst_once(void **state)
{
	struct setup *s = *state;

	put_resource("");
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, s->ready);
	for (int i = 0; i < 50; i++)
		put_web(i);
	wait_until(s, stats(s).writes == 2);
	let_pass(s, 50);
	assert_int_equal(stats(s).renders, 2);
}

static void does_nothing_for_equal_values(void **state)
{
	struct setup *s = *state;

	put_resource("\"reload_cmd\":\"true\"");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	for (int i = 0; i < 300; i++)
		put_web(1);
	fake_put("/skydns/local/foretide/shop/webby/x", "{}");
	let_pass(s, 60);
	assert_int_equal(stats(s).renders, 1);
}

static void writes_in_place_what_is_mounted_over(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *dest = xasprintf("%s/etc/lb/lb.cfg", s->root);
	CLEANUP(free) char *other = xasprintf("%s/other", s->root);

	/* A namespace of this process's own; the tests that follow live in it as well. */
	assert_int_equal(unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	make_folder(s, "/etc");
	make_folder(s, "/etc/lb");
	write_file(s, "/etc/lb/lb.cfg", "below");
	write_file(s, "/other", "mounted");
	assert_int_equal(mount(other, dest, NULL, MS_BIND, NULL), 0);
	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	assert_true(has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));
	assert_true(has_content(s, "/other", "web-1-80 10.90.0.11:80\n"));
	assert_int_equal(count_files(s, "/etc/lb"), 1);
	assert_int_equal(umount(dest), 0);
}

static void a_file_can_hold_a_digest_of_itself(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *one = NULL;
	CLEANUP(free) char *two = NULL;

	fake_put("/foretide/conf/shop/lb/lb",
		 "{\"src\":\"{{getenv \\\"FORETIDE_HASH\\\"}} {{len (gets "
		 "\\\"/web/*\\\")}}\","
		 "\"dest\":\"/etc/lb/lb.cfg\",\"prefix\":\"/skydns/local/foretide/shop\","
		 "\"keys\":[\"/web\"]}");
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, confd_is_ready(s->confd, "shop", "lb"));
	one = content(s, "/etc/lb/lb.cfg");
	assert_int_equal(strspn(one, "0123456789abcdef"), 16);
	assert_string_equal(one + 16, " 0");
	put_web(1);
	wait_until(s, stats(s).writes == 2);
	two = content(s, "/etc/lb/lb.cfg");
	assert_int_equal(strspn(two, "0123456789abcdef"), 16);
	assert_string_equal(two + 16, " 1");
	assert_memory_not_equal(one, two, 16);
}

static void keeps_the_file_when_the_store_goes_away(void **state)
{
	struct setup *s = *state;

	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	fake.lost_ms = clock_mono_ms();
	let_pass(s, 30);
	assert_true(has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));
	assert_int_equal(stats(s).renders, 1);
}

static void says_why_a_template_fails(void **state)
{
	struct setup *s = *state;

	fake_put("/foretide/conf/shop/lb/a",
		 "{\"src\":\"\\n{{getv "
		 "\\\"/pw\\\"}}\",\"dest\":\"/a\",\"keys\":[\"/pw\"]}");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, stats(s).failures >= 1);
	assert_string_equal(
		confd_problem(s->confd, "shop", "lb"),
		"/foretide/conf/shop/lb/a:2: error calling getv: key does not "
		"exist: /pw");
	assert_int_equal(s->ready, 0);
	fake_put("/pw", "x");
	wait_until(s, s->ready == 1);
	assert_true(has_content(s, "/a", "\nx"));
}

/* A template that computes for long, from the keys /web. */
static void put_large(const char *before)
{
	CLEANUP(free)
	char *doc = xasprintf("{\"src\":\"%s{{range seq 1 20000}}{{$x := add . "
			      "1}}{{end}}{{getv \\\"/web\\\"}}\",\"dest\":\"/large\","
			      "\"keys\":[\"/web\"]}",
			      before);

	fake_put("/foretide/conf/shop/lb/large", doc);
}

static void renders_what_is_much_work_apart(void **state)
{
	struct setup *s = *state;

	put_large("");
	fake_put("/web", "1");
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, has_content(s, "/large", "1"));
	fake_put("/web", "2");
	wait_until(s, has_content(s, "/large", "2"));
	assert_string_equal(confd_problem(s->confd, "shop", "lb"), "");
}

static void says_why_what_is_rendered_apart_fails(void **state)
{
	struct setup *s = *state;

	put_large("{{range seq 1 20000}}{{end}}{{getv \\\"/web/none\\\"}}");
	fake_put("/web", "1");
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, stats(s).failures >= 1);
	assert_non_null(strstr(confd_problem(s->confd, "shop", "lb"), "/web/none"));
}

static void a_small_template_does_not_wait_for_a_large_one(void **state)
{
	struct setup *s = *state;

	/* It never ends by itself but by its bound of work. */
	fake_put("/foretide/conf/shop/lb/endless",
		 "{\"src\":\"{{range seq 1 90000}}{{range seq 1 90000}}{{$x := json "
		 "(getv \\\"/json\\\")}}{{end}}{{end}}\",\"dest\":\"/endless\",\"keys\":["
		 "\"/json\"]}");
	fake_put("/json", "{\"a\":[1,2,3]}");
	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));
	wait_until(s, strstr(confd_problem(s->confd, "shop", "lb"), "the template "));
}

static void a_slow_disk_does_not_hold_the_loop(void **state)
{
	struct setup *s = *state;

	sync_ms = 1000;
	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, s->ready);
	assert_true(has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));
	assert_true(loop_longest_us(s->loop) < 900 * 1000);
}

static void the_last_text_is_there_in_the_end(void **state)
{
	struct setup *s = *state;

	sync_ms = 100;
	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, false);
	wait_until(s, s->ready);
	/* While the second is written, it is taken back. */
	put_web(2);
	let_pass(s, 60);
	fake_delete("/skydns/local/foretide/shop/web/web-2-80");
	/* The resource itself is another by then. */
	put_resource("\"mode\":\"0640\"");
	wait_until(s, stats(s).renders >= 3 && has_content(s, "/etc/lb/lb.cfg",
							   "web-1-80 10.90.0.11:80\n"));
	let_pass(s, 300);
	assert_true(has_content(s, "/etc/lb/lb.cfg", "web-1-80 10.90.0.11:80\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(renders_when_its_keys_are_known),
		TEST(renders_what_is_much_work_apart),
		TEST(a_slow_disk_does_not_hold_the_loop),
		TEST(the_last_text_is_there_in_the_end),
		TEST(says_why_what_is_rendered_apart_fails),
		TEST(a_small_template_does_not_wait_for_a_large_one),
		TEST(is_ready_without_resources_once_that_is_known),
		TEST(is_ready_without_resources_beside_a_tier_that_has_some),
		TEST(renders_a_burst_once),
		TEST(does_nothing_for_equal_values),
		TEST(writes_in_place_what_is_mounted_over),
		TEST(a_file_can_hold_a_digest_of_itself),
		TEST(keeps_the_file_when_the_store_goes_away),
		TEST(says_why_a_template_fails),
	};

	return cmocka_run_group_tests_name("confd", tests, NULL, NULL);
}
