/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyring.h - the credentials in force: those of the file, and of the files that it
 * names, as they were last accepted.
 *
 * What is on disk is looked at again and again, and taken over when it has rested from
 * one look to the next and nothing in it is wrong. A wrong file leaves all profiles as
 * they were, a wrong profile itself; both are problems that name the line. Safe from any
 * thread.
 */
#ifndef CONTROLLER_POOLS_KEYRING_H
#define CONTROLLER_POOLS_KEYRING_H

#include "cleanup.h"
#include "err.h"

#include <jansson.h>
#include <stdbool.h>

struct keyring;

/* path: of the credentials file. It is first read when it is first asked for. */
struct keyring *keyring_new(const char *path);
void keyring_free(struct keyring *k);
DEFINE_CLEANUP(struct keyring *, keyring_free);

/* Whether a driver takes the pairs that shall replace those of a profile. driver is NULL
 * unless the profile names it. Errors must not contain a value. */
typedef int keyring_accept_fn(void *arg, const char *profile, const char *driver,
			      const json_t *pairs, struct err *err);

/*
 * Reads the files; at_once: they need not have rested. *ret: the names of profiles that
 * have changed, an array, the caller's; may be empty. Not from two threads at once.
 * accept may take its time.
 */
void keyring_look(struct keyring *k, bool at_once, keyring_accept_fn *accept, void *arg,
		  json_t **ret);

/*
 * The pairs of a profile for a driver, an object of strings; the caller owns it.
 *
 * ERR_NOT_FOUND: there is no such profile, or nothing is in it; ERR_INVAL: it is of
 * another driver; else why it could not be read.
 */
int keyring_get(struct keyring *k, const char *profile, const char *driver, json_t **ret,
		struct err *err) MUST_CHECK;

/*
 * All profiles of the file by name, without secrets: {"driver","source","changed_ms",
 * "problem"}, the caller's. driver: as its section says, or where its source is; or null.
 * source: "keys", "nothing", or the name that stands for a native source. changed_ms:
 * calendar. problem: why what is on disk is not in force, or null.
 */
json_t *keyring_list(struct keyring *k);

/* Appends {"kind","message","since"} for each. */
void keyring_problems(struct keyring *k, json_t *list);

#endif
