/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dashboard.h - the files of the dashboard.
 */
#ifndef CONTROLLER_API_DASHBOARD_H
#define CONTROLLER_API_DASHBOARD_H

#include "request.h"

/* False when there is none by that name. */
bool api_web_file(struct request *r);

#endif
