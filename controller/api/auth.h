/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.h - who calls: a token of the database, or a host by its client certificate.
 */
#ifndef CONTROLLER_API_AUTH_H
#define CONTROLLER_API_AUTH_H

#include "peers.h"
#include "request.h"
#include "trust.h"

struct api_known *api_known_new(void);
void api_known_free(struct api_known *k);
/* Notes that the token of the request is in use. Writes to the database. */
void api_token_used(struct request *r);
/* Identifies the caller and checks its role for the route. */
int api_authorize(struct request *r, struct err *err) MUST_CHECK;
/* Whether the token is still in force. */
bool api_token_lives(struct api *api, int64_t token_id);
/* NULL: the connection is plain. */
gnutls_session_t api_tls_session(struct request *r);
const char *api_role_name(enum api_role role);

#endif
