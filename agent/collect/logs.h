/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logs.h - logs of units that the controller requests, sent to it.
 */
#ifndef AGENT_COLLECT_LOGS_H
#define AGENT_COLLECT_LOGS_H

#include "post.h"
#include "text.h"
#include "units.h"

struct log_post;

struct logs {
	struct loop *loop;
	const struct post *post;
	const struct units *units;
	char *dir;              /* of the units' logs; owned */
	struct log_post *first; /* the one at work; others wait */
};

void logs_done(struct logs *l);
/* The controller's answer: {"logs":[{"id","unit","lines"}]} is what it asks for. */
void logs_asked(struct logs *l, const struct http_res *answer);

#endif
