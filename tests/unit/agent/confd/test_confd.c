/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "fake_mirror.h"

#include "confd.h"
#include "destination.h"
#include "log.h"
#include "spec.h"
#include "text.h"

#include <dirent.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static _Atomic int sync_ms; /* how long the disk takes to sync */

/* In place of libc's. */
int fsync(int fd)
{
	(void)fd;
	usleep((useconds_t)sync_ms * 1000);
	return 0;
}

struct setup {
	struct loop *loop;
	struct keys *keys;
	struct confd *confd;
	char root[64];
	int ready; /* calls of on_ready */
};

static struct store *const some_store = (struct store *)&fake; /* never looked into */

static void on_ready(void *arg, const char *stack, const char *tier)
{
	struct setup *s = arg;

	assert_string_equal(stack, "shop");
	assert_string_equal(tier, "lb");
	s->ready++;
}

static struct confd_opts options(struct setup *s)
{
	return (struct confd_opts){
		.root = s->root,
		.state_dir = s->root,
		.hostname = "lb-0a1b2c3d",
		.address = "10.90.0.2",
		.domain = "foretide.local",
		.debounce_ms = 5,
		.max_wait_ms = 40,
		.command_ms = 3000,
		.retry_first_ms = 10,
		.retry_most_ms = 40,
		.reload_gap_ms = 10,
		.on_ready = on_ready,
		.arg = s,
	};
}

static int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	struct err err;

	log_set_level(LOG_LEVEL_ERROR + 1);
	assert_ok(loop_new(&s->loop, &err), &err);
	s->keys = keys_new(s->loop, some_store, NULL);
	snprintf(s->root, sizeof(s->root), "/tmp/foretide-confd-XXXXXX");
	assert_non_null(mkdtemp(s->root));
	*state = s;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	confd_free(s->confd);
	keys_free(s->keys);
	loop_free(s->loop);
	fake_reset();
	sync_ms = 0;
	nftw(s->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

static void start(struct setup *s)
{
	struct confd_opts o = options(s);

	s->confd = confd_new(s->loop, s->keys, &o);
}

static void set_tier(struct setup *s, bool active)
{
	confd_set_tiers(
		s->confd,
		&(struct confd_tier){ .stack = "shop", .tier = "lb", .active = active },
		1);
}

static char *content(const struct setup *s, const char *path)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);
	char *text = NULL;
	struct err err;

	if (conf_read_file(whole, 1 << 20, &text, NULL, &err) < 0)
		return xstrdup("(none)");
	return text;
}

static bool has_content(const struct setup *s, const char *path, const char *want)
{
	CLEANUP(free) char *text = content(s, path);

	return strcmp(text, want) == 0;
}

static int count_files(const struct setup *s, const char *folder)
{
	CLEANUP(free) char *path = xasprintf("%s%s", s->root, folder);
	DIR *d = opendir(path);
	int n = -2; /* . and .. */

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Runs the loop until cond holds; fails after the deadline. */
#define wait_until(s, cond)                                                        \
	do {                                                                       \
		int64_t end_ = clock_mono_ms() + PATIENCE_MS;                      \
		while (!(cond)) {                                                  \
			if (clock_mono_ms() > end_)                                \
				fail_msg("in vain: %s; problem: %s", #cond,        \
					 confd_problem((s)->confd, "shop", "lb")); \
			loop_once((s)->loop, 10);                                  \
		}                                                                  \
	} while (0)

/* Runs the loop for a while in which nothing is expected to happen. */
static void let_pass(struct setup *s, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end)
		loop_once(s->loop, end - clock_mono_ms());
}

static struct confd_stats stats(const struct setup *s)
{
	struct confd_stats st;

	confd_get_stats(s->confd, &st);
	return st;
}

/* A resource for /etc/lb.cfg from /skydns/.../web, with further JSON members. */
static void put_resource(const char *members)
{
	CLEANUP(free)
	char *doc = xasprintf(
		"{\"src\":\"{{range gets \\\"/web/*\\\"}}{{$s := json .Value}}"
		"{{base .Key}} {{$s.host}}:{{$s.port}}\\n{{end}}\","
		"\"dest\":\"/etc/lb/lb.cfg\",\"prefix\":\"/skydns/local/foretide/shop\","
		"\"keys\":[\"/web\"]%s%s}",
		*members ? "," : "", members);

	fake_put("/foretide/conf/shop/lb/lb", doc);
}

static void put_web(int i)
{
	CLEANUP(free)
	char *key = xasprintf("/skydns/local/foretide/shop/web/web-%d-80", i);
	CLEANUP(free)
	char *value = xasprintf("{\"host\":\"10.90.0.%d\",\"port\":80}", 10 + i);

	fake_put(key, value);
}

static void write_file(const struct setup *s, const char *path, const char *text)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);
	CLEANUP(fclose) FILE *f = fopen(whole, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static void make_folder(const struct setup *s, const char *path)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);

	assert_int_equal(mkdir(whole, 0755), 0);
}

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

static void goes_on_with_the_old_resource_when_the_new_is_bad(void **state)
{
	struct setup *s = *state;

	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	fake_put("/foretide/conf/shop/lb/lb", "{\"src\":1}");
	put_web(2);
	wait_until(s, stats(s).writes == 2);
	assert_true(confd_is_ready(s->confd, "shop", "lb"));
}

static void tells_bad_resources(void **state)
{
	struct setup *s = *state;

	fake_put("/foretide/conf/shop/lb/x", "{\"dest\":\"/x\"}");
	fake_sync();
	start(s);
	set_tier(s, true);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"),
			    "/foretide/conf/shop/lb/x: src is missing");
	fake_delete("/foretide/conf/shop/lb/x");
	wait_until(s, s->ready == 1);
}

static void follows_tiers_and_resources(void **state)
{
	struct setup *s = *state;

	put_resource("");
	fake_sync();
	start(s);
	set_tier(s, true);
	assert_int_equal(stats(s).resources, 1);
	fake_put("/foretide/conf/shop/lb/b",
		 "{\"src\":\"b\",\"dest\":\"/b\",\"keys\":[]}");
	fake_put("/foretide/conf/shop/lbx/c",
		 "{\"src\":\"c\",\"dest\":\"/c\",\"keys\":[]}");
	wait_until(s, has_content(s, "/b", "b"));
	assert_int_equal(stats(s).resources, 2);
	assert_true(has_content(s, "/c", "(none)"));
	fake_delete("/foretide/conf/shop/lb/lb");
	assert_int_equal(stats(s).resources, 1);
	confd_set_tiers(s->confd, NULL, 0);
	assert_int_equal(stats(s).resources, 0);
	let_pass(s, 5);
	assert_null(fake.first);
}

static void shares_copies_of_the_same_keys(void **state)
{
	struct setup *s = *state;

	put_resource("");
	fake_put("/foretide/conf/shop/lb/b",
		 "{\"src\":\"b\",\"dest\":\"/b\",\"prefix\":\"/skydns/local/foretide/"
		 "shop\","
		 "\"keys\":[\"/x\"]}");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	/* One for the tier's resources, one for what both read. */
	assert_int_equal(fake.opened, 2);
}

static void sets_mode_and_knows_the_host(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/etc/x", s->root);
	struct stat st;

	fake_put(
		"/foretide/conf/shop/lb/x",
		"{\"src\":\"{{hostname}} {{hostIP}} {{getenv \\\"FORETIDE_TIER\\\"}} "
		"{{getenv \\\"FORETIDE_STACK\\\"}} {{getenv \\\"FORETIDE_DOMAIN\\\"}}\","
		"\"dest\":\"/etc/x\",\"keys\":[],\"mode\":\"0640\",\"uid\":-1,\"gid\":-1,"
		"\"owner\":\"\",\"group\":\"\",\"check_cmd\":\"\",\"reload_cmd\":\"\"}");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	assert_true(
		has_content(s, "/etc/x", "lb-0a1b2c3d 10.90.0.2 lb shop foretide.local"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	/* A file whose mode was changed is no longer equal. */
	assert_int_equal(chmod(path, 0600), 0);
	fake_put("/foretide/conf/shop/lb/x",
		 "{\"src\":\"{{hostname}}\",\"dest\":\"/etc/x\",\"mode\":\"0640\"}");
	wait_until(s, has_content(s, "/etc/x", "lb-0a1b2c3d"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void reads_a_folder_as_confd_does(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *folder = xasprintf("%s/confd", s->root);
	CLEANUP(free)
	char *toml = xasprintf(
		"# made by hand\n[template]\nsrc = \"app.tmpl\" # here\ndest = "
		"'/app.conf'\n"
		"keys = [\n  \"/app\", # one\n  '/other',\n]\nprefix = \"/prod/\"\n"
		"mode = \"0600\"\nuid = -1\nreload_cmd = \"\"\"\necho {{.src}} \\\n"
		"   >>%s/reloads\"\"\"\n",
		s->root);
	struct confd_opts o = options(s);

	make_folder(s, "/confd");
	make_folder(s, "/confd/conf.d");
	make_folder(s, "/confd/conf.d/sub");
	make_folder(s, "/confd/templates");
	write_file(s, "/confd/conf.d/sub/app.toml", toml);
	write_file(s, "/confd/conf.d/bad.toml", "[template]\nsrc = 1\n");
	write_file(s, "/confd/templates/app.tmpl",
		   "{{range ls \"/app\"}}{{.}} {{end}}"
		   "{{getv \"/app/a\"}} {{exists \"/not\"}}");
	fake_put("/prod/app/a", "1");
	fake_put("/prod/app/b", "2");
	fake_put("/prod/not", "3");
	fake_sync();
	o.folder = folder;
	s->confd = confd_new(s->loop, s->keys, &o);
	wait_until(s, stats(s).reloads == 1);
	assert_true(has_content(s, "/app.conf", "a b 1 false"));
	assert_int_equal(stats(s).resources, 2);
	assert_int_equal(stats(s).failures, 1);

	write_file(s, "/confd/templates/app.tmpl", "new");
	confd_read_folder(s->confd);
	wait_until(s, has_content(s, "/app.conf", "new"));
}

static void answers_toml_mistakes_with_their_line(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "[template]\nsrc = \"a", "x.toml:2: a string has no end" },
		{ "[template]\nsrc \"a\"", "x.toml:2: \"=\" is missing" },
		{ "[template\nsrc = 1", "x.toml:1: a table's name needs" },
		{ "[[template]]\n", "x.toml:1: arrays of tables" },
		{ "[template]\nsrc = \"a\" b\n", "x.toml:2: unexpected text after" },
		{ "[template]\nuid = 1.5\n", "x.toml:2: a value is not a string" },
		{ "[template]\nkeys = [1]\n",
		  "x.toml:2: an array may contain only strings" },
		{ "[template]\nkeys = \"a\"\n", "x.toml:2: keys must be an array" },
		{ "[template]\nmode = 644\n", "x.toml:2: mode must be a string" },
		{ "[template]\nmode = \"9\"\n", "x.toml:2: mode '9' is not octal" },
		{ "[template]\nowner = \"nobody-here\"\n", "has no user 'nobody-here'" },
		{ "[template]\nmin_reload_interval = \"5\"\n", "x.toml:2:" },
		{ "[template]\nsrc = \"a\"\ndest = \"rel\"\n",
		  "dest must be the absolute" },
		{ "[template]\ndest = \"/a\"\n", "src is missing" },
		{ "[template]\nsrc = \"\\q\"\n", "x.toml:2: an unknown escape" },
		{ "= 3\n", "x.toml:1: a line is not a table" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct confd_spec *spec = NULL;
		struct err err = { 0 };

		assert_true(confd_spec_from_toml(wrong[i].text, "x.toml", &spec, &err) <
			    0);
		if (!strstr(err.msg, wrong[i].words))
			fail_msg("%s: %s", wrong[i].text, err.msg);
	}
}

static void joins_keys_and_leaves_out_what_others_cover(void **state)
{
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	struct err err;

	(void)state;
	assert_ok(confd_spec_from_toml("[template]\nsrc='a'\ndest='/b'\nprefix='//p/q/'\n"
				       "keys=['/c/d','c','/e/','e-f']",
				       "x", &spec, &err),
		  &err);
	assert_string_equal(spec->prefix, "/p/q");
	assert_int_equal(spec->n_keys, 3);
	assert_string_equal(spec->keys[0], "/p/q/c");
	assert_string_equal(spec->keys[1], "/p/q/e");
	assert_string_equal(spec->keys[2], "/p/q/e-f");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

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
		TEST(renders_a_burst_once),
		TEST(does_nothing_for_equal_values),
		TEST(reloads_only_what_runs),
		TEST(holds_a_reload_until_the_unit_is_up),
		TEST(keeps_the_file_that_a_check_rejects),
		TEST(tries_a_failed_reload_again_until_it_succeeds),
		TEST(remembers_a_reload_over_a_restart),
		TEST(its_mark_is_looked_at_once),
		TEST(writes_in_place_what_is_mounted_over),
		TEST(forgets_a_reload_when_the_unit_stops),
		TEST(makes_a_reload_that_was_lost_again),
		TEST(a_verification_comes_to_its_end_whatever_is_told),
		TEST(what_takes_its_place_makes_the_reload_that_was_under_way),
		TEST(finds_what_runs_with_an_old_file),
		TEST(reloads_of_one_program_never_overlap),
		TEST(a_file_can_hold_a_digest_of_itself),
		TEST(waits_between_reloads),
		TEST(kills_a_command_that_does_not_end),
		TEST(keeps_the_file_when_the_store_goes_away),
		TEST(says_why_a_template_fails),
		TEST(goes_on_with_the_old_resource_when_the_new_is_bad),
		TEST(tells_bad_resources),
		TEST(follows_tiers_and_resources),
		TEST(shares_copies_of_the_same_keys),
		TEST(sets_mode_and_knows_the_host),
		TEST(reads_a_folder_as_confd_does),
		cmocka_unit_test(answers_toml_mistakes_with_their_line),
		cmocka_unit_test(joins_keys_and_leaves_out_what_others_cover),
	};

	return cmocka_run_group_tests_name("confd", tests, NULL, NULL);
}
