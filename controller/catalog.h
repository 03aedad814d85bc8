/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.h - the applied stacks, parsed and kept as long as their version does not
 * change: what each tier runs, and what of a stack hosts find in the store.
 */
#ifndef CONTROLLER_CATALOG_H
#define CONTROLLER_CATALOG_H

#include "fleet.h"
#include "publish.h"
#include "unit_file.h"
#include "x_service.h"

struct catalog_tier {
	char *name;
	struct unit_file *unit;
	char *text; /* canonical */
	char hash[UNIT_HASH_TEXT];
	bool is_template;
	struct x_resources resources;
	int *ports; /* [n_ports] that an instance listens on */
	size_t n_ports;
};

struct catalog_doc {
	char *key; /* /foretide/conf/STACK/TIER/RES */
	char *value;
};

struct catalog_stack {
	char *name;
	int64_t version;
	struct catalog_tier *tiers;
	size_t n_tiers;
	struct catalog_doc *docs;
	size_t n_docs;
	char **secrets; /* names */
	size_t n_secrets;
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free);

/*
 * Parses what is new, forgets what is gone, and sets the tiers' cat. A stack that cannot
 * be read (an older version's) keeps its tiers without one: they run on, unchanged; the
 * words of the first such failure are in err, and the return value is its code.
 */
int catalog_update(struct catalog *c, struct fleet *f, struct err *err) MUST_CHECK;

/*
 * Adds unit texts, confd documents and secrets of all stacks. Secrets are made at their
 * first use and kept in db.
 */
int catalog_publish(const struct catalog *c, const struct fleet *f, struct publication *p,
		    struct db *db, struct err *err) MUST_CHECK;

#endif
