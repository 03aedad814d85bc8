/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "list.h"

#include "check.h"
#include "clock.h"
#include "notify.h"
#include "save.h"

#include <string.h>

struct unit *own_next(struct unit *u)
{
	while (u && u->gone)
		u = u->next;
	return u;
}

struct unit *own_find(const struct own *o, const char *name)
{
	for (struct unit *u = own_next(o->units); u; u = own_next(u->next))
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

struct unit *own_add(struct own *o, const char *name, loop_timer_fn *on_deadline,
		     loop_timer_fn *on_poll)
{
	struct unit *u = xcalloc(1, sizeof(*u));
	struct unit **p = &o->units;

	u->magic = UNIT_MAGIC;
	u->own = o;
	u->name = xstrdup(name);
	u->notify_fd = -1;
	u->since_ms = clock_now_ms();
	u->deadline = loop_timer_new(o->loop, on_deadline, u);
	u->poll = loop_timer_new(o->loop, on_poll, u);
	while (*p && strcmp((*p)->name, name) < 0)
		p = &(*p)->next;
	u->next = *p;
	*p = u;
	return u;
}

static void unit_free(struct unit *u)
{
	files_forget(u->own->files, u);
	unit_close_notify(u);
	proc_watch_free(u->main);
	proc_watch_free(u->control);
	loop_timer_free(u->deadline);
	loop_timer_free(u->poll);
	cgroup_done(&u->cgroup);
	unit_spec_free(u->spec);
	free(u->name);
	free(u->hash);
	free(u->text);
	free(u->next_hash);
	free(u->next_text);
	free(u->message);
	u->magic = 0;
	free(u);
}

void unit_remove(struct unit *u)
{
	u->gone = true;
	loop_timer_unset(u->deadline);
	loop_timer_unset(u->poll);
	unit_save_remove(u);
	loop_timer_in(u->own->reaper, 0);
	if (!u->own->opening)
		u->own->on_change(u->own->arg, u->name);
}

void own_free_gone(struct own *o)
{
	for (struct unit **p = &o->units; *p;) {
		struct unit *u = *p;

		if (u->gone) {
			*p = u->next;
			unit_free(u);
		} else {
			p = &u->next;
		}
	}
}

void own_free_all(struct own *o)
{
	while (o->units) {
		struct unit *u = o->units;

		o->units = u->next;
		unit_free(u);
	}
}
