/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_section.h"

#include "check.h"
#include "name.h"
#include "specifiers.h"

#include <string.h>
#include <strings.h>

#define SECTION "X-Fleet"

enum key { MACHINE_ID, MACHINE_OF, METADATA, CONFLICTS, GLOBAL, REPLACES, UNKNOWN };

static const struct {
	const char *name;
	enum key key;
} keys[] = {
	{ "MachineID", MACHINE_ID },
	{ "MachineOf", MACHINE_OF },
	{ "MachineMetadata", METADATA },
	{ "Conflicts", CONFLICTS },
	{ "Global", GLOBAL },
	{ "Replaces", REPLACES },
	{ "X-ConditionMachineID", MACHINE_ID },
	{ "X-ConditionMachineBootID", MACHINE_ID },
	{ "X-ConditionMachineOf", MACHINE_OF },
	{ "X-ConditionMachineMetadata", METADATA },
	{ "X-Conflicts", CONFLICTS },
};

static enum key find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].key;
	return UNKNOWN;
}

void x_fleet_done(struct x_fleet *x)
{
	free(x->machine_id);
	words_done(&x->machine_of);
	words_done(&x->metadata);
	words_done(&x->conflicts);
	words_done(&x->replaces);
	*x = (struct x_fleet){ 0 };
}

static bool is_true(const char *value)
{
	static const char *const yes[] = { "true", "yes", "1", "on", "t" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcasecmp(value, yes[i]) == 0)
			return true;
	return false;
}

/* ---------------------------------------------------------------- reading */

struct reading {
	const struct unit_file *u;
	const char *unit;
	struct x_fleet *x;
	struct words *warnings;
};

static void warn(const struct reading *r, const struct unit_option *o, const char *what,
		 const char *why)
{
	if (r->warnings)
		words_addf(r->warnings, "%s:%d: [%s] %.200s %s", r->u->what, o->line,
			   o->section, what, why);
}

static void add_metadata(const struct reading *r, const struct unit_option *o,
			 const char *pair)
{
	const char *equals = strchr(pair, '=');

	if (!equals || equals == pair || !equals[1])
		warn(r, o, pair, "is not key=value and is ignored");
	else
		words_add(&r->x->metadata, pair);
}

static int read_list(const struct reading *r, const struct unit_option *o, enum key key,
		     const char *value, struct err *err)
{
	CLEANUP(words_done) struct words list = { 0 };
	struct words *target = key == MACHINE_OF  ? &r->x->machine_of
			       : key == CONFLICTS ? &r->x->conflicts
						  : &r->x->replaces;
	int rc = words_split(&list, value, err);

	if (rc < 0)
		return unit_file_refuse(r->u, o, err, "a quote is not closed");
	for (size_t i = 0; i < list.n; i++) {
		if (key == METADATA)
			add_metadata(r, o, list.v[i]);
		else if (key == MACHINE_OF && unit_name_check(list.v[i], NULL) < 0)
			return unit_file_refuse(r->u, o, err, "'%s' is not a unit name",
						list.v[i]);
		else
			words_add(target, list.v[i]);
	}
	return 0;
}

static int read_option(const struct reading *r, const struct unit_option *o,
		       struct err *err)
{
	CLEANUP(free) char *value = unit_expand_fleet(o->value, r->unit);
	enum key key = find_key(o->name);

	switch (key) {
	case MACHINE_ID:
		if (!r->x->machine_id && *value)
			r->x->machine_id = TAKE(value);
		return 0;
	case GLOBAL:
		r->x->global = is_true(value);
		return 0;
	case MACHINE_OF:
	case METADATA:
	case CONFLICTS:
	case REPLACES:
		return read_list(r, o, key, value, err);
	case UNKNOWN:
	default:
		warn(r, o, o->name, "is unknown and is ignored");
		return 0;
	}
}

/* ---------------------------------------------------------------- rules */

static int check_pairs(const struct x_fleet *x, const char *what, struct err *err)
{
	const struct {
		bool a, b;
		const char *names;
	} pairs[] = {
		{ x->machine_id, x->machine_of.n, "MachineID and MachineOf" },
		{ x->machine_id, x->conflicts.n, "MachineID and Conflicts" },
		{ x->machine_id, x->global, "MachineID and Global" },
		{ x->machine_id, x->replaces.n, "MachineID and Replaces" },
		{ x->global, x->machine_of.n, "Global and MachineOf" },
		{ x->global, x->replaces.n, "Global and Replaces" },
		{ x->conflicts.n, x->replaces.n, "Conflicts and Replaces" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i].a && pairs[i].b)
			return err_set(err, ERR_INVAL,
				       "%s: [" SECTION "] %s exclude each other", what,
				       pairs[i].names);
	return 0;
}

static bool matches_any(const struct words *globs, const char *name)
{
	for (size_t i = 0; i < globs->n; i++)
		if (unit_glob(globs->v[i], name))
			return true;
	return false;
}

static int check_peers(const struct x_fleet *x, const char *what, struct err *err)
{
	for (size_t i = 0; i < x->machine_of.n; i++) {
		const char *peer = x->machine_of.v[i];

		if (matches_any(&x->conflicts, peer) || matches_any(&x->replaces, peer))
			return err_set(err, ERR_INVAL,
				       "%s: [" SECTION "] MachineOf=%s is excluded by "
				       "Conflicts or Replaces",
				       what, peer);
	}
	return 0;
}

int x_fleet_read(const struct unit_file *u, const char *name, struct x_fleet *ret,
		 struct words *warnings, struct err *err)
{
	struct reading r = { .u = u, .unit = name, .x = ret, .warnings = warnings };
	int rc = 0;

	*ret = (struct x_fleet){ 0 };
	for (size_t i = 0; i < u->n && rc == 0; i++)
		if (strcmp(u->options[i].section, SECTION) == 0)
			rc = read_option(&r, &u->options[i], err);
	if (rc == 0)
		rc = check_pairs(ret, u->what, err);
	return rc < 0 ? rc : check_peers(ret, u->what, err);
}

/* ---------------------------------------------------------------- questions */

static size_t key_len(const char *pair)
{
	return (size_t)(strchr(pair, '=') - pair) + 1;
}

/* Whether one of the values required for the key of pair i is the host's. */
static bool key_fits(const struct x_fleet *x, size_t i, const struct words *host)
{
	const char *pair = x->metadata.v[i];

	for (size_t k = 0; k < x->metadata.n; k++)
		if (strncmp(x->metadata.v[k], pair, key_len(pair)) == 0 &&
		    words_has(host, x->metadata.v[k]))
			return true;
	return false;
}

bool x_fleet_metadata_fits(const struct x_fleet *x, const struct words *host)
{
	for (size_t i = 0; i < x->metadata.n; i++)
		if (!key_fits(x, i, host))
			return false;
	return true;
}

bool x_fleet_is_machine(const struct x_fleet *x, const char *host_id)
{
	const char *dash = strrchr(host_id, '-');

	if (!x->machine_id || strcmp(x->machine_id, host_id) == 0)
		return true;
	if (strlen(x->machine_id) != 8)
		return false;
	return strncmp(host_id, x->machine_id, 8) == 0 ||
	       (dash && strcmp(dash + 1, x->machine_id) == 0);
}
