/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - the working state of one placement; inside the room only.
 *
 * Hosts are bins, units are items, both sorted by name so that the order of the input
 * does not matter. Conflicts are counted, not searched: for each bin and each rule (a
 * Conflicts glob, or a port) it is known how many items on the bin hold the rule and how
 * many are hit by it.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_STATE_H
#define FLEET_ADAPTER_PLACEMENT_STATE_H

#include "placement.h"
#include "tally.h"

struct ints {
	int *v;
	int n;
	int cap;
};

void ints_add(struct ints *l, int x);
void ints_drop(struct ints *l, int x); /* the one that equals x */

struct item {
	const struct place_unit *u;
	const struct x_fleet *fleet; /* never NULL */
	size_t index;                /* in the input */
	int pool;                    /* -1: there is no such pool */
	int tier;
	int bin;               /* -1: nowhere */
	int was;               /* the bin at the beginning */
	struct ints held;      /* rules that it has */
	struct ints hit;       /* rules whose glob or port matches it */
	struct ints peers;     /* items that its MachineOf names */
	struct ints followers; /* items whose MachineOf names it */
	double cpu;            /* with its followers */
	int64_t memory_bytes;  /* with its followers */
	bool lacks_peer;       /* MachineOf names a unit that does not exist */
	bool is_replaced;      /* Replaces of another unit names it */
	bool is_displaced;     /* was displaced in this round */
	bool is_done;
};

struct bin {
	const struct place_host *h; /* NULL: a new host, not requested yet */
	const char *id;
	size_t index; /* in the input */
	int pool;
	enum place_host_state state;
	double cpu, cpu_used;
	int64_t memory_bytes, memory_used;
	double load;                  /* share that is used; 0 when it has no limits */
	const struct words *metadata; /* never NULL */
	struct ints items;
	struct tally held, hit; /* rules of its items */
	struct tally tiers;     /* of its items that are not leaving */
	int count;              /* items that are neither leaving nor global */
	bool is_leaving;
};

struct state {
	const struct place_input *in;
	struct item *items;
	int n_items;
	struct bin *bins;
	int n_bins, cap_bins;
	int n_hosts;                     /* bins that are hosts; new ones follow */
	const struct place_pool **pools; /* sorted by name */
	struct ints *pool_bins;          /* [n_pools] */
	struct ints globals;             /* items */
	struct ints waiting;             /* items without a place, in their order */
	int n_rules, n_tiers;
	struct placement *out;
};

/* Why an item cannot be on a bin, the most permanent reason first. */
enum place_why {
	WHY_NONE,
	WHY_POOL,
	WHY_MACHINE,
	WHY_METADATA,
	WHY_PEER,
	WHY_CONFLICT,
	WHY_ROOM,
	WHY_AVOIDED,
	WHY_KEPT,
	WHY_COUNT,
};

/* In setup.c. */
void state_init(struct state *s, const struct place_input *in, struct placement *out);
void state_done(struct state *s);

/* Puts every global on a bin that its rules allow: they take their room first. */
void state_put_globals(struct state *s, int bin);

/* Adds an item to a bin and removes it; counts only. */
void state_put(struct state *s, int item, int bin);
void state_take(struct state *s, int item, int bin);
/* As many like it as are able, up to most: how many. */
size_t state_fill(struct state *s, int item, int bin, size_t most);
/* Puts or takes it, and records where the item is. */
void state_move(struct state *s, int item, int bin); /* -1: nowhere */

/* A further bin as the pool's new hosts are, with the pool's globals on it. */
int state_add_fresh(struct state *s, int pool);
void state_drop_fresh(struct state *s); /* the last one */
void state_drop_bin(struct bin *b);     /* frees what it holds */

int state_find_item(const struct state *s, const char *name); /* -1 */

/* In rules.c. Whether the rules of an item allow a bin where it is not now; ignores
 * room. */
enum place_why state_rules(const struct state *s, int item, int bin);
/* The same with room for it and its followers, and rules of its followers. */
enum place_why state_able(const struct state *s, int item, int bin);

/* Whether placing a on a bin displaces b, which is on it. */
bool state_displaces(const struct state *s, int a, int b);

/* Whether it would have to go elsewhere: globals and what leaves would not. */
bool state_is_burden(const struct state *s, int item);
/* Whether it may be moved for the sake of others. */
bool state_is_free(const struct state *s, int item);

int state_tier_count(const struct state *s, int item, int bin);

/* Whether its unit avoids that host. */
bool state_avoids(const struct state *s, int item, int bin);

/*
 * The best able bin of the item's pool among those in one of the states (bits), -1 for
 * none; why[] then counts the causes.
 */
int state_best(const struct state *s, int item, unsigned states, int why[WHY_COUNT]);

/* In new_hosts.c: the demand for hosts, of what waits; and the further hosts that the
 * pool may have. */
void placement_find_demand(struct state *s);
size_t place_hosts_left(const struct state *s, int pool);
/* In leave.c: which hosts can go. */
void placement_find_leave(struct state *s);
/* In balance.c. */
void placement_balance(struct state *s);

#endif
