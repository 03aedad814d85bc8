/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reason_kept.h"

#include "bounds.h"
#include "input.h"
#include "phrases.h"
#include "utf8.h"

#define WHY_BYTES 200 /* what is distrusted or missing */
#define MINUTE_MS 60000

static void describe_again(struct buf *b, const struct decide_input *in,
			   const struct decide_plan *p)
{
	buf_printf(b, "%lld would do, but %lld ", (long long)p->needed,
		   (long long)p->from - p->in_count + 1);
	if (p->in_again_ms > in->lead_ms) {
		buf_puts(b, "will be needed again in about ");
		add_time(b, p->in_again_ms / MINUTE_MS * MINUTE_MS);
	} else {
		buf_puts(b, "may be needed again within ");
		add_lead(b, in);
	}
	add_events(b, &in->events_far);
	add_price(b, p, "would save", "cost");
}

static void describe_dwell(struct buf *b, const struct decide_input *in,
			   const struct decide_plan *p)
{
	buf_printf(b, "%lld would do, but ", (long long)p->needed);
	if (p->held >= p->from) {
		buf_printf(b, "%lld were needed within the last ", (long long)p->from);
		add_time(b, decide_dwell(in));
	} else {
		buf_puts(b, "nothing is removed before fewer have sufficed for ");
		add_time(b, in->dwell_ms);
	}
}

bool reason_is_about_data(enum decide_binding by)
{
	return by == DECIDE_BY_NO_DATA || by == DECIDE_BY_STALE_DATA ||
	       by == DECIDE_BY_DISTRUST || by == DECIDE_BY_MISSING;
}

static void add_why(struct buf *b, const char *why)
{
	buf_printf(b, "%.*s, so nothing is scaled in", (int)utf8_fit(why, WHY_BYTES),
		   why);
}

/* The problem with the data, which alone prevents scaling in. */
void describe_data(struct buf *b, const struct decide_input *in)
{
	if (!decide_is_measured(in)) {
		if (in->missing)
			buf_puts(b, "no demand is measured: ");
		add_why(b, in->missing ? in->missing : "no demand is measured");
	} else if (!decide_is_fresh(in)) {
		buf_puts(b, "demand was last measured ");
		add_time(b, in->now_ms - in->demand_at_ms);
		buf_puts(b, " ago, so nothing is scaled in (stale data)");
	} else if (in->distrust || in->missing) {
		add_why(b, in->distrust ? in->distrust : in->missing);
	}
}

/* Nothing at all scales in, also no maximum below what there is. */
static void describe_distrust(struct buf *b, const struct decide_input *in,
			      const struct decide_plan *p)
{
	const struct bounds r = bounds_of(in);

	if (r.upper >= 0 && r.upper < p->from) {
		bounds_add_upper(b, in);
		buf_puts(b, ", which waits: ");
	}
	add_why(b, in->distrust);
}

void describe_kept(struct buf *b, const struct decide_input *in,
		   const struct decide_plan *p)
{
	long long needed = (long long)p->needed;

	if (p->would_binding == DECIDE_BY_DWELL) {
		describe_dwell(b, in, p);
	} else if (p->would_binding == DECIDE_BY_AGAIN) {
		describe_again(b, in, p);
	} else if (p->would_binding == DECIDE_BY_ACTION) {
		buf_printf(b,
			   "%lld would be safer, but not by so much that it is worth a "
			   "change yet",
			   needed);
	} else if (p->would_binding == DECIDE_BY_THRIFT) {
		add_thrift(b, in, p);
	} else if (p->would_binding == DECIDE_BY_PAID) {
		buf_printf(b,
			   "%lld would do, but what there is more is paid for and stays "
			   "until shortly before that ends",
			   needed);
	} else if (p->would_binding == DECIDE_BY_NO_CAPACITY) {
		buf_puts(b, "the capacity of an instance is not known");
		if (in->capacity_note)
			buf_printf(b, " (%s)", in->capacity_note);
	} else if (p->would_binding == DECIDE_BY_DISTRUST) {
		describe_distrust(b, in, p);
	} else if (reason_is_about_data(p->would_binding)) {
		describe_data(b, in);
	} else if (p->would_binding == DECIDE_BY_NO_FORECAST) {
		buf_puts(b, "there is no forecast, so nothing is scaled in");
	} else if (p->would_binding == DECIDE_BY_STATEFUL) {
		buf_printf(b,
			   "%lld would suffice, but a stateful tier is not scaled in "
			   "automatically",
			   needed);
	} else {
		buf_printf(b, "%lld would suffice, but ", needed);
		add_step_in(b, in);
	}
}
