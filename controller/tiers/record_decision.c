/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_decision.c - writes decisions to the database: rows with their records, and
 * series.
 */
#include "deciding.h"

#include "check.h"
#include "samples.h"
#include "text.h"

#define DECISION_EVERY_MS 3600000 /* one is recorded, even if unchanged */

int deciding_record(struct tiers *ts, struct deciding *d,
		    const struct decide_state *before, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	struct db_tier *t = &d->ft->t;
	const struct decide_plan *p = &d->plan;
	bool changed = p->desired != t->desired;
	bool is_news = changed || d->t->binding != p->binding;

	/* also when the clock was set back */
	if (!is_news && llabs(d->in.now_ms - d->t->recorded_ms) < DECISION_EVERY_MS)
		return 0;
	d->t->recorded_ms = d->in.now_ms;
	d->t->binding = p->binding;
	text = record_write(&d->in, before);
	if (changed)
		event_add(d->ctx->events, "tier-scaled", DB_LEVEL_INFO,
			  EVENT_ABOUT(.stack = t->stack, .tier = t->name), "%s",
			  p->sentence);
	return db_decision_add(
		ts->db,
		&(struct db_decision){
			.stack = t->stack,
			.tier = t->name,
			.at_ms = d->in.now_ms,
			.from = p->from,
			.to = p->desired,
			.cause = (char *)(uintptr_t)decide_cause_name(p->cause),
			.sentence = (char *)(uintptr_t)p->sentence,
			.explanation_json = t->explanation_json,
			.record = text,
		},
		NULL, err);
}

int deciding_record_series(struct tiers *ts, const struct deciding *d, size_t n,
			   struct err *err)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(3 * n, sizeof(*in));
	CLEANUP(free) char **labels = xcalloc(n, sizeof(char *));
	int rc;

	for (size_t i = 0; i < n; i++) {
		const struct fleet_tier *ft = d[i].ft;

		labels[i] =
			xasprintf("stack=\"%s\",tier=\"%s\"", ft->t.stack, ft->t.name);
		in[3 * i] =
			(struct db_sample_in){ "foretide_desired", labels[i], DB_GAUGE,
					       d[i].in.now_ms, (double)ft->t.desired };
		in[3 * i + 1] =
			(struct db_sample_in){ "foretide_healthy", labels[i], DB_GAUGE,
					       d[i].in.now_ms, (double)ft->healthy };
		in[3 * i + 2] =
			(struct db_sample_in){ "foretide_capacity", labels[i], DB_GAUGE,
					       d[i].in.now_ms, d[i].in.capacity };
	}
	rc = db_samples_add(ts->db, in, 3 * n, d[0].in.now_ms, NULL, err);
	for (size_t i = 0; i < n; i++)
		free(labels[i]);
	return rc;
}
