/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gates.h - what bounds the calls to clouds: every call passes the gate of its profile
 * and region, and a launch that of its type in its zone as well.
 *
 * A gate has a token bucket, the time that the cloud asked to be left alone for
 * (Retry-After), and a circuit breaker. It lets a call pass or says when to ask again; it
 * never waits, so who is refused can do something else. All pools of a profile share its
 * gates. Of failures these count as the cloud's: THROTTLED, TRANSIENT, AMBIGUOUS, BUG;
 * CAPACITY shuts the type's gate at once, for a time that grows; with any other answer
 * the cloud works. Safe from any thread; a call is never made under the lock.
 */
#ifndef CONTROLLER_GATES_GATES_H
#define CONTROLLER_GATES_GATES_H

#include "cleanup.h"
#include "driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Real durations; 0: the default. */
struct gate_opts {
	int failures;                       /* in a row, that open a breaker; 5 */
	int64_t open_first_ms, open_max_ms; /* of one opened by failures; 5 s, 5 min */
	int64_t capacity_first_ms, capacity_max_ms; /* by CAPACITY; 15 s, 15 min */
};

struct gates;
struct gates *gates_new(const struct gate_opts *opts);
void gates_free(struct gates *g);
DEFINE_CLEANUP(struct gates *, gates_free);

/* Which gate; "" where there is none, or the driver's own. None is NULL. */
struct gate_key {
	const char *driver, *profile, *region;
	bool is_launch; /* of that type in that zone; else these are not looked at */
	const char *zone, *type;
};

/* A call that only looks leaves tokens for those that change something. */
enum gate_call { GATE_LOOK, GATE_CHANGE };

enum gate_state {
	GATE_OPEN,    /* calls pass */
	GATE_EMPTY,   /* its bucket is */
	GATE_TOLD,    /* the cloud asked for that */
	GATE_BROKEN,  /* its breaker is open because of failures */
	GATE_NO_ROOM, /* the same because of CAPACITY */
	GATE_TRYING,  /* a call finds out whether it works again */
};
const char *gate_state_name(enum gate_state s); /* "open" */

struct gate_refusal {
	enum gate_state why;
	int64_t wait_ms; /* real, at least 1 */
	char text[1024]; /* in words, with the last failure */
};

/*
 * May the call be made now? True: it is counted, and its end must be told by
 * gates_leave() with the same key. calls_per_s: as the driver says of its cloud; 0: no
 * limit is known. trial_ms: within which the call ends.
 */
bool gates_enter(struct gates *g, const struct gate_key *k, enum gate_call call,
		 double calls_per_s, int64_t trial_ms, struct gate_refusal *ret);
/* The call was answered, or has failed with *e. NULL: it went well. */
void gates_leave(struct gates *g, const struct gate_key *k, const struct drv_err *e);
/* What gates_enter() would say of a call that changes something, without counting it. If
 * true, ret->why is GATE_TRYING when the call would be one that tries, else GATE_OPEN. */
bool gates_would(struct gates *g, const struct gate_key *k, struct gate_refusal *ret);

#define GATE_WORD 64

/* One gate as people see it. */
struct gate_view {
	char driver[GATE_WORD], profile[GATE_WORD], region[GATE_WORD];
	bool is_launch; /* of that type in that zone: "" is the driver's own */
	char zone[GATE_WORD], type[GATE_WORD];
	enum gate_state state;
	int64_t wait_ms;      /* real, until it may change; 0: it is open */
	int64_t told_wait_ms; /* real, what is left of Retry-After; 0: nothing */
	int64_t since_ms;    /* calendar, since its breaker has been open; 0: it is not */
	int failures;        /* in a row */
	double level, burst; /* tokens, and when it is full; 0: no limit */
	double calls_per_s;  /* 0: no limit */
	int64_t last_ms;     /* calendar, of the last failure; 0: there was none */
	struct drv_err last;
};

/* All that were used, by driver, profile, region, zone, type. The caller frees *ret. */
size_t gates_list(struct gates *g, struct gate_view **ret);

/* Full jitter for who tries again by himself: between 1 ms and first_ms, doubled with
 * each time, at most max_ms. */
int64_t gates_backoff_ms(int64_t first_ms, int64_t max_ms, int times);

#endif
