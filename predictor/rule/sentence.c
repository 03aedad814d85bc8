/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sentence.h"

#include "buf.h"
#include "cleanup.h"
#include "clock.h"
#include "reason.h"
#include "utf8.h"

#include <stdio.h>

/* Limits of user text in a sentence. */
#define OWNER_BYTES 60
#define REASON_BYTES 120

static void describe_hold(struct buf *b, const struct decide_input *in,
			  const struct decide_plan *p)
{
	char until[CLOCK_TEXT];

	buf_printf(b, "%s stays at %lld, on hold by %.*s", in->tier,
		   (long long)p->desired, (int)utf8_fit(in->hold_owner, OWNER_BYTES),
		   in->hold_owner);
	if (in->hold_until_ms)
		buf_printf(b, " until %s", clock_format(in->hold_until_ms, until));
	if (in->hold_reason && *in->hold_reason)
		buf_printf(b, " (%.*s)", (int)utf8_fit(in->hold_reason, REASON_BYTES),
			   in->hold_reason);
	if (p->would == p->desired)
		return;
	buf_printf(b, "; it would go to %lld: ", (long long)p->would);
	describe_reason(b, in, p);
}

static void describe_mode(struct buf *b, const struct decide_input *in,
			  const struct decide_plan *p)
{
	buf_printf(b, "%s stays at %lld in mode %s%s; it would go to %lld: ", in->tier,
		   (long long)p->from, decide_mode_name(in->mode),
		   in->mode == DECIDE_OUT ? ", which never scales in by demand" : "",
		   (long long)p->would);
	describe_reason(b, in, p);
}

static void describe_change(struct buf *b, const struct decide_input *in,
			    const struct decide_plan *p)
{
	if (p->desired == p->from) {
		buf_printf(b, "%s stays at %lld: ", in->tier, (long long)p->desired);
		describe_reason(b, in, p);
		return;
	}
	buf_printf(b, "%s goes from %lld to %lld: ", in->tier, (long long)p->from,
		   (long long)p->desired);
	if (p->cause == p->would_cause && p->binding == p->would_binding) {
		describe_reason(b, in, p);
		return;
	}
	describe_bound(b, in, p->cause, p->binding, p->from);
	if (p->desired == p->would)
		return;
	buf_printf(b,
		   "; without mode %s it would go to %lld: ", decide_mode_name(in->mode),
		   (long long)p->would);
	describe_reason(b, in, p);
}

void decide_describe(const struct decide_input *in, struct decide_plan *plan)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 2000);
	if (plan->binding == DECIDE_BY_HOLD)
		describe_hold(&b, in, plan);
	else if (plan->binding == DECIDE_BY_MODE)
		describe_mode(&b, in, plan);
	else
		describe_change(&b, in, plan);
	buf_putc(&b, '.');
	snprintf(plan->sentence, sizeof(plan->sentence), "%s", buf_str(&b));
	utf8_mend(plan->sentence);
}
