/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drill.h - faults that are made on purpose, so that an owner sees what they cost: a host
 * of a stack is killed, a host is cut off from the controller for a time, and the
 * controller itself is stopped for as long; one after the other, with a recovery between.
 *
 * One drill runs at a time, in a thread of its own. It is refused when anything is not as
 * it should be, and it ends early, with everything restored, when anything else goes
 * wrong. Its report is kept in the database, where it can be followed.
 */
#ifndef CONTROLLER_DRILL_DRILL_H
#define CONTROLLER_DRILL_DRILL_H

#include "db.h"
#include "events.h"
#include "stop_process.h"

#include <jansson.h>

struct drill;

/* What a drill does to the rest of the controller. Called by the drill's thread. */
struct drill_ops {
	void *arg;
	/* Ends the VM at its cloud without a word to anybody. */
	int (*kill_host)(void *arg, const struct db_host *h, struct err *err);
	/* From now on all that the host's agent asks for is refused; "": of no host. May
	 * be NULL: hosts do not come through this controller. */
	void (*cut_host)(void *arg, const char *host);
	/* stop_process(), but for tests: should_end is asked now and then, to return
	 * early. */
	int (*stop)(void *arg, int64_t for_ms, bool (*should_end)(void *of), void *of,
		    struct err *err);
	/* [{"kind","message"}], the caller's. */
	json_t *(*problems)(void *arg);
};

struct drill_opts {
	struct db *db;
	const struct events *events;
	struct drill_ops ops;
	int64_t metrics_ms;    /* real: how often agents report */
	int64_t lost_after_ms; /* real: silence that ends a host whose pool says nothing
				*/
	/* Real; 0: the usual ones. */
	int64_t look_ms;    /* 200: between two looks at the stack */
	int64_t settle_ms;  /* 3 s: all must serve for so long to have recovered */
	int64_t nothing_ms; /* 5 s: a tier of which nothing serves for longer ends it */
	int64_t recover_ms; /* 15 min: a step that has not recovered by then failed */
};

#define DRILL_FOR_MIN_MS 1000
#define DRILL_FOR_MAX_MS 600000

struct drill_request {
	const char *stack;
	const char *owner;  /* who asks for it */
	const char *window; /* "sun 02:00-04:00"; NULL: the stack's own */
	const char *host;   /* that is killed; NULL: is chosen */
	int64_t for_ms; /* real; how long a host is cut off and the controller stopped */
};

/* A drill that was running when a controller ended is marked as interrupted. opts and
 * what it points to must outlive it. */
struct drill *drill_new(const struct drill_opts *opts);
/* Ends a running one early; none starts any more. False: a call to a cloud has kept it
 * for longer than within_ms, and it still runs. */
bool drill_halt(struct drill *d, int64_t within_ms) MUST_CHECK;
/* As long as it may take. */
void drill_free(struct drill *d);
DEFINE_CLEANUP(struct drill *, drill_free);

/*
 * Starts a drill; *ret is its report so far, see drill_json(). dry_run: only what it
 * would do. ERR_NOT_FOUND, ERR_INVAL: there is no such stack or host, or the request is
 * not valid; ERR_CONFLICT: refused, in words.
 */
int drill_start(struct drill *d, const struct drill_request *q, bool dry_run,
		json_t **ret, struct err *err) MUST_CHECK;

/* A report with what the row has of it; the caller's. */
json_t *drill_json(const struct db_drill *row);

#endif
