/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confirm.h - what a command would change is shown, and asked for.
 */
#ifndef CLI_CLIENT_CONFIRM_H
#define CLI_CLIENT_CONFIRM_H

#include "api.h"

/*
 * Asks, y or n, on standard error, and reads the answer from standard input, which may be
 * a pipe; --yes does not ask. ERR_CONFLICT: the answer was not yes, or there was none.
 */
int cli_confirm(const struct args *a, const char *question, struct err *err) MUST_CHECK;

/* Prints the changes and warnings of an answer. */
void cli_show_changes(const json_t *answer, FILE *to);

/* A request that a dry run shows first. */
struct change_request {
	const char *method;
	const char *path;   /* without a query */
	const json_t *body; /* NULL: none */
	const char *question;
};

/*
 * Shows what the request would do, asks, and sends it so that it does what was shown or
 * nothing; when that has changed meanwhile it is shown and asked for anew. *ret is the
 * answer, NULL after --dry-run. ERR_CONFLICT: not confirmed, on hold, or it kept
 * changing.
 */
int client_change(const struct args *a, const struct change_request *q, json_t **ret,
		  struct err *err) MUST_CHECK;

#endif
