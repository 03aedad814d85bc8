/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adopt_texts.h"

#include "check.h"
#include "stack_catalog.h"
#include "stacks.h"

#include <string.h>

static int is_known(struct db *db, const struct fleet_tier *t, const char *hash,
		    bool *ret, struct err *err)
{
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };
	const struct db_roll_out *r = &t->roll;
	int rc;

	*ret = strcmp(hash, t->cat->unit->hash) == 0 ||
	       (r->stack && strcmp(hash, r->good) == 0);
	if (*ret)
		return 0;
	rc = stack_find_earlier(db, t->t.stack, hash, &v, err);
	*ret = rc == 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static bool is_told(const struct db_roll_out *r)
{
	return r->stack && r->state == DB_ROLL_OUT_STOPPED && !*r->good;
}

static int64_t version_of(const struct fleet *f, const char *stack)
{
	for (size_t i = 0; i < f->stacks.n; i++)
		if (strcmp(f->stacks.v[i].name, stack) == 0)
			return f->stacks.v[i].version;
	return 0;
}

static int stop(const struct fleet *f, const struct fleet_unit *u,
		const struct events *events, struct err *err)
{
	struct fleet_tier *t = u->tier;
	const int64_t version = version_of(f, t->t.stack);
	struct db_roll_out r = {
		.stack = xstrdup(t->t.stack),
		.tier = xstrdup(t->t.name),
		.hash = xstrdup(t->cat->unit->hash),
		.good = xstrdup(""),
		.version = version,
		.state = DB_ROLL_OUT_STOPPED,
		.unit = xstrdup(u->u.name),
		.host = xstrdup(u->u.host),
		.why = xstrdup("was found running a text that no kept version has"),
		.since_ms = f->now_ms,
	};
	int rc = db_roll_outs_put(events->db, &r, &version, 1, err);

	db_roll_out_done(&t->roll);
	t->roll = r;
	if (rc == 0)
		event_add(events, "text-not-known", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = r.stack, .tier = r.tier, .host = r.host,
				      .unit = r.unit),
			  "unit %s on host %s runs a text that no kept version of stack "
			  "%s has: it keeps it until the stack is applied",
			  r.unit, r.host, r.stack);
	return rc;
}

int adopt_texts(struct fleet *f, const struct fleet_host *h, const struct events *events,
		struct err *err)
{
	for (size_t i = 0; i < f->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];
		bool known = true;
		int rc = 0;

		if (u->host != h || u->u.goal != DB_GOAL_RUN || !u->tier ||
		    !u->tier->cat || is_told(&u->tier->roll))
			continue;
		rc = is_known(events->db, u->tier, u->u.hash, &known, err);
		if (rc == 0 && !known)
			rc = stop(f, u, events, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
