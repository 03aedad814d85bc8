/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oauth.h"

#include "fields.h"

#include "check.h"

#include <string.h>

#define TTL_MAX_S (INT64_C(7) * 86400)

bool rest_oauth_explain(const struct rest_answer *a, struct rest_fault *fault)
{
	static const char *const denials[] = { "invalid_grant", "invalid_client",
					       "unauthorized_client", "access_denied" };
	const char *code = rest_text(a->doc, "error");
	const char *why = rest_text(a->doc, "error_description");

	if (!*code)
		return false;
	fault->code = code;
	if (*why)
		fault->message = why;
	for (size_t i = 0; i < ARRAY_SIZE(denials) && a->status < 500; i++)
		if (strcmp(code, denials[i]) == 0)
			fault->cls = DRV_AUTH;
	return true;
}

static int keep_token(struct rest *r, const struct rest_call *c,
		      const struct rest_answer *a, struct drv_err *err)
{
	const struct drv_host *h = r->host;
	const char *token = rest_text(a->doc, "access_token");
	const int64_t ttl_s = rest_int(a->doc, "expires_in", 0);

	if (!*token || token[strcspn(token, "\r\n")])
		return rest_unreadable(c, "it has no access_token", err);
	if (ttl_s <= 0 || ttl_s > TTL_MAX_S)
		return rest_unreadable(c, "its expires_in is not a time to come", err);
	rest_token_set(&r->token, token, ttl_s * 1000, h->mono_ms(h->ctx));
	return 0;
}

int rest_oauth_login(struct rest *r, const char *url, const char *form, int64_t deadline,
		     struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	/* What it makes, a token, does no harm twice. */
	const struct rest_call call = {
		.method = "POST",
		.url = url,
		.form = form,
		.is_open = true,
		.want_doc = true,
		.only_reads = true,
		.deadline_mono_ms = deadline,
	};
	int rc = rest_call(r, &call, &a, err);

	if (rc == 0)
		rc = keep_token(r, &call, &a, err);
	return rc == DRV_NOTFOUND ? (err->cls = DRV_BADREQ) : rc;
}
