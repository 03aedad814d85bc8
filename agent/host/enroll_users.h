/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enroll_users.h - who the host and its programs are to an etcd with users, as the
 * controller's answers to a join and a renewal say.
 */
#ifndef AGENT_HOST_ENROLL_USERS_H
#define AGENT_HOST_ENROLL_USERS_H

#include "enroll.h"
#include "text.h"

/* Into ret's four strings, which the caller owns. */
int enroll_users_read(const json_t *doc, struct enroll_info *ret,
		      struct err *err) MUST_CHECK;
void enroll_users_done(struct enroll_info *i);

/* Puts those of an answer into what was kept; false: they are the same, or it has none.
 */
bool enroll_users_update(json_t *kept, const json_t *answer);

#endif
