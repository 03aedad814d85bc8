/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placement_fixture.h - a fleet for the tests of placement, and what becomes of it.
 */
#ifndef TESTS_UNIT_FLEET_ADAPTER_PLACEMENT_PLACEMENT_FIXTURE_H
#define TESTS_UNIT_FLEET_ADAPTER_PLACEMENT_PLACEMENT_FIXTURE_H

#include "test.h"

#include "check.h"
#include "clock.h"
#include "placement.h"
#include "unitfile.h"

#include <stdio.h>
#include <string.h>

#define MAX_HOSTS 600
#define MAX_UNITS 4200

/* A fleet that a test builds up; everything is in pool "p" unless it says otherwise. */
struct fleet {
	struct place_host hosts[MAX_HOSTS];
	struct place_unit units[MAX_UNITS];
	struct place_pool pools[4];
	struct x_fleet rules[32];
	size_t n_rules;
	struct place_input in;
	struct words names;
};

static inline struct fleet *fleet_new(void)
{
	struct fleet *f = xcalloc(1, sizeof(*f));

	f->in.hosts = f->hosts;
	f->in.units = f->units;
	f->in.pools = f->pools;
	f->in.n_pools = 1;
	f->pools[0] = (struct place_pool){
		.name = "p", .cpu = 2, .memory_bytes = 1000, .min = 0, .max = 100
	};
	return f;
}

static inline void fleet_free(struct fleet *f)
{
	for (size_t i = 0; i < f->n_rules; i++)
		x_fleet_done(&f->rules[i]);
	words_done(&f->names);
	free(f);
}
DEFINE_CLEANUP(struct fleet *, fleet_free);

static inline const char *keep(struct fleet *f, const char *name)
{
	words_add(&f->names, name);
	return f->names.v[f->names.n - 1];
}

static inline struct place_host *host(struct fleet *f, const char *id)
{
	struct place_host *h = &f->hosts[f->in.n_hosts++];

	*h = (struct place_host){ .id = keep(f, id),
				  .pool = "p",
				  .state = PLACE_UP,
				  .cpu = 2,
				  .memory_bytes = 1000 };
	return h;
}

/* The tier is what stands before the "@" or the dot. */
static inline struct place_unit *unit(struct fleet *f, const char *name, const char *at)
{
	struct place_unit *u = &f->units[f->in.n_units++];
	char tier[64];

	snprintf(tier, sizeof(tier), "%.*s", (int)strcspn(name, "@."), name);
	*u = (struct place_unit){ .name = keep(f, name),
				  .stack = "s",
				  .tier = keep(f, tier),
				  .pool = "p",
				  .cpu = 0.5,
				  .memory_bytes = 100,
				  .host = at };
	return u;
}

/* Gives the unit the [X-Fleet] lines. */
static inline void rule(struct fleet *f, struct place_unit *u, const char *lines)
{
	CLEANUP(buf_done) struct buf text;
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	struct err e;

	buf_init(&text, 1000);
	buf_printf(&text, "[X-Fleet]\n%s\n", lines);
	assert_ok(unit_file_parse(buf_str(&text), text.len, u->name, &file, &e), &e);
	assert_ok(x_fleet_read(file, u->name, &f->rules[f->n_rules], NULL, &e), &e);
	u->fleet = &f->rules[f->n_rules++];
}

static inline size_t index_of(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->in.n_units; i++)
		if (strcmp(f->units[i].name, name) == 0)
			return i;
	fail_msg("no unit %s", name);
	return 0;
}

/* Where the unit shall be, "-" for nowhere. */
static inline const char *where(const struct fleet *f, const struct placement *p,
				const char *name)
{
	size_t at = p->rows[index_of(f, name)].host;

	return at == PLACE_NOWHERE ? "-" : f->hosts[at].id;
}

static inline enum place_action action(const struct fleet *f, const struct placement *p,
				       const char *name)
{
	return p->rows[index_of(f, name)].action;
}

static inline void assert_reason(const struct fleet *f, const struct placement *p,
				 const char *name, const char *words)
{
	const char *reason = p->rows[index_of(f, name)].reason;

	if (!reason || !strstr(reason, words))
		fail_msg("%s: '%s' does not say '%s'", name, reason, words);
}

#endif
