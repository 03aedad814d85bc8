/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logs.h - logs of units, which the agents of their hosts send when they are asked.
 */
#ifndef CONTROLLER_API_LOGS_H
#define CONTROLLER_API_LOGS_H

#include "request.h"

/* Ends those that waited too long; the lock is held. */
void api_log_asks_wake(struct api *api);
/* {"logs":[..]}: what a host is asked for; called when its metrics came. */
json_t *api_log_asks_of(struct api *api, const char *host);
/* The request's exchange is over. */
void api_log_ask_drop(struct request *r);

#endif
