/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logs.h - logs of units, which the agents of their hosts send on request.
 */
#ifndef CONTROLLER_API_LOGS_H
#define CONTROLLER_API_LOGS_H

#include "request.h"

/* Ends requests that waited too long; the lock is held. */
void api_log_asks_wake(struct api *api);
/* {"logs":[..]}: the requests to a host; called when its metrics arrive. */
json_t *api_log_asks_of(struct api *api, const char *host);
/* The request ended. */
void api_log_ask_drop(struct request *r);

#endif
