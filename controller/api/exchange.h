/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.h - one request from its headers to its answer: the callbacks of
 * libmicrohttpd.
 */
#ifndef CONTROLLER_API_EXCHANGE_H
#define CONTROLLER_API_EXCHANGE_H

#include "server.h"

/* arg is the struct api_listener. */
void *api_on_target(void *arg, const char *target, struct MHD_Connection *conn);
enum MHD_Result api_on_request(void *arg, struct MHD_Connection *conn, const char *path,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state);
void api_on_completed(void *arg, struct MHD_Connection *conn, void **state,
		      enum MHD_RequestTerminationCode why);

#endif
