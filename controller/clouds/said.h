/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * said.h - what a driver's process says in passing goes to the log, not more than a
 * little a minute.
 */
#ifndef CLOUDS_SAID_H
#define CLOUDS_SAID_H

#include <jansson.h>
#include <stdint.h>

struct said {
	int64_t since_mono_ms;
	unsigned n;
};

/* A line of its stderr, which is changed. */
void said_line(struct said *s, const char *driver, char *line);

/* Its message "log": {"level", "event", "detail"}. */
void said_event(struct said *s, const char *driver, const json_t *log);

#endif
