/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - the steps of one drill, in the drill's thread.
 */
#ifndef CONTROLLER_DRILL_RUN_H
#define CONTROLLER_DRILL_RUN_H

#include "report.h"

struct run {
	const struct drill_opts *o;
	struct report report;
	char *stack, *window, *host; /* window NULL: the stack's own */
	int64_t for_ms;
	bool (*should_end)(void *of); /* the controller ends */
	/* Waits, for at most so long, until it should end. */
	void (*wait)(void *of, int64_t ms);
	void *of;
};

/* All steps, or those until something went wrong; the report says which. */
void run_drill(struct run *r);

#endif
