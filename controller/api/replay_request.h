/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_request.h - what a request for a replay asks for, read and checked.
 */
#ifndef CONTROLLER_API_REPLAY_REQUEST_H
#define CONTROLLER_API_REPLAY_REQUEST_H

#include "request.h"

struct replay {
	struct db *db;
	struct db_tier t; /* with the capacity in force */
	char capacity_source[16];
	int64_t since_ms, until_ms, limit;
	bool has_other;
	struct db_tier other;       /* the tier with the settings of "with" */
	json_t *decisions, *played; /* what was found */
};

/* Reads the body, as the path's tier is now; *ret must be zeroed. */
int replay_read(struct request *r, struct replay *ret, struct err *err) MUST_CHECK;
void replay_free(void *replay);
DEFINE_CLEANUP(struct replay *, replay_free);

#endif
