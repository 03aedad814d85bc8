/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repeat.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

bool repeat_is_due(struct repeat *r, const char *text)
{
	const int64_t now = clock_mono_ms();
	/* What does not fit is no difference. */
	const bool is_same =
		*r->text && strncmp(r->text, text, sizeof(r->text) - 1) == 0;

	if (is_same && now - r->told_mono_ms < REPEAT_EVERY_MS) {
		r->count++;
		return false;
	}
	r->untold = is_same ? r->count : 0;
	r->count = 0;
	r->told_mono_ms = now;
	snprintf(r->text, sizeof(r->text), "%s", text);
	return true;
}

void repeat_end(struct repeat *r)
{
	*r = (struct repeat){ 0 };
}
