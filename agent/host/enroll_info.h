/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enroll_info.h - the controller's answer to a join, as it is read.
 */
#ifndef AGENT_HOST_ENROLL_INFO_H
#define AGENT_HOST_ENROLL_INFO_H

#include "enroll.h"
#include "text.h"

/* ERR_PROTO for an answer that cannot be used. The caller owns *ret. */
int enroll_info_read(const json_t *doc, struct enroll_info *ret,
		     struct err *err) MUST_CHECK;
void enroll_info_done(struct enroll_info *i);
DEFINE_CLEANUP_OBJECT(struct enroll_info, enroll_info_done);

#endif
