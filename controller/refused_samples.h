/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refused_samples.h - hosts that push what they may not: a problem while it goes on, and
 * a line in the log when it begins, then at most every ten minutes for all of them. Safe
 * from any thread.
 */
#ifndef CONTROLLER_REFUSED_SAMPLES_H
#define CONTROLLER_REFUSED_SAMPLES_H

#include "host_samples.h"

#define REFUSED_SAMPLES_TOLD_MAX 64 /* hosts that have a problem of their own */

struct refused_samples;

struct refused_samples *refused_samples_new(void);
void refused_samples_free(struct refused_samples *r);

/* A push of a host was taken but for n samples, the first of which are named. */
void refused_samples_note(struct refused_samples *r, const char *host,
			  const struct host_samples *of);
/* Adds a problem for each host of which something was refused in the last minutes, the
 * first ones by name, and one for all others. */
void refused_samples_problems(struct refused_samples *r, json_t *problems);

#endif
