/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

void watch_begin(struct watch *w, const struct look *before, const char *subject,
		 int64_t mono_ms)
{
	*w = (struct watch){
		.begun_mono_ms = mono_ms,
		.last_mono_ms = mono_ms,
		.well_since_ms = -1,
		.short_until_ms = -1,
		.nothing_since_ms = -1,
		.subject = subject,
		.wanted = json_object(),
		.served = json_object(),
		.hosts = json_object(),
		.units = json_object(),
		.tiers = json_object(),
		.ended = json_object(),
		.told = json_object(),
	};
	for (size_t i = 0; i < before->tiers.n; i++)
		json_object_set_new(w->wanted, before->tiers.v[i].name,
				    json_integer(look_wanted(&before->tiers.v[i])));
	for (size_t i = 0; i < before->units.n; i++)
		if (look_serves(before, &before->units.v[i]))
			json_object_set_new(w->served, before->units.v[i].name,
					    json_true());
	for (size_t i = 0; i < before->hosts.n; i++)
		json_object_set_new(w->hosts, before->hosts.v[i].id, json_true());
}

void watch_done(struct watch *w)
{
	json_decref(w->wanted);
	json_decref(w->served);
	json_decref(w->hosts);
	json_decref(w->units);
	json_decref(w->tiers);
	json_decref(w->ended);
	json_decref(w->told);
	*w = (struct watch){ .subject = "" };
}

/* ---------------------------------------------------------------- one look */

static const struct db_unit *unit_in(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->units.n; i++)
		if (strcmp(l->units.v[i].name, name) == 0)
			return &l->units.v[i];
	return NULL;
}

static void see_units(struct watch *w, const struct look *now)
{
	const char *name;
	json_t *was;

	json_object_foreach(w->served, name, was)
	{
		const struct db_unit *u = unit_in(now, name);

		/* One that was told to go is not lost. */
		if (u && (u->goal != DB_GOAL_RUN || look_serves(now, u)))
			continue;
		json_object_set(w->units, name, was);
	}
}

static void add_short(struct watch *w, const char *tier, int64_t want, int64_t serve,
		      int64_t passed_ms)
{
	json_t *t = json_object_get(w->tiers, tier);
	int64_t least = serve, short_ms = passed_ms;

	if (t) {
		least = MIN(serve, json_integer_value(json_object_get(t, "least")));
		short_ms += json_integer_value(json_object_get(t, "short_ms"));
	}
	json_object_set_new(w->tiers, tier,
			    json_pack("{s:I, s:I, s:I}", "wanted", (json_int_t)want,
				      "least", (json_int_t)least, "short_ms",
				      (json_int_t)short_ms));
}

static void see_tiers(struct watch *w, const struct look *now, int64_t mono_ms)
{
	bool is_short = false, has_nothing = false;

	for (size_t i = 0; i < now->tiers.n; i++) {
		const struct db_tier *t = &now->tiers.v[i];
		const json_t *before = json_object_get(w->wanted, t->name);
		/* One that is scaled in meanwhile is not short of what it gave. */
		const int64_t want = MIN(json_integer_value(before), look_wanted(t));
		const int64_t serve = look_serving(now, t->name);

		if (serve >= want)
			continue;
		is_short = true;
		add_short(w, t->name, want, serve, mono_ms - w->last_mono_ms);
		if (serve == 0) {
			has_nothing = true;
			snprintf(w->nothing, sizeof(w->nothing), "%s", t->name);
		}
	}
	if (is_short) {
		w->short_until_ms = mono_ms;
		w->well_since_ms = -1;
	} else if (w->well_since_ms < 0) {
		w->well_since_ms = mono_ms;
	}
	if (!has_nothing)
		w->nothing_since_ms = -1;
	else if (w->nothing_since_ms < 0)
		w->nothing_since_ms = mono_ms;
}

static void see_hosts(struct watch *w, const struct look *now, bool is_killed)
{
	const char *id;
	json_t *was;

	json_object_foreach(w->hosts, id, was)
	{
		const struct db_host *h = look_host(now, id);

		if (h && h->state != DB_HOST_TERMINATING)
			continue;
		if (!is_killed || strcmp(id, w->subject) != 0)
			json_object_set(w->ended, id, was);
	}
}

static void see_problems(struct watch *w, const json_t *problems)
{
	size_t i;
	const json_t *p;

	json_array_foreach(problems, i, p)
	{
		const char *kind = json_string_value(json_object_get(p, "kind"));
		const char *words = json_string_value(json_object_get(p, "message"));
		CLEANUP(free)
		char *text = xasprintf("%s: %s", kind ? kind : "", words ? words : "");

		if (json_object_size(w->told) < 100)
			json_object_set_new(w->told, text, json_true());
	}
}

void watch_see(struct watch *w, const struct look *now, bool is_killed,
	       const json_t *problems, int64_t mono_ms)
{
	see_units(w, now);
	see_tiers(w, now, mono_ms);
	see_hosts(w, now, is_killed);
	see_problems(w, problems);
	w->last_mono_ms = mono_ms;
}

/* ---------------------------------------------------------------- the result */

int64_t watch_served_again_ms(const struct watch *w)
{
	const int64_t until = w->well_since_ms < 0 ? w->last_mono_ms : w->well_since_ms;

	return w->short_until_ms < 0 ? 0 : until - w->begun_mono_ms;
}

static json_t *keys_of(json_t *object)
{
	json_t *list = json_array();
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		json_array_append_new(list, json_string(key));
	}
	return list;
}

json_t *watch_told(const struct watch *w)
{
	return keys_of(w->told);
}

json_t *watch_lost(const struct watch *w)
{
	json_t *tiers = json_array();
	const char *name;
	json_t *t;

	json_object_foreach(w->tiers, name, t)
	{
		json_t *item = json_copy(t);

		json_object_set_new(item, "tier", json_string(name));
		json_array_append_new(tiers, item);
	}
	return json_pack("{s:o, s:o, s:o}", "units", keys_of(w->units), "hosts",
			 keys_of(w->ended), "tiers", tiers);
}
