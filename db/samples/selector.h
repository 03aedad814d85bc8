/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * selector.h - what a selector found, for the files of this room.
 */
#ifndef DB_SAMPLES_SELECTOR_H
#define DB_SAMPLES_SELECTOR_H

#include "registry.h"

/* The ids of the series that match now, the selector's own. m->lock is held. */
const int64_t *db_selector_update(struct db_metrics *m, struct db_selector *s,
				  size_t *ret_n);

#endif
