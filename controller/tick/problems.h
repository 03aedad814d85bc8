/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * problems.h - current problems, at most one of each kind.
 *
 * One thread sets them; problems_json() is safe from any.
 */
#ifndef CONTROLLER_TICK_PROBLEMS_H
#define CONTROLLER_TICK_PROBLEMS_H

#include "err.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>

enum problem_kind {
	PROBLEM_STORE,
	PROBLEM_ROUND,
	PROBLEM_STACK,
	PROBLEM_HOSTS,
	PROBLEM_DEAF,
	PROBLEM_UNKNOWN,
	PROBLEM_CUT,
	PROBLEM_STATEFUL,
	PROBLEM_LIMITED,
	PROBLEM_INTERRUPTED,
	PROBLEM_VANISHED,
	PROBLEM_UNITS,
	PROBLEM_ROLL_OUT,
	PROBLEM_STOPPED,
	PROBLEM_KILLS,
	PROBLEM_MISPLACED,
	PROBLEM_DEMAND,
	PROBLEM_CHECKS,
	PROBLEM_FORECAST,
	PROBLEM_ROOM,
	PROBLEM_BUDGET,
	PROBLEM_PUT_RIGHT,
	PROBLEM_UNREGISTERED,
	PROBLEM_FOREIGN,
	PROBLEM_STORE_USERS,
	PROBLEM_STORE_OPEN,
	N_PROBLEMS
};

struct problem {
	char message[ERR_MSG_MAX];
	int64_t since_ms; /* calendar; 0: no problem */
};

struct problems {
	pthread_mutex_t lock;
	struct problem v[N_PROBLEMS];
};

void problems_init(struct problems *p);
void problems_done(struct problems *p);

/* message NULL: no problem. Logs a new message. */
void problems_set(struct problems *p, enum problem_kind kind, const char *message);

/* [{"kind","message","since"}]; the caller owns it. */
json_t *problems_json(struct problems *p);

#endif
