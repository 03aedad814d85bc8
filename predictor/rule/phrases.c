/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phrases.h"

#include "check.h"
#include "clock.h"
#include "input.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>

#define NAME_BYTES 40 /* of a name, in a sentence */
#define HOUR_MS 3600000

void add_figure(struct buf *b, const struct decide_input *in, double x)
{
	char digits[64];

	snprintf(digits, sizeof(digits),
		 x >= 1e9    ? "%.4g"
		 : x >= 1000 ? "%.0f"
		 : x >= 10   ? "%.1f"
			     : "%.2f",
		 x);
	buf_puts(b, digits);
	if (in->unit && *in->unit)
		buf_printf(b, "%s%s", *in->unit == '/' ? "" : " ", in->unit);
}

void add_time(struct buf *b, int64_t ms)
{
	char text[CLOCK_TEXT];

	if (ms >= 1000)
		ms = (ms + 500) / 1000 * 1000;
	buf_puts(b, clock_format_duration(MAX(ms, 0), text));
}

void add_capacity(struct buf *b, const struct decide_input *in)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.4g", in->capacity);
	buf_printf(b, " (capacity %s", digits);
	if (in->unit && *in->unit)
		buf_printf(b, "%s%s", *in->unit == '/' ? "" : " ", in->unit);
	buf_printf(b, " per instance%s", in->capacity_note ? in->capacity_note : "");
	if (in->price > 0 && in->fallback_level)
		buf_printf(b, ", a minute short of capacity costs %.4g instance-hours",
			   in->price);
	buf_putc(b, ')');
}

void add_demand(struct buf *b, const struct decide_input *in)
{
	buf_puts(b, "demand");
	if (decide_is_fresh(in)) {
		buf_puts(b, " of ");
		add_figure(b, in, in->demand);
	}
}

void add_lead(struct buf *b, const struct decide_input *in)
{
	buf_puts(b, "the lead time of ");
	add_time(b, in->lead_ms);
	if (in->is_lead_prior)
		buf_puts(b, ", not measured yet");
}

void add_follows(struct buf *b, const struct decide_input *in)
{
	if (!in->follows)
		return;
	buf_printf(b, "; the forecast follows %.*s",
		   (int)utf8_fit(in->follows, NAME_BYTES), in->follows);
	if (in->follows_ahead_ms > 0) {
		buf_puts(b, ", whose demand leads by ");
		add_time(b, in->follows_ahead_ms);
	}
	buf_printf(b, " (%.0f %% better over ", 100 * in->follows_gain);
	add_time(b, in->follows_over_ms / HOUR_MS * HOUR_MS);
	buf_putc(b, ')');
}

void add_events(struct buf *b, const struct decide_events *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_printf(b, "%s'%.*s'",
			   i == 0          ? e->n > 1 ? ", with events " : ", with event "
			   : i + 1 == e->n ? " and "
					   : ", ",
			   (int)utf8_fit(e->names[i], NAME_BYTES), e->names[i]);
	if (e->n)
		buf_printf(b, " expected to multiply demand by %.2g", e->uplift);
	if (e->n && e->learned_from)
		buf_printf(b, ", learned from %zu past event%s", e->learned_from,
			   e->learned_from > 1 ? "s" : "");
	if (e->unknown)
		buf_printf(b,
			   ", not counting event '%.*s', whose effect is not known yet",
			   (int)utf8_fit(e->unknown, NAME_BYTES), e->unknown);
}

void add_step_out(struct buf *b, const struct decide_input *in)
{
	buf_printf(b, "at most %lld may be starting at once",
		   (long long)in->step_out_max);
}

void add_step_in(struct buf *b, const struct decide_input *in)
{
	buf_printf(b, "at most %lld may be removed within ", (long long)in->step_in_max);
	add_time(b, in->dwell_ms);
}

void add_price(struct buf *b, const struct decide_plan *p, const char *saves,
	       const char *costs)
{
	buf_printf(b, "; letting %lld go %s %.0f instance-minutes and %s %.0f",
		   (long long)p->in_count, saves, p->in_saves, costs, p->in_costs);
}

/* As many digits as tell it from certainty. */
static void add_level(struct buf *b, double level)
{
	const double percent = fmin(100 * level, 99.99);

	buf_printf(b, "%.*f %%", percent > 99.9 ? 2 : percent > 99 ? 1 : 0, percent);
}

void add_forecast(struct buf *b, const struct decide_input *in)
{
	add_figure(b, in, in->forecast_high);
	if (in->forecast_level > 0) {
		buf_puts(b, " (");
		add_level(b, in->forecast_level);
		buf_putc(b, ')');
	}
	buf_puts(b, " within ");
	add_lead(b, in);
	add_events(b, &in->events);
}

void add_enough(struct buf *b, const struct decide_input *in)
{
	if (in->need_level > 0) {
		buf_puts(b, ", enough with ");
		add_level(b, in->need_level);
	}
}

void add_thrift(struct buf *b, const struct decide_input *in, const struct decide_plan *p)
{
	buf_printf(b, "%lld would be safer, but nothing is started ahead of demand: %s",
		   (long long)p->needed, in->thrift);
}
