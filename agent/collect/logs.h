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
	char *dir; /* of the units' logs; owned */
	struct log_post *first;
};

void logs_done(struct logs *l);
/* request: {"id","unit","lines"} of the controller's answer. */
void logs_send(struct logs *l, const json_t *request);

#endif
