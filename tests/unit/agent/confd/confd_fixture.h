/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confd_fixture.h - the agent's templates over a store that the test fills, in a folder
 * of their own.
 */
#ifndef TESTS_UNIT_AGENT_CONFD_FIXTURE_H
#define TESTS_UNIT_AGENT_CONFD_FIXTURE_H

#include "test.h"

#include "fake_mirror.h"

#include "confd.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
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

static inline void on_ready(void *arg, const char *stack, const char *tier)
{
	struct setup *s = arg;

	assert_string_equal(stack, "shop");
	assert_string_equal(tier, "lb");
	s->ready++;
}

static inline struct confd_opts options(struct setup *s)
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

static inline int set_up(void **state)
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

static inline int remove_one(const char *path, const struct stat *st, int flag,
			     struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
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

static inline void start(struct setup *s)
{
	struct confd_opts o = options(s);

	s->confd = confd_new(s->loop, s->keys, &o);
}

static inline void set_tier(struct setup *s, bool active)
{
	confd_set_tiers(
		s->confd,
		&(struct confd_tier){ .stack = "shop", .tier = "lb", .active = active },
		1);
}

static inline char *content(const struct setup *s, const char *path)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);
	char *text = NULL;
	struct err err;

	if (conf_read_file(whole, 1 << 20, &text, NULL, &err) < 0)
		return xstrdup("(none)");
	return text;
}

static inline bool has_content(const struct setup *s, const char *path, const char *want)
{
	CLEANUP(free) char *text = content(s, path);

	return strcmp(text, want) == 0;
}

static inline int count_files(const struct setup *s, const char *folder)
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
static inline void let_pass(struct setup *s, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end)
		loop_once(s->loop, end - clock_mono_ms());
}

static inline struct confd_stats stats(const struct setup *s)
{
	struct confd_stats st;

	confd_get_stats(s->confd, &st);
	return st;
}

/* A resource for /etc/lb.cfg from /skydns/.../web, with further JSON members. */
static inline void put_resource(const char *members)
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

static inline void put_web(int i)
{
	CLEANUP(free)
	char *key = xasprintf("/skydns/local/foretide/shop/web/web-%d-80", i);
	CLEANUP(free)
	char *value = xasprintf("{\"host\":\"10.90.0.%d\",\"port\":80}", 10 + i);

	fake_put(key, value);
}

static inline void write_file(const struct setup *s, const char *path, const char *text)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);
	CLEANUP(fclose) FILE *f = fopen(whole, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static inline void make_folder(const struct setup *s, const char *path)
{
	CLEANUP(free) char *whole = xasprintf("%s%s", s->root, path);

	assert_int_equal(mkdir(whole, 0755), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
