/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every template resource of the bundled stacks renders, from what a stack has in the
 * store. The check and reload commands are left to the system tests. */
#include "test.h"

#include "fake_mirror.h"

#include "confd.h"
#include "log.h"
#include "spec.h"
#include "text.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#define STACK "stacks/wordpress"

struct setup {
	struct loop *loop;
	struct keys *keys;
	struct confd *confd;
	char root[64];
};

static struct store *const some_store = (struct store *)&fake; /* never looked into */

static int set_up(void **state)
{
	static const char *const keys[][2] = {
		{ "/skydns/local/foretide/wordpress/web/web-1-80",
		  "{\"host\":\"10.90.0.7\",\"port\":80}" },
		{ "/skydns/local/foretide/wordpress/web/web-2-80",
		  "{\"host\":\"10.90.0.8\",\"port\":80}" },
		{ "/skydns/local/foretide/wordpress/cache/cache-1-80",
		  "{\"host\":\"10.90.0.9\",\"port\":80}" },
		{ "/skydns/local/foretide/wordpress/memcached/memcached-1-11211",
		  "{\"host\":\"10.90.0.10\",\"port\":11211}" },
		{ "/foretide/secrets/wordpress/db-password", "secret" },
		{ "/foretide/secrets/wordpress/admin-password", "secret" },
		{ "/foretide/secrets/wordpress/auth-salt", "salt" },
	};
	struct setup *s = xcalloc(1, sizeof(*s));
	struct confd_opts o = { .hostname = "web-0a1b2c3d",
				.address = "10.90.0.7",
				.domain = "foretide.local" };
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		fake_put(keys[i][0], keys[i][1]);
	log_set_level(LOG_LEVEL_WARN);
	assert_ok(loop_new(&s->loop, &err), &err);
	s->keys = keys_new(s->loop, some_store, NULL);
	snprintf(s->root, sizeof(s->root), "/tmp/foretide-stack-XXXXXX");
	assert_non_null(mkdtemp(s->root));
	o.root = s->root;
	s->confd = confd_new(s->loop, s->keys, &o);
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
	nftw(s->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

/* Puts one resource into the store, as the controller does, but for its commands. */
static void put_resource(const char *tier, const char *file)
{
	CLEANUP(free) char *path = xasprintf(STACK "/conf.d/%s/%s", tier, file);
	CLEANUP(free) char *key = xasprintf("/foretide/conf/wordpress/%s/%s", tier, file);
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	CLEANUP(json_decref) json_t *doc = json_object();
	CLEANUP(free) char *template = NULL;
	CLEANUP(free) char *toml = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *value = NULL;
	json_t *keys = json_array();
	struct err err;

	assert_ok(conf_read_file(path, 1 << 20, &toml, NULL, &err), &err);
	assert_ok(confd_spec_from_toml(toml, path, &spec, &err), &err);
	template = xasprintf(STACK "/templates/%s/%s", tier, spec->src);
	assert_ok(conf_read_file(template, 1 << 20, &text, NULL, &err), &err);
	for (size_t i = 0; i < spec->n_keys; i++)
		json_array_append_new(keys,
				      json_string(spec->keys[i] + strlen(spec->prefix)));
	json_object_set_new(doc, "keys", keys);
	json_object_set_new(doc, "src", json_string(text));
	json_object_set_new(doc, "dest", json_string(spec->dest));
	json_object_set_new(doc, "prefix", json_string(spec->prefix));
	value = json_dumps(doc, 0);
	assert_non_null(value);
	fake_put(key, value);
}

static size_t put_tier(const char *tier)
{
	CLEANUP(free) char *path = xasprintf(STACK "/conf.d/%s", tier);
	DIR *d = opendir(path);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			put_resource(tier, e->d_name);
			n++;
		}
	closedir(d);
	return n;
}

static void renders_all_templates_of_each_tier(void **state)
{
	static const char *const tiers[] = { "lb", "cache", "web", "db" };
	struct setup *s = *state;
	struct confd_stats st;

	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
		const struct confd_tier tier = { .stack = "wordpress", .tier = tiers[i] };
		int64_t end = clock_mono_ms() + PATIENCE_MS;
		size_t n = put_tier(tiers[i]);

		fake.synced = true;
		confd_set_tiers(s->confd, &tier, 1);
		while (!confd_is_ready(s->confd, "wordpress", tiers[i])) {
			if (clock_mono_ms() > end)
				fail_msg("%s: %s", tiers[i],
					 confd_problem(s->confd, "wordpress", tiers[i]));
			loop_once(s->loop, 10);
		}
		confd_get_stats(s->confd, &st);
		assert_true(n > 0);
		assert_int_equal(st.resources, n);
		assert_int_equal(st.failures, 0);
	}
}

static char *read_rendered(const struct setup *s, const char *dest)
{
	CLEANUP(free) char *path = xasprintf("%s%s", s->root, dest);
	char *text = NULL;
	struct err err;

	assert_ok(conf_read_file(path, 1 << 20, &text, NULL, &err), &err);
	return text;
}

static void puts_the_registered_services_in(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *lb = NULL;
	CLEANUP(free) char *memcached = NULL;

	renders_all_templates_of_each_tier(state);
	lb = read_rendered(s, "/etc/haproxy/haproxy.cfg");
	assert_non_null(strstr(lb, "\tserver web-2-80 10.90.0.8:80\n"));
	assert_non_null(strstr(lb, "\tserver cache-1-80 10.90.0.9:80\n"));
	memcached = read_rendered(s, "/etc/foretide-wordpress/memcached.php");
	assert_non_null(strstr(memcached, "array( '10.90.0.10', 11211 )"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(renders_all_templates_of_each_tier),
		TEST(puts_the_registered_services_in),
	};

	return cmocka_run_group_tests_name("stack templates", tests, NULL, NULL);
}
