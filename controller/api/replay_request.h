/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_request.h - the request for a replay, read and checked.
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
	json_t *decisions, *played; /* the results */
};

/* Reads the body and the path's tier; *ret must be zeroed. */
int replay_read(struct request *r, struct replay *ret, struct err *err) MUST_CHECK;
void replay_free(void *replay);
DEFINE_CLEANUP(struct replay *, replay_free);

#endif
