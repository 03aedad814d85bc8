/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - the contents of the database, as plain structs.
 *
 * All zero is a valid empty value of each. Strings are owned by their struct, are never
 * NULL when read, and NULL is written as "". X_done() frees the strings and leaves
 * the struct all zero; X_list_done() does so for a list. A caller that only writes may
 * point the members at literals and must then not call X_done(). Times are calendar Unix
 * milliseconds, 0 for what has not happened.
 */
#ifndef DB_MODEL_H
#define DB_MODEL_H

#include "cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct X_list with X_done() and X_list_done(), usable in CLEANUP(). */
#define DB_MODEL(type)                                   \
	struct type##_list {                             \
		struct type *v;                          \
		size_t n;                                \
	};                                               \
	void type##_done(struct type *o);                \
	void type##_list_done(struct type##_list *l);    \
	DEFINE_CLEANUP_OBJECT(struct type, type##_done); \
	DEFINE_CLEANUP_OBJECT(struct type##_list, type##_list_done)

/* One applied application. */
struct db_stack {
	char *name;
	char *timezone;
	char *budget; /* "300 USD/month"; "": none */
	char *domain;
	char *text_json; /* the applied files as canonical JSON */
	int64_t version; /* grows by one per change; the ETag */
	int64_t applied_ms;
};
DB_MODEL(db_stack);

#define DB_STACK_VERSIONS 20 /* of a stack that are kept */

struct db_stack_version {
	char *stack;
	int64_t version;
	char *text_json;
	int64_t applied_ms;
};
DB_MODEL(db_stack_version);

enum db_roll_out_state {
	DB_ROLL_OUT_RUNNING,
	DB_ROLL_OUT_STOPPED,
	DB_ROLL_OUT_BANNED, /* stopped, and not to be started anywhere */
	DB_ROLL_OUT_DONE,
};

/* How far the unit text of a tier has come. */
struct db_roll_out {
	char *stack;
	char *tier;
	char *hash;      /* of the text */
	char *good;      /* of the one that all had before, or have; "": there was none */
	int64_t version; /* of the stack that brought it */
	enum db_roll_out_state state;
	char *unit, *host; /* at which it stopped; "": none; of a banned one both hosts,
			      "a b" */
	char *why;         /* it stopped: "failed 5 times: ..." */
	int64_t since_ms;  /* 0: it was stopped, and is to begin anew */
};
DB_MODEL(db_roll_out);

enum db_mode { DB_MODE_OBSERVE, DB_MODE_OUT, DB_MODE_AUTO };
const char *db_mode_name(enum db_mode m); /* "observe" */
/* -1 for an unknown name. */
int db_mode_from_name(const char *name);

struct db_tier {
	/* the key */
	char *stack;
	char *name;
	/* what the operator declared; written by db_tier_put() */
	char *unit; /* unit file, "web@.service" */
	char *pool;
	enum db_mode mode;
	int64_t min, max; /* instances */
	double capacity;  /* demand that one instance serves; 0: not declared */
	char *capacity_unit;
	char *demand; /* expression, see controller/metrics/expression.h; "" when none */
	char *utilisation;         /* expression, 0 to 1; "": CPU time of the instances */
	char *latency;             /* expression, seconds; "" when none */
	int64_t latency_max_ms;    /* that it may be; 0: no bound */
	double target_utilisation; /* that an instance may have, when it is learned */
	double risk_ratio;         /* share of time that may be short of capacity */
	double price_ratio; /* instance-hours per minute short of capacity; 0: unused */
	int64_t lead_prior_ms;
	int64_t step_out_max, step_in_max; /* instances per decision; 0: unlimited */
	int64_t dwell_ms;
	double action_price; /* instance-minutes that a change is worth avoiding for */
	char *schedule_json; /* [] of schedules */
	double cpu;          /* requested by one instance, cores */
	int64_t memory_bytes;
	bool stateful;
	int64_t priority;
	/* the latest decision; written by db_tiers_decide() alone */
	int64_t desired; /* -1: nothing decided yet */
	int64_t desired_since_ms;
	char *explanation_json; /* of the latest tick */
	int64_t updated_ms;
};
DB_MODEL(db_tier);

/* Its cloud has confirmed that a pool that wants no hosts has none. */
#define POOL_STATE_EMPTY "empty"

struct db_pool {
	/* declared; written by db_pool_put() */
	char *name;
	char *stack; /* "" when it belongs to no stack */
	char *driver;
	char *profile; /* section of the credentials file */
	char *type;    /* of host, as the driver names it */
	int64_t min, max;
	double cpu; /* of one host, cores; 0: ask the driver */
	int64_t memory_bytes;
	int64_t billing_ms; /* hosts are paid for in units of it, from their launch on; 0:
			       by the moment */
	int64_t billing_min_ms; /* that is paid for a host at least; 0: as its cloud bills
				 */
	int64_t lost_after_ms;  /* real: silence before a host is ended; 0: as the
				   controller's */
	bool lose_stateful;     /* also one of stateful instances */
	char *type_order;       /* of its types: "stated" or "price" */
	double spot_share;      /* of its hosts above spot_base that are spot capacity */
	int64_t spot_base;      /* hosts that are not, before any is */
	char *user_data;   /* what its hosts are started with: "script" or "ignition" */
	char *config_json; /* further options of the driver */
	/* state; written by db_pool_want(), _note(), _stated(), _unjoined(), _quota()
	 * alone */
	int64_t want;
	char *state; /* "ok", "limited", "backoff", or POOL_STATE_EMPTY */
	int64_t backoff_until_ms;
	char *last_error;
	int64_t unjoined;             /* batches of hosts in a row that did not join */
	int64_t unjoined_ms;          /* when the last did not */
	int64_t cloud_billing_ms;     /* the unit that its driver states; 0: none */
	int64_t cloud_billing_min_ms; /* and the minimum; 0: none */
	char *cloud_interruption; /* whose metadata service its driver states; "": none */
	bool has_quota;           /* what the cloud's quota allows is known: */
	int64_t quota_most;       /* so many hosts */
};
DB_MODEL(db_pool);

/* A type of host that a pool's cloud has. */
struct db_pool_type {
	char *pool;
	char *type; /* as the driver names it */
	double cpu; /* cores; 0: not known */
	int64_t memory_bytes;
	double price_hour, spot_price_hour; /* below 0: not known */
	char *currency;                     /* "EUR"; "" without a price */
	char *source; /* of the price: "configuration" or "cloud"; "" without */
};
DB_MODEL(db_pool_type);

enum db_host_state {
	DB_HOST_REQUESTED, /* intended or requested */
	DB_HOST_BOOTING,   /* the driver reports that it exists */
	DB_HOST_UP,        /* its agent joined */
	DB_HOST_DRAINING,
	DB_HOST_TERMINATING,
	DB_HOST_GONE,
	DB_HOST_FAILED, /* never joined, or the launch failed */
};
const char *db_host_state_name(enum db_host_state s); /* "requested" */
int db_host_state_from_name(const char *name);

struct db_host {
	char *id; /* POOL-XXXXXXXX */
	char *pool;
	char *launch_id;
	char *vm_id; /* the driver's */
	enum db_host_state state;
	char *address;
	int64_t requested_ms; /* the driver was last called to launch it; before the first
				 call: intended */
	int64_t booted_ms, joined_ms, ready_ms, seen_ms;
	int64_t gone_ms; /* while terminating: when its termination was last requested */
	double cpu;
	int64_t memory_bytes;
	char *metadata_json;
	char *join_token_hash; /* SHA-256, hex */
	bool join_token_used;
	char *cert_serial;
	char *message;
	int64_t listed_ms;  /* its cloud's list first had it; 0: none ever did */
	int64_t adopted_ms; /* it was found serving, without a record; 0: it was launched
			       and joined */
	char *type;         /* as its cloud's list says; "": not listed yet */
	bool is_spot;
	/* the ledger's; kept by db_host_put() when the host exists */
	int64_t counted_ms; /* its time is entered until then; 0: nothing of it */
	int64_t paid_ms;    /* and paid for until then */
	bool is_counted;    /* nothing is left to be entered; reset by db_host_put() */
	/* written by db_host_set_unknown() alone */
	int64_t unknown_ms; /* its agent is not heard, since then; 0: it is */
	bool is_replaced;   /* and its units are replaced */
};
DB_MODEL(db_host);

/* The certificate that a name (a host, its programs) uses. */
struct db_certificate {
	char *name;
	char *serial;
	int64_t issued_ms; /* calendar of the certificate: the real wall clock's */
	char *next_serial; /* issued, but not used yet; "": none */
};
DB_MODEL(db_certificate);

/* A host that ended, whose watches and leases are still to be ended. */
struct db_ended_host {
	char *host;
};
DB_MODEL(db_ended_host);

enum db_goal {
	DB_GOAL_RUN,
	DB_GOAL_DRAIN,
	DB_GOAL_GONE,
	DB_GOAL_RESTART, /* to be drained, and run again on its host */
};
const char *db_goal_name(enum db_goal g); /* "run" */
int db_goal_from_name(const char *name);

struct db_unit {
	char *name; /* "web@3.service", unique over all stacks */
	char *stack;
	char *tier;
	char *host; /* "" while unplaced */
	char *hash; /* of the unit text */
	enum db_goal goal;
	int64_t wanted_ms, placed_ms, healthy_ms;
	char *active, *sub; /* as the agent last reported */
	char *health;       /* passing failing none starting, "" unknown */
	bool drained;
	char *message;
	int64_t epoch; /* of the host's schedule in which it was last changed */
};
DB_MODEL(db_unit);

enum db_launch_state {
	DB_LAUNCH_INTENDED, /* journalled, the driver was not called */
	DB_LAUNCH_SENT,     /* the call was sent; no answer yet, or it was lost */
	DB_LAUNCH_DONE,
	DB_LAUNCH_FAILED,
	DB_LAUNCH_UNKNOWN, /* ambiguous: to be found by listing */
	DB_LAUNCH_LOST,    /* given up, though its VM may exist */
};
const char *db_launch_state_name(enum db_launch_state s); /* "intended" */
int db_launch_state_from_name(const char *name);

struct db_launch {
	char *launch_id; /* 32 hex digits */
	char *pool;
	char *host;
	int64_t attempt;
	enum db_launch_state state;
	char *vm_id;
	int64_t created_ms, updated_ms;
	char *error;
	char *type, *zone; /* that it asked for, once it was sent; "": the driver's own */
};
DB_MODEL(db_launch);

struct db_decision {
	int64_t id;
	char *stack;
	char *tier;
	int64_t at_ms;
	int64_t from, to; /* instances */
	char *cause;
	char *sentence;
	char *explanation_json;
	char *record; /* what it was made from, see predictor/rule/record.h; "" when not
			 stored */
};
DB_MODEL(db_decision);

struct db_hold {
	int64_t id;
	char *stack;
	char *tier; /* "": the whole stack */
	char *owner;
	char *reason;
	int64_t created_ms;
	int64_t expires_ms; /* 0: never */
	int64_t released_ms;
	char *released_by;
};
DB_MODEL(db_hold);

/* Faults that were made on purpose, and what they cost. */
struct db_drill {
	int64_t id;
	char *stack;
	char *owner;
	char *state; /* see DB_DRILL_RUNNING and the others */
	int64_t started_ms;
	int64_t ended_ms;  /* 0: it runs */
	char *report_json; /* as the API returns it */
};
DB_MODEL(db_drill);
#define DB_DRILL_RUNNING "running"
#define DB_DRILL_DONE "done"
#define DB_DRILL_EARLY "ended-early"
#define DB_DRILL_INTERRUPTED "interrupted" /* the controller ended before it did */

enum db_role { DB_ROLE_VIEWER, DB_ROLE_OPERATOR, DB_ROLE_ADMIN };
const char *db_role_name(enum db_role r); /* "viewer" */
int db_role_from_name(const char *name);

struct db_token {
	int64_t id;
	char *name;
	enum db_role role;
	char *hash; /* SHA-256 of the secret, hex */
	int64_t created_ms;
	int64_t expires_ms; /* 0: never */
	int64_t last_used_ms;
	bool revoked;
};
DB_MODEL(db_token);

enum db_level { DB_LEVEL_INFO, DB_LEVEL_WARN, DB_LEVEL_ERROR };
const char *db_level_name(enum db_level l); /* "info" */
int db_level_from_name(const char *name);

struct db_event {
	int64_t id; /* grows; the cursor of readers */
	int64_t at_ms;
	char *kind; /* "host-joined" */
	enum db_level level;
	char *stack, *tier, *host, *unit; /* "" where it does not apply */
	char *message;
	char *data_json;
};
DB_MODEL(db_event);

enum db_lead_kind {
	DB_LEAD_TIER, /* from the launch call, or placement on a standing host, to the
			 first healthy answer */
	DB_LEAD_HOST, /* from the launch call until its agent joined */
	DB_LEAD_UNIT, /* from placement on a running host to healthy */
};
const char *db_lead_kind_name(enum db_lead_kind k); /* "tier" */
int db_lead_kind_from_name(const char *name);

struct db_lead {
	int64_t id;
	enum db_lead_kind kind;
	char *stack, *tier; /* "" for a host's */
	char *pool;
	char *host;
	int64_t wanted_ms, healthy_ms;
	int64_t lead_ms; /* healthy_ms - wanted_ms is longer by what was waited before */
};
DB_MODEL(db_lead);

/* State that the predictor keeps between ticks, opaque here. */
struct db_model_state {
	char *stack;
	char *tier;
	char *kind; /* whose state, and its format: "decision/1" */
	void *data;
	size_t len;
	int64_t updated_ms;
};
DB_MODEL(db_model_state);

/* The last backtest of a tier. */
struct db_backtest {
	char *stack;
	char *tier;
	int64_t at_ms;
	char *report_json; /* as the API returns it */
};
DB_MODEL(db_backtest);

/* What a tier had and cost in a period: sums over its minutes. */
struct db_ledger {
	char *id;     /* PERIOD/STACK/TIER */
	char *period; /* "2026-11" or "2026-11-30", UTC */
	char *stack;
	char *tier;         /* "": of the stack's pools, what no tier had */
	int64_t day_ms;     /* when it is entered; not read */
	int64_t through_ms; /* entered up to this time */
	/* minutes */
	int64_t known, unknown; /* demand and what served were measured; or not */
	int64_t was_short;      /* of the known: demand was above what served, or slow */
	int64_t slow;           /* of these: the latency was above its bound */
	int64_t at_risk;        /* of the known: a risk was promised */
	double promised;        /* of these: allowed to be short, by the risk */
	double priced;          /* sum of the price over the known without a risk */
	/* time */
	int64_t instance_ms; /* of instances that were on a host */
	int64_t loaded_ms;   /* of hosts with instances, its share */
	int64_t host_ms;     /* of all hosts, its share */
	int64_t paid_ms;     /* the same in billing units begun */
	/* counts */
	int64_t actions;  /* changes of the desired count */
	int64_t launches; /* answered by the cloud */
	int64_t failed;   /* of these */
	/* what reactive scaling would have paid and how long it would have been short */
	int64_t reactive_ms, reactive_short;
	int64_t peak; /* the largest need; by day: of the month so far */
};
DB_MODEL(db_ledger);

/* How far the minutes of a tier were entered. */
struct db_ledger_tier {
	char *stack;
	char *tier;
	int64_t through_ms; /* its next minute begins then */
	char *fleet;        /* that reactive scaling would have: see rolling.h */
	char *recent;       /* and what it lately wanted */
};
DB_MODEL(db_ledger_tier);

/* What a tier cost on a day, in one currency. */
struct db_cost {
	int64_t day_ms;
	char *stack;
	char *tier; /* "": of the stack's pools, what no tier had */
	char *currency;
	int64_t through_ms; /* entered up to this time */
	int64_t paid_ms;    /* of hosts, in billing units begun */
	double amount;      /* what they cost */
	double hour;        /* what its hosts cost an hour, at through_ms */
};
DB_MODEL(db_cost);

/* The measured effect of a past occurrence of an event on a tier's demand. */
struct db_uplift {
	char *stack;
	char *tier;
	char *name; /* the event's */
	int64_t start_ms, end_ms;
	double log_ratio, error; /* of demand in it over ordinary demand */
	int64_t days;            /* that it was compared to */
	int64_t measured_ms;
};
DB_MODEL(db_uplift);

#endif
