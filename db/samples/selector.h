/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * selector.h - a selector, and what it has found, for the files of this room.
 */
#ifndef DB_SAMPLES_SELECTOR_H
#define DB_SAMPLES_SELECTOR_H

#include "pattern.h"
#include "registry.h"

struct matcher {
	char *label;
	enum db_match_op op;
	char *value;             /* escaped, as it is in the text of labels */
	struct pattern *pattern; /* NULL: the value itself */
};

struct id_list {
	int64_t *v;
	size_t n, cap;
};

struct db_selector {
	char *name;
	struct matcher *m;
	size_t n_matchers, n_patterns;
	int64_t seen; /* entries up to this id were checked */
	uint64_t generation, epoch;
	struct id_list hits;
	struct id_list undecided; /* matching took too many steps */
	struct err why;           /* of the latest of them */
};

/* db_selector_find(). Takes m->lock itself, for a while at a time. */
int db_selector_update(struct db_metrics *m, struct db_selector *s, int64_t until_cpu_ms,
		       struct err *err) MUST_CHECK;

#endif
