/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "placement.h"

#include "check.h"
#include "place.h"

static void list_globals(struct state *s)
{
	struct placement *out = s->out;

	for (int g = 0; g < s->globals.n; g++) {
		for (int i = 0; i < s->n_hosts; i++) {
			const struct ints *items = &s->bins[i].items;
			int k = 0;

			while (k < items->n && items->v[k] != s->globals.v[g])
				k++;
			if (k == items->n || s->bins[i].state == PLACE_BOOTING)
				continue;
			out->globals =
				xrealloc(out->globals,
					 (out->n_globals + 1) * sizeof(*out->globals));
			out->globals[out->n_globals++] =
				(struct place_pair){ s->items[s->globals.v[g]].index,
						     s->bins[i].index };
		}
	}
}

void placement_decide(const struct place_input *in, struct placement *ret)
{
	struct state s;

	*ret = (struct placement){ .n_rows = in->n_units };
	ret->rows = xcalloc(in->n_units + 1, sizeof(*ret->rows));
	ret->demand = xcalloc(in->n_pools + 1, sizeof(*ret->demand));
	ret->leave = xcalloc(in->n_hosts + 1, sizeof(*ret->leave));
	state_init(&s, in, ret);
	placement_place_all(&s);
	placement_find_demand(&s);
	placement_find_leave(&s);
	placement_balance(&s);
	list_globals(&s);
	state_done(&s);
}

void placement_done(struct placement *p)
{
	for (size_t i = 0; i < p->n_rows; i++)
		free(p->rows[i].reason);
	free(p->rows);
	free(p->globals);
	free(p->demand);
	free(p->leave);
	*p = (struct placement){ 0 };
}
