/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "choices.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define BETWEEN ", \t"

static size_t split(const char *list, char **ret)
{
	const char *at = list ? list : "";
	size_t n = 0;

	for (at += strspn(at, BETWEEN); *at && n < CHOICES_MOST;
	     at += strspn(at, BETWEEN)) {
		const size_t len = strcspn(at, BETWEEN);

		ret[n++] = xstrndup(at, len);
		at += len;
	}
	return n;
}

void choices_read(struct choices *c, const char *types, const char *zones)
{
	choices_done(c);
	c->n_types = split(types, c->types);
	c->n_zones = split(zones, c->zones);
}

void choices_done(struct choices *c)
{
	for (size_t i = 0; i < c->n_types; i++)
		free(c->types[i]);
	for (size_t i = 0; i < c->n_zones; i++)
		free(c->zones[i]);
	*c = (struct choices){ 0 };
}

size_t choices_n(const struct choices *c)
{
	return MAX(c->n_types, (size_t)1) * MAX(c->n_zones, (size_t)1);
}

struct choice choices_at(const struct choices *c, size_t i)
{
	const size_t zones = MAX(c->n_zones, (size_t)1);

	return (struct choice){
		.type = c->n_types ? c->types[i / zones] : "",
		.zone = c->n_zones ? c->zones[i % zones] : "",
	};
}
