/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series_index.h - the series by name, and by the value of a label that most selectors
 * name: a few of a million are found without a look at the rest.
 *
 * Under the registry's lock and the writer's, as the entries.
 */
#ifndef DB_SAMPLES_SERIES_INDEX_H
#define DB_SAMPLES_SERIES_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct db_entry;

enum db_indexed { DB_BY_NAME, DB_BY_HOST, DB_BY_TIER, DB_BY_STACK, DB_INDEXED };

/* All series of one name, or with one value of a label. */
struct db_posting {
	struct db_posting *next; /* of the same slot */
	struct db_entry **v;     /* by id, ascending */
	size_t n, cap;
	uint32_t hash;
	enum db_indexed by;
	size_t len;
	char text[]; /* name, or value as it is in the text of labels */
};

struct db_series_index {
	struct db_posting **slots;
	size_t n_slots, n;
};

void db_index_init(struct db_series_index *x);
void db_index_done(struct db_series_index *x);

/* NULL when no series has it. O(1). */
const struct db_posting *db_index_find(const struct db_series_index *x,
				       enum db_indexed by, const char *text, size_t len);

/* Adds an entry, whose id is larger than all others'. Its name is given and then lives as
 * long as an entry has it: ret. O(1). */
const char *db_index_add(struct db_series_index *x, struct db_entry *e, const char *name);

/*
 * Removes the n entries at v, which are in order of id. O(n log series), and the names
 * and values that they have, moved.
 */
void db_index_drop(struct db_series_index *x, struct db_entry *const *v, size_t n);

/* The label that is indexed so; NULL for the name. */
const char *db_indexed_label(enum db_indexed by);

#endif
