/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answers.h - counts the answers of HTTP/1.1 that a member gives on a connection, so that
 * it is known whether one is still due.
 */
#ifndef AGENT_ETCD_PROXY_ANSWERS_H
#define AGENT_ETCD_PROXY_ANSWERS_H

#include "body.h"
#include "buf.h"

struct answers {
	struct buf head; /* of the one that comes */
	struct body body;
	bool in_body;
	bool is_lost; /* what comes is not understood: nothing is known any more */
	unsigned n;   /* that are complete */
};

void answers_init(struct answers *a);
void answers_done(struct answers *a);
void answers_take(struct answers *a, const char *data, size_t n);

#endif
