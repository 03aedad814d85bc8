/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pages.h"

#include "check.h"
#include "driver_util.h"
#include "fnv.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 64 /* a power of two */

static bool put(uint64_t *slots, size_t n_slots, uint64_t digest)
{
	size_t i = digest & (n_slots - 1);

	while (slots[i] && slots[i] != digest)
		i = (i + 1) & (n_slots - 1);
	if (slots[i])
		return false;
	slots[i] = digest;
	return true;
}

/* Twice as many slots. */
static void grow(struct rest_seen *s)
{
	const size_t n_slots = s->n_slots ? s->n_slots * 2 : SLOTS_FIRST;
	uint64_t *slots = xcalloc(n_slots, sizeof(*slots));

	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i])
			(void)put(slots, n_slots, s->slots[i]);
	free(s->slots);
	s->slots = slots;
	s->n_slots = n_slots;
}

/* Whether it was not in the set. */
static bool add(struct rest_seen *s, const char *text)
{
	uint64_t digest = fnv(FNV_START, text, strlen(text));

	if (2 * s->n >= s->n_slots)
		grow(s);
	if (!put(s->slots, s->n_slots, digest ? digest : 1))
		return false;
	s->n++;
	return true;
}

int rest_pages_turn(struct rest_pages *p, const char *marker, struct drv_err *err)
{
	if (++p->n >= p->max_pages)
		return drv_fail(err, DRV_BUG,
				"the cloud's list has more than %zu pages: it does not "
				"seem to end",
				p->max_pages);
	if (!add(&p->markers, marker))
		return drv_fail(err, DRV_BUG,
				"the cloud's list comes back to a page that it had "
				"before, after %zu pages: it would never end",
				p->n);
	return 0;
}

bool rest_pages_is_new(struct rest_pages *p, const char *id)
{
	return add(&p->ids, id);
}

void rest_pages_done(struct rest_pages *p)
{
	free(p->markers.slots);
	free(p->ids.slots);
	*p = (struct rest_pages){ .n = 0 };
}
