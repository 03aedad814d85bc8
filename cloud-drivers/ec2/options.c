/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <ctype.h>
#include <stddef.h>

#define REGION_MAX 40

#define AT(member) offsetof(struct ec2_options, member)
#define TEXT(name, member, def, help)                                    \
	{                                                                \
		"", name, CONF_STRING, AT(member), def, 0, 0, NULL, help \
	}
static const struct conf_option option_table[] = {
	TEXT("type", type, NULL, "Instance type"),
	TEXT("image", image, NULL, "Id of an AMI, or resolve:ssm: and a parameter"),
	TEXT("launch_template", launch_template, NULL, "Id or name"),
	TEXT("launch_template_version", launch_template_version, NULL,
	     "Number, $Latest or $Default"),
	TEXT("subnet", subnet, NULL, "Id; the default VPC's when none"),
	TEXT("security_groups", security_groups, NULL, "Ids, by commas"),
	TEXT("key", key, NULL, "Name of a key pair"),
	TEXT("instance_profile", instance_profile, NULL, "Name or ARN"),
	TEXT("zone", zone, NULL, "Availability zone"),
	{ "", "public_ip", CONF_STRING, AT(public_ip), "auto", 0, 0, "auto|yes|no",
	  "Whether a host has a public IPv4 address; auto: as its subnet says" },
	{ "", "volume_gb", CONF_INT, AT(volume_gb), "0", 0, 65536, NULL,
	  "Size of the root volume; 0: the image's" },
	TEXT("volume_type", volume_type, NULL, "Type of that volume"),
	TEXT("ca", ca, NULL, "File with the CA of the endpoint's certificates"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
#undef AT

#define AT(member) offsetof(struct ec2_credentials, member)
static const struct conf_option credential_table[] = {
	TEXT("access_key_id", key_id, NULL, ""),
	TEXT("secret_access_key", secret, NULL, ""),
	TEXT("session_token", session_token, NULL, ""),
	TEXT("region", region, NULL, ""),
	TEXT("endpoint", endpoint, NULL, ""),
	TEXT("sts_endpoint", sts_endpoint, NULL, ""),
	TEXT("ca_bundle", ca_bundle, NULL, ""),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void ec2_options_done(struct ec2_options *o, struct ec2_credentials *c)
{
	rest_wipe(TAKE(c->secret));
	rest_wipe(TAKE(c->session_token));
	conf_done(option_table, o);
	conf_done(credential_table, c);
}

/* ---------------------------------------------------------------- endpoints */

/*
 * What is signed is the host and the path, so an address has a path and no query. own:
 * the service's, when none is given.
 */
static int mend_endpoint(char **endpoint, const char *name, char *own, struct err *err)
{
	CLEANUP(free) char *default_url = own;
	const char *host;
	size_t n;

	if (!*endpoint) {
		*endpoint = TAKE(default_url);
		return 0;
	}
	host = strstr(*endpoint, "://");
	if (!host ||
	    (strncmp(*endpoint, "http:", 5) != 0 && strncmp(*endpoint, "https:", 6) != 0))
		return err_set(err, ERR_INVAL, "%s must begin with https:// or http://",
			       name);
	host += 3;
	n = strcspn(host, "/?#");
	if (n == 0 || strpbrk(host, "?#@ "))
		return err_set(err, ERR_INVAL,
			       "%s must be an address with neither a query nor a user",
			       name);
	if (!host[n]) {
		char *url = xasprintf("%s/", *endpoint);

		free(*endpoint);
		*endpoint = url;
	}
	return 0;
}

static char *address_of(const char *service, const char *region)
{
	return xasprintf("https://%s.%s.amazonaws.com%s/", service, region,
			 strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

static int mend_endpoints(struct ec2_credentials *c, struct err *err)
{
	const bool is_own = !c->endpoint;
	int rc = mend_endpoint(&c->endpoint, "endpoint", address_of("ec2", c->region),
			       err);

	/* Keys go where EC2's are, and nowhere else. */
	if (rc == 0)
		rc = mend_endpoint(&c->sts_endpoint, "sts_endpoint",
				   is_own ? address_of("sts", c->region)
					  : xstrdup(c->endpoint),
				   err);
	return rc;
}

/* ---------------------------------------------------------------- what is needed */

static bool is_region(const char *s)
{
	const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= REGION_MAX && s[n] == '\0';
}

/* No blank and nothing that would end a header or the user's part. */
static bool is_key(const char *s, const char *never)
{
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) || strchr(never, *s))
			return false;
	return true;
}

static int check_credentials(struct ec2_credentials *c, struct err *err)
{
	const struct {
		const char *name, *value;
	} needed[] = {
		{ "access_key_id", c->key_id },
		{ "secret_access_key", c->secret },
		{ "region", c->region },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!needed[i].value || !*needed[i].value)
			return err_set(err, ERR_INVAL,
				       "%s is missing: give it, or aws_profile with the "
				       "name of a profile that has it",
				       needed[i].name);
	if (!is_region(c->region))
		return err_set(
			err, ERR_INVAL,
			"region must be one as eu-central-1, not a zone or a name");
	if (!is_key(c->key_id, ":"))
		return err_set(err, ERR_INVAL, "access_key_id is not one");
	if (!is_key(c->secret, ""))
		return err_set(err, ERR_INVAL, "secret_access_key is not one");
	if (c->session_token && !is_key(c->session_token, ""))
		return err_set(err, ERR_INVAL, "session_token is not one");
	return mend_endpoints(c, err);
}

static int read_credentials(const json_t *o, struct ec2_credentials *ret, struct err *err)
{
	int rc;

	if (!o)
		return err_set(err, ERR_INVAL,
			       "it needs a profile of the credentials file, with "
			       "aws_profile, or "
			       "with access_key_id, secret_access_key and region");
	conf_defaults(credential_table, ret);
	rc = conf_load_json(credential_table, ret, o, NULL, err);
	if (rc == 0)
		rc = check_credentials(ret, err);
	return rc < 0 ? err_wrap(err, rc, "credentials") : 0;
}

static int check_options(const struct ec2_options *o, struct err *err)
{
	if (o->launch_template_version && !o->launch_template)
		return err_set(err, ERR_INVAL,
			       "launch_template_version needs launch_template");
	if (o->volume_type && !o->volume_gb)
		return err_set(err, ERR_INVAL, "volume_type needs volume_gb");
	if (o->volume_gb && (!o->image || strncmp(o->image, "ami-", 4) != 0))
		return err_set(err, ERR_INVAL,
			       "volume_gb needs image, with the id of an AMI: of that "
			       "the root volume's name is looked up");
	if (strcmp(o->public_ip, "auto") != 0 && !o->subnet)
		return err_set(err, ERR_INVAL, "public_ip needs subnet");
	return 0;
}

int ec2_options_read(const char *config_json, struct ec2_options *ret_o,
		     struct ec2_credentials *ret_c, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct ec2_credentials c = { .key_id = NULL };
	struct ec2_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, option_table, &o, &doc, &e);

	if (rc == 0)
		rc = read_credentials(json_object_get(doc, "credentials"), &c, &e);
	if (rc == 0)
		rc = check_options(&o, &e);
	if (rc < 0) {
		ec2_options_done(&o, &c);
		return drv_fail_err(err, rc, &e);
	}
	if (!o.ca && c.ca_bundle)
		o.ca = xstrdup(c.ca_bundle);
	*ret_o = o;
	*ret_c = c;
	return 0;
}
