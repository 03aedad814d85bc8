/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rolling.h"

#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_TEXT 64 /* characters of a group at most */

void rolling_done(struct rolling *r)
{
	free(r->v);
	*r = (struct rolling){ NULL, 0 };
}

static void add(struct rolling *r, int64_t launched, int64_t ready, size_t n)
{
	if (n == 0)
		return;
	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = (struct rolling_group){ launched, ready, n };
}

void rolling_start(struct rolling *r, int64_t step, size_t n)
{
	add(r, step, step, n);
}

static void drop(struct rolling *r, size_t at)
{
	r->n--;
	memmove(&r->v[at], &r->v[at + 1], (r->n - at) * sizeof(*r->v));
}

/* Steps from step on until the group is paid for again. */
static int64_t until_next(const struct rolling_group *g, int64_t step,
			  struct paid_terms t)
{
	const int64_t unit = MAX(t.unit, INT64_C(1)), least = paid_for(t, 1);
	const int64_t age = step - g->launched;

	return age > 0 && age < least ? least - age : (-age % unit + unit) % unit;
}

/* Serving groups that are paid for again together are one. */
static void join_groups(struct rolling *r, int64_t step, struct paid_terms t)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = r->n; k-- > i + 1;) {
			struct rolling_group *a = &r->v[i], *b = &r->v[k];

			if (a->ready > step || b->ready > step || b->launched >= step ||
			    until_next(a, step, t) != until_next(b, step, t))
				continue;
			a->n += b->n;
			drop(r, k);
		}
}

int64_t rolling_step(struct rolling *r, int64_t step, struct paid_terms t)
{
	int64_t paid = 0;

	join_groups(r, step, t);
	for (size_t i = 0; i < r->n; i++) {
		const struct rolling_group *g = &r->v[i];

		if (g->launched == step)
			paid += (int64_t)g->n * paid_for(t, 1);
		else if (until_next(g, step, t) == 0)
			paid += (int64_t)g->n * MAX(t.unit, INT64_C(1));
	}
	return paid;
}

size_t rolling_running(const struct rolling *r, int64_t step)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].ready <= step ? r->v[i].n : 0;
	return n;
}

size_t rolling_size(const struct rolling *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].n;
	return n;
}

/* Takes up to k of a group; returns how many are left to take. */
static size_t take(struct rolling *r, size_t at, size_t k)
{
	const size_t c = MIN(r->v[at].n, k);

	r->v[at].n -= c;
	if (r->v[at].n == 0)
		drop(r, at);
	return k - c;
}

/* Those that boot go first, the newest before the others. */
static size_t cancel(struct rolling *r, int64_t step, size_t k)
{
	while (k > 0) {
		size_t newest = r->n;

		for (size_t i = 0; i < r->n; i++)
			if (r->v[i].ready > step &&
			    (newest == r->n || r->v[i].ready >= r->v[newest].ready))
				newest = i;
		if (newest == r->n)
			break;
		k = take(r, newest, k);
	}
	return k;
}

/* Of the serving ones those go first whose paid time ends first. */
static void end(struct rolling *r, int64_t step, struct paid_terms t, size_t k)
{
	while (k > 0 && r->n > 0) {
		size_t first = 0;

		for (size_t i = 1; i < r->n; i++)
			if (until_next(&r->v[i], step + 1, t) <
			    until_next(&r->v[first], step + 1, t))
				first = i;
		k = take(r, first, k);
	}
}

void rolling_want(struct rolling *r, int64_t step, size_t desired, int64_t lead,
		  struct paid_terms t)
{
	const size_t have = rolling_size(r);

	if (desired > have)
		add(r, step + 1, step + 1 + lead, desired - have);
	else if (desired < have)
		end(r, step, t, cancel(r, step, have - desired));
}

char *rolling_write(const struct rolling *r)
{
	const size_t size = r->n * GROUP_TEXT + 1;
	char *text = xcalloc(1, size);
	size_t len = 0;

	for (size_t i = 0; i < r->n; i++)
		len += (size_t)snprintf(text + len, size - len,
					"%s%" PRId64 " %" PRId64 " %zu", i ? " " : "",
					r->v[i].launched, r->v[i].ready, r->v[i].n);
	return text;
}

bool rolling_read(const char *text, struct rolling *ret)
{
	struct rolling r = { NULL, 0 };

	while (*text) {
		int64_t number[3];

		for (size_t i = 0; i < ARRAY_SIZE(number); i++) {
			char *rest;

			number[i] = strtoll(text, &rest, 10);
			if (rest == text || number[i] < 0) {
				rolling_done(&r);
				*ret = r;
				return false;
			}
			text = rest + strspn(rest, " ");
		}
		add(&r, number[0], number[1], (size_t)number[2]);
	}
	*ret = r;
	return true;
}
