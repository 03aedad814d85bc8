/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.c - the login at Keystone v3, and the addresses that its catalog gives.
 *
 * Source: https://docs.openstack.org/api-ref/identity/v3/
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"

#include <string.h>

#define TOKEN_MAX_BYTES (16 * 1024) /* a header's, with room */

/* ---------------------------------------------------------------- the request */

/* {"id": ID}, else {"name": NAME}, else the domain that every Keystone begins with. */
static json_t *domain(const char *id, const char *name)
{
	if (!id && name)
		return json_pack("{s:s}", "name", name);
	return json_pack("{s:s}", "id", id ? id : "default");
}

/* One that is named is named within its domain. */
static json_t *named(const char *id, const char *name, const char *domain_id,
		     const char *domain_name)
{
	if (id)
		return json_pack("{s:s}", "id", id);
	return json_pack("{s:s, s:o}", "name", name, "domain",
			 domain(domain_id, domain_name));
}

static json_t *user_of(const struct os_credentials *c)
{
	return named(c->user_id, c->user, c->user_domain_id, c->user_domain);
}

static json_t *by_application(const struct os_credentials *c)
{
	json_t *credential = json_pack("{s:s}", "secret", c->app_secret);

	if (c->app_id) {
		json_object_set_new(credential, "id", json_string(c->app_id));
	} else {
		json_object_set_new(credential, "name", json_string(c->app_name));
		json_object_set_new(credential, "user", user_of(c));
	}
	return json_pack("{s:{s:{s:[s], s:o}}}", "auth", "identity", "methods",
			 "application_credential", "application_credential", credential);
}

static json_t *by_password(const struct os_credentials *c)
{
	json_t *user = user_of(c);

	json_object_set_new(user, "password", json_string(c->password));
	return json_pack("{s:{s:{s:[s], s:{s:o}}, s:{s:o}}}", "auth", "identity",
			 "methods", "password", "password", "user", user, "scope",
			 "project",
			 named(c->project_id, c->project, c->project_domain_id,
			       c->project_domain));
}

/* ---------------------------------------------------------------- the catalog */

struct wanted {
	const struct drv *d;
	const char *url; /* of the one that fits */
	size_t n;        /* how many do, in different regions */
};

static void look_at_endpoint(struct wanted *w, const json_t *endpoint)
{
	const char *region = rest_text(endpoint, "region_id");

	if (!*region)
		region = rest_text(endpoint, "region");
	if (strcmp(rest_text(endpoint, "interface"), w->d->cred.interface) != 0 ||
	    (w->d->cred.region && strcmp(region, w->d->cred.region) != 0))
		return;
	w->url = rest_text(endpoint, "url");
	w->n++;
}

/* Its address without a slash at the end; NULL when it is not offered. */
static int address_of(const struct drv *d, const json_t *catalog, const char *type,
		      char **ret, struct drv_err *err)
{
	struct wanted w = { .d = d };
	const json_t *service, *endpoint;
	size_t i, j;

	json_array_foreach(catalog, i, service)
	{
		if (strcmp(rest_text(service, "type"), type) != 0)
			continue;
		json_array_foreach(rest_at(service, "endpoints"), j, endpoint)
			look_at_endpoint(&w, endpoint);
	}
	if (w.n > 1 && !d->cred.region)
		return drv_fail(err, DRV_BADREQ,
				"the cloud has several regions: the credentials must "
				"name one with region_name");
	free(*ret);
	*ret = w.url ? xstrdup(w.url) : NULL;
	for (size_t n = w.url ? strlen(*ret) : 0; n > 0 && (*ret)[n - 1] == '/'; n--)
		(*ret)[n - 1] = '\0';
	return 0;
}

/* The one that was agreed on with Nova is kept while the catalog says what it said. */
static int note_compute(struct drv *d, const json_t *catalog, struct drv_err *err)
{
	CLEANUP(free) char *url = NULL;
	int rc = address_of(d, catalog, "compute", &url, err);

	if (rc < 0)
		return rc;
	if (!url)
		return drv_fail(err, DRV_BADREQ,
				"the cloud's catalog has no compute service with a %s "
				"address%s%s: see region_name and interface",
				d->cred.interface, d->cred.region ? " in region " : "",
				d->cred.region ? d->cred.region : "");
	if (d->offered && strcmp(url, d->offered) == 0)
		return 0;
	free(d->offered);
	free(d->compute);
	d->offered = xstrdup(url);
	d->compute = TAKE(url);
	d->microversion[0] = '\0';
	return 0;
}

static int read_catalog(struct drv *d, const json_t *token, struct drv_err *err)
{
	const json_t *catalog = rest_at(token, "catalog");
	int rc = note_compute(d, catalog, err);

	if (rc == 0)
		rc = address_of(d, catalog, "image", &d->image, err);
	return rc < 0 ? rc : address_of(d, catalog, "network", &d->network, err);
}

/* ---------------------------------------------------------------- the answer */

static void note_who(struct drv *d, const json_t *token)
{
	free(d->project_id);
	free(d->who);
	d->project_id = xstrdup(rest_text(token, "project.id"));
	d->who = xasprintf("user %s of project %s", rest_text(token, "user.name"),
			   rest_text(token, "project.name"));
}

static int read_token(struct drv *d, const struct rest_call *c,
		      const struct rest_answer *a, struct drv_err *err)
{
	const struct drv_host *h = d->rest.host;
	CLEANUP(rest_wipe) char *text = xcalloc(1, TOKEN_MAX_BYTES);
	const json_t *token = rest_at(a->doc, "token");
	const int64_t until = rest_time_ms(token, "expires_at");
	int64_t from = rest_time_ms(token, "issued_at");

	if (!from)
		from = h->wall_ms(h->ctx);
	if (!rest_header(&a->http, "X-Subject-Token", text, TOKEN_MAX_BYTES))
		return rest_unreadable(c, "it has no X-Subject-Token", err);
	if (until <= from)
		return rest_unreadable(c, "its token has expired already", err);
	if (!*rest_text(token, "project.id"))
		return drv_fail(err, DRV_AUTH,
				"the credentials are for no project: use those of one");
	note_who(d, token);
	/* Both times are the cloud's, so that its clock may differ from ours. */
	rest_token_set(&d->rest.token, text, until - from, h->mono_ms(h->ctx));
	return read_catalog(d, token, err);
}

int os_log_in(void *arg, int64_t deadline, struct drv_err *err)
{
	struct drv *d = arg;
	const struct os_credentials *c = &d->cred;
	CLEANUP(json_decref)
	json_t *body = c->app_secret ? by_application(c) : by_password(c);
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *url = xasprintf("%s/auth/tokens", c->auth_url);
	/* What it makes, a token, does no harm twice. */
	const struct rest_call call = {
		.method = "POST",
		.url = url,
		.body = body,
		.is_open = true,
		.want_doc = true,
		.deadline_mono_ms = deadline,
	};
	int rc = rest_call(&d->rest, &call, &a, err);

	if (rc == 0)
		rc = read_token(d, &call, &a, err);
	if (rc < 0)
		rest_token_done(&d->rest.token);
	if (rc == DRV_AMBIGUOUS)
		rc = err->cls = DRV_TRANSIENT;
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* auth_url is not Keystone's */
	return rc;
}
