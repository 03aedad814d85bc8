/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * samples.h - samples as the controller reads them: one JSON object each,
 * comma-separated.
 *
 * Written straight into a bounded buffer, since there may be many. Pure.
 */
#ifndef AGENT_COLLECT_SAMPLES_H
#define AGENT_COLLECT_SAMPLES_H

#include "parsers.h"

#include <stdint.h>

/* Labels of all samples of one source; stack, tier, unit are NULL for the host's own. */
struct sample_source {
	const char *host, *stack, *tier, *unit;
};

/*
 * Values that are not finite are left out. A label of the sample that has the name of one
 * of the source's is sent as exported_NAME. False, and nothing is added, when it cannot
 * be sent: it is not UTF-8, has two labels of one name, or more than the controller
 * takes.
 */
bool sample_add(struct buf *to, const struct sample_source *source, int64_t at_ms,
		const char *name, const struct collect_label *labels, bool counter,
		double value);

#endif
