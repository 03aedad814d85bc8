/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.h - the SQLite store of the controller.
 *
 * Any thread may call anything. One writer connection is shared behind a mutex; each
 * thread reads through a connection of its own that is opened at its first read and
 * closed when the thread ends. Reads never wait for the writer.
 *
 * Errors: ERR_NOT_FOUND for a key that does not exist (never from a list), ERR_CONFLICT
 * for one that already exists or was changed concurrently, ERR_STORE when the disk or the
 * file fails (a full disk too: nothing of that call was written, later calls succeed once
 * there is space). Every call may return ERR_STORE.
 *
 * get: *ret is written on success only and is the caller's, X_done().
 * list: *ret is written on success only, X_list_done(); an empty list is no error.
 * Filters: a member that is NULL or 0 does not filter; a NULL filter matches all. limit 0
 * is no limit. Paged lists take the key or id of the last item of the previous page.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "err.h"
#include "kv.h"
#include "model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

/* ---------------------------------------------------------------- the file */

/*
 * Opens or creates the database at path (its folder must exist) and brings it to this
 * version's schema. PATH.lock is held until db_close(), so a second controller on the
 * same state is rejected.
 *
 * ERR_CONFLICT: another process has it open. ERR_STORE: the folder cannot be written, the
 * file is not an SQLite database, is another program's, is damaged, or was written by a
 * newer Foretide; the message says which, and the file is not changed.
 */
int db_open(const char *path, struct db **ret, struct err *err) MUST_CHECK;
/*
 * The same database while a controller may have it open: for a few rows, from a process
 * that ends soon. Changes no schema: ERR_CONFLICT when it is of another version. No
 * samples, no demand, no maintenance.
 */
int db_open_beside(const char *path, struct db **ret, struct err *err) MUST_CHECK;
/* No other thread may be in a call. Threads that have read may still run. */
void db_close(struct db *db);
DEFINE_CLEANUP(struct db *, db_close);

/*
 * Runs fn in one write transaction: all changes that fn makes through this db are made,
 * or none. Calls inside fn join the transaction, and reads inside see its writes. fn
 * returns 0 to commit; any other value rolls back and is returned. fn must not block: no
 * driver, no HTTP, no log, and no samples (db_samples_*, db_demand_*, db_maintain).
 */
int db_tx(struct db *db, int (*fn)(struct db *db, void *arg, struct err *err), void *arg,
	  struct err *err) MUST_CHECK;

/*
 * Runs fn in one read transaction: all that it reads through this db is of one moment,
 * and only one lock is taken for all of it. Inside a transaction of this thread it joins
 * that. fn must not write. Returns what fn does.
 */
int db_read_tx(struct db *db, int (*fn)(struct db *db, void *arg, struct err *err),
	       void *arg, struct err *err) MUST_CHECK;

/* Bytes on disk: the file and its write-ahead log. */
int64_t db_size_bytes(struct db *db);

/*
 * What is wrong with the files on disk: the kind of problem, with a message for people;
 * NULL: nothing. "disk-full" and "database-unwritable" (a write is tried again),
 * "database-damaged" (as calls have found; checked again now and then),
 * "database-replaced" (the file at the path is not the one that is open). For one thread,
 * every second or so.
 */
const char *db_look(struct db *db, char *ret_message, size_t size);

/* ---------------------------------------------------------------- backups */

/* A file that belongs to the database: a key, a certificate. */
struct db_backup_file {
	const char *name; /* "ca/ca.pem" */
	unsigned mode;
	const void *data;
	size_t len;
};
typedef int db_backup_fn(void *arg, const struct db_backup_file *f, struct err *err);

/*
 * Writes the database as it is now, with the files, into one new file of mode 0600 that
 * was checked to be whole. Others read and write meanwhile; they wait only when the file
 * at the database's path is no longer the open one. On failure there is no file.
 */
int db_backup(struct db *db, const char *path, const struct db_backup_file *files,
	      size_t n, struct err *err) MUST_CHECK;
/*
 * Makes the new file path the database of a backup, or of a copy of a state folder, which
 * is not changed, and calls each for the files in it. ERR_STORE: the backup is damaged,
 * is none, or is a newer version's; then there is no file.
 */
int db_restore(const char *backup, const char *path, db_backup_fn *each, void *arg,
	       struct err *err) MUST_CHECK;

/* The meta text of when a backup was made: real Unix time in ms. */
#define DB_META_BACKUP "backup_wall_ms"

/* ---------------------------------------------------------------- meta */

/* Small named texts: ids and dates of this installation. *ret is the caller's. */
int db_meta_get(struct db *db, const char *name, char **ret, struct err *err) MUST_CHECK;
/* Its value; when there is none, fresh, which is stored. */
int db_meta_ensure(struct db *db, const char *name, const char *fresh, char **ret,
		   struct err *err) MUST_CHECK;
int db_meta_put(struct db *db, const char *name, const char *value,
		struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- stacks */

int db_stack_get(struct db *db, const char *name, struct db_stack *ret,
		 struct err *err) MUST_CHECK;
int db_stack_list(struct db *db, struct db_stack_list *ret, struct err *err) MUST_CHECK;
/*
 * Inserts or replaces. expect_version: the version that the caller read, 0 when it
 * must not exist yet, -1 for any; otherwise ERR_CONFLICT. s->version is
 * not read; *ret_version (may be NULL) is the new one.
 */
int db_stack_put(struct db *db, const struct db_stack *s, int64_t expect_version,
		 int64_t *ret_version, struct err *err) MUST_CHECK;
/* Those that are kept, the newest first. */
int db_stack_version_list(struct db *db, const char *stack,
			  struct db_stack_version_list *ret, struct err *err) MUST_CHECK;
/* For db_stack_put(): keeps it as s->version, and the latest DB_STACK_VERSIONS of all. */
int db_stack_version_keep(struct db *db, const struct db_stack *s,
			  struct err *err) MUST_CHECK;

/* stack: NULL for all. By stack and tier. */
int db_roll_out_list(struct db *db, const char *stack, struct db_roll_out_list *ret,
		     struct err *err) MUST_CHECK;
/* All of them, in one transaction, but those whose stack has another version than
 * versions[i] now: it was applied meanwhile. */
int db_roll_outs_put(struct db *db, const struct db_roll_out *v, const int64_t *versions,
		     size_t n, struct err *err) MUST_CHECK;
/* The stack's begin anew, but those that are done: running, since_ms 0. */
int db_roll_outs_restart(struct db *db, const char *stack, struct err *err) MUST_CHECK;

/* The stack with its tiers, holds and model states; pools and units stay. */
int db_stack_delete(struct db *db, const char *name, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- tiers */

int db_tier_get(struct db *db, const char *stack, const char *name, struct db_tier *ret,
		struct err *err) MUST_CHECK;
/* stack: NULL for all. Ordered by stack and name. */
int db_tier_list(struct db *db, const char *stack, struct db_tier_list *ret,
		 struct err *err) MUST_CHECK;
/* Inserts (all members) or updates what the operator declared; the decided part stays. */
int db_tier_put(struct db *db, const struct db_tier *t, struct err *err) MUST_CHECK;
int db_tier_delete(struct db *db, const char *stack, const char *name,
		   struct err *err) MUST_CHECK;
/*
 * Writes desired, desired_since_ms, explanation_json and updated_ms of n tiers in one
 * transaction. Tiers that no longer exist are skipped.
 */
int db_tiers_decide(struct db *db, const struct db_tier *tiers, size_t n,
		    struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- pools */

int db_pool_get(struct db *db, const char *name, struct db_pool *ret,
		struct err *err) MUST_CHECK;
int db_pool_list(struct db *db, struct db_pool_list *ret, struct err *err) MUST_CHECK;
/* Inserts (all members) or updates what is declared; the state stays. */
int db_pool_put(struct db *db, const struct db_pool *p, struct err *err) MUST_CHECK;
/* Its desired number of hosts. */
int db_pool_want(struct db *db, const char *name, int64_t want,
		 struct err *err) MUST_CHECK;
/* The state of its driver: "ok" or "backoff", until when, and why. */
int db_pool_note(struct db *db, const char *name, const char *state,
		 int64_t backoff_until_ms, const char *error, struct err *err) MUST_CHECK;
/* What its driver states of its cloud: the members cloud_*. */
int db_pool_stated(struct db *db, const struct db_pool *p, struct err *err) MUST_CHECK;
/* Its types, by name. */
int db_pool_type_list(struct db *db, const char *pool, struct db_pool_type_list *ret,
		      struct err *err) MUST_CHECK;
/* Replaces them; those of an unknown pool are not kept. */
int db_pool_types_put(struct db *db, const char *pool, const struct db_pool_type *v,
		      size_t n, struct err *err) MUST_CHECK;
/* How many batches of hosts in a row did not join, the last of them now. */
int db_pool_unjoined(struct db *db, const char *name, int64_t batches, int64_t now_ms,
		     struct err *err) MUST_CHECK;
/* How many hosts the cloud's quota allows; -1: that is not known. */
int db_pool_quota(struct db *db, const char *name, int64_t most,
		  struct err *err) MUST_CHECK;
int db_pool_delete(struct db *db, const char *name, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- hosts */

struct db_host_filter {
	const char *pool;
	bool present;          /* only hosts that are neither gone nor failed */
	int64_t gone_since_ms; /* only hosts that were gone at this time or later;
				* 0: all */
	bool uncounted;        /* only hosts of which time is left to be entered */
	const char *after;     /* id */
	size_t limit;
};

int db_host_get(struct db *db, const char *id, struct db_host *ret,
		struct err *err) MUST_CHECK;
/* Ordered by id. */
int db_host_list(struct db *db, const struct db_host_filter *f, struct db_host_list *ret,
		 struct err *err) MUST_CHECK;
/* Inserts or replaces the row. */
int db_host_put(struct db *db, const struct db_host *h, struct err *err) MUST_CHECK;
/* state and message; the time that belongs to the state is set when it was 0. */
int db_host_set_state(struct db *db, const char *id, enum db_host_state state,
		      const char *message, int64_t now_ms, struct err *err) MUST_CHECK;
/* Its agent's lease appeared for the first time: up, and ready_ms is now. */
int db_host_ready(struct db *db, const char *id, int64_t now_ms,
		  struct err *err) MUST_CHECK;
/* A new join token, for a launch that is sent again; ERR_CONFLICT once it has joined. */
int db_host_set_token(struct db *db, const char *id, const char *token_hash,
		      struct err *err) MUST_CHECK;
/* When a heartbeat was last seen, for n hosts; unknown ids are skipped. */
int db_hosts_seen(struct db *db, const char *const *ids, size_t n, int64_t now_ms,
		  struct err *err) MUST_CHECK;
/*
 * Exchanges a join token for a certificate, once: the host must be requested or booting
 * and the hash must be its own and unused. Then the token is used, joined_ms, address and
 * cert_serial are set and the state is up. ERR_DENIED in every other case, with nothing
 * changed.
 */
int db_host_join(struct db *db, const char *id, const char *token_hash,
		 const char *address, const char *cert_serial, int64_t now_ms,
		 struct err *err) MUST_CHECK;
/* unknown_ms and is_replaced; 0: it is heard. */
int db_host_set_unknown(struct db *db, const char *id, int64_t unknown_ms,
			bool is_replaced, struct err *err) MUST_CHECK;
/* It is reached by that address from now on. ERR_NOT_FOUND: it was already, or another
 * host that is there has it. */
int db_host_move(struct db *db, const char *id, const char *address,
		 struct err *err) MUST_CHECK;
/* A host that is to be terminated is up again; ERR_NOT_FOUND when its termination was
 * requested already. */
int db_host_take_back(struct db *db, const char *id, struct err *err) MUST_CHECK;
/* After a restore: all that are present and not to be ended were found, as of now. */
int db_hosts_adopt(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Its cloud's list has its VM: listed_ms, type and is_spot. */
int db_host_listed(struct db *db, const char *id, const char *type, bool is_spot,
		   int64_t now_ms, struct err *err) MUST_CHECK;
/* The answer to its launch says what it is. */
int db_host_set_type(struct db *db, const char *id, const char *type, bool is_spot,
		     struct err *err) MUST_CHECK;
/* How many hosts are neither gone nor failed. */
int db_host_count(struct db *db, int64_t *ret, struct err *err) MUST_CHECK;
/* Its termination is requested now: gone_ms. ERR_NOT_FOUND: it was taken back. */
int db_host_ending(struct db *db, const char *id, int64_t now_ms,
		   struct err *err) MUST_CHECK;
/* The host is gone, its units are unplaced (host "", states cleared), and a launch of it
 * without a known outcome is failed or lost, in one transaction. */
int db_host_gone(struct db *db, const char *id, const char *message, int64_t now_ms,
		 struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- units */

struct db_unit_filter {
	const char *stack, *tier, *host;
	const char *after; /* name */
	size_t limit;
};

int db_unit_get(struct db *db, const char *name, struct db_unit *ret,
		struct err *err) MUST_CHECK;
/* Ordered by name. */
int db_unit_list(struct db *db, const struct db_unit_filter *f, struct db_unit_list *ret,
		 struct err *err) MUST_CHECK;
/* Inserts or replaces rows and deletes by name, in one transaction. */
int db_units_change(struct db *db, const struct db_unit *put, size_t n_put,
		    const char *const *del, size_t n_del, struct err *err) MUST_CHECK;
int db_unit_put(struct db *db, const struct db_unit *u, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- launch journal */

struct db_launch_filter {
	const char *pool;
	bool open;          /* only intended, sent and unknown */
	bool lost;          /* only lost */
	bool may_exist;     /* only those that were sent, and did not fail for certain */
	int64_t since_ms;   /* only those that changed at this time or later; 0: all */
	const char *before; /* newest first, after the launch of this host; "": from the
			     * newest; NULL: oldest first, all */
	size_t limit;
};

/*
 * Journals an intended launch and its host (requested) in one transaction that is on the
 * disk, synced, when this returns. ERR_CONFLICT when either id exists.
 */
int db_launch_intend(struct db *db, const struct db_launch *l, const struct db_host *h,
		     struct err *err) MUST_CHECK;
/*
 * Updates the state of a launch, and its host, in one transaction: done sets the host's
 * vm_id and booting; failed and lost set the host failed with error as its message. vm_id
 * and error may be NULL, which keeps them. attempt grows by one with each sent.
 */
int db_launch_set(struct db *db, const char *launch_id, enum db_launch_state state,
		  const char *vm_id, const char *error, int64_t now_ms,
		  struct err *err) MUST_CHECK;
/* It is about to be sent, and asks for these ("": the driver's own): state sent, synced.
 */
int db_launch_send(struct db *db, const char *launch_id, const char *type,
		   const char *zone, int64_t now_ms, struct err *err) MUST_CHECK;
int db_launch_get(struct db *db, const char *launch_id, struct db_launch *ret,
		  struct err *err) MUST_CHECK;
/* Oldest first, unless the filter says otherwise. */
int db_launch_list(struct db *db, const struct db_launch_filter *f,
		   struct db_launch_list *ret, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- decisions */

struct db_page {
	const char *stack, *tier;
	int64_t since_ms;  /* at this time or later */
	int64_t until_ms;  /* before this time */
	int64_t before_id; /* the next page after the one that ended with this id */
	size_t limit;
};

/* d->id is not read; *ret_id may be NULL. */
int db_decision_add(struct db *db, const struct db_decision *d, int64_t *ret_id,
		    struct err *err) MUST_CHECK;
int db_decision_get(struct db *db, int64_t id, struct db_decision *ret,
		    struct err *err) MUST_CHECK;
/* Newest first. */
int db_decision_list(struct db *db, const struct db_page *f, struct db_decision_list *ret,
		     struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- holds */

int db_hold_add(struct db *db, const struct db_hold *h, int64_t *ret_id,
		struct err *err) MUST_CHECK;
int db_hold_get(struct db *db, int64_t id, struct db_hold *ret,
		struct err *err) MUST_CHECK;
/* active_at_ms: 0 for all, else only those in force then. Newest first. */
int db_hold_list(struct db *db, const char *stack, int64_t active_at_ms,
		 struct db_hold_list *ret, struct err *err) MUST_CHECK;
/* ERR_CONFLICT when it was already released. */
int db_hold_release(struct db *db, int64_t id, const char *by, int64_t now_ms,
		    struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- drills */

/* d->id is not read. The newest 200 are kept. */
int db_drill_add(struct db *db, const struct db_drill *d, int64_t *ret_id,
		 struct err *err) MUST_CHECK;
/* state, ended_ms and report_json of the row of that id. */
int db_drill_put(struct db *db, const struct db_drill *d, struct err *err) MUST_CHECK;
int db_drill_get(struct db *db, int64_t id, struct db_drill *ret,
		 struct err *err) MUST_CHECK;
/* stack: NULL for all. Newest first. */
int db_drill_list(struct db *db, const char *stack, struct db_drill_list *ret,
		  struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- certificates */

/*
 * A certificate that this authority signed for the name is used. The first one, the one
 * that was issued last, and one that is newer than what is known (a database that was
 * restored knows older ones) take the place of the one in use: ERR_DENIED for any other.
 */
int db_certificate_use(struct db *db, const char *name, const char *serial,
		       int64_t issued_ms, struct err *err) MUST_CHECK;
/* One was issued: it may take the place of the one in use, which stays valid until then.
 */
int db_certificate_issued(struct db *db, const char *name, const char *serial,
			  struct err *err) MUST_CHECK;
int db_certificate_get(struct db *db, const char *name, struct db_certificate *ret,
		       struct err *err) MUST_CHECK;

/* Each host that went to gone or failed, until it is settled; some of them at a time. */
int db_ended_hosts(struct db *db, struct db_ended_host_list *ret,
		   struct err *err) MUST_CHECK;
/* is_over: its certificates are forgotten; false: it has come back. */
int db_ended_host_settled(struct db *db, const char *host, bool is_over,
			  struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- tokens */

/* ERR_CONFLICT when the name is in use by a token that is not revoked. */
int db_token_add(struct db *db, const struct db_token *t, int64_t *ret_id,
		 struct err *err) MUST_CHECK;
/* By the secret's hash; ERR_NOT_FOUND also when it is revoked or expired at now_ms. */
int db_token_find(struct db *db, const char *hash, int64_t now_ms, struct db_token *ret,
		  struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: the token was revoked, or has expired. */
int db_token_in_force(struct db *db, int64_t id, int64_t now_ms,
		      struct err *err) MUST_CHECK;
int db_token_list(struct db *db, struct db_token_list *ret, struct err *err) MUST_CHECK;
int db_token_revoke(struct db *db, int64_t id, struct err *err) MUST_CHECK;
/* Writes last_used_ms when it grew by a minute or more. */
int db_token_used(struct db *db, int64_t id, int64_t now_ms, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- events */

struct db_event_filter {
	int64_t after_id; /* events with a greater id, oldest first */
	bool newest;      /* instead newest first, before before_id */
	int64_t before_id;
	const char *stack, *tier, *host, *kind;
	size_t limit;
};

int db_event_add(struct db *db, const struct db_event *e, int64_t *ret_id,
		 struct err *err) MUST_CHECK;
int db_event_list(struct db *db, const struct db_event_filter *f,
		  struct db_event_list *ret, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- lead times */

struct db_lead_filter {
	const char *stack, *tier, *pool;
	const char *kind; /* "tier", "host", "unit" */
	int64_t since_ms; /* healthy at this time or later */
	int64_t before_id;
	size_t limit;
};

int db_lead_add(struct db *db, const struct db_lead *l, struct err *err) MUST_CHECK;
/* Newest first. */
int db_lead_list(struct db *db, const struct db_lead_filter *f, struct db_lead_list *ret,
		 struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- model states */

int db_model_state_get(struct db *db, const char *stack, const char *tier,
		       const char *kind, struct db_model_state *ret,
		       struct err *err) MUST_CHECK;
/* n states in one transaction; each replaces the previous one. */
int db_model_states_put(struct db *db, const struct db_model_state *s, size_t n,
			struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- backtests */

int db_backtest_get(struct db *db, const char *stack, const char *tier,
		    struct db_backtest *ret, struct err *err) MUST_CHECK;
/* Replaces the previous one. Does nothing when the tier no longer exists. */
int db_backtest_put(struct db *db, const struct db_backtest *b,
		    struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- uplifts */

/* Replaces what was measured of the event in any overlapping time. */
int db_uplift_put(struct db *db, const struct db_uplift *u, struct err *err) MUST_CHECK;
/* Of a tier, by name and start. */
int db_uplift_list(struct db *db, const char *stack, const char *tier,
		   struct db_uplift_list *ret, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- the ledger */

struct db_ledger_filter {
	const char *stack, *tier;
	const char *month; /* "2026-11" */
	bool by_day;       /* a row a day, else a month */
	const char *after; /* id; a row that has it need not be there */
	size_t limit;
};

/*
 * Ordered by period, stack and tier. Removed tiers keep their rows. With limit it reads
 * the rows that it returns; of one stack, all of its rows; of one tier name, all rows.
 */
int db_ledger_list(struct db *db, const struct db_ledger_filter *f,
		   struct db_ledger_list *ret, struct err *err) MUST_CHECK;

/* Before all others: a ledger that is new starts at now_ms. */
int db_ledger_begin(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* By stack and tier. */
int db_ledger_tier_list(struct db *db, struct db_ledger_tier_list *ret,
			struct err *err) MUST_CHECK;

/*
 * What was paid from the day since_ms on, ordered by stack, tier, currency and day; stack
 * may be NULL.
 */
int db_cost_list(struct db *db, const char *stack, int64_t since_ms,
		 struct db_cost_list *ret, struct err *err) MUST_CHECK;

struct db_ledger_entry {
	const struct db_ledger *rows; /* [n_rows] added to the row of their day, stack and
					 tier; id, period and actions are not read */
	size_t n_rows;
	const struct db_cost *costs; /* [n_costs] added likewise; hour is that of the
					latest through_ms */
	size_t n_costs;
	const struct db_ledger_tier *tiers; /* [n_tiers] */
	size_t n_tiers;
	const struct db_host *hosts; /* [n_hosts] counted_ms, paid_ms and is_counted of
					each id; no other member is read */
	size_t n_hosts;
	int64_t day_length_ms;
	bool is_new_day; /* deletes all but the newest 400 days that have rows */
};

/*
 * Enters all of it, with the actions of the decisions since the last call, and forgets
 * the tiers that no longer exist; in one transaction.
 */
int db_ledger_enter(struct db *db, const struct db_ledger_entry *e,
		    struct err *err) MUST_CHECK;

#endif
