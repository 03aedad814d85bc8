/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profiles.h - the profiles that hosts can be launched with: whose they are, whether they
 * work, and what is on disk of them taken over while the controller runs.
 *
 * A check asks the cloud who the credentials are of, whether a launch would be done, for
 * the quota and for the types, and creates nothing. It has a driver's process of its own,
 * runs in a worker of this room, and is over after a minute and a half at the latest. No
 * pool is needed for it.
 */
#ifndef CONTROLLER_PROFILES_H
#define CONTROLLER_PROFILES_H

#include "pools.h"

#include <jansson.h>

struct profiles_opts {
	const struct pool_opts *pools;
	struct pools *callers; /* of whose gates the checks' calls pass */
	int64_t look_ms;       /* real; between looks at the files; 0: 2 s */
	/* The credentials of a pool have changed. Must not block. */
	void (*changed)(void *arg, const char *pool);
	void *arg;
};

struct profiles;

/* Begins to look at the files. opts must outlive it. */
int profiles_start(const struct profiles_opts *opts, struct profiles **ret,
		   struct err *err) MUST_CHECK;
/* Nothing more begins; waits for what runs up to wait_ms, real. Whether all has ended. If
 * not, it must not be freed. */
bool profiles_stop(struct profiles *p, int64_t wait_ms) MUST_CHECK;
void profiles_free(struct profiles *p);

/* All that follow are safe from any thread. */

/* Looks at the files now, and takes over what is right without waiting for it to rest. */
void profiles_look(struct profiles *p);

/*
 * All profiles by name, without secrets, an array, the caller's: {"name","driver",
 * "source","changed","problem","pools","check"}. check is null before one, and after the
 * credentials have changed; else {"state","started","finished","took_ms","ok","pool",
 * "findings","error","quota"}. driver is null when it is not known.
 */
int profiles_list(struct profiles *p, json_t **ret, struct err *err) MUST_CHECK;

/* One of them, and the check's "types". ERR_NOT_FOUND. */
int profiles_get(struct profiles *p, const char *name, json_t **ret,
		 struct err *err) MUST_CHECK;

/*
 * Begins a check, unless one of this profile runs, and returns the profile as
 * profiles_get(): its check's state is "running". ERR_NOT_FOUND: there is no such
 * profile; ERR_INVAL: its driver is not known.
 */
int profiles_check(struct profiles *p, const char *name, json_t **ret,
		   struct err *err) MUST_CHECK;

/*
 * What the last check of a pool's profile said for it: {"types","quota","checked"}, the
 * types being those that the pool names; empty and null before a check. The caller's.
 */
json_t *profiles_of_pool(struct profiles *p, const struct db_pool *pool);

/* Appends {"kind","message","since"} for each. */
void profiles_problems(struct profiles *p, json_t *list);

#endif
