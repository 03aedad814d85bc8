/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backoff.h"

#include "check.h"

int64_t backoff_most_ms(int64_t first_ms, int64_t max_ms, int times)
{
	int64_t ms = MIN(first_ms, max_ms);

	for (int i = 0; i < times && ms < max_ms; i++)
		ms = ms > max_ms / 2 ? max_ms : ms * 2;
	return ms;
}

int64_t backoff_full_ms(int64_t first_ms, int64_t max_ms, int times, double chance)
{
	return 1 + (int64_t)((double)backoff_most_ms(first_ms, max_ms, times) * chance);
}

int64_t backoff_half_ms(int64_t first_ms, int64_t max_ms, int times, double chance)
{
	const int64_t most = backoff_most_ms(first_ms, max_ms, times), half = most / 2;

	return most - (int64_t)((double)half * chance);
}
