/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * give.h - instances of a lower priority that would make room on a host. Inside the room
 * only.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_GIVE_H
#define FLEET_ADAPTER_PLACEMENT_GIVE_H

#include "state.h"

struct giving {
	struct state *s;
	const size_t *tier_of; /* [n_items] index in tiers; n_tiers: none */
	size_t n_tiers;
	size_t *left; /* [n_tiers] instances that each may still give up */
	size_t all;   /* of them */
	int lowest;   /* priority of a tier that has some */
};

/* tiers, tier_of: see struct giving; tier_of must outlive it. */
void give_init(struct giving *g, struct state *s, const struct place_tier *tiers,
	       size_t n_tiers, const size_t *tier_of);
void give_done(struct giving *g);

/*
 * Where this item, which is nowhere, finds room when the units in *gone give way: the
 * bin, or -1 when there is none. They may be none. The state is as before.
 */
int give_find(struct giving *g, int item, struct ints *gone);

/* Puts the item there, and takes these away, for good. */
void give_settle(struct giving *g, int item, int bin, const struct ints *gone);

/*
 * How many like this item, up to most, would find room in place of others, once they fill
 * all other room. The state is as before.
 */
size_t give_count(struct giving *g, int item, size_t most);

#endif
