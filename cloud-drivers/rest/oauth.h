/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oauth.h - tokens that a server of OAuth 2 gives for a form.
 *
 * Source: RFC 6749, sections 4.4, 5.1 and 5.2.
 */
#ifndef CLOUD_DRIVERS_REST_OAUTH_H
#define CLOUD_DRIVERS_REST_OAUTH_H

#include "call.h"

/*
 * Sends the form to the server at url, and keeps the token that it answers with as that
 * of r. Classes are those of rest_call(); BADREQ: the address is another's.
 */
int rest_oauth_login(struct rest *r, const char *url, const char *form, int64_t deadline,
		     struct drv_err *err);

/* The words of such a server, if the answer is in them: for a rest_explain_fn. */
bool rest_oauth_explain(const struct rest_answer *a, struct rest_fault *fault);

#endif
