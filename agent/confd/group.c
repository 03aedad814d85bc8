/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "group.h"

#include "check.h"
#include "log.h"
#include "reload.h"

#include <string.h>

struct confd_group *confd_group_new(struct confd *c, const char *stack, const char *tier)
{
	struct confd_group *g = xcalloc(1, sizeof(*g));

	g->confd = c;
	g->stack = stack ? xstrdup(stack) : NULL;
	g->tier = tier ? xstrdup(tier) : NULL;
	g->next = c->groups;
	c->groups = g;
	return g;
}

void confd_group_free(struct confd_group *g)
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

bool confd_group_is_ready(const struct confd_group *g)
{
	if (!g->listed)
		return false;
	for (const struct confd_resource *r = g->resources; r; r = r->next)
		if (!r->rendered)
			return false;
	return true;
}

void confd_group_listed(struct confd_group *g)
{
	if (!g->listed)
		loop_timer_in(g->confd->notify, 0);
	g->listed = true;
}

static struct confd_resource **find_resource(struct confd_group *g, const char *key)
{
	struct confd_resource **at = &g->resources;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

void confd_group_drop(struct confd_group *g, const char *key)
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
	confd_group_drop(g, r->key);
	r->next = g->resources;
	g->resources = r;
	g->notified = g->notified && confd_group_is_ready(g);
}

void confd_group_put_bad(struct confd_group *g, const char *key, const struct err *err)
{
	struct confd_resource *old = *find_resource(g, key);

	if (old && old->spec) {
		/* What worked stays in use. */
		log_error("confd-bad-resource", STR("resource", key), ERR(err));
		g->confd->stats.failures++;
		return;
	}
	put_resource(g, confd_resource_bad(g, key, err));
}

/* Due, or under way, or about to be asked for by what is being written. */
static bool lacks_reload(const struct confd_resource *r)
{
	return r->reload_due || r->reloading || r->disk;
}

void confd_group_put(struct confd_group *g, const char *key, struct confd_spec *spec,
		     char *text)
{
	const struct confd_resource *old = *find_resource(g, key);
	const bool same_file =
		old && old->spec && strcmp(old->spec->dest, spec->dest) == 0;
	struct confd_resource *r =
		confd_resource_new(g, key, spec, text, same_file && old->rendered);

	if (same_file && lacks_reload(old))
		confd_reload_request(r);
	put_resource(g, r);
}
