/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * labels.h - the labels of a series as one canonical text: a="b",c="d".
 *
 * Sorted by name, no name twice, no empty value; \ " and newline are escaped with a
 * backslash in values, as Prometheus' text format does. Equal labels are equal texts.
 */
#ifndef DB_SAMPLES_LABELS_H
#define DB_SAMPLES_LABELS_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define LABELS_MAX 32          /* labels of a series */
#define LABELS_MAX_BYTES 2048u /* of the text */

struct label {
	const char *name;
	const char *value; /* not escaped */
};

/* Letters, digits and _, not first a digit; metric names may have : as well. */
bool labels_name_ok(const char *name);
bool labels_metric_ok(const char *name);

/*
 * Appends the canonical text of n labels to out; sorts l. Empty values are omitted.
 * ERR_INVAL for an invalid or duplicate name, ERR_LIMIT when there are too many.
 */
int labels_format(struct label *l, size_t n, struct buf *out, struct err *err) MUST_CHECK;

/*
 * Visits a canonical text: *pos is the text initially, and is advanced. name and value
 * are spans of it; the value is still escaped. False at the end.
 */
struct label_span {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};
bool labels_next(const char **pos, struct label_span *ret);
/* The value of one label, still escaped; false when it is absent. */
bool labels_get(const char *labels, const char *name, struct label_span *ret);
/* Appends the value unescaped. */
void labels_unescape(const struct label_span *s, struct buf *out);
void labels_escape(const char *value, struct buf *out);

#endif
