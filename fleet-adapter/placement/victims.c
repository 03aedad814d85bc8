/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which units of a tier are removed first. */
#include "placement.h"

#include "check.h"

#include <ctype.h>
#include <stdlib.h>

/* Names with their numbers compared as numbers: web@10 comes after web@9. */
static int by_natural_name(const char *a, const char *b)
{
	while (*a && *b) {
		char *end_a, *end_b;
		unsigned long x, y;

		if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b)) {
			if (*a != *b)
				break;
			a++;
			b++;
			continue;
		}
		x = strtoul(a, &end_a, 10);
		y = strtoul(b, &end_b, 10);
		if (x != y)
			return x < y ? -1 : 1;
		a = end_a;
		b = end_b;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static int by_leaving(const void *a, const void *b)
{
	const struct place_victim *x = a, *y = b;

	if (x->is_given != y->is_given)
		return x->is_given ? -1 : 1;
	if (x->has_host != y->has_host)
		return x->has_host ? 1 : -1;
	if (x->on_draining != y->on_draining)
		return x->on_draining ? -1 : 1;
	if (x->is_healthy != y->is_healthy)
		return x->is_healthy ? 1 : -1;
	if (x->is_ending != y->is_ending)
		return x->is_ending ? -1 : 1;
	if (x->neighbours != y->neighbours)
		return x->neighbours < y->neighbours ? -1 : 1;
	if (x->host_joined_ms != y->host_joined_ms)
		return x->host_joined_ms > y->host_joined_ms ? -1 : 1;
	if (x->wanted_ms != y->wanted_ms)
		return x->wanted_ms > y->wanted_ms ? -1 : 1;
	return by_natural_name(y->name, x->name);
}

void placement_sort_victims(struct place_victim *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), by_leaving);
}
