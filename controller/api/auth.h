/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.h - who calls: a token of the database, or a host by its client certificate.
 */
#ifndef CONTROLLER_API_AUTH_H
#define CONTROLLER_API_AUTH_H

#include "request.h"

/* The client certificate of a connection, checked at its first request. */
struct api_peer {
	bool is_known;
	int rc; /* of ca_peer() */
	char name[API_NAME_MAX];
};

struct api_logins *api_logins_new(void);
void api_logins_free(struct api_logins *l);
/* Identifies the caller and checks its role for the route. */
int api_authorize(struct request *r, struct err *err) MUST_CHECK;
const char *api_role_name(enum api_role role);

#endif
