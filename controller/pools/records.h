/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * records.h - what is recorded, so that each of ten thousand VMs is found at once.
 */
#ifndef CONTROLLER_POOLS_RECORDS_H
#define CONTROLLER_POOLS_RECORDS_H

#include "round.h"

struct records {
	const char **launches; /* of the pool's hosts, sorted; the round's */
	size_t n;
	struct db_pool_list pools; /* all, by name */
};

/* Of the round's hosts, as long as these are not loaded again. */
int records_read(const struct pool_round *r, struct records *ret,
		 struct err *err) MUST_CHECK;
void records_done(struct records *k);
DEFINE_CLEANUP_OBJECT(struct records, records_done);

/* O(log n). */
bool records_have_host(const struct records *k, const char *launch_id);
bool records_have_pool(const struct records *k, const char *name);

#endif
