/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.c - a token for what the service account's key has signed.
 *
 * Source: https://developers.google.com/identity/protocols/oauth2/service-account
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "jwt.h"
#include "net.h"
#include "text.h"

#define SCOPE "https://www.googleapis.com/auth/compute"
#define GRANT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define CLAIM_S 3600
#define FORM_MAX 32768

static int make_form(struct drv *d, struct buf *form, struct drv_err *err)
{
	const struct gce_credentials *c = &d->cred;
	const struct drv_host *h = d->rest.host;
	const json_int_t now_s = h->wall_ms(h->ctx) / 1000;
	CLEANUP(json_decref)
	json_t *claims =
		json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", c->email, "scope", SCOPE,
			  "aud", c->token_uri, "iat", now_s, "exp", now_s + CLAIM_S);
	CLEANUP(rest_wipe) char *jwt = NULL;
	struct err e;
	int rc = jwt_sign(c->key, c->key_id, claims, &jwt, &e);

	if (rc < 0)
		return drv_fail(err, DRV_AUTH, "%s", e.msg);
	buf_puts(form, "grant_type=");
	http_escape(form, GRANT);
	buf_puts(form, "&assertion=");
	buf_puts(form, jwt);
	return 0;
}

int gce_log_in(void *arg, int64_t deadline, struct drv_err *err)
{
	struct drv *d = arg;
	CLEANUP(buf_done) struct buf form;
	int rc;

	buf_init(&form, FORM_MAX);
	rc = make_form(d, &form, err);
	if (rc == 0)
		rc = rest_oauth_login(&d->rest, d->cred.token_uri, buf_str(&form),
				      deadline, err);
	if (form.data)
		explicit_bzero(form.data, form.len);
	return rc;
}
