/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listen.h - the two listeners, plain and TLS.
 */
#ifndef CONTROLLER_API_LISTEN_H
#define CONTROLLER_API_LISTEN_H

#include "server.h"

/* Also after a failure api_listen_end() must follow. */
int api_listen(struct api *api, struct api_listener *l, const char *where, bool is_tls,
	       struct err *err) MUST_CHECK;
void api_listen_end(struct api_listener *l); /* all zero is none */

#endif
