/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "allowance.h"

#include "clock.h"

static _Thread_local struct {
	bool is_set;
	int64_t ms, until_mono_ms;
	size_t samples, left;
} mine;

void allowance_begin(int64_t ms, size_t samples)
{
	mine.is_set = true;
	mine.ms = ms;
	mine.until_mono_ms = clock_mono_ms() + ms;
	mine.samples = mine.left = samples;
}

void allowance_end(void)
{
	mine.is_set = false;
}

bool allowance_is_over(void)
{
	return mine.is_set && clock_mono_ms() >= mine.until_mono_ms;
}

int allowance_check(struct err *err)
{
	if (!allowance_is_over())
		return 0;
	return err_set(err, ERR_TIMEOUT,
		       "the request took longer than the %lld ms that it may: ask for "
		       "fewer series or a shorter time",
		       (long long)mine.ms);
}

int allowance_samples(size_t n, struct err *err)
{
	if (mine.is_set && n > mine.left)
		return err_set(err, ERR_LIMIT,
			       "the request would read more than %zu samples: ask for "
			       "fewer series or a shorter time",
			       mine.samples);
	if (mine.is_set)
		mine.left -= n;
	return allowance_check(err);
}
