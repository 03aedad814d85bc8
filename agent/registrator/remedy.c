/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remedy.h"

bool remedy_is_due(struct remedy *r, enum unit_health now, int64_t after_ms,
		   int64_t mono_ms)
{
	if (now == HEALTH_PASSING) {
		r->bad_mono_ms = 0;
		if (!r->passed_mono_ms)
			r->passed_mono_ms = mono_ms;
		if (mono_ms - r->passed_mono_ms >= REMEDY_FORGET_MS)
			r->tries = 0;
		return false;
	}
	if (now != HEALTH_FAILING)
		return false;
	r->passed_mono_ms = 0;
	/* What may fail for ever takes nothing off the time of another that fails later.
	 */
	if (after_ms <= 0) {
		r->bad_mono_ms = 0;
		return false;
	}
	if (!r->bad_mono_ms)
		r->bad_mono_ms = mono_ms;
	if (r->tries >= REMEDY_TRIES || mono_ms - r->bad_mono_ms < after_ms << r->tries)
		return false;
	r->tries++;
	r->bad_mono_ms = mono_ms;
	return true;
}
