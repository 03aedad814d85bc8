/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_out_state.h - what is kept of running roll-outs. Inside the room only.
 */
#ifndef CONTROLLER_ROLLOUT_ROLL_OUT_STATE_H
#define CONTROLLER_ROLLOUT_ROLL_OUT_STATE_H

#include "killers.h"
#include "responses.h"
#include "roll_outs.h"

/* The instances with a new text. */
struct watch {
	char *stack, *tier, *hash;
	int64_t since_ms;  /* of the roll-out: each try is watched */
	int64_t serves_ms; /* calendar: one has served since; 0: none does */
	int64_t late_ms;   /* calendar: one does not serve since; 0: all do */
	bool is_over;      /* the first has served for as long as it is watched */
	struct response_count *count;
	bool is_seen;
};

struct roll_outs {
	struct watch *watches;
	size_t n_watches;
	struct killers *killers;
	struct words not_back; /* why going back failed, as told */
};

/* The tier's, which begins anew with another text, and another try. */
struct watch *watch_of(struct roll_outs *r, const struct fleet_tier *t);
void watches_forget(struct roll_outs *r);

/* roll_out_judge.c: whether the tier's running roll-out stops, at which unit and why;
 * *ret_why is the caller's. Brings the watch up to date. */
bool roll_out_stops(struct watch *w, const struct fleet *f, const struct fleet_tier *t,
		    struct db *db, const struct fleet_unit **ret_unit, char **ret_why);

/* Of the stack in force. */
int64_t roll_out_version(const struct fleet *f, const char *stack);

/* Its units that should run and stay, and which of them have the new text. */
bool roll_out_counts(const struct fleet_unit *u);
bool roll_out_has_new(const struct fleet_unit *u);

#endif
