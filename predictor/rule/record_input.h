/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_input.h - the input of a decision as JSON and back, by one table of its members.
 */
#ifndef PREDICTOR_RULE_RECORD_INPUT_H
#define PREDICTOR_RULE_RECORD_INPUT_H

#include "decide.h"
#include "err.h"

#include <jansson.h>

json_t *record_input_json(const struct decide_input *in);
int record_input_read(const json_t *o, struct decide_input *in,
		      struct err *err) MUST_CHECK;

/* An integer in the range of records, 0 when it is left out. */
int record_read_integer(const json_t *o, const char *name, int64_t *ret,
			struct err *err) MUST_CHECK;
int record_check_integer(const char *name, int64_t v, struct err *err) MUST_CHECK;

#endif
