/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <stddef.h>

#define AT(member) offsetof(struct os_options, member)
#define TEXT(name, member, def, help)                                    \
	{                                                                \
		"", name, CONF_STRING, AT(member), def, 0, 0, NULL, help \
	}
static const struct conf_option option_table[] = {
	TEXT("type", type, NULL, "Flavor, by id or name"),
	TEXT("image", image, NULL, "Image, by id or name"),
	TEXT("network", network, "auto",
	     "Networks, by id or name, by commas; auto or none"),
	TEXT("key", key, NULL, "Name of a key pair"),
	TEXT("security_groups", security_groups, NULL, "By id or name, by commas"),
	TEXT("server_group", server_group, NULL, "Id of a server group"),
	TEXT("zone", zone, NULL, "Availability zone"),
	{ "", "volume_gb", CONF_INT, AT(volume_gb), "0", 0, 65536, NULL,
	  "Boots from a volume of that size, which goes with the server; 0: from none" },
	TEXT("volume_type", volume_type, NULL, "Type of that volume"),
	{ "", "config_drive", CONF_BOOL, AT(config_drive), "no", 0, 0, NULL,
	  "Whether user data is also on a disk, where no metadata service is reached" },
	TEXT("ca", ca, NULL, "File with the CA of the cloud's certificates"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
#undef AT

#define AT(member) offsetof(struct os_credentials, member)
static const struct conf_option credential_table[] = {
	TEXT("auth_url", auth_url, NULL, ""),
	TEXT("application_credential_id", app_id, NULL, ""),
	TEXT("application_credential_name", app_name, NULL, ""),
	TEXT("application_credential_secret", app_secret, NULL, ""),
	TEXT("user_id", user_id, NULL, ""),
	TEXT("username", user, NULL, ""),
	TEXT("password", password, NULL, ""),
	TEXT("user_domain_id", user_domain_id, NULL, ""),
	TEXT("user_domain_name", user_domain, NULL, ""),
	TEXT("project_id", project_id, NULL, ""),
	TEXT("project_name", project, NULL, ""),
	TEXT("project_domain_id", project_domain_id, NULL, ""),
	TEXT("project_domain_name", project_domain, NULL, ""),
	TEXT("region_name", region, NULL, ""),
	{ "", "interface", CONF_STRING, AT(interface), "public", 0, 0,
	  "public|internal|admin", "" },
	TEXT("cacert", ca, NULL, ""),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void os_options_done(struct os_options *o, struct os_credentials *c)
{
	rest_wipe(TAKE(c->password));
	rest_wipe(TAKE(c->app_secret));
	conf_done(option_table, o);
	conf_done(credential_table, c);
}

bool os_ends_in(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* People give it with and without the version. */
static int mend_url(struct os_credentials *c, struct err *err)
{
	int rc = rest_base_url("auth_url", c->auth_url, err);
	char *url;

	if (rc < 0)
		return rc;
	if (os_ends_in(c->auth_url, "/v2.0"))
		return err_set(err, ERR_INVAL,
			       "auth_url ends in /v2.0, which Keystone no longer has: "
			       "give the one that ends in /v3");
	if (os_ends_in(c->auth_url, "/v3"))
		return 0;
	url = xasprintf("%s/v3", c->auth_url);
	free(c->auth_url);
	c->auth_url = url;
	return 0;
}

static int check_application(const struct os_credentials *c, struct err *err)
{
	if (!c->app_secret)
		return err_set(err, ERR_INVAL,
			       "application_credential_secret is missing");
	if (c->password)
		return err_set(err, ERR_INVAL,
			       "both a password and an application credential are "
			       "given: remove one");
	if (!c->app_id && !(c->app_name && (c->user_id || c->user)))
		return err_set(err, ERR_INVAL,
			       "application_credential_id is missing, or "
			       "application_credential_name with username or user_id");
	return 0;
}

static int check_password(const struct os_credentials *c, struct err *err)
{
	if (!c->password)
		return err_set(err, ERR_INVAL,
			       "neither application_credential_id and "
			       "application_credential_secret nor username and password "
			       "are given");
	if (!c->user_id && !c->user)
		return err_set(err, ERR_INVAL, "username or user_id is missing");
	if (!c->project_id && !c->project)
		return err_set(err, ERR_INVAL, "project_name or project_id is missing");
	return 0;
}

static int check(struct os_credentials *c, struct err *err)
{
	int rc;

	if (!c->auth_url)
		return err_set(err, ERR_INVAL, "auth_url is missing");
	rc = mend_url(c, err);
	if (rc < 0)
		return rc;
	return c->app_id || c->app_name || c->app_secret ? check_application(c, err)
							 : check_password(c, err);
}

static int read_credentials(const json_t *o, struct os_credentials *ret, struct err *err)
{
	int rc;

	if (!o)
		return err_set(
			err, ERR_INVAL,
			"it needs a profile of the credentials file, with "
			"openstack_cloud, or with auth_url and what logs in there");
	conf_defaults(credential_table, ret);
	rc = conf_load_json(credential_table, ret, o, NULL, err);
	if (rc == 0)
		rc = check(ret, err);
	return rc < 0 ? err_wrap(err, rc, "credentials") : 0;
}

int os_options_read(const char *config_json, struct os_options *ret_o,
		    struct os_credentials *ret_c, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct os_credentials c = { .auth_url = NULL };
	struct os_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, option_table, &o, &doc, &e);

	if (rc == 0)
		rc = read_credentials(json_object_get(doc, "credentials"), &c, &e);
	if (rc == 0 && o.volume_type && !o.volume_gb)
		rc = err_set(&e, ERR_INVAL, "volume_type needs volume_gb");
	if (rc < 0) {
		os_options_done(&o, &c);
		return drv_fail_err(err, rc, &e);
	}
	if (!o.ca && c.ca)
		o.ca = xstrdup(c.ca);
	*ret_o = o;
	*ret_c = c;
	return 0;
}
