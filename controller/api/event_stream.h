/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_stream.h - GET /v1/events/stream: events as server-sent events.
 */
#ifndef CONTROLLER_API_EVENT_STREAM_H
#define CONTROLLER_API_EVENT_STREAM_H

#include "api.h"

/* Makes all streams look for new events, or end; the lock is held. */
void api_streams_wake(struct api *api, bool heartbeat);

#endif
