/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

#include "clock.h"
#include "log.h"
#include "text.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>

static char *or_empty(const char *s)
{
	return s ? (char *)(uintptr_t)s : (char *)(uintptr_t) "";
}

static void log_it(enum db_level level, const char *kind, const struct event_about *about,
		   const char *text)
{
	enum log_level l = level == DB_LEVEL_ERROR  ? LOG_LEVEL_ERROR
			   : level == DB_LEVEL_WARN ? LOG_LEVEL_WARN
						    : LOG_LEVEL_INFO;

	LOG_EVENT(l, kind, STR("stack", or_empty(about->stack)),
		  STR("tier", or_empty(about->tier)), STR("host", or_empty(about->host)),
		  STR("unit", or_empty(about->unit)), STR("message", text));
}

void event_add(const struct events *e, const char *kind, enum db_level level,
	       const struct event_about *about, const char *fmt, ...)
{
	CLEANUP(json_decref) json_t *data = json_object();
	CLEANUP(free) char *data_text = NULL;
	char text[1024];
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_mend(text);
	log_it(level, kind, about, text);
	if (about->pool)
		json_object_set_new(data, "pool", json_string(about->pool));
	data_text = json_dumps(data, JSON_COMPACT);
	if (db_event_add(e->db,
			 &(struct db_event){
				 .at_ms = clock_now_ms(),
				 .kind = or_empty(kind),
				 .level = level,
				 .stack = or_empty(about->stack),
				 .tier = or_empty(about->tier),
				 .host = or_empty(about->host),
				 .unit = or_empty(about->unit),
				 .message = text,
				 .data_json = data_text,
			 },
			 NULL, &err) < 0)
		log_warn("event-not-recorded", STR("kind", kind), ERR(&err));
	if (e->notify)
		e->notify(e->arg);
}
