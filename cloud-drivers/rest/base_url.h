/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_url.h - the address of an API, as people give it.
 */
#ifndef CLOUD_DRIVERS_REST_BASE_URL_H
#define CLOUD_DRIVERS_REST_BASE_URL_H

#include "err.h"

/* Cuts the slashes that it ends in; ERR_INVAL: it is of another scheme than http and
 * https. name is that of its option. */
int rest_base_url(const char *name, char *url, struct err *err) MUST_CHECK;

#endif
