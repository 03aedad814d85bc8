/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entry.h"

#include "check.h"

#include <string.h>

void wanted_look_soon(struct wanted *w)
{
	loop_timer_in(w->look, 0);
}

static void unit_strings_free(struct schedule_unit *u)
{
	free(u->name);
	free(u->hash);
	free(u->stack);
	free(u->tier);
}

void entry_free(struct entry *e)
{
	store_cancel(e->fetch);
	loop_timer_free(e->fetch_again);
	loop_timer_free(e->drain);
	unit_strings_free(&e->u);
	free(e->text);
	free(e->registered_hash);
	e->magic = 0;
	free(e);
}

static void on_drained(void *arg)
{
	struct entry *e = arg;

	CHECK_MAGIC(e, WANTED_MAGIC);
	wanted_look_soon(e->w);
}

struct entry *entry_of(struct wanted *w, const char *name, loop_timer_fn *on_fetch_again)
{
	struct entry **p = &w->entries;
	struct entry *e;

	while (*p && strcmp((*p)->u.name, name) < 0)
		p = &(*p)->next;
	if (*p && strcmp((*p)->u.name, name) == 0)
		return *p;
	e = xcalloc(1, sizeof(*e));
	e->magic = WANTED_MAGIC;
	e->w = w;
	e->u.name = xstrdup(name);
	e->fetch_again = loop_timer_new(w->loop, on_fetch_again, e);
	e->drain = loop_timer_new(w->loop, on_drained, e);
	e->next = *p;
	*p = e;
	return e;
}

static void set_string(char **place, const char *s)
{
	if (*place && strcmp(*place, s) == 0)
		return;
	free(*place);
	*place = xstrdup(s);
}

void entry_schedule(struct entry *e, const struct schedule_unit *u)
{
	if (!e->u.hash || strcmp(e->u.hash, u->hash) != 0) {
		store_cancel(TAKE(e->fetch));
		free(TAKE(e->text));
		e->kept = false;
	}
	set_string(&e->u.hash, u->hash);
	set_string(&e->u.stack, u->stack);
	set_string(&e->u.tier, u->tier);
	e->u.state = u->state;
	e->u.drain = u->drain;
	e->leaving = false;
	e->seen = true;
}

bool entry_may_start(const struct entry *e)
{
	return !e->w->o.is_ready || e->w->o.is_ready(e->w->o.arg, e->u.stack, e->u.tier);
}

bool unit_is_up(const struct unit_status *s)
{
	return strcmp(s->active, "active") == 0 || strcmp(s->active, "reloading") == 0;
}

bool unit_is_stopped(const struct unit_status *s)
{
	return strcmp(s->active, "inactive") == 0 || strcmp(s->active, "failed") == 0;
}
