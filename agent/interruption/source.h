/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.h - what is asked of each cloud's metadata service, and what the answers mean.
 *
 * Pure. Sources: the clouds' documentation of spot instance interruption notices (EC2),
 * of instance/preempted (Compute Engine) and of Scheduled Events (Azure).
 */
#ifndef AGENT_INTERRUPTION_SOURCE_H
#define AGENT_INTERRUPTION_SOURCE_H

#include "interruption.h"

#include <stddef.h>

#define KEPT_MAX 256

/* Fills *ret when the answer, of status 200, is a notice. kept: see source. */
typedef void source_read_fn(const char *body, size_t len, const char *kept,
			    struct interruption_notice *ret);

struct source_question {
	const char *path;
	source_read_fn *read;
};

struct source {
	const char *name;
	const char *header; /* of every request; NULL: none */
	/* Asked first; the answer, one line, is kept for the others. */
	const char *first_method, *first_path, *first_header;
	const char *kept_header; /* the name of that which sends it; NULL: none does */
	/* The first that holds a notice ends the round. */
	struct source_question questions[2];
};

/* NULL: there is none of that name. */
const struct source *source_find(const char *name);

/* One printable line of at most KEPT_MAX - 1 bytes; false: it is none. */
bool source_keep(const char *body, size_t len, char ret[KEPT_MAX]);

#endif
