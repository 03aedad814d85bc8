/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "said.h"

#include "clock.h"
#include "log.h"
#include "utf8.h"

#include <stdbool.h>
#include <stdio.h>

#define A_MINUTE_MS 60000
#define LINES_MAX 100 /* a minute */
#define TEXT_MAX 512

static bool may_say(struct said *s, const char *driver)
{
	const int64_t now = clock_mono_ms();

	if (!s->since_mono_ms || now - s->since_mono_ms >= A_MINUTE_MS)
		*s = (struct said){ .since_mono_ms = now };
	if (s->n++ == LINES_MAX)
		log_warn("driver-says-too-much", STR("driver", driver),
			 INT("lines_a_minute", LINES_MAX));
	return s->n <= LINES_MAX;
}

void said_line(struct said *s, const char *driver, char *line)
{
	if (!may_say(s, driver))
		return;
	utf8_make_plain(line, TEXT_MAX);
	log_info("driver-says", STR("driver", driver), STR("text", line));
}

static void plain(const json_t *log, const char *key, char ret[TEXT_MAX + 1])
{
	const char *text = json_string_value(json_object_get(log, key));

	snprintf(ret, TEXT_MAX + 1, "%s", text ? text : "");
	utf8_make_plain(ret, TEXT_MAX);
}

void said_event(struct said *s, const char *driver, const json_t *log)
{
	char event[TEXT_MAX + 1], detail[TEXT_MAX + 1];
	const char *name = json_string_value(json_object_get(log, "level"));
	enum log_level level;

	if (!may_say(s, driver))
		return;
	if (!name || log_level_from_name(name, &level, NULL) < 0)
		level = LOG_LEVEL_INFO;
	plain(log, "event", event);
	plain(log, "detail", detail);
	LOG_EVENT(level, "driver-event", STR("driver", driver), STR("event", event),
		  STR("detail", detail));
}
