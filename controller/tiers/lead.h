/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lead.h - a tier's lead time, from decision to healthy, learned from its own launches.
 */
#ifndef CONTROLLER_TIERS_LEAD_H
#define CONTROLLER_TIERS_LEAD_H

#include "db.h"
#include "fleet.h"
#include "policy.h"

#include <jansson.h>

#define LEAD_ENOUGH POLICY_LEADS_ENOUGH /* launches: the prior is not used any more */

struct lead {
	int64_t p50_ms;     /* the middle of those measured; 0: none */
	int64_t p95_ms;     /* that the next one keeps with 95 %; 0: fewer than enough */
	int64_t used_ms;    /* planned for: the middle of those measured, or the prior */
	int64_t overdue_ms; /* a launch that is older is overdue; 0: not known */
	double spread;      /* of the logarithms; 0: not known */
	size_t count;       /* launches measured, at most the latest 50 */
	bool prior;         /* used_ms is the tier's lead_prior */
};

int lead_read(struct db *db, const struct db_tier *t, struct lead *ret,
	      struct err *err) MUST_CHECK;

/*
 * Instances that should be healthy by now, and neither fail nor are: late since their
 * launch. What waits for a host is late when a host of the tier's pool is.
 */
int64_t lead_count_overdue(const struct lead *l, const struct fleet *f,
			   const struct fleet_tier *ft);

/* {"p50_ms","p95_ms","used_ms","count","prior"} */
json_t *lead_json(const struct lead *l);

#endif
