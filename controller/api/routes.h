/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * routes.h - the table of routes: which handler serves a method and path, and the role it
 * requires.
 */
#ifndef CONTROLLER_API_ROUTES_H
#define CONTROLLER_API_ROUTES_H

#include "request.h"

extern const struct api_route api_routes[]; /* ends with a NULL method */
extern const struct api_route api_kv_route; /* for paths that kv_handles() */
/*
 * The route of a method and path; its arguments go to args. NULL: *ret_allow is "" when
 * there is no such path, else the methods that it has.
 */
const struct api_route *api_route_find(const char *method, const char *path,
				       char args[API_ARGS_MAX][API_ARG_MAX],
				       char ret_allow[64]);

#endif
