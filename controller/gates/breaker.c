/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "breaker.h"

#include "backoff.h"
#include "check.h"

int64_t breaker_wait_ms(const struct breaker *b, int64_t now_ms)
{
	if (b->state == BREAKER_CLOSED)
		return 0;
	return MAX(b->until_ms - now_ms, INT64_C(0));
}

void breaker_begin(struct breaker *b, int64_t trial_ms, int64_t now_ms)
{
	if (b->state == BREAKER_CLOSED)
		return;
	b->state = BREAKER_HALF_OPEN;
	b->until_ms = now_ms + trial_ms;
}

void breaker_close(struct breaker *b)
{
	*b = (struct breaker){ 0 };
}

void breaker_open(struct breaker *b, const struct breaker_times *times, double chance,
		  int64_t now_ms)
{
	/* The calls that were under way when the first of them failed fail too. */
	if (b->state == BREAKER_OPEN)
		return;
	b->state = BREAKER_OPEN;
	b->until_ms = now_ms + backoff_half_ms(times->first_ms, times->max_ms,
					       b->openings, chance);
	b->openings++;
}

void breaker_fail(struct breaker *b, int most, const struct breaker_times *times,
		  double chance, int64_t now_ms)
{
	b->failures++;
	if (b->failures >= most || b->state == BREAKER_HALF_OPEN)
		breaker_open(b, times, chance, now_ms);
}
