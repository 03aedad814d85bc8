/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resource.h"

#include "check.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_ROOT "/foretide/conf/"
#define TEXT_MAX ((size_t)1 << 20)
#define FOLDER_DEEP 8

/* ---------------------------------------------------------------- readiness */

static bool is_ready(const struct confd_group *g)
{
	if (!g->listed)
		return false;
	for (const struct confd_resource *r = g->resources; r; r = r->next)
		if (!r->rendered)
			return false;
	return true;
}

static void notify_ready(void *arg)
{
	struct confd *c = arg;

	CHECK_MAGIC(c, CONFD_MAGIC);
	for (struct confd_group *g = c->groups; g; g = g->next) {
		if (g->notified || !g->stack || !is_ready(g))
			continue;
		g->notified = true;
		/* The callback may set other tiers: continue in the next turn of the
		 * loop. */
		loop_timer_in(c->notify, 0);
		if (c->opts.on_ready)
			c->opts.on_ready(c->opts.arg, g->stack, g->tier);
		return;
	}
}

static struct confd_group *find_group(const struct confd *c, const char *stack,
				      const char *tier)
{
	for (struct confd_group *g = c->groups; g; g = g->next)
		if (g->stack && strcmp(g->stack, stack) == 0 &&
		    strcmp(g->tier, tier) == 0)
			return g;
	return NULL;
}

bool confd_is_ready(const struct confd *c, const char *stack, const char *tier)
{
	const struct confd_group *g = find_group(c, stack, tier);

	return g && is_ready(g);
}

const char *confd_problem(const struct confd *c, const char *stack, const char *tier)
{
	const struct confd_group *g = find_group(c, stack, tier);

	if (!g)
		return "the tier is not on this host";
	for (const struct confd_resource *r = g->resources; r; r = r->next)
		if (r->problem)
			return r->problem;
	if (!g->listed)
		return "the tier's template resources have not been read yet";
	return is_ready(g) ? "" : "a template resource waits for its keys or its check";
}

/* ---------------------------------------------------------------- resources */

static struct confd_resource **find_resource(struct confd_group *g, const char *key)
{
	struct confd_resource **at = &g->resources;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static void drop_resource(struct confd_group *g, const char *key)
{
	struct confd_resource **at = find_resource(g, key);
	struct confd_resource *r = *at;

	if (!r)
		return;
	*at = r->next;
	confd_resource_free(r);
	loop_timer_in(g->confd->notify, 0);
}

/* Puts a resource at the place of the one with its key. */
static void put_resource(struct confd_group *g, struct confd_resource *r)
{
	drop_resource(g, r->key);
	r->next = g->resources;
	g->resources = r;
	g->notified = g->notified && is_ready(g);
}

static void put_bad(struct confd_group *g, const char *key, const struct err *err)
{
	struct confd_resource *old = *find_resource(g, key);

	if (old && old->spec) {
		/* What worked goes on. */
		log_error("confd-bad-resource", STR("resource", key), ERR(err));
		g->confd->stats.failures++;
		return;
	}
	put_resource(g, confd_resource_bad(g, key, err));
}

static void put_good(struct confd_group *g, const char *key, struct confd_spec *spec,
		     char *text)
{
	const struct confd_resource *old = *find_resource(g, key);
	bool rendered = old && old->spec && old->rendered &&
			strcmp(old->spec->dest, spec->dest) == 0;
	bool reload_due = rendered && old->reload_due;
	struct confd_resource *r = confd_resource_new(g, key, spec, text, rendered);

	r->reload_due = reload_due && spec->reload_cmd;
	put_resource(g, r);
}

static void on_spec(struct confd_group *g, const struct store_kv *kv)
{
	struct confd_spec *spec = NULL;
	struct err err;

	if (confd_spec_from_json(kv->value, kv->value_len, kv->key, &spec, &err) < 0)
		put_bad(g, kv->key, &err);
	else
		put_good(g, kv->key, spec, TAKE(spec->src));
}

static void list_done(struct confd_group *g)
{
	if (!g->listed)
		loop_timer_in(g->confd->notify, 0);
	g->listed = true;
}

static void on_conf(void *arg, const struct mirror_change *changes, size_t n)
{
	struct confd_group *g = arg;
	CLEANUP(free) char *prefix = xasprintf(CONF_ROOT "%s/%s/", g->stack, g->tier);

	for (size_t i = 0; i < n; i++) {
		const struct store_kv *kv = changes[i].kv;

		if (strncmp(kv->key, prefix, strlen(prefix)) != 0)
			continue;
		if (changes[i].deleted)
			drop_resource(g, kv->key);
		else
			on_spec(g, kv);
	}
	list_done(g);
}

static bool on_conf_each(void *arg, const struct store_kv *kv)
{
	on_spec(arg, kv);
	return true;
}

/* ---------------------------------------------------------------- tiers */

static void free_group(struct confd_group *g)
{
	struct confd_resource *next;

	for (struct confd_resource *r = g->resources; r; r = next) {
		next = r->next;
		confd_resource_free(r);
	}
	keys_unuse(g->conf);
	free(g->stack);
	free(g->tier);
	free(g);
}

static struct confd_group *add_group(struct confd *c, const char *stack, const char *tier)
{
	struct confd_group *g = xcalloc(1, sizeof(*g));

	g->confd = c;
	g->stack = stack ? xstrdup(stack) : NULL;
	g->tier = tier ? xstrdup(tier) : NULL;
	g->next = c->groups;
	c->groups = g;
	return g;
}

static void start_group(struct confd_group *g)
{
	CLEANUP(free) char *prefix = xasprintf(CONF_ROOT "%s/%s/", g->stack, g->tier);

	g->conf = keys_use(g->confd->keys, prefix, on_conf, g);
	if (!keys_has_copy(g->conf))
		return;
	keys_each(g->conf, prefix, on_conf_each, g);
	list_done(g);
}

void confd_set_tiers(struct confd *c, const struct confd_tier *tiers, size_t n)
{
	CHECK_MAGIC(c, CONFD_MAGIC);
	for (struct confd_group *g = c->groups; g; g = g->next)
		g->wanted = !g->stack;
	for (size_t i = 0; i < n; i++) {
		struct confd_group *g = find_group(c, tiers[i].stack, tiers[i].tier);

		if (!g) {
			g = add_group(c, tiers[i].stack, tiers[i].tier);
			start_group(g);
		}
		g->wanted = true;
		g->active = tiers[i].active;
		g->starting = tiers[i].starting;
		for (struct confd_resource *r = g->resources; r; r = r->next)
			confd_resource_active(r);
	}
	for (struct confd_group **at = &c->groups; *at;) {
		struct confd_group *g = *at;

		if (g->wanted) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		free_group(g);
	}
}

/* ---------------------------------------------------------------- the folder */

static struct confd_group *folder_group(struct confd *c)
{
	for (struct confd_group *g = c->groups; g; g = g->next)
		if (!g->stack)
			return g;
	return add_group(c, NULL, NULL);
}

static int load_file(struct confd_group *g, const char *path, struct err *err)
{
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	CLEANUP(free) char *toml = NULL;
	CLEANUP(free) char *template = NULL;
	char *text = NULL;
	int rc = conf_read_file(path, TEXT_MAX, &toml, NULL, err);

	if (rc == 0)
		rc = confd_spec_from_toml(toml, path, &spec, err);
	if (rc < 0)
		return rc;
	template = xasprintf("%s/templates/%s", g->confd->opts.folder, spec->src);
	rc = conf_read_file(template, TEXT_MAX, &text, NULL, err);
	if (rc < 0)
		return rc;
	put_good(g, path, TAKE(spec), text);
	return 0;
}

static bool ends_in_toml(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".toml") == 0;
}

static void load_folder(struct confd_group *g, const char *path, int depth)
{
	struct dirent **names;
	int n = depth > FOLDER_DEEP ? 0 : scandir(path, &names, NULL, alphasort);

	if (n < 0) {
		log_warn("confd-no-folder", STR("path", path),
			 STR("error", strerror(errno)));
		return;
	}
	for (int i = 0; i < n; i++) {
		CLEANUP(free) char *child = xasprintf("%s/%s", path, names[i]->d_name);
		struct stat st;
		struct err err;

		if (names[i]->d_name[0] != '.' && stat(child, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				load_folder(g, child, depth + 1);
			else if (ends_in_toml(child) && load_file(g, child, &err) < 0)
				put_bad(g, child, &err);
		}
		free(names[i]);
	}
	if (depth <= FOLDER_DEEP)
		free(names);
}

/* A resource whose file no longer exists is dropped. */
static void drop_missing(struct confd_group *g)
{
	for (struct confd_resource **at = &g->resources; *at;) {
		struct confd_resource *r = *at;

		if (access(r->key, F_OK) == 0) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		confd_resource_free(r);
	}
}

void confd_read_folder(struct confd *c)
{
	CLEANUP(free) char *path = NULL;
	struct confd_group *g;

	CHECK_MAGIC(c, CONFD_MAGIC);
	if (!c->opts.folder)
		return;
	g = folder_group(c);
	g->active = true;
	g->listed = true;
	drop_missing(g);
	path = xasprintf("%s/conf.d", c->opts.folder);
	load_folder(g, path, 0);
}

/* ---------------------------------------------------------------- the whole */

static const char *copy_string(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void free_string(const char *s)
{
	free((char *)(uintptr_t)s);
}

struct confd *confd_new(struct loop *l, struct keys *k, const struct confd_opts *opts)
{
	struct confd *c = xcalloc(1, sizeof(*c));

	c->magic = CONFD_MAGIC;
	c->loop = l;
	c->keys = k;
	c->opts = *opts;
	c->opts.folder = copy_string(opts->folder);
	c->opts.state_dir = copy_string(opts->state_dir);
	c->opts.root = copy_string(opts->root);
	c->opts.hostname = copy_string(opts->hostname);
	c->opts.address = copy_string(opts->address);
	c->opts.domain = copy_string(opts->domain);
	if (!opts->debounce_ms)
		c->opts.debounce_ms = 20;
	if (!opts->max_wait_ms)
		c->opts.max_wait_ms = 200;
	if (!opts->command_ms)
		c->opts.command_ms = 15000;
	if (!opts->retry_first_ms)
		c->opts.retry_first_ms = 500;
	if (!opts->retry_most_ms)
		c->opts.retry_most_ms = 30000;
	c->notify = loop_timer_new(l, notify_ready, c);
	confd_read_folder(c);
	return c;
}

void confd_free(struct confd *c)
{
	struct confd_group *next;

	if (!c)
		return;
	CHECK_MAGIC(c, CONFD_MAGIC);
	for (struct confd_group *g = c->groups; g; g = next) {
		next = g->next;
		free_group(g);
	}
	loop_timer_free(c->notify);
	free_string(c->opts.folder);
	free_string(c->opts.state_dir);
	free_string(c->opts.root);
	free_string(c->opts.hostname);
	free_string(c->opts.address);
	free_string(c->opts.domain);
	c->magic = 0;
	free(c);
}

void confd_get_stats(const struct confd *c, struct confd_stats *ret)
{
	*ret = c->stats;
	ret->resources = 0;
	for (const struct confd_group *g = c->groups; g; g = g->next)
		for (const struct confd_resource *r = g->resources; r; r = r->next)
			ret->resources++;
}
