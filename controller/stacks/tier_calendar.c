/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_calendar.h"

#include "text.h"

#include <string.h>

int tier_calendar(const struct db_tier *t, struct calendar *ret, struct err *err)
{
	CLEANUP(json_decref) json_t *rules = NULL;
	const char *text = t->schedule_json;
	int rc = 0;

	if (text && *text)
		rc = json_parse(text, strlen(text), "schedule", &rules, err);
	return rc < 0 ? rc : calendar_parse(rules, ret, err);
}
