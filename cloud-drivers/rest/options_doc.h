/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options_doc.h - what open() gets, read by the driver's table of options.
 */
#ifndef CLOUD_DRIVERS_REST_OPTIONS_DOC_H
#define CLOUD_DRIVERS_REST_OPTIONS_DOC_H

#include "err.h"

#include <jansson.h>

struct conf_option;

/*
 * Fills target, which holds zeroes, with the defaults and with what config_json says. Its
 * "credentials" are the driver's to read, from *ret; "cpu" and "memory" are those of the
 * pool, which a type of host has by itself. The caller owns target, also on failure, and
 * *ret, which is written when config_json is JSON. ERR_INVAL names the option that is
 * wrong.
 */
int rest_options_doc(const char *config_json, const struct conf_option *table,
		     void *target, json_t **ret, struct err *err) MUST_CHECK;

#endif
