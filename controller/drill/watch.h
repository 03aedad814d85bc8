/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - what a fault costs: looks at the stack are compared with the one before it.
 * Pure but for memory.
 */
#ifndef CONTROLLER_DRILL_WATCH_H
#define CONTROLLER_DRILL_WATCH_H

#include "look.h"

#include <jansson.h>

struct watch {
	int64_t begun_mono_ms;
	int64_t last_mono_ms;     /* the last look */
	int64_t well_since_ms;    /* all serve since; -1: not now */
	int64_t short_until_ms;   /* the last time at which they did not; -1: they always
				     did */
	int64_t nothing_since_ms; /* a tier that served has no instance left; -1: none */
	char nothing[64];         /* that tier */
	const char *subject;      /* the host that is taken; "": none */
	json_t *wanted;           /* {tier: instances} that served before */
	json_t *served;           /* {unit: true} likewise */
	json_t *hosts;            /* {host: true} that were present before */
	/* what was lost */
	json_t *units; /* {unit: true} that did not serve for a time */
	json_t *tiers; /* {tier: {"wanted","least","short_ms"}} */
	json_t *ended; /* {host: true} that ended, but for one that was killed */
	json_t *told;  /* {"kind: message": true} problems */
};

/* subject must outlive it. */
void watch_begin(struct watch *w, const struct look *before, const char *subject,
		 int64_t mono_ms);
void watch_done(struct watch *w);
DEFINE_CLEANUP_OBJECT(struct watch, watch_done);

/* One more look; is_killed: the subject's end is meant. problems as drill_ops gives. */
void watch_see(struct watch *w, const struct look *now, bool is_killed,
	       const json_t *problems, int64_t mono_ms);

/* How long after the beginning all served again for good; 0: they always did. */
int64_t watch_served_again_ms(const struct watch *w);

/* ["kind: message"] and {"units":[..],"hosts":[..],"tiers":[..]}; the caller's. */
json_t *watch_told(const struct watch *w);
json_t *watch_lost(const struct watch *w);

#endif
