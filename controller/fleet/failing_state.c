/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failing_state.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

void failing_set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

struct failing *failing_new(void)
{
	return xcalloc(1, sizeof(struct failing));
}

static void unit_done(struct tracked_unit *p)
{
	free(p->unit);
	free(p->hash);
	free(p->host);
	free(p->message);
	free(p->why);
	free(p->sick);
}

void failing_attempt_done(struct attempt *a)
{
	free(a->stack);
	free(a->tier);
	free(a->avoid);
}

void failing_free(struct failing *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_units; i++)
		unit_done(&f->units[i]);
	for (size_t i = 0; i < f->n_attempts; i++)
		failing_attempt_done(&f->attempts[i]);
	free(f->units);
	free(f->attempts);
	free(f);
}

void failing_tell(const struct events *events, const char *kind, enum db_level level,
		  const struct fleet_unit *u, const char *what)
{
	event_add(events, kind, level,
		  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier, .host = u->u.host,
			      .unit = u->u.name),
		  "unit %s on host %s %s", u->u.name, u->u.host, what);
}

struct tracked_unit *failing_find(struct failing *f, const struct fleet_unit *u, bool add)
{
	size_t at = SORTED_PLACE(f->n_units, i, strcmp(f->units[i].unit, u->u.name) < 0);
	struct tracked_unit *p;

	if (at < f->n_units && strcmp(f->units[at].unit, u->u.name) == 0)
		return &f->units[at];
	if (!add)
		return NULL;
	f->units = xrealloc(f->units, (f->n_units + 1) * sizeof(*p));
	p = &f->units[at];
	memmove(p + 1, p, (f->n_units++ - at) * sizeof(*p));
	*p = (struct tracked_unit){ .unit = xstrdup(u->u.name),
				    .hash = xstrdup(u->u.hash),
				    .host = xstrdup(u->u.host),
				    .message = xstrdup("") };
	return p;
}

struct attempt *failing_find_attempt(struct failing *f, const struct fleet_tier *t,
				     bool add)
{
	for (size_t i = 0; i < f->n_attempts; i++)
		if (strcmp(f->attempts[i].stack, t->t.stack) == 0 &&
		    strcmp(f->attempts[i].tier, t->t.name) == 0)
			return &f->attempts[i];
	if (!add)
		return NULL;
	f->attempts = xrealloc(f->attempts, (f->n_attempts + 1) * sizeof(*f->attempts));
	f->attempts[f->n_attempts] = (struct attempt){ .stack = xstrdup(t->t.stack),
						       .tier = xstrdup(t->t.name),
						       .avoid = xstrdup("") };
	return &f->attempts[f->n_attempts++];
}

void failing_forget_units(struct failing *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_units; i++) {
		if (f->units[i].is_seen) {
			f->units[kept] = f->units[i];
			f->units[kept++].is_seen = false;
		} else {
			unit_done(&f->units[i]);
		}
	}
	f->n_units = kept;
}
