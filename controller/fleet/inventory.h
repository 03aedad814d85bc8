/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inventory.h - one tick's snapshot of everything: what is desired and what exists.
 *
 * Read from the database at the start of a tick and from the store by observe.h; the tick
 * changes the units in it and writes what is dirty at its end. The tick's thread is the
 * only one that changes units. Hosts are changed through the database's own calls, since
 * joins and launches change them concurrently.
 */
#ifndef CONTROLLER_FLEET_INVENTORY_H
#define CONTROLLER_FLEET_INVENTORY_H

#include "db.h"
#include "schedule.h"
#include "text.h"
#include "unitfile.h"

struct catalog_tier;

struct fleet_host {
	struct db_host h;
	bool alive;          /* its agent's lease is in the store */
	bool is_cut;         /* its pushes arrive, but its lease is gone */
	bool is_due;         /* may be ended for its silence; see silence.h */
	bool is_long_silent; /* for as long as for is_due, in doubt or not */
	bool is_missing;     /* its lease is gone */
	int64_t silent_ms;   /* real: for so long */
	json_t *metadata;    /* reported by its agent; NULL when not alive */
	json_t *vanished;    /* services whose last list it goes on with, or NULL */
	json_t *notice;      /* {"how","at"}: its cloud takes it back, or NULL */
	bool is_going;       /* and that within seconds */
	json_t *put_right;   /* which of its records others changed, in words, or NULL */
	struct states *states; /* of its units; NULL when none are published */
	size_t n_units;
	size_t n_wanted;   /* units of these that should run */
	double cpu_wanted; /* cores that these request */
	bool is_kept;      /* room is made on it for a tier of that priority; see */
	int kept_priority; /* place_room.h */
};

/* What its pool has room for; see place_room.h. */
struct fleet_room {
	bool known;
	int64_t waiting; /* instances for which there is no room */
	int64_t most;    /* instances that there can be hosts for; < 0: no limit */
	const struct fleet_tier
		*yields_to; /* waits for the room of one of its instances */
	const struct fleet_tier *takes_from; /* gives up instances for it */
};

struct fleet_tier {
	struct db_tier t;
	size_t first_unit, n_units;     /* in fleet.units */
	const struct catalog_tier *cat; /* what it runs; NULL when that cannot be read */
	size_t running;                 /* with goal run, not failing and not sick */
	size_t healthy;
	size_t draining;
	/* of a tier that this round decides */
	bool is_decided;         /* and t.capacity is the one in force */
	int64_t lead_ms;         /* planned for */
	int64_t least, most;     /* that operator and schedules allow */
	struct db_roll_out roll; /* of its unit's text; stack NULL: none is known */
	bool roll_waits;         /* the first instance with the new text is watched */
	const char *avoid;       /* host to avoid for new instances, "": none; see
				    failing_units.h */
	struct fleet_room room;
	const char *thrift; /* why none is started ahead of demand; NULL: they are */
	int64_t lacks; /* instances that it should have beyond its room, as decided */
};

struct fleet_unit {
	struct db_unit u; /* its name is "lb.service:HOST" while another of it, which
			     has the name, is to serve in its place */
	struct fleet_tier *tier; /* NULL: its tier no longer exists */
	struct fleet_host *host; /* NULL: not placed */
	bool healthy;
	bool leaving; /* runs until another instance has replaced it */
	bool away;    /* its host is not heard, or just was again: another takes its
			 place, and it stays */
	const char *
		failing; /* "failed 5 times: ..."; NULL: it is not; see failing_units.h */
	const char *sick; /* "fails its check: ...": it served, and does not; NULL: it
			     is not; see sick_units.h */
	int64_t sick_ms;  /* since when */
	bool made_up;     /* sick, and another takes its place */
	bool seen_down;   /* its agent says, as of now, that it does not serve */
	bool served;      /* it was healthy when it was looked at before */
	bool unsteady;    /* healthy, but only for a moment */
	bool came;        /* its first healthy answer was seen in this round */
	bool stumbled;    /* was failing on its way to it */
	bool given;       /* its room is for a tier of a higher priority */
	bool give_up;     /* failing: to be replaced by another instance */
	bool restart;     /* failing: to be run again where it is */
	bool dirty;       /* to be written */
	bool gone;        /* to be deleted */
};

struct fleet {
	int64_t now_ms; /* calendar */
	struct db_stack_list stacks;
	struct db_pool_list pools; /* by name */
	struct db_hold_list holds; /* in force */
	struct fleet_host *hosts;  /* by id; present ones only */
	size_t n_hosts;
	struct fleet_tier *tiers; /* by stack and name */
	size_t n_tiers;
	struct fleet_unit *units; /* by stack, tier and name */
	size_t n_units, cap_units;
};

int fleet_load(struct db *db, int64_t now_ms, struct fleet **ret,
	       struct err *err) MUST_CHECK;
void fleet_free(struct fleet *f);
DEFINE_CLEANUP(struct fleet *, fleet_free);

/* NULL when there is none. */
struct fleet_host *fleet_host(struct fleet *f, const char *id);
struct fleet_tier *fleet_tier(struct fleet *f, const char *stack, const char *name);
const struct db_pool *fleet_pool(const struct fleet *f, const char *name);
/* Its stack, or any tier of it, is on hold: hosts stay, also empty ones. */
bool fleet_pool_is_held(const struct fleet *f, const char *name);

/* How many hosts a plan may promise of the pool: its maximum, or what the cloud's quota
 * allows. */
int64_t fleet_pool_most(const struct db_pool *p);
/* The same in words, which stand in ret [size]. p may be NULL. */
const char *fleet_pool_bound(const struct db_pool *p, char *ret, size_t size);

/* Whether its unit's new text goes to no more instances. */
bool fleet_roll_out_is_stopped(const struct fleet_tier *t);
/* Its text took hosts with it: where it is it stays, but it is started nowhere else. */
bool fleet_unit_is_banned(const struct fleet_unit *u);

/* Whether its hosts are paid for so far ahead that it matters when one goes. p may be
 * NULL. */
bool fleet_pool_is_paid_ahead(const struct db_pool *p);
/* Whether the host will soon have been used for all that is paid; never, when its pool is
 * not paid for ahead. */
bool fleet_host_is_ending(const struct fleet *f, const struct fleet_host *h);

/*
 * Adds a unit of a tier, requested now. Pointers to units and their order change: call
 * fleet_index() before they are used again.
 */
struct fleet_unit *fleet_unit_add(struct fleet *f, struct fleet_tier *tier,
				  const char *name);
/* Sorts the units and counts them per tier and host, after a change of any of these. */
void fleet_index(struct fleet *f);
/* The unit's name on its host, "lb.service"; and that of a unit in the database. */
const char *fleet_unit_name(const struct fleet_unit *u, char ret[UNIT_NAME_TEXT]);
const char *fleet_name_on_host(const char *name, char ret[UNIT_NAME_TEXT]);
/* It keeps running on a host that it leaves, under a name of its own. */
bool fleet_unit_is_left_behind(const struct fleet_unit *u);
/* Makes its name free for its successor; it has a host. */
void fleet_unit_leave_name(struct fleet_unit *u);
/* Sets one string of a unit and marks it dirty when it differs. */
void fleet_unit_set(struct fleet_unit *u, char **member, const char *value);
/* Its host is gone, or given up for it: it is wanted anew. */
void fleet_unit_unplace(const struct fleet *f, struct fleet_unit *u);

/* Writes what is dirty and deletes what is gone, in one transaction. */
int fleet_save_units(struct db *db, struct fleet *f, struct err *err) MUST_CHECK;

#endif
