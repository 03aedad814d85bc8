/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entry.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <string.h>

/* ---------------------------------------------------------------- entries */

static void unit_strings_free(struct schedule_unit *u)
{
	free(u->name);
	free(u->hash);
	free(u->stack);
	free(u->tier);
}

static void entry_free(struct entry *e)
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

static void on_fetch_again(void *arg)
{
	struct entry *e = arg;

	CHECK_MAGIC(e, WANTED_MAGIC);
	entry_find_text(e);
}

static void on_drained(void *arg)
{
	struct entry *e = arg;

	CHECK_MAGIC(e, WANTED_MAGIC);
	wanted_poke(e->w);
}

static struct entry *entry_of(struct wanted *w, const char *name)
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

static void entry_schedule(struct entry *e, const struct schedule_unit *u)
{
	if (!e->u.hash || strcmp(e->u.hash, u->hash) != 0) {
		store_cancel(TAKE(e->fetch));
		free(TAKE(e->text));
	}
	set_string(&e->u.hash, u->hash);
	set_string(&e->u.stack, u->stack);
	set_string(&e->u.tier, u->tier);
	e->u.state = u->state;
	e->u.drain = u->drain;
	e->leaving = false;
	e->seen = true;
	entry_find_text(e);
}

/* ---------------------------------------------------------------- one unit's way */

static bool is_up(const struct unit_status *s)
{
	return strcmp(s->active, "active") == 0 || strcmp(s->active, "reloading") == 0;
}

static bool is_stopped(const struct unit_status *s)
{
	return strcmp(s->active, "inactive") == 0 || strcmp(s->active, "failed") == 0;
}

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

/* Takes its registrations back; true once its clients have had time to notice. */
static bool drain(struct entry *e, const struct unit_status *s)
{
	int64_t ms = is_up(s) ? registrator_drain_ms(e->w->o.registrator, e->u.name) : 0;

	if (!e->drain_until_mono_ms) {
		log_info("unit-drains", STR("unit", e->u.name), INT("ms", ms));
		registrator_set_draining(e->w->o.registrator, e->u.name, true);
		e->drain_until_mono_ms = clock_mono_ms() + ms;
		if (ms > 0)
			loop_timer_at(e->drain, e->drain_until_mono_ms);
	}
	return clock_mono_ms() >= e->drain_until_mono_ms;
}

/* Returns false when the entry is to be forgotten. */
static bool go_out(struct entry *e, const struct unit_status *s)
{
	struct wanted *w = e->w;

	if (s && !is_stopped(s)) {
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

static bool may_start(const struct entry *e)
{
	return !e->w->o.is_ready || e->w->o.is_ready(e->w->o.arg, e->u.stack, e->u.tier);
}

static void register_services(struct entry *e)
{
	struct err err;

	if (e->registered_hash && strcmp(e->registered_hash, e->u.hash) == 0)
		return;
	set_string(&e->registered_hash, e->u.hash);
	if (registrator_set_unit(e->w->o.registrator, e->u.name, e->u.stack, e->text,
				 &err) < 0)
		log_warn("unit-services-refused", STR("unit", e->u.name), ERR(&err));
}

static void go_in(struct entry *e, const struct unit_status *s)
{
	struct wanted *w = e->w;
	bool same = s && strcmp(s->hash, e->u.hash) == 0;

	e->drained = false;
	if (!e->text) {
		entry_find_text(e);
		return;
	}
	if (s && !same && is_up(s) && !drain(e, s))
		return;
	if (!(same && is_up(s)) && !may_start(e))
		return;
	/* Its registrations stay away until the old one has gone. */
	if (!s || same) {
		end_drain(e);
		register_services(e);
	}
	/* Before the start, so that no change of its files falls between. */
	if (!e->active)
		set_active(e, true, !(same && is_up(s)));
	units_set(w->o.units, e->u.name, e->u.hash, e->text, true);
}

/* Loaded but not to run: after it has gone out it is made known with its new text. */
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

	registrator_set_up(e->w->o.registrator, e->u.name, exists && is_up(&s));
	set_active(e, e->active, e->active && exists && is_starting(&s));
}

static bool look_at(struct entry *e)
{
	struct unit_status s;
	bool exists = units_get(e->w->o.units, e->u.name, &s);
	bool out = e->leaving || e->u.drain || e->u.state != SCHEDULE_LAUNCHED;

	if (!out) {
		go_in(e, exists ? &s : NULL);
	} else {
		if (!go_out(e, exists ? &s : NULL))
			return false;
		exists = units_get(e->w->o.units, e->u.name, &s);
		if (e->u.state == SCHEDULE_LOADED && (!exists || is_stopped(&s)))
			load(e, exists ? &s : NULL);
	}
	follow_up(e);
	return true;
}

/* ---------------------------------------------------------------- states */

static const char *message_of(const struct entry *e, const struct unit_status *s)
{
	const struct wanted *w = e->w;

	if (s && *s->message)
		return s->message;
	if (e->u.state == SCHEDULE_LAUNCHED && !e->text)
		return "waiting for its text";
	if (e->u.state == SCHEDULE_LAUNCHED && !e->u.drain && !e->leaving &&
	    !(s && is_up(s)) && !may_start(e))
		return w->o.why_not_ready
			       ? w->o.why_not_ready(w->o.arg, e->u.stack, e->u.tier)
			       : "waiting for its files";
	return registrator_problem(w->o.registrator, e->u.name);
}

static void add_state(struct states *all, const struct entry *e)
{
	struct unit_status s = { 0 };
	bool exists = units_get(e->w->o.units, e->u.name, &s);
	struct unit_state u = {
		.name = e->u.name,
		.hash = (char *)(uintptr_t)(exists ? s.hash : e->u.hash),
		.load = (char *)(uintptr_t)(exists ? s.load : "not-found"),
		.active = (char *)(uintptr_t)(exists ? s.active : "inactive"),
		.sub = (char *)(uintptr_t)(exists ? s.sub : "dead"),
		.health = registrator_health(e->w->o.registrator, e->u.name),
		.drained = e->drained,
		.restarts = s.restarts,
		.since_ms = s.since_ms,
		.message = (char *)(uintptr_t)message_of(e, exists ? &s : NULL),
	};

	(void)!states_add(all, &u, NULL);
}

static void on_publish(void *arg)
{
	struct wanted *w = arg;
	CLEANUP(states_free) struct states *all = states_new(w->epoch);
	CLEANUP(free) char *text = NULL;

	CHECK_MAGIC(w, WANTED_MAGIC);
	if (!w->lease || !w->known)
		return;
	for (const struct entry *e = w->entries; e; e = e->next)
		add_state(all, e);
	text = states_format(all);
	lease_set(w->lease, w->states_key, text);
	w->published_mono_ms = clock_mono_ms();
}

static void publish_soon(struct wanted *w)
{
	if (!loop_timer_is_set(w->publish))
		loop_timer_at(w->publish, MAX(w->published_mono_ms + WANTED_PUBLISH_MS,
					      clock_mono_ms()));
}

/* ---------------------------------------------------------------- all of them */

/* Those to be started are made known first, so that After= and Requires= find them. */
static void load_all(struct wanted *w)
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

static void on_look(void *arg)
{
	struct wanted *w = arg;

	CHECK_MAGIC(w, WANTED_MAGIC);
	load_all(w);
	for (struct entry **p = &w->entries; *p;) {
		struct entry *e = *p;

		if (look_at(e)) {
			p = &e->next;
			continue;
		}
		*p = e->next;
		entry_free(e);
		if (w->o.on_units)
			w->o.on_units(w->o.arg);
	}
	publish_soon(w);
}

void wanted_poke(struct wanted *w)
{
	CHECK_MAGIC(w, WANTED_MAGIC);
	loop_timer_in(w->look, 0);
}

static void apply(struct wanted *w, const struct schedule *s)
{
	for (struct entry *e = w->entries; e; e = e->next)
		e->seen = false;
	for (size_t i = 0; i < s->n; i++)
		entry_schedule(entry_of(w, s->units[i].name), &s->units[i]);
	for (struct entry *e = w->entries; e; e = e->next)
		e->leaving = !e->seen;
	w->epoch = s->epoch;
	w->known = true;
	if (w->o.on_units)
		w->o.on_units(w->o.arg);
	wanted_poke(w);
}

/* Units that an earlier life left and no schedule names. */
static void drop_strangers(struct wanted *w)
{
	const char *name;

	for (size_t i = 0; (name = units_at(w->o.units, i)); i++) {
		struct entry *e = w->entries;

		while (e && strcmp(e->u.name, name) != 0)
			e = e->next;
		if (!e)
			entry_schedule(entry_of(w, name),
				       &(struct schedule_unit){
					       .hash = (char *)(uintptr_t) "",
					       .stack = (char *)(uintptr_t) "",
					       .tier = (char *)(uintptr_t) "" });
		if (!e)
			entry_of(w, name)->leaving = true;
	}
}

static void on_schedule(void *arg, const struct mirror_change *changes, size_t n)
{
	struct wanted *w = arg;
	const struct store_kv *kv = mirror_get(w->mirror, w->key);
	CLEANUP(schedule_free) struct schedule *s = NULL;
	struct err e;

	(void)changes;
	(void)n;
	CHECK_MAGIC(w, WANTED_MAGIC);
	if (!kv) {
		if (w->known)
			log_warn("schedule-absent", STR("key", w->key));
		return;
	}
	if (schedule_parse(kv->value, kv->value_len, &s, &e) < 0) {
		log_error("schedule-unreadable", STR("key", w->key), ERR(&e));
		return;
	}
	log_info("schedule", INT("epoch", s->epoch), INT("units", s->n));
	apply(w, s);
	drop_strangers(w);
	wanted_save(w, s);
}

/* ---------------------------------------------------------------- the object */

struct wanted *wanted_new(struct loop *loop, const struct wanted_opts *opts)
{
	struct wanted *w = xcalloc(1, sizeof(*w));
	CLEANUP(schedule_free) struct schedule *s = NULL;

	w->magic = WANTED_MAGIC;
	w->loop = loop;
	w->o = *opts;
	w->host = xstrdup(opts->host);
	w->state_dir = xstrdup(opts->state_dir);
	w->key = xasprintf("/foretide/schedule/%s", opts->host);
	w->states_key = xasprintf("/foretide/states/%s", opts->host);
	w->look = loop_timer_new(loop, on_look, w);
	w->publish = loop_timer_new(loop, on_publish, w);
	s = wanted_restore(w);
	if (s)
		apply(w, s);
	return w;
}

void wanted_set_store(struct wanted *w, struct store *s, struct lease *l)
{
	CHECK_MAGIC(w, WANTED_MAGIC);
	w->store = s;
	w->lease = l;
	w->mirror = mirror_new(s, w->key, on_schedule, w);
	wanted_poke(w);
}

void wanted_free(struct wanted *w)
{
	if (!w)
		return;
	CHECK_MAGIC(w, WANTED_MAGIC);
	mirror_free(w->mirror);
	while (w->entries) {
		struct entry *e = w->entries;

		w->entries = e->next;
		entry_free(e);
	}
	loop_timer_free(w->look);
	loop_timer_free(w->publish);
	free(w->host);
	free(w->state_dir);
	free(w->key);
	free(w->states_key);
	w->magic = 0;
	free(w);
}

bool wanted_at(const struct wanted *w, size_t i, struct wanted_unit *ret)
{
	const struct entry *e = w->entries;
	struct unit_status s;

	while (e && i--)
		e = e->next;
	if (!e)
		return false;
	*ret = (struct wanted_unit){
		.name = e->u.name,
		.stack = e->u.stack,
		.tier = e->u.tier,
		.text = e->text,
		.active = e->active,
		.starting = e->starting,
		.up = units_get(e->w->o.units, e->u.name, &s) && is_up(&s),
		.health = registrator_health(e->w->o.registrator, e->u.name),
	};
	return true;
}
