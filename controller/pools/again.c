/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "again.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

bool again_is_due(struct again *r, const char *text)
{
	const int64_t now = clock_mono_ms();
	/* What does not fit is no difference. */
	const bool is_same = *r->text && strncmp(r->text, text, sizeof(r->text) - 1) == 0;

	if (is_same && now - r->told_mono_ms < AGAIN_EVERY_MS) {
		r->count++;
		return false;
	}
	r->untold = is_same ? r->count : 0;
	r->count = 0;
	r->told_mono_ms = now;
	snprintf(r->text, sizeof(r->text), "%s", text);
	return true;
}

void again_over(struct again *r)
{
	*r = (struct again){ 0 };
}
