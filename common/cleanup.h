/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cleanup.h - scope-exit ownership.
 *
 * A local that owns something states at its declaration how it is released:
 *
 *	CLEANUP(json_decref) json_t *doc = NULL;
 *
 * DEFINE_CLEANUP(type, fn) makes fn usable in CLEANUP() for locals of that pointer
 * type. Every such function accepts NULL. Ownership leaves only through TAKE().
 */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn##_cleanup_)))

#define DEFINE_CLEANUP(type, fn)                                          \
	static inline __attribute__((unused)) void fn##_cleanup_(type *p) \
	{                                                                 \
		if (*p)                                                   \
			fn(*p);                                           \
	}                                                                 \
	struct cleanup_takes_a_semicolon

/* For objects in the caller's storage (init/done): fn takes the address of the local. */
#define DEFINE_CLEANUP_OBJECT(type, fn)                                   \
	static inline __attribute__((unused)) void fn##_cleanup_(type *p) \
	{                                                                 \
		fn(p);                                                    \
	}                                                                 \
	struct cleanup_takes_a_semicolon

/* The value of p; p itself becomes NULL, so its cleanup does nothing. */
#define TAKE(p)                             \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

static inline __attribute__((unused)) void free_cleanup_(void *p)
{
	free(*(void **)p);
}

DEFINE_CLEANUP(FILE *, fclose);

/* CLEANUP(close_fd) int fd = -1; */
static inline __attribute__((unused)) void close_fd_cleanup_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
