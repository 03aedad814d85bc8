/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h - a bar on standard error for work that takes a while.
 */
#ifndef CLI_CLIENT_PROGRESS_H
#define CLI_CLIENT_PROGRESS_H

#include "api.h"

/* Draws the share that is done, 0 to 1. shown (int *) remembers what was drawn, -1 at
 * first; at 1 the bar is wiped. */
void progress_show(void *shown, double share);

/*
 * client_send(), and until it returns, on a terminal, a bar of the member "progress" of
 * GET progress_path (a share, or null while there is nothing to draw).
 */
int progress_send(struct client *c, const char *progress_path, const char *method,
		  const char *path, const json_t *body, json_t **ret,
		  struct err *err) MUST_CHECK;

#endif
