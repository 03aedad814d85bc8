/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_text.h - Prometheus' text format 0.0.4, read and written.
 *
 * Source: the Prometheus project's description "Exposition formats", text-based format.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_TEXT_H
#define CONTROLLER_METRICS_PROMETHEUS_TEXT_H

#include "buf.h"
#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "samples.h"

#include <stddef.h>
#include <stdint.h>

/* The samples of one text; it owns names and labels. */
struct promtext {
	struct db_sample_in *v;
	size_t n;
	size_t skipped; /* NaN or infinite */
	size_t cap;
	char **text; /* [2 * n] the names and labels */
};
void promtext_done(struct promtext *p);
DEFINE_CLEANUP_OBJECT(struct promtext, promtext_done);

/*
 * Reads a text of len bytes.
 *   extra, n_extra  labels for samples that have no label of that name (stack, tier)
 *   now_ms          the time of samples without a timestamp
 *   max_samples     more than these are ERR_LIMIT
 *   ret             all zero, or done; filled on success
 *
 * Samples of a TYPE counter are counters, as are the _bucket, _count and _sum of a
 * histogram, the _count and _sum of a summary, and untyped samples whose name ends with
 * _total; the rest are gauges. ERR_INVAL names the line.
 */
int promtext_parse(const char *text, size_t len, const struct label *extra,
		   size_t n_extra, int64_t now_ms, size_t max_samples,
		   struct promtext *ret, struct err *err) MUST_CHECK;

/*
 * Writing: # HELP and # TYPE once per metric, then its samples. type is "counter" or
 * "gauge". labels is the text between the braces (db/samples/labels.h), "" for none.
 */
void promtext_head(struct buf *out, const char *name, const char *type, const char *help);
void promtext_sample(struct buf *out, const char *name, const char *labels, double v);

#endif
