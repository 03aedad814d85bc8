/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog_entries.h"

#include "calendar.h"
#include "check.h"
#include "text.h"
#include "unitfile.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_EVERY_MS INT64_C(86400000)

struct catalog *catalog_new(void)
{
	return xcalloc(1, sizeof(struct catalog));
}

static void entry_free(struct entry *e)
{
	for (size_t i = 0; e->tiers && i < e->file->tiers.n; i++) {
		free(e->tiers[i].ports);
		calendar_done(&e->tiers[i].calendar);
	}
	free(e->tiers);
	event_list_done(&e->events);
	stack_file_free(e->file);
	tz_free(e->zone);
	free(e->name);
	free(e);
}
DEFINE_CLEANUP(struct entry *, entry_free);

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		entry_free(c->entries[i]);
	free(c->entries);
	words_done(&c->unread);
	free(c);
}

/* ---------------------------------------------------------------- reading */

static int read_tier(const struct entry *e, const struct db_tier *t,
		     const struct stack_unit *u, struct catalog_tier *ret,
		     struct err *err)
{
	CLEANUP(json_decref) json_t *rules = NULL;
	CLEANUP(x_services_done) struct x_services services = { 0 };
	struct unit_context ctx = { .name = u->name, .host = e->name };
	int rc;

	ret->name = t->name;
	ret->unit = u;
	ret->rolls_back = e->file->rolls_back[u - e->file->units];
	ret->zone = e->zone;
	ret->events = &e->events;
	rc = json_parse(t->schedule_json, strlen(t->schedule_json), "schedule", &rules,
			err);
	if (rc == 0)
		rc = calendar_parse(rules, &ret->calendar, err);
	if (rc == 0)
		rc = x_resources_read(u->file, &ret->resources, err);
	if (rc == 0)
		rc = x_services_read(u->file, &ctx, &services, err);
	if (rc < 0)
		return rc;
	ret->ports = xcalloc(services.n, sizeof(*ret->ports));
	for (; ret->n_ports < services.n; ret->n_ports++)
		ret->ports[ret->n_ports] = services.v[ret->n_ports].port;
	return 0;
}

static int read_stack(const struct db_stack *s, struct entry **ret, struct err *err)
{
	CLEANUP(entry_free) struct entry *e = xcalloc(1, sizeof(*e));
	int rc;

	e->name = xstrdup(s->name);
	e->version = s->version;
	rc = stack_file_parse(s->text_json, &e->file, err);
	if (rc == 0)
		rc = tz_open(s->timezone, &e->zone, err);
	if (rc < 0)
		return rc;
	e->tiers = xcalloc(e->file->tiers.n, sizeof(*e->tiers));
	for (size_t i = 0; rc == 0 && i < e->file->tiers.n; i++)
		rc = read_tier(e, &e->file->tiers.v[i], &e->file->units[i], &e->tiers[i],
			       err);
	if (rc < 0)
		return rc;
	*ret = TAKE(e);
	return 0;
}

/* The window in which events are listed moves on with time. */
static int list_events(struct catalog *c, struct entry *e, int64_t now_ms,
		       struct err *err)
{
	struct event_list l;
	int rc;

	if (e->events_ms && now_ms >= e->events_ms &&
	    now_ms - e->events_ms < EVENTS_EVERY_MS)
		return 0;
	rc = event_list_read(&e->file->events, e->zone, now_ms, &l, err);
	if (rc < 0)
		return rc;
	event_list_done(&e->events);
	e->events = l;
	e->events_ms = now_ms;
	c->serial++;
	for (size_t i = 0; i < e->file->tiers.n; i++)
		e->tiers[i].events_serial = c->serial;
	return 0;
}

static struct entry *find(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i]->name, name) == 0)
			return c->entries[i];
	return NULL;
}

static void put(struct catalog *c, struct entry *e)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->entries[i]->name, e->name) == 0) {
			entry_free(c->entries[i]);
			c->entries[i] = e;
			return;
		}
	}
	c->entries = xrealloc(c->entries, (c->n + 1) * sizeof(struct entry *));
	c->entries[c->n++] = e;
}

static int update_stack(struct catalog *c, const struct db_stack *s, int64_t now_ms,
			struct err *err)
{
	struct entry *e = find(c, s->name);
	int rc;

	if (!e || e->version != s->version) {
		rc = read_stack(s, &e, err);
		if (rc < 0)
			return err_wrap(err, rc, "stack %s", s->name);
		put(c, e);
	}
	e->is_wanted = true;
	rc = list_events(c, e, now_ms, err);
	return rc < 0 ? err_wrap(err, rc, "stack %s", s->name) : 0;
}

static const struct catalog_tier *tier_of(const struct catalog *c,
					  const struct db_tier *t)
{
	const struct entry *e = find(c, t->stack);

	for (size_t i = 0; e && i < e->file->tiers.n; i++)
		if (strcmp(e->tiers[i].name, t->name) == 0)
			return &e->tiers[i];
	return NULL;
}

int catalog_update(struct catalog *c, struct fleet *f, struct err *err)
{
	int first = 0;

	words_clear(&c->unread);
	for (size_t i = 0; i < c->n; i++)
		c->entries[i]->is_wanted = false;
	for (size_t i = 0; i < f->stacks.n; i++) {
		int rc = update_stack(c, &f->stacks.v[i], f->now_ms, first ? NULL : err);

		if (rc < 0)
			words_add(&c->unread, f->stacks.v[i].name);
		first = first ? first : rc;
	}
	for (size_t i = 0; i < c->n;) {
		if (c->entries[i]->is_wanted) {
			i++;
			continue;
		}
		entry_free(c->entries[i]);
		c->entries[i] = c->entries[--c->n];
	}
	for (size_t i = 0; i < f->n_tiers; i++)
		f->tiers[i].cat = tier_of(c, &f->tiers[i].t);
	return first;
}
