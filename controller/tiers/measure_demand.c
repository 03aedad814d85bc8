/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure_demand.c - the present demand of a tier, and which of its sources do not
 * report.
 */
#include "deciding.h"

#include "check.h"
#include "log.h"
#include "metrics.h"
#include "samples.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/*
 * Part of the demand is missing although its source should report: the rest is too low to
 * scale in on. Drained and moved units are expected to be silent.
 */
static void note_silent(void *arg, const char *host, const char *unit, int64_t last_ms)
{
	struct deciding *d = arg;
	const struct fleet_host *h = fleet_host(d->f, host);
	bool placed = !*unit;

	if (*d->silent || !h || h->h.state != DB_HOST_UP)
		return;
	for (size_t i = 0; i < d->f->n_units && !placed; i++) {
		const struct fleet_unit *u = &d->f->units[i];

		placed = strcmp(u->u.name, unit) == 0 && u->host == h &&
			 u->u.goal == DB_GOAL_RUN;
	}
	if (placed)
		snprintf(d->silent, sizeof(d->silent),
			 "no metrics from %s on host %s for %" PRId64 " s",
			 *unit ? unit : "the agent", host,
			 (d->in.now_ms - last_ms) / 1000);
}

void deciding_measure(struct tiers *ts, struct deciding *d, struct db_demand *record)
{
	struct decide_input *in = &d->in;
	struct err err;

	in->demand = NAN;
	if (metrics_expr_follow(d->ft->t.demand, d->ft->t.stack, d->ft->t.name,
				&d->t->expression, &d->t->demand, &err) < 0)
		log_warn("demand-invalid", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
	if (d->t->demand && metrics_expr_now(ts->db, d->t->demand, in->now_ms,
					     &in->demand, &in->demand_at_ms, &err) < 0)
		log_warn("demand-not-measured", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
	if (d->t->demand)
		metrics_expr_silent(ts->db, d->t->demand, in->now_ms, in->stale_after_ms,
				    note_silent, d);
	if (*d->silent)
		in->missing = d->silent;
	d->evidence = policy_noise_sure(&d->t->noise, in->demand_at_ms, in->demand,
					d->ctx->tick_ms);
	*record = (struct db_demand){ d->ft->t.stack, d->ft->t.name, NAN, 0 };
	/* An expression may be below 0, which is not learned from. */
	if (in->now_ms - in->demand_at_ms > in->stale_after_ms || !(in->demand >= 0))
		return;
	/* It belongs to the minute of its newest sample, and counts once. */
	record->at_ms = MIN(in->demand_at_ms, in->now_ms);
	if (record->at_ms > d->t->measured_ms)
		record->v = in->demand;
	d->t->measured_ms = record->at_ms;
}
