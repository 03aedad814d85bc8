/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "confd.h"

#include "check.h"
#include "disk.h"
#include "folder.h"
#include "group.h"
#include "resource.h"
#include "tier.h"

#include <string.h>

static void notify_ready(void *arg)
{
	struct confd *c = arg;

	CHECK_MAGIC(c, CONFD_MAGIC);
	for (struct confd_group *g = c->groups; g; g = g->next) {
		if (g->notified || !g->stack || !confd_group_is_ready(g))
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

	return g && confd_group_is_ready(g);
}

const char *confd_problem(const struct confd *c, const char *stack, const char *tier)
{
	const struct confd_group *g = find_group(c, stack, tier);

	if (!g)
		return "the tier is not on this host";
	for (const struct confd_resource *r = g->resources; r; r = r->next)
		if (r->problem)
			return r->problem;
	if (g->conf && *keys_problem(g->conf))
		return keys_problem(g->conf);
	if (!g->listed)
		return "the tier's template resources have not been read yet";
	for (const struct confd_resource *r = g->resources; r; r = r->next)
		for (size_t i = 0; i < r->n_uses; i++)
			if (*keys_problem(r->uses[i]))
				return keys_problem(r->uses[i]);
	return confd_group_is_ready(g)
		       ? ""
		       : "a template resource waits for its keys or its check";
}

/* ---------------------------------------------------------------- tiers */

void confd_set_tiers(struct confd *c, const struct confd_tier *tiers, size_t n)
{
	CHECK_MAGIC(c, CONFD_MAGIC);
	for (struct confd_group *g = c->groups; g; g = g->next)
		g->wanted = !g->stack;
	for (size_t i = 0; i < n; i++) {
		struct confd_group *g = find_group(c, tiers[i].stack, tiers[i].tier);

		if (!g) {
			g = confd_group_new(c, tiers[i].stack, tiers[i].tier);
			confd_tier_read(g);
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
		confd_group_free(g);
	}
}

void confd_read_folder(struct confd *c)
{
	CHECK_MAGIC(c, CONFD_MAGIC);
	confd_folder_read(c);
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
	if (!opts->reload_gap_ms)
		c->opts.reload_gap_ms = 500;
	if (!opts->verify_every_ms)
		c->opts.verify_every_ms = 30000;
	c->notify = loop_timer_new(l, notify_ready, c);
	disk_open(c);
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
		c->groups = next = g->next;
		confd_group_free(g);
	}
	disk_close(c);
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
