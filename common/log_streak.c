/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log_streak.h"

#include "clock.h"

#define AGAIN_MS 600000

static void over(struct log_streak *s, const char *event)
{
	if (s->n > s->logged_n)
		log_info(event, STR("now", "works again"), INT("failed", s->n));
	*s = (struct log_streak){ 0 };
}

void log_streak(struct log_streak *s, const char *event, const struct err *err)
{
	const int64_t now = clock_mono_ms();

	if (!err) {
		if (s->n)
			over(s, event);
		return;
	}
	s->n++;
	if (s->n > 1 && now - s->logged_mono_ms < AGAIN_MS)
		return;
	if (s->n == 1)
		log_warn(event, ERR(err));
	else
		log_warn(event, ERR(err), INT("more_times", s->n - s->logged_n));
	s->logged_n = s->n;
	s->logged_mono_ms = now;
}
