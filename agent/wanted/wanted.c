/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wanted.h"

#include "advance.h"
#include "check.h"
#include "entry.h"
#include "log.h"
#include "publish.h"
#include "saved.h"
#include "texts.h"

#include <string.h>

static void on_look(void *arg)
{
	struct wanted *w = arg;

	CHECK_MAGIC(w, WANTED_MAGIC);
	wanted_load_all(w);
	for (struct entry **p = &w->entries; *p;) {
		struct entry *e = *p;

		if (entry_advance(e)) {
			p = &e->next;
			continue;
		}
		*p = e->next;
		entry_free(e);
		if (w->o.on_units)
			w->o.on_units(w->o.arg);
	}
	wanted_publish_soon(w);
}

void wanted_poke(struct wanted *w)
{
	CHECK_MAGIC(w, WANTED_MAGIC);
	wanted_look_soon(w);
}

static void on_publish(void *arg)
{
	struct wanted *w = arg;

	CHECK_MAGIC(w, WANTED_MAGIC);
	wanted_publish(w);
}

/* ---------------------------------------------------------------- the schedule */

static void on_fetch_again(void *arg)
{
	struct entry *e = arg;

	CHECK_MAGIC(e, WANTED_MAGIC);
	entry_find_text(e);
}

static struct entry *schedule_one(struct wanted *w, const struct schedule_unit *u)
{
	struct entry *e = entry_of(w, u->name, on_fetch_again);

	entry_schedule(e, u);
	entry_find_text(e);
	return e;
}

static void apply(struct wanted *w, const struct schedule *s)
{
	for (struct entry *e = w->entries; e; e = e->next)
		e->seen = false;
	for (size_t i = 0; i < s->n; i++)
		schedule_one(w, &s->units[i]);
	for (struct entry *e = w->entries; e; e = e->next)
		e->leaving = !e->seen;
	w->epoch = s->epoch;
	w->known = true;
	if (w->o.on_units)
		w->o.on_units(w->o.arg);
	wanted_poke(w);
}

/* Units that a previous run left and no schedule names. */
static void drop_strangers(struct wanted *w)
{
	const char *name;

	for (size_t i = 0; (name = units_at(w->o.units, i)); i++) {
		struct schedule_unit none = { .name = (char *)(uintptr_t)name,
					      .hash = (char *)(uintptr_t) "",
					      .stack = (char *)(uintptr_t) "",
					      .tier = (char *)(uintptr_t) "" };
		const struct entry *e = w->entries;

		while (e && strcmp(e->u.name, name) != 0)
			e = e->next;
		if (!e)
			schedule_one(w, &none)->leaving = true;
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
	schedule_save(w, s);
	texts_forget(w, s);
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
	texts_open(w);
	s = schedule_restore(w);
	if (s)
		apply(w, s);
	return w;
}

void wanted_set_store(struct wanted *w, struct store *s, struct lease *l)
{
	CHECK_MAGIC(w, WANTED_MAGIC);
	w->store = s;
	w->lease = l;
	w->mirror = mirror_new_key(s, w->key, on_schedule, w);
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
		.up = units_get(e->w->o.units, e->u.name, &s) && unit_is_up(&s),
		.health = registrator_health(e->w->o.registrator, e->u.name),
	};
	return true;
}
