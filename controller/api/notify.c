/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "notify.h"

#include "clock.h"
#include "log.h"
#include "server.h"

#include <stdarg.h>

void api_notify_event(struct api *api)
{
	pthread_mutex_lock(&api->lock);
	api->event_seq++;
	pthread_cond_signal(&api->wake);
	pthread_mutex_unlock(&api->lock);
}

void api_poke(struct request *r, const char *why)
{
	if (API_HOOK(r, poke))
		API_HOOK(r, poke)(API_HOOK(r, arg), why);
}

void api_event(struct request *r, const char *kind, const char *stack, const char *tier,
	       const char *host, const char *fmt, ...)
{
	char message[512];
	char text[32], name[256], layer[256], machine[256];
	struct db_event ev = { .at_ms = clock_now_ms(), .level = DB_LEVEL_INFO };
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s", kind);
	snprintf(name, sizeof(name), "%s", stack);
	snprintf(layer, sizeof(layer), "%s", tier);
	snprintf(machine, sizeof(machine), "%s", host);
	ev.kind = text;
	ev.stack = name;
	ev.tier = layer;
	ev.host = machine;
	ev.message = message;
	if (db_event_add(r->api->db, &ev, NULL, &e) < 0)
		log_warn("event-lost", STR("kind", kind), ERR(&e));
	api_notify_event(r->api);
}
