/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_units.h - a backend of units that runs nothing: what is set is remembered, and
 * told. What is to run is active at once, or activating when slow is set.
 */
#ifndef TESTS_UNIT_AGENT_FAKE_UNITS_H
#define TESTS_UNIT_AGENT_FAKE_UNITS_H

#include "check.h"
#include "units.h"

#include <string.h>

#define FAKE_UNITS 8

struct fake_unit {
	char name[64], hash[64], text[1024], message[64];
	const char *active;
	int64_t restarts;
	bool run;
};

struct fake_units {
	struct units base;
	struct fake_unit v[FAKE_UNITS];
	size_t n;
	bool slow;
	size_t starts, stops, restarts;
	units_change_fn *on_change; /* may be NULL */
	void *arg;
};

static inline struct fake_unit *fake_unit(const struct units *u, const char *name)
{
	struct fake_units *f = (struct fake_units *)(uintptr_t)u;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

static inline void fake_unit_set(struct units *u, const char *name, const char *hash,
				 const char *text, bool run)
{
	struct fake_units *f = (struct fake_units *)u;
	struct fake_unit *unit = fake_unit(u, name);

	if (!unit) {
		CHECK(f->n < FAKE_UNITS);
		unit = &f->v[f->n++];
		*unit = (struct fake_unit){ .active = "inactive" };
	}
	snprintf(unit->name, sizeof(unit->name), "%s", name);
	snprintf(unit->hash, sizeof(unit->hash), "%s", hash);
	if (*text)
		snprintf(unit->text, sizeof(unit->text), "%s", text);
	f->starts += run && !unit->run;
	f->stops += !run && unit->run;
	if (unit->run != run)
		unit->active = !run ? "inactive" : f->slow ? "activating" : "active";
	if (unit->run != run && f->on_change)
		f->on_change(f->arg, name);
	unit->run = run;
}

static inline void fake_unit_drop(struct units *u, const char *name)
{
	struct fake_units *f = (struct fake_units *)u;
	struct fake_unit *unit = fake_unit(u, name);

	if (unit)
		*unit = f->v[--f->n];
}

static inline int fake_unit_restart(struct units *u, const char *name, struct err *err)
{
	struct fake_unit *unit = fake_unit(u, name);

	if (!unit)
		return err_set(err, ERR_NOT_FOUND, "there is no unit %s", name);
	unit->restarts++;
	((struct fake_units *)u)->restarts++;
	return 0;
}

static inline bool fake_unit_get(const struct units *u, const char *name,
				 struct unit_status *ret)
{
	const struct fake_unit *unit = fake_unit(u, name);

	if (!unit)
		return false;
	*ret = (struct unit_status){ .name = unit->name,
				     .hash = unit->hash,
				     .load = "loaded",
				     .active = unit->active,
				     .sub = "sub",
				     .message = unit->message,
				     .restarts = unit->restarts,
				     .want_run = unit->run };
	return true;
}

static inline const char *fake_unit_at(const struct units *u, size_t i)
{
	const struct fake_units *f = (const struct fake_units *)u;

	return i < f->n ? f->v[i].name : NULL;
}

static inline double fake_unit_cpu_seconds(const struct units *u, const char *name)
{
	return fake_unit(u, name) ? 1.5 : -1;
}

static inline void fake_units_close(struct units *u)
{
	(void)u;
}

static const struct units_ops fake_units_ops = {
	.name = "fake",
	.set = fake_unit_set,
	.drop = fake_unit_drop,
	.reload = fake_unit_restart,
	.restart = fake_unit_restart,
	.get = fake_unit_get,
	.at = fake_unit_at,
	.cpu_seconds = fake_unit_cpu_seconds,
	.close = fake_units_close,
};

#endif
