/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bodies.h - how much memory the bodies of requests take, and how much each owner may
 * have read: "host web-1", "programs web-1", "token 3".
 *
 * A share is what all of one kind hold together; no owner has all of it. Bodies of at
 * most BODIES_SMALL are not counted, and so never refused.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_BODIES_H
#define CONTROLLER_API_BODIES_H

#include <stdbool.h>
#include <stddef.h>

#define BODIES_SMALL ((size_t)64 << 10)
#define BODIES_HOSTS_MAX ((size_t)192 << 20)
#define BODIES_PER_HOST ((size_t)8 << 20)
#define BODIES_PROGRAMS_MAX ((size_t)64 << 20)
#define BODIES_PER_PROGRAMS ((size_t)8 << 20) /* of one host */
#define BODIES_PEOPLE_MAX ((size_t)192 << 20)
#define BODIES_PER_TOKEN ((size_t)16 << 20) /* or one body of any size */
/* Of a host's calls with JSON: what each costs beside its bytes, and what it may have
 * read. An agent sends a tenth of it. */
#define BODIES_PRICE 4096.0
#define BODIES_BYTES_S (2.0 * (1 << 20))
#define BODIES_BURST (32.0 * (1 << 20))

enum bodies_share { BODIES_OF_PEOPLE, BODIES_OF_PROGRAMS, BODIES_OF_HOSTS, BODIES_N };

struct bodies;

struct bodies *bodies_new(void);
void bodies_free(struct bodies *b);

/*
 * A body of the owner for which it has taken `before` bytes needs n. True: it has a
 * place, and n are taken. False: nothing changed.
 */
bool bodies_take(struct bodies *b, enum bodies_share share, const char *owner,
		 size_t before, size_t n);
/* What a body took, 0: nothing. */
void bodies_give(struct bodies *b, enum bodies_share share, const char *owner, size_t n);

/* Pays for a call with a body of n bytes. The seconds to wait; 0: it may be read. */
unsigned bodies_pay(struct bodies *b, const char *owner, size_t n);

#endif
