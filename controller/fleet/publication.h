/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publication.h - the controller's side of the store: schedules, unit texts, confd
 * documents.
 *
 * A tick adds all keys that should exist; differences are written and keys no longer
 * wanted are deleted, in few transactions. Equal values are never written again.
 */
#ifndef CONTROLLER_FLEET_PUBLICATION_H
#define CONTROLLER_FLEET_PUBLICATION_H

#include "inventory.h"
#include "store.h"
#include "store_view.h"

struct publication;

struct publication *publication_new(void);
void publication_free(struct publication *p);
DEFINE_CLEANUP(struct publication *, publication_free);

/* The key should have this value. One key may be added twice with equal values. */
void publication_add(struct publication *p, const char *key, const char *value,
		     size_t len);

/* Keeps all keys below the prefix: their values are not known now. */
void publication_keep(struct publication *p, const char *prefix);

/*
 * Adds /foretide/schedule/ID of every host that is up or starting. Units whose host's
 * schedule changes get its new epoch and become dirty. Existing texts that they name are
 * kept.
 */
int publication_add_schedules(struct publication *p, struct fleet *f,
			      const struct view_snapshot *s, struct err *err) MUST_CHECK;

/*
 * Writes the differences to the snapshot of /foretide/. Deletes keys under the prefixes
 * that a publication owns: schedule, units, conf, secrets.
 *   ret_rev  revision of the last write; 0 when nothing differed
 */
int publication_write(struct publication *p, const struct view_snapshot *s,
		      struct store_sync *store, int64_t *ret_rev,
		      struct err *err) MUST_CHECK;

#endif
