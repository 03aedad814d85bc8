/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - a drill's report, which grows and is stored as it does.
 *
 *	{"owner","window","for_ms","why","held","steps":[{"step","host","units","state",
 *	 "why","from","to","served_again_ms","took_ms","lost":{..},"told":[..]}],
 *	 "log":[{"at","text"}]}
 */
#ifndef CONTROLLER_DRILL_REPORT_H
#define CONTROLLER_DRILL_REPORT_H

#include "drill.h"

enum report_step { REPORT_KILL, REPORT_CUT, REPORT_STOP, REPORT_STEPS };

struct report {
	const struct drill_opts *o;
	struct db_drill row; /* report_json is its own */
	json_t *doc;
};

/* What it would do, as long as it has not. */
json_t *report_plan(const struct drill_request *q, const char *host, const json_t *units);

/* Stores the row, with doc, which it takes. */
int report_begin(struct report *r, const struct drill_opts *o,
		 const struct drill_request *q, json_t *doc, struct err *err) MUST_CHECK;
void report_done(struct report *r);

json_t *report_step(struct report *r, enum report_step step); /* borrowed */
/* A line for those who follow it: stored, and an event. */
void report_say(struct report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Stores how it ended; why "": as it should. */
void report_end(struct report *r, const char *state, const char *why);

#endif
