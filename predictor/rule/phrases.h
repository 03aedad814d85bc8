/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * phrases.h - the pieces that explanations are made of: figures, times, capacity, events.
 */
#ifndef PREDICTOR_RULE_PHRASES_H
#define PREDICTOR_RULE_PHRASES_H

#include "buf.h"
#include "decide.h"

/* "41.2/s", "15/s", "1200 sessions" */
void add_figure(struct buf *b, const struct decide_input *in, double x);
/* To the second, or finer when it is shorter than that. */
void add_time(struct buf *b, int64_t ms);
/* " (capacity 10/s per instance, learned)" */
void add_capacity(struct buf *b, const struct decide_input *in);
void add_demand(struct buf *b, const struct decide_input *in);
/* "262/s (95 %) within the lead time of 3m", and with which events. */
void add_forecast(struct buf *b, const struct decide_input *in);

/* ", enough with 99.6 %"; nothing where that is not stated. */
void add_enough(struct buf *b, const struct decide_input *in);

void add_lead(struct buf *b, const struct decide_input *in);
/* ", with event 'sale' expected to multiply demand by 2.4, learned from 3 past events" */
/* Which tier the forecast follows, as a clause of its own; nothing, where there is none.
 */
void add_follows(struct buf *b, const struct decide_input *in);
void add_events(struct buf *b, const struct decide_events *e);

/* "at most 2 may be starting at once", "at most 2 may be removed within 10m" */
void add_step_out(struct buf *b, const struct decide_input *in);
void add_step_in(struct buf *b, const struct decide_input *in);
/* "8 would be safer, but nothing is started ahead of demand: ..." */
void add_thrift(struct buf *b, const struct decide_input *in,
		const struct decide_plan *p);
/* What letting instances go saves and costs, by this verb form. */
void add_price(struct buf *b, const struct decide_plan *p, const char *saves,
	       const char *costs);

#endif
