/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_json.h - credentials that a cloud's own tools keep in a JSON file.
 */
#ifndef CONTROLLER_POOLS_NATIVE_JSON_H
#define CONTROLLER_POOLS_NATIVE_JSON_H

#include "err.h"

#include <jansson.h>
#include <stddef.h>

/*
 *   file      one that is not absolute is beside the other credentials of the service
 *   told      what named it, for errors
 *   ret, ret_path  its object and whole path, the caller's
 *
 * ERR_INVAL when there is none or it is not JSON, ERR_DENIED when others can read it.
 */
int native_json_read(const char *file, const char *told, json_t **ret, char **ret_path,
		     struct err *err) MUST_CHECK;

struct native_member {
	const char *name; /* in the file */
	const char *pair; /* what it is called in a profile */
};

/* Adds pairs of those that the object has; ERR_INVAL when one is no text. */
int native_json_take(const json_t *doc, const char *path,
		     const struct native_member *members, size_t n, json_t *pairs,
		     struct err *err) MUST_CHECK;

#endif
