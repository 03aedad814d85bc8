/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owners.h - what belongs to a host or a token ends with it: watches and leases of the
 * built-in store, and the record of a host's certificates.
 *
 * An owner is "HOST", "HOST:programs" or "token:ID".
 */
#ifndef CONTROLLER_OWNERS_H
#define CONTROLLER_OWNERS_H

#include "db.h"
#include "etcd.h"

struct owners;

struct owners *owners_new(void);
void owners_free(struct owners *o);

/*
 * Ends what belongs to hosts and tokens that ended, also what they opened since they did;
 * what could not be ended is tried again in the next call. kv may be NULL. By one thread.
 */
void owners_end(struct owners *o, struct db *db, struct kv *kv);

void owner_of_token(int64_t id, char *ret, size_t size);
/* Not the programs of one, nor a person. */
bool owner_is_host(const char *owner);

#endif
