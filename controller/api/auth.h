/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.h - who calls: a token of the database, or a host by its client certificate.
 */
#ifndef CONTROLLER_API_AUTH_H
#define CONTROLLER_API_AUTH_H

#include "address.h"
#include "request.h"

/* A connection, and its client certificate, which is checked at its first request. */
struct api_peer {
	char address[API_ADDRESS_TEXT];
	bool has_asked;  /* a request began */
	bool was_a_host; /* a request of it was accepted */
	bool is_known;
	int rc; /* of ca_peer() */
	char name[API_NAME_MAX];
};

struct api_logins *api_logins_new(void);
struct api_known *api_known_new(void);
void api_known_free(struct api_known *k);
void api_logins_free(struct api_logins *l);
/* Identifies the caller and checks its role for the route. */
int api_authorize(struct request *r, struct err *err) MUST_CHECK;
const char *api_role_name(enum api_role role);

#endif
