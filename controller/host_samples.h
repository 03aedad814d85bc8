/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_samples.h - the samples of a host's push, and which of them it may not send.
 *
 * A host speaks for itself and the units that are placed on it. Its label host, and of a
 * unit's sample stack, tier and unit, are set here, from what the database says; a sample
 * that says otherwise is refused, and so is one of the controller's own names
 * (foretide_*), with labels that cannot be, without a time or of the future. The others
 * of the push are taken.
 */
#ifndef CONTROLLER_HOST_SAMPLES_H
#define CONTROLLER_HOST_SAMPLES_H

#include "db.h"
#include "samples.h"

#include <jansson.h>

#define HOST_SAMPLES_MAX 20000   /* of one push */
#define HOST_SAMPLES_TOLD_MAX 10 /* refused ones that are named */

struct host_samples {
	struct db_sample_in *v; /* [n]; names are the body's, labels are owned */
	size_t n;
	json_t *refused; /* [{"sample","why"}], the first ones; NULL: none */
	size_t n_refused;
	size_t n_left; /* of these, of units that are not on the host (any more) */
};
void host_samples_done(struct host_samples *s);
DEFINE_CLEANUP_OBJECT(struct host_samples, host_samples_done);

/*
 * body: {"now","samples":[{"n","k","t","v","l"}]}, which must outlive ret. now_ms:
 * calendar. ERR_LIMIT: there are more than HOST_SAMPLES_MAX.
 */
int host_samples_read(struct db *db, const char *host, const json_t *body, int64_t now_ms,
		      struct host_samples *ret, struct err *err) MUST_CHECK;
/* Adds those that the database did not store to the refused ones. */
void host_samples_left_out(struct host_samples *s, const struct db_samples_result *by);

#endif
