/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flight.h - launch calls of a round, as many at once as the driver takes.
 *
 * Only the calls run in other threads; what is read and written for them stays with the
 * round's own.
 */
#ifndef CONTROLLER_POOLS_FLIGHT_H
#define CONTROLLER_POOLS_FLIGHT_H

#include "round.h"

#include <pthread.h>

/* One call, and its answer. */
struct flight_call {
	struct flight *flight;
	struct db_host *host;
	bool is_again;        /* an earlier one with its launch id may have had effect */
	struct choice choice; /* what it asks for */
	char *user_data;      /* secret */
	int cls;
	struct drv_vm vm;
	struct drv_err e;
	struct flight_call *next;
};

struct flight {
	const struct pool_round *round;
	unsigned n, most;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct flight_call *first; /* of those that have landed */
};

void flight_init(struct flight *f, const struct pool_round *r);
void flight_done(struct flight *f); /* none is under way any more */

bool flight_is_full(const struct flight *f);

/* Takes user_data over. The host and the choice stay where they are until the call has
 * landed. */
void flight_start(struct flight *f, struct db_host *host, const struct choice *choice,
		  bool is_again, char *user_data);

/* Waits for one that has been answered, which the caller owns; NULL: none is under way.
 */
struct flight_call *flight_land(struct flight *f);
void flight_call_free(struct flight_call *c);
DEFINE_CLEANUP(struct flight_call *, flight_call_free);

#endif
