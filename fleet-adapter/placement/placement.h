/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placement.h - which unit runs on which host, how many hosts that takes, and which hosts
 * can be removed.
 *
 * A running unit stays, unless its host drains or its own rules ([X-Fleet], pool) are
 * broken there; a unit that has to move keeps running until there is room elsewhere. New
 * units go to the suitable host with the fewest units of their tier, then the least
 * loaded. Units that find no room are packed into booting hosts, the oldest first, then
 * into new ones: the demand for hosts.
 *
 * A unit is placed on hosts of its own pool only. Two units with the same port never
 * share a host.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread. The same
 * hosts, units and pools give the same result in any order.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_PLACEMENT_H
#define FLEET_ADAPTER_PLACEMENT_PLACEMENT_H

#include "cleanup.h"
#include "unitfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum place_host_state {
	PLACE_UP,       /* takes units */
	PLACE_BOOTING,  /* launched, has not joined yet: future room */
	PLACE_SILENT,   /* not responding, within its grace: keeps its units, gets none */
	PLACE_DRAINING, /* to be emptied */
};

/* A host that is not listed is gone; its units need another. */
struct place_host {
	const char *id;
	const char *pool;
	enum place_host_state state;
	double cpu;                   /* cores; 0: not limited */
	int64_t memory_bytes;         /* 0: not limited */
	const struct words *metadata; /* "key=value"; may be NULL */
	int64_t joined_ms;            /* the newest are removed first; of one that boots,
					 when it was launched */
	bool is_kept;      /* room is made on it for a unit of that priority: none of a */
	int kept_priority; /* lower one is placed there */
};

struct place_unit {
	const char *name; /* unique */
	const char *stack;
	const char *tier;
	const char *pool;
	const struct x_fleet *fleet; /* NULL: no rules */
	double cpu;                  /* requested; 0 for none */
	int64_t memory_bytes;
	const int *ports; /* [n_ports] that it listens on */
	size_t n_ports;
	const char *host;  /* where it is; NULL: nowhere. Ignored when Global */
	const char *avoid; /* host not to be used while its pool has, or may get,
			      another; NULL: none */
	bool leaving;      /* being removed: takes room until it is gone */
	bool drains;  /* leaving, and stops now; others run until they are replaced */
	bool sick;    /* serves nobody: given up before others of its priority */
	bool pinned;  /* stateful, or under a hold: stays as long as its host exists */
	bool single;  /* must stop before it starts elsewhere: not moved for balance */
	int priority; /* higher ones are placed first */
	int64_t wanted_ms; /* of equal ones, those wanted for longest come first */
};

struct place_pool {
	const char *name;
	double cpu; /* of a new host */
	int64_t memory_bytes;
	const struct words *metadata; /* of a new host; may be NULL */
	size_t min, max;              /* hosts */
	size_t extra; /* hosts above max that may come in the place of others */
	size_t going; /* hosts that are not listed, still exist and count in max */
};

struct place_input {
	const struct place_host *hosts;
	size_t n_hosts;
	const struct place_unit *units;
	size_t n_units;
	const struct place_pool *pools;
	size_t n_pools;
	size_t max_moves; /* for balance, in this round; forced moves are not limited */
};

enum place_action {
	PLACE_STAY,   /* on its host; a reason says why it should move but cannot yet */
	PLACE_START,  /* on a host, from nowhere */
	PLACE_MOVE,   /* from its host to another */
	PLACE_WAIT,   /* nowhere yet; the reason says why */
	PLACE_GLOBAL, /* see globals */
};

#define PLACE_NOWHERE SIZE_MAX

struct place_row {
	enum place_action action;
	size_t host;  /* index in the input, where it should be, or PLACE_NOWHERE */
	char *reason; /* for users; NULL for none */
};

struct place_pair {
	size_t unit, host; /* indexes in the input */
};

struct place_demand {
	size_t have;        /* hosts that are up, booting or silent */
	size_t fresh;       /* further hosts that the pool needs, within its maximum */
	size_t short_units; /* units that would need a host above the maximum */
};

struct place_leave {
	size_t host;  /* index in the input */
	size_t moves; /* units that would have to move first, and have room elsewhere */
};

struct placement {
	struct place_row *rows; /* [n_units], as the input is ordered */
	size_t n_rows;
	struct place_pair *globals; /* global units on hosts, by unit then host */
	size_t n_globals;
	struct place_demand *demand; /* [n_pools], as the input is ordered */
	struct place_leave
		*leave; /* hosts that are not needed, first to be removed first */
	size_t n_leave;
};

/*
 * Decides. Never fails: the row of a unit that cannot be placed says why.
 *
 * leave lists hosts above the pool's minimum without which everything fits, the emptiest
 * first, then the newest. A host with moves 0 is empty; others have only units that may
 * be moved and have room on hosts that stay. A host with pinned units is never listed.
 *
 * A move for balance lowers the difference between two hosts, in units of that tier or in
 * all units, by two; it never raises the tier's. Units that have MachineOf or are
 * named in it, those with Replaces, pinned ones, and those on hosts in leave stay.
 *
 * Cost about n_units * n_hosts steps at worst; when everything stays, far less.
 */
void placement_decide(const struct place_input *in, struct placement *ret);
void placement_done(struct placement *p);
DEFINE_CLEANUP_OBJECT(struct placement, placement_done);

/* A tier, for placement_find_room(). */
struct place_tier {
	const char *stack, *tier;
	size_t probe; /* index in the input of a unit as its next instance would be,
			 leaving and nowhere; PLACE_NOWHERE: it has no other instance */
	size_t spare; /* instances that may be given up for a higher priority */
	size_t most;  /* further instances that are looked for */
};

#define PLACE_NO_LIMIT SIZE_MAX

struct place_room {
	size_t has;     /* instances on hosts, those to come included */
	size_t waiting; /* instances for which the pool has no room */
	size_t more;    /* further ones that it has room for, as far as they are looked
			   for, or PLACE_NO_LIMIT */
	size_t others;  /* further ones in the room of spare instances of a lower
			   priority */
	size_t gives;   /* index in the input of its unit that is to be given up now;
			   PLACE_NOWHERE: none */
	size_t taker;   /* index in tiers of the one that waits for that room */
	size_t keep;    /* index in the input of the host that is to be kept for one of
			   its units that waits; PLACE_NOWHERE: none */
};

/*
 * For how many instances of each tier its pool has room, when the input is placed as
 * placement_decide() would and each tier alone grew.
 *
 *   tiers  [n_tiers] sorted by stack, then tier
 *   ret    [n_tiers]
 *
 * For the first unit of a pool that waits, in order of priority, room is made where the
 * fewest spare units that serve must go, of tiers of a lower priority, those of the
 * lowest priority first: one of these gives way, and the host is kept. When there is no
 * room for it whoever gives way, the next tier that waits has its turn. None gives way
 * while a unit of the pool drains or one of its hosts goes. So each that gives way is a
 * step towards room for one that waits, equal priorities never take from each other, and
 * it ends.
 *
 * Cost as placement_decide(), and n_tiers * hosts of a pool.
 */
void placement_find_room(const struct place_input *in, const struct place_tier *tiers,
			 size_t n_tiers, struct place_room *ret);

/* A unit of a tier that is scaled in, for placement_sort_victims(). */
struct place_victim {
	const char *name;
	bool has_host;
	bool is_healthy;
	bool on_draining;       /* its host is draining */
	size_t neighbours;      /* other units on its host */
	int64_t host_joined_ms; /* of its host */
	int64_t wanted_ms;
	bool is_ending; /* its host will soon have been used for all that is paid */
	bool is_given;  /* to a tier of a higher priority, which needs its room */
};

/*
 * Sorts the units in the order of removal: one that is given up, those without a host, on
 * draining hosts, not healthy; then those whose host is ending; then those with the
 * fewest neighbours, so that hosts become empty, on the newest hosts; then those wanted
 * last, then the highest instance.
 */
void placement_sort_victims(struct place_victim *v, size_t n);

#endif
