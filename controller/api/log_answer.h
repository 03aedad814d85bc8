/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log_answer.h - what an agent answers to a question for a log, checked. Pure.
 */
#ifndef CONTROLLER_API_LOG_ANSWER_H
#define CONTROLLER_API_LOG_ANSWER_H

#include "err.h"

#include <jansson.h>
#include <stdint.h>

/*
 * body: {"id","unit","lines":["..",..]} or {"id","unit","error":".."}. *ret: what people
 * are given, {"host","unit","lines"} or {"host","unit","error"}; the caller owns it.
 * ERR_INVAL: it is neither.
 */
int log_answer_read(const json_t *body, const char *host, int64_t *ret_id, json_t **ret,
		    struct err *err) MUST_CHECK;

#endif
