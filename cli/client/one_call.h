/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * one_call.h - commands that are one call of the API.
 */
#ifndef CLI_CLIENT_ONE_CALL_H
#define CLI_CLIENT_ONE_CALL_H

#include "api.h"

/* The document at a path, the caller's. */
int client_fetch(const struct args *a, const char *path, json_t **ret,
		 struct err *err) MUST_CHECK;

/* Sends a request, then prints `done`, or the answer's document under --json. */
int client_act(const struct args *a, const char *method, const char *path,
	       const json_t *body, const char *done, struct err *err) MUST_CHECK;

#endif
