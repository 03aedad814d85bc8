/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_out_report.c - stopped roll-outs as problems, for operators.
 */
#include "roll_out_state.h"

#include <stdio.h>
#include <string.h>

/* The first tier whose roll-out is in that state, and how many more there are. */
static const struct fleet_tier *first_in(const struct fleet *f,
					 enum db_roll_out_state state, char more[64])
{
	const struct fleet_tier *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *t = &f->tiers[i];

		if (!t->cat || !t->roll.stack || t->roll.state != state)
			continue;
		first = first ? first : t;
		n++;
	}
	more[0] = '\0';
	if (n > 1)
		snprintf(more, 64, " (and %zu more tiers)", n - 1);
	return first;
}

static void count(const struct fleet *f, const struct fleet_tier *t, size_t *ret_new,
		  size_t *ret_n)
{
	*ret_new = *ret_n = 0;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		if (!roll_out_counts(&f->units[i]))
			continue;
		++*ret_n;
		*ret_new += roll_out_has_new(&f->units[i]);
	}
}

/* What a person does about it. */
static void say_what_to_do(const struct db_roll_out *r, char *text, size_t size)
{
	if (*r->good && strcmp(r->good, r->hash) != 0)
		snprintf(text, size,
			 "go back with 'foretide rollback %s', or apply a text that is "
			 "mended; applying the same again tries it again",
			 r->stack);
	else
		snprintf(text, size,
			 "apply a text that is mended; applying the same "
			 "again tries it again");
}

bool roll_outs_stopped_problem(const struct fleet *f, char *text, size_t size)
{
	char more[64], advice[256];
	const struct fleet_tier *t = first_in(f, DB_ROLL_OUT_STOPPED, more);
	size_t n_new, n;

	if (!t)
		return false;
	count(f, t, &n_new, &n);
	if (!*t->roll.good) {
		snprintf(text, size,
			 "%zu of %zu instances of %s/%s have another text than version "
			 "%lld: unit %s on host %s %s, as after the restore of an old "
			 "backup; each keeps its own until the stack is applied again, "
			 "with the text that is right%s",
			 n - n_new, n, t->t.stack, t->t.name, (long long)t->roll.version,
			 t->roll.unit, t->roll.host, t->roll.why, more);
		return true;
	}
	say_what_to_do(&t->roll, advice, sizeof(advice));
	snprintf(text, size,
		 "the roll-out of version %lld to %s/%s has stopped at %zu of %zu "
		 "instances: unit %s on host %s %s; %s%s",
		 (long long)t->roll.version, t->t.stack, t->t.name, n_new, n,
		 t->roll.unit, t->roll.host, t->roll.why, advice, more);
	return true;
}

bool roll_outs_kills_problem(const struct fleet *f, char *text, size_t size)
{
	char more[64], advice[256];
	const struct fleet_tier *t = first_in(f, DB_ROLL_OUT_BANNED, more);

	if (!t)
		return false;
	say_what_to_do(&t->roll, advice, sizeof(advice));
	snprintf(text, size,
		 "unit %s of %s/%s %s: version %lld's text is started nowhere any more, "
		 "until one of them is heard; %s%s",
		 t->roll.unit, t->t.stack, t->t.name, t->roll.why,
		 (long long)t->roll.version, advice, more);
	return true;
}
