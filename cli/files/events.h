/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - the events of an iCalendar file beside a series of a CSV file: given by
 * X-FORETIDE-UPLIFT, or learned from the series itself.
 */
#ifndef CLI_FILES_EVENTS_H
#define CLI_FILES_EVENTS_H

#include "calendar.h"
#include "cleanup.h"
#include "series.h"
#include "text.h"
#include "uplift.h"

#include <stdbool.h>

struct file_event {
	char *name;
	struct uplift_span span;
	struct uplift u; /* its expected effect */
	bool is_given;
};

struct file_events {
	struct tz *zone;
	struct file_event *v; /* [n] by start; of one name without overlaps */
	size_t n;
	struct uplift_event
		*expected; /* [n] for predictor/uplift/uplift.h: what is expected ... */
	struct uplift_event *was; /* ... and what was, where that is known */
};

/*
 * Reads the file's events from the start of the series to to_ms, and measures those that
 * are over at known_ms from the data before it.
 *   path  the calendar; NULL: no events
 *   zone  of floating times and of comparable days
 *
 * Each event expects what was learned from those of its name that were over when it
 * began: nothing is known before it could be.
 */
int file_events_read(const char *path, const char *zone, const struct series *s,
		     int64_t known_ms, int64_t to_ms, struct file_events *ret,
		     struct err *err) MUST_CHECK;
void file_events_done(struct file_events *e);
DEFINE_CLEANUP_OBJECT(struct file_events, file_events_done);

/* One line each, from from_ms on: "event sale, 2026-..Z to ..Z: demand times
 * 2.4 (...)". */
void file_events_print(const struct file_events *e, int64_t from_ms);
/* The same as JSON, in the format of the controller: {"name","start","end","given",
 * "learned_from","uplift","low","high"}; factors are null when the effect is unknown. The
 * caller owns it. */
json_t *file_events_json(const struct file_events *e, int64_t from_ms);

#endif
