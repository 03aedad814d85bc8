/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota.h - how many series there are, of a host and of a unit; and which new ones were
 * refused because there are as many as there may be. For the files of this room; the
 * registry's lock is held.
 */
#ifndef DB_SAMPLES_QUOTA_H
#define DB_SAMPLES_QUOTA_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

struct db_limits;

/* A number by key: open addressing. */
struct tally {
	struct tally_slot {
		uint64_t key; /* a hash of the labels; 0: free */
		size_t n;
	} * slots;
	size_t n, cap; /* used, of a power of 2 */
};

struct quota {
	struct tally hosts, units;
	char refused[256]; /* what was refused last, and why */
	size_t n_refused;
	int64_t refused_mono_ms;
};

void quota_done(struct quota *q);
/* One more with these labels (canonical). */
void quota_add(struct quota *q, const char *labels);
/* One less. */
void quota_remove(struct quota *q, const char *labels);

/* Whether one more may be created beside n; ERR_LIMIT says why not, and is kept. */
int quota_check(struct quota *q, const struct db_limits *l, size_t n, const char *name,
		const char *labels, struct err *err) MUST_CHECK;

#endif
