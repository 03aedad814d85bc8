/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - what calls and watches share: paths and bodies of the gateway.
 */
#ifndef CONTROLLER_ETCD_CALL_H
#define CONTROLLER_ETCD_CALL_H

#include "etcd.h"

#include <jansson.h>

/* The path after the version, or NULL. */
const char *kv_behind_version(const char *path);

/* No body is an empty object, as in etcd's gateway. */
int kv_parse_body(const char *body, size_t n, json_t **ret, struct err *err) MUST_CHECK;

#endif
