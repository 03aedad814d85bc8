/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native.h - credentials where a cloud's own tools keep them: files and environment
 * variables of theirs.
 *
 * A cloud adds its source as a row of native.c's table and a file native_NAME.c.
 */
#ifndef CONTROLLER_POOLS_NATIVE_H
#define CONTROLLER_POOLS_NATIVE_H

#include "err.h"

#include <jansson.h>

/*
 * Replaces the names in a profile's pairs that stand for a source, such as
 * openstack_cloud, by the pairs that it holds; what the profile itself gives comes first.
 *
 * ERR_INVAL, ERR_NOT_FOUND, ERR_DENIED with the file and what has to be done; no error
 * contains a value.
 */
int native_resolve(json_t *pairs, struct err *err) MUST_CHECK;

/*
 * The name among a profile's pairs that stands for a source; NULL: the profile has the
 * keys themselves. *ret_driver: whose source it is; NULL when several share it.
 */
const char *native_source(const json_t *pairs, const char **ret_driver);

/* The i-th driver that has a source; NULL: there are no more. */
const char *native_driver(size_t i);

/*
 * The pairs that the environment holds for a driver; *ret is NULL when there are none.
 * The caller owns it.
 */
int native_from_environment(const char *driver, json_t **ret, struct err *err) MUST_CHECK;

#endif
