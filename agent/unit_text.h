/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit_text.h - the assignments of a unit file's text, in order.
 */
#ifndef AGENT_UNIT_TEXT_H
#define AGENT_UNIT_TEXT_H

#include "err.h"

/* A non-zero return ends the reading and becomes its result. */
typedef int unit_text_fn(void *arg, const char *section, const char *name,
			 const char *value, struct err *err);

/* Continuation lines are joined, comments and blanks left out. ERR_INVAL with the line. */
int unit_text_each(const char *text, unit_text_fn *fn, void *arg,
		   struct err *err) MUST_CHECK;

#endif
