/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "advance.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "texts.h"

#include <string.h>

static bool is_starting(const struct unit_status *s)
{
	return strcmp(s->active, "activating") == 0 &&
	       strcmp(s->sub, "auto-restart") != 0;
}

static void set_active(struct entry *e, bool active, bool starting)
{
	if (e->active == active && e->starting == starting)
		return;
	e->active = active;
	e->starting = starting;
	if (e->w->o.on_units)
		e->w->o.on_units(e->w->o.arg);
}

static void end_drain(struct entry *e)
{
	if (!e->drain_until_mono_ms)
		return;
	e->drain_until_mono_ms = 0;
	loop_timer_unset(e->drain);
	registrator_set_draining(e->w->o.registrator, e->u.name, false);
}

/* Removes its registrations; true once its clients have had time to notice. */
static bool drain(struct entry *e, const struct unit_status *s)
{
	int64_t ms =
		unit_is_up(s) ? registrator_drain_ms(e->w->o.registrator, e->u.name) : 0;

	if (!e->drain_until_mono_ms) {
		log_info("unit-draining", STR("unit", e->u.name), INT("ms", ms));
		registrator_set_draining(e->w->o.registrator, e->u.name, true);
		e->drain_until_mono_ms = clock_mono_ms() + ms;
		if (ms > 0)
			loop_timer_at(e->drain, e->drain_until_mono_ms);
	}
	return clock_mono_ms() >= e->drain_until_mono_ms;
}

/* Returns false when the entry is to be forgotten. */
static bool take_down(struct entry *e, const struct unit_status *s)
{
	struct wanted *w = e->w;

	if (s && !unit_is_stopped(s)) {
		if (drain(e, s))
			units_set(w->o.units, e->u.name, s->hash, "", false);
		return true;
	}
	if (s && s->want_run) /* failed, or waiting to be started again */
		units_set(w->o.units, e->u.name, s->hash, "", false);
	set_active(e, false, false);
	e->drained = e->u.drain;
	if (!e->leaving)
		return true;
	if (s)
		units_drop(w->o.units, e->u.name);
	registrator_drop_unit(w->o.registrator, e->u.name);
	return false;
}

static void register_services(struct entry *e)
{
	struct err err;

	if (e->registered_hash && strcmp(e->registered_hash, e->u.hash) == 0)
		return;
	free(e->registered_hash);
	e->registered_hash = xstrdup(e->u.hash);
	if (registrator_set_unit(e->w->o.registrator, e->u.name, e->u.stack, e->text,
				 &err) < 0)
		log_warn("unit-services-invalid", STR("unit", e->u.name), ERR(&err));
}

static void bring_up(struct entry *e, const struct unit_status *s)
{
	struct wanted *w = e->w;
	bool same = s && strcmp(s->hash, e->u.hash) == 0;

	e->drained = false;
	if (!e->text) {
		entry_find_text(e);
		return;
	}
	if (s && !same && unit_is_up(s) && !drain(e, s))
		return;
	if (!(same && unit_is_up(s)) && !entry_may_start(e))
		return;
	/* It stays unregistered until the old one has stopped. */
	if (!s || same) {
		end_drain(e);
		register_services(e);
	}
	/* Before the start, so that no change of its files is missed. */
	if (!e->active)
		set_active(e, true, !(same && unit_is_up(s)));
	units_set(w->o.units, e->u.name, e->u.hash, e->text, true);
}

/* Loaded but not to run: once stopped, it is loaded with its new text. */
static void load(struct entry *e, const struct unit_status *s)
{
	if ((s && strcmp(s->hash, e->u.hash) == 0) || !e->text)
		return;
	register_services(e);
	units_set(e->w->o.units, e->u.name, e->u.hash, e->text, false);
}

static void follow_up(struct entry *e)
{
	struct unit_status s;
	bool exists = units_get(e->w->o.units, e->u.name, &s);

	registrator_set_up(e->w->o.registrator, e->u.name, exists && unit_is_up(&s));
	set_active(e, e->active, e->active && exists && is_starting(&s));
}

bool entry_advance(struct entry *e)
{
	struct unit_status s;
	bool exists = units_get(e->w->o.units, e->u.name, &s);
	bool out = e->leaving || e->u.drain || e->u.state != SCHEDULE_LAUNCHED;

	if (!out) {
		bring_up(e, exists ? &s : NULL);
	} else {
		if (!take_down(e, exists ? &s : NULL))
			return false;
		exists = units_get(e->w->o.units, e->u.name, &s);
		if (e->u.state == SCHEDULE_LOADED && (!exists || unit_is_stopped(&s)))
			load(e, exists ? &s : NULL);
	}
	follow_up(e);
	return true;
}

/* Those to be started are made known first, so that After= and Requires= find them. */
void wanted_load_all(struct wanted *w)
{
	struct unit_status s;

	for (struct entry *e = w->entries; e; e = e->next) {
		if (e->leaving || e->u.drain || e->u.state != SCHEDULE_LAUNCHED ||
		    !e->text || e->loaded)
			continue;
		e->loaded = true;
		if (!units_get(w->o.units, e->u.name, &s))
			units_set(w->o.units, e->u.name, e->u.hash, e->text, false);
	}
}
