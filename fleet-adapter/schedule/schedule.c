/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include "check.h"
#include "document.h"
#include "sorted.h"
#include "text.h"

#include <string.h>

static const char *const state_names[] = {
	[SCHEDULE_INACTIVE] = "inactive",
	[SCHEDULE_LOADED] = "loaded",
	[SCHEDULE_LAUNCHED] = "launched",
};

struct schedule *schedule_new(int64_t epoch)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->epoch = epoch;
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->units[i].name);
		free(s->units[i].hash);
		free(s->units[i].stack);
		free(s->units[i].tier);
	}
	free(s->units);
	free(s);
}

/* Where the name is or belongs in the sorted list. */
static size_t schedule_place(const struct schedule *s, const char *name)
{
	return SORTED_PLACE(s->n, i, strcmp(s->units[i].name, name) < 0);
}

const struct schedule_unit *schedule_get(const struct schedule *s, const char *name)
{
	size_t i = schedule_place(s, name);

	return i < s->n && strcmp(s->units[i].name, name) == 0 ? &s->units[i] : NULL;
}

int schedule_add(struct schedule *s, const struct schedule_unit *u, struct err *err)
{
	size_t i = schedule_place(s, u->name);

	if (i < s->n && strcmp(s->units[i].name, u->name) == 0)
		return err_set(err, ERR_CONFLICT, "unit %s is in the schedule twice",
			       u->name);
	s->units = xrealloc(s->units, (s->n + 1) * sizeof(*s->units));
	memmove(&s->units[i + 1], &s->units[i], (s->n - i) * sizeof(*s->units));
	s->n++;
	s->units[i] = (struct schedule_unit){
		.name = document_copy(u->name),
		.hash = document_copy(u->hash),
		.state = u->state,
		.stack = document_copy(u->stack),
		.tier = document_copy(u->tier),
		.drain = u->drain,
	};
	return 0;
}

static bool is_same_unit(const struct schedule_unit *a, const struct schedule_unit *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->hash, b->hash) == 0 &&
	       a->state == b->state && strcmp(a->stack, b->stack) == 0 &&
	       strcmp(a->tier, b->tier) == 0 && a->drain == b->drain;
}

bool schedule_is_equal(const struct schedule *a, const struct schedule *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_unit(&a->units[i], &b->units[i]))
			return false;
	return true;
}

char *schedule_format(const struct schedule *s)
{
	json_t *units = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct schedule_unit *u = &s->units[i];

		json_array_append_new(units,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name",
						u->name, "hash", u->hash, "state",
						state_names[u->state], "stack", u->stack,
						"tier", u->tier, "drain", u->drain));
	}
	return document_dump(
		json_pack("{s:I, s:o}", "epoch", (json_int_t)s->epoch, "units", units));
}

static int parse_schedule_unit(struct schedule *s, const json_t *o, struct err *err)
{
	struct schedule_unit u = { 0 };
	const char *name, *hash, *state, *stack = "", *tier = "";
	int i;

	if (jread_str(o, "name", &name, err) < 0 ||
	    jread_str(o, "hash", &hash, err) < 0 ||
	    jread_str(o, "state", &state, err) < 0 ||
	    jread_str_opt(o, "stack", &stack, err) < 0 ||
	    jread_str_opt(o, "tier", &tier, err) < 0 ||
	    jread_bool_opt(o, "drain", &u.drain, err) < 0)
		return ERR_INVAL;
	i = document_find_word(state, state_names, ARRAY_SIZE(state_names));
	if (i < 0)
		return err_set(err, ERR_INVAL, "unit %s: '%s' is not a state", name,
			       state);
	u.name = (char *)(uintptr_t)name;
	u.hash = (char *)(uintptr_t)hash;
	u.stack = (char *)(uintptr_t)stack;
	u.tier = (char *)(uintptr_t)tier;
	u.state = (enum schedule_state)i;
	return schedule_add(s, &u, err);
}

int schedule_parse(const char *text, size_t len, struct schedule **ret, struct err *err)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(0);
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *units;
	const json_t *o;
	size_t i;
	int rc = json_parse(text, len, "the schedule", &doc, err);

	if (rc == 0)
		rc = jread_int(doc, "epoch", &s->epoch, err);
	if (rc < 0)
		return rc;
	units = json_object_get(doc, "units");
	if (!json_is_array(units) || json_array_size(units) > DOCUMENT_UNITS_MAX)
		return err_set(err, ERR_INVAL, "\"units\" of a schedule must be a list");
	json_array_foreach(units, i, o)
	{
		rc = parse_schedule_unit(s, o, err);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE(s);
	return 0;
}
