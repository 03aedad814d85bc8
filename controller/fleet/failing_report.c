/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_report.c - failing units as problems, for operators.
 */
#include "failing_units.h"

#include "stack_catalog.h"

#include <stdio.h>
#include <string.h>

bool failing_problem(const struct fleet *fleet, char *text, size_t size)
{
	const struct fleet_unit *first = NULL;
	char more[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < fleet->n_units; i++) {
		if (!fleet->units[i].failing)
			continue;
		n++;
		if (!first)
			first = &fleet->units[i];
	}
	if (!first)
		return false;
	if (n > 1)
		snprintf(more, sizeof(more), " (and %zu more units)", n - 1);
	snprintf(text, size, "unit %s on host %s %s%s", first->u.name, first->u.host,
		 first->failing, more);
	return true;
}

static const struct fleet_unit *blocks_roll_out(const struct fleet *fleet,
						const struct fleet_tier *t,
						size_t *ret_new, size_t *ret_n)
{
	const struct fleet_unit *blocking = NULL;

	*ret_new = *ret_n = 0;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &fleet->units[i];

		if (u->u.goal != DB_GOAL_RUN)
			continue;
		++*ret_n;
		*ret_new += strcmp(u->u.hash, t->cat->unit->hash) == 0;
		if (u->failing || u->sick)
			blocking = u;
	}
	return *ret_new < *ret_n ? blocking : NULL;
}

bool failing_roll_out(const struct fleet *fleet, char *text, size_t size)
{
	for (size_t i = 0; i < fleet->n_tiers; i++) {
		const struct fleet_tier *t = &fleet->tiers[i];
		const struct fleet_unit *u;
		size_t n_new, n;

		if (!t->cat || fleet_roll_out_is_stopped(t) ||
		    !(u = blocks_roll_out(fleet, t, &n_new, &n)))
			continue;
		snprintf(text, size,
			 "%zu of %zu instances of %s/%s have the new unit text: the "
			 "roll-out waits for unit %s on host %s, which %s",
			 n_new, n, t->t.stack, t->t.name, u->u.name, u->u.host,
			 u->failing ? u->failing : u->sick);
		return true;
	}
	return false;
}
