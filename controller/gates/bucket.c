/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bucket.h"

#include "check.h"

#include <math.h>

void bucket_init(struct bucket *b, double rate_per_s, double burst, int64_t now_ms)
{
	*b = (struct bucket){ .rate_per_s = rate_per_s > 0 ? rate_per_s : 0,
			      .burst = MAX(burst, 1.0),
			      .at_ms = now_ms };
	b->level = b->burst;
}

double bucket_level(const struct bucket *b, int64_t now_ms)
{
	const double since_s = (double)MAX(now_ms - b->at_ms, INT64_C(0)) / 1000;

	return b->rate_per_s > 0 ? MIN(b->level + since_s * b->rate_per_s, b->burst)
				 : b->burst;
}

int64_t bucket_wait_ms(const struct bucket *b, double left, int64_t now_ms)
{
	const double need = MIN(1 + left, b->burst) - bucket_level(b, now_ms);

	if (b->rate_per_s <= 0 || need <= 0)
		return 0;
	return (int64_t)ceil(need / b->rate_per_s * 1000);
}

void bucket_take(struct bucket *b, int64_t now_ms)
{
	b->level = bucket_level(b, now_ms) - 1;
	b->at_ms = now_ms;
}

void bucket_drain(struct bucket *b, int64_t now_ms)
{
	b->level = 0;
	b->at_ms = now_ms;
}
