/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.c - a token for the service principal's secret.
 *
 * Source:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
#include "cloud.h"

#include "check.h"
#include "net.h"
#include "text.h"

#include <string.h>

#define FORM_MAX 16384

static void add_field(struct buf *form, const char *name, const char *value)
{
	buf_printf(form, "&%s=", name);
	http_escape(form, value);
}

int azure_log_in(void *arg, int64_t deadline, struct drv_err *err)
{
	struct drv *d = arg;
	const struct azure_credentials *c = &d->cred;
	CLEANUP(free)
	char *url = xasprintf("%s/%s/oauth2/v2.0/token", c->authority, c->tenant);
	/* The API is named by the address that the profile has of it, also behind another
	 * one. */
	CLEANUP(free) char *scope = xasprintf("%s/.default", c->endpoint);
	CLEANUP(buf_done) struct buf form;
	int rc;

	buf_init(&form, FORM_MAX);
	buf_puts(&form, "grant_type=client_credentials");
	add_field(&form, "client_id", c->client);
	add_field(&form, "client_secret", c->secret);
	add_field(&form, "scope", scope);
	rc = rest_oauth_login(&d->rest, url, buf_str(&form), deadline, err);
	explicit_bzero(form.data, form.len);
	return rc;
}
