/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - how a handler notifies the rest of the controller, and adds events.
 */
#ifndef CONTROLLER_API_NOTIFY_H
#define CONTROLLER_API_NOTIFY_H

#include "request.h"

void api_poke(struct request *r, const char *why);
/* Adds an event; a failure is only logged. */
void api_event(struct request *r, const char *kind, const char *stack, const char *tier,
	       const char *host, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

#endif
