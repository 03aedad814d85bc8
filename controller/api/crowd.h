/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h - limits of the API that were reached lately, for the status: what was refused
 * to whom.
 *
 * Safe from any thread.
 */
#ifndef CONTROLLER_API_CROWD_H
#define CONTROLLER_API_CROWD_H

#include <jansson.h>
#include <stdint.h>

enum crowd_what {
	CROWD_CONNECTIONS,  /* ended, as too many strangers wait */
	CROWD_REQUESTS,     /* refused, as too many wait or run */
	CROWD_LOGS,         /* refused, as too many are read */
	CROWD_CERTIFICATES, /* refused, as a host asks for too many */
	CROWD_FILES,        /* nearly all descriptors are taken; each second */
	CROWD_N,
};

struct crowd;

struct crowd *crowd_new(void);
void crowd_free(struct crowd *c);
/* who: an address, a host, a token. */
void crowd_note(struct crowd *c, enum crowd_what what, const char *who);
/* [{"kind","message","since"}], of what was noted within the last two minutes at
 * now_ms, real and monotonic. */
json_t *crowd_problems(struct crowd *c, int64_t now_ms);

#endif
