/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_store.h - what is kept of the answers to a tier's query: series by series,
 * so that one that an answer loses is missed.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_STORE_H
#define CONTROLLER_METRICS_PROMETHEUS_STORE_H

#include "db.h"
#include "err.h"
#include "text.h"

#include <stddef.h>
#include <stdint.h>

#define PROMSTORE_SERIES_MAX 256 /* of an answer that are stored one by one */

/* One label set of an answer. */
struct promstore_value {
	char *labels; /* {job="web"}; NULL: they cannot be written so */
	double v;
	int64_t at_ms;
};

/*
 * {"job":"web","i":"3"} as {i="3",job="web"}. NULL: a name that is none of Prometheus'
 * text format, more than LABELS_MAX labels, or too long. NULL is the label set {}.
 */
char *promstore_labels(const json_t *metric);

/* One for all, {}: the sum, and the newest time. Its labels are static. */
struct promstore_value promstore_sum(const struct promstore_value *v, size_t n);

/*
 * Stores an answer, as samples that all have the same time. An answer of more than
 * PROMSTORE_SERIES_MAX label sets, or with two that cannot be told apart, is stored as
 * its sum.
 *
 * A label set that has left the answer is ended (db_series_end()) when it was replaced:
 * the answer has again as many label sets as it had up to 15 min before that one left,
 * or none of those, or it is stored as its sum now. Else it is left to
 * metrics_expr_missing(). This is decided whenever the label sets change.
 *   mark  metrics_query_mark()
 * db_samples_add()'s errors.
 */
int promstore_add(struct db *db, const char *stack, const char *tier, const char *mark,
		  const struct promstore_value *v, size_t n, int64_t now_ms,
		  struct err *err) MUST_CHECK;

#endif
