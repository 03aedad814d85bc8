/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_out_judge.c - whether an instance with a new text is as good as the old ones.
 */
#include "roll_out_state.h"

#include "check.h"
#include "clock.h"

#include <string.h>

#define WATCH_MS INT64_C(60000) /* calendar: the first instance */
#define LATE_MS \
	(10 * INT64_C(60000)) /* calendar: to come to serve, on a host that is up */

bool roll_out_counts(const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && !u->gone && !u->leaving && !u->give_up &&
	       !u->restart;
}

bool roll_out_has_new(const struct fleet_unit *u)
{
	return strcmp(u->u.hash, u->tier->cat->unit->hash) == 0;
}

/* Times since a moment; a clock that is set back begins it anew. */
static int64_t since(int64_t *from_ms, bool is_so, int64_t now_ms)
{
	if (!is_so)
		*from_ms = 0;
	else if (!*from_ms || *from_ms > now_ms)
		*from_ms = now_ms;
	return is_so ? now_ms - *from_ms : 0;
}

/* That fails or is sick; else the first that does not serve, or does. */
static const struct fleet_unit *look(const struct fleet *f, const struct fleet_tier *t,
				     char **ret_why, bool *ret_serves, bool *ret_late)
{
	const struct fleet_unit *first = NULL;

	*ret_serves = *ret_late = false;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (!roll_out_counts(u) || !roll_out_has_new(u) || !u->host ||
		    !u->host->alive)
			continue;
		if (u->failing || u->sick) {
			*ret_why = xstrdup(u->failing ? u->failing : u->sick);
			return u;
		}
		if (!first || (!u->healthy && !*ret_late))
			first = u;
		*ret_serves |= u->healthy && !u->unsteady;
		*ret_late |= !u->healthy;
	}
	return first;
}

static char *shares(const struct responses *of_new, const struct responses *of_old)
{
	return xasprintf("answers with errors: %.0f of %.0f responses of the new text, "
			 "%.0f of %.0f of the old one",
			 of_new->errors, of_new->all, of_old->errors, of_old->all);
}

bool roll_out_stops(struct watch *w, const struct fleet *f, const struct fleet_tier *t,
		    struct db *db, const struct fleet_unit **ret_unit, char **ret_why)
{
	struct responses of_new, of_old;
	bool serves, is_late;

	*ret_why = NULL;
	*ret_unit = look(f, t, ret_why, &serves, &is_late);
	response_count_update(w->count, db, f, t, w->hash, &of_new, &of_old);
	if (*ret_why)
		return true;
	w->is_over |= since(&w->serves_ms, serves, f->now_ms) >= WATCH_MS;
	if (since(&w->late_ms, is_late, f->now_ms) >= LATE_MS)
		*ret_why = xstrdup("has not come to serve for 10m");
	else if (*ret_unit && error_share_is_more(&of_new, &of_old))
		*ret_why = shares(&of_new, &of_old);
	return *ret_why != NULL;
}
