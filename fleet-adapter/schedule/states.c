/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states.h"

#include "check.h"
#include "document.h"
#include "sorted.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

#define NAME_MAX_BYTES 256
#define WORD_MAX_BYTES 64
#define MESSAGE_MAX_BYTES 512

static const char *const health_names[] = {
	[HEALTH_NONE] = "none",
	[HEALTH_STARTING] = "starting",
	[HEALTH_PASSING] = "passing",
	[HEALTH_FAILING] = "failing",
};

const char *health_name(enum unit_health h)
{
	return health_names[h];
}

bool unit_state_is_healthy(const struct unit_state *u)
{
	return strcmp(u->active, "active") == 0 &&
	       (strcmp(u->sub, "running") == 0 || strcmp(u->sub, "exited") == 0) &&
	       (u->health == HEALTH_PASSING || u->health == HEALTH_NONE);
}

struct states *states_new(int64_t epoch)
{
	struct states *s = xcalloc(1, sizeof(*s));

	s->epoch = epoch;
	return s;
}

struct states *states_share(struct states *s)
{
	s->n_others++;
	return s;
}

void states_free(struct states *s)
{
	if (!s || s->n_others-- > 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->units[i].name);
		free(s->units[i].hash);
		free(s->units[i].load);
		free(s->units[i].active);
		free(s->units[i].sub);
		free(s->units[i].message);
	}
	free(s->units);
	free(s);
}

static size_t states_place(const struct states *s, const char *name)
{
	return SORTED_PLACE(s->n, i, strcmp(s->units[i].name, name) < 0);
}

const struct unit_state *states_get(const struct states *s, const char *name)
{
	size_t i = states_place(s, name);

	return i < s->n && strcmp(s->units[i].name, name) == 0 ? &s->units[i] : NULL;
}

static void put_at(struct states *s, size_t i, const struct unit_state *u)
{
	s->units = xrealloc(s->units, (s->n + 1) * sizeof(*s->units));
	memmove(&s->units[i + 1], &s->units[i], (s->n - i) * sizeof(*s->units));
	s->n++;
	s->units[i] = *u;
	s->units[i].name = document_copy(u->name);
	s->units[i].hash = document_copy(u->hash);
	s->units[i].load = document_copy(u->load);
	s->units[i].active = document_copy(u->active);
	s->units[i].sub = document_copy(u->sub);
	s->units[i].message = document_copy_text(u->message);
	utf8_make_plain(s->units[i].message, MESSAGE_MAX_BYTES);
}

int states_add(struct states *s, const struct unit_state *u, struct err *err)
{
	size_t i = states_place(s, u->name);

	if (i < s->n && strcmp(s->units[i].name, u->name) == 0)
		return err_set(err, ERR_CONFLICT, "unit %s has two states", u->name);
	put_at(s, i, u);
	return 0;
}

static bool is_same_state(const struct unit_state *a, const struct unit_state *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->hash, b->hash) == 0 &&
	       strcmp(a->load, b->load) == 0 && strcmp(a->active, b->active) == 0 &&
	       strcmp(a->sub, b->sub) == 0 && a->health == b->health &&
	       a->drained == b->drained && a->restarts == b->restarts &&
	       a->since_ms == b->since_ms && strcmp(a->message, b->message) == 0;
}

bool states_is_equal(const struct states *a, const struct states *b)
{
	if (a->epoch != b->epoch || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_state(&a->units[i], &b->units[i]))
			return false;
	return true;
}

char *states_format(const struct states *s)
{
	json_t *units = json_object();

	for (size_t i = 0; i < s->n; i++) {
		const struct unit_state *u = &s->units[i];

		json_object_set_new(
			units, u->name,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:s}", "hash",
				  u->hash, "load", u->load, "active", u->active, "sub",
				  u->sub, "health", health_names[u->health], "drained",
				  u->drained, "restarts", (json_int_t)u->restarts,
				  "since", (json_int_t)u->since_ms, "message",
				  u->message));
	}
	return document_dump(
		json_pack("{s:I, s:o}", "epoch", (json_int_t)s->epoch, "units", units));
}

/* What a host writes is shown to people. */
static bool is_word(const char *s)
{
	return utf8_is_plain(s, WORD_MAX_BYTES);
}

static int parse_state(struct states *s, const char *name, const json_t *o,
		       struct err *err)
{
	struct unit_state u = { .name = (char *)(uintptr_t)name };
	const char *hash, *load, *active, *sub, *health = "none", *message = "";
	int i;

	if (jread_str(o, "hash", &hash, err) < 0 ||
	    jread_str(o, "load", &load, err) < 0 ||
	    jread_str(o, "active", &active, err) < 0 ||
	    jread_str(o, "sub", &sub, err) < 0 ||
	    jread_str_opt(o, "health", &health, err) < 0 ||
	    jread_bool_opt(o, "drained", &u.drained, err) < 0 ||
	    jread_int_opt(o, "restarts", &u.restarts, err) < 0 ||
	    jread_int_opt(o, "since", &u.since_ms, err) < 0 ||
	    jread_str_opt(o, "message", &message, err) < 0)
		return err_wrap(err, ERR_INVAL, "unit %s", name);
	if (!utf8_is_plain(name, NAME_MAX_BYTES) || !is_word(hash) || !is_word(load) ||
	    !is_word(active) || !is_word(sub))
		return err_set(err, ERR_INVAL, "the state of a unit is not text");
	i = document_find_word(health, health_names, ARRAY_SIZE(health_names));
	if (i < 0)
		return err_set(err, ERR_INVAL, "unit %s: '%s' is not a health", name,
			       health);
	u.hash = (char *)(uintptr_t)hash;
	u.load = (char *)(uintptr_t)load;
	u.active = (char *)(uintptr_t)active;
	u.sub = (char *)(uintptr_t)sub;
	u.message = (char *)(uintptr_t)message;
	u.health = (enum unit_health)i;
	/* Sorted at the end, as a host may write them in any order. */
	put_at(s, s->n, &u);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct unit_state *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int states_parse(const char *text, size_t len, struct states **ret, struct err *err)
{
	CLEANUP(states_free) struct states *s = states_new(0);
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *name;
	json_t *units;
	json_t *o;
	int rc = json_parse(text, len, "the states document", &doc, err);

	if (rc == 0)
		rc = jread_int(doc, "epoch", &s->epoch, err);
	if (rc < 0)
		return rc;
	units = json_object_get(doc, "units");
	if (!json_is_object(units) || json_object_size(units) > DOCUMENT_UNITS_MAX)
		return err_set(err, ERR_INVAL, "\"units\" of states must be an object");
	json_object_foreach(units, name, o)
	{
		rc = parse_state(s, name, o, err);
		if (rc < 0)
			return rc;
	}
	if (s->n)
		qsort(s->units, s->n, sizeof(*s->units), by_name);
	*ret = TAKE(s);
	return 0;
}
