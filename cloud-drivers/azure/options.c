/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <stddef.h>

#define AUTHORITY "https://login.microsoftonline.com"
#define ENDPOINT "https://management.azure.com"
#define NAME_MAX_BYTES 90 /* of a resource group */
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

#define AT(member) offsetof(struct azure_options, member)
#define TEXT(name, member, def, help)                                    \
	{                                                                \
		"", name, CONF_STRING, AT(member), def, 0, 0, NULL, help \
	}
static const struct conf_option option_table[] = {
	TEXT("type", type, NULL, "Size, such as Standard_B2s"),
	TEXT("location", location, NULL, "Region, such as westeurope"),
	TEXT("zone", zone, NULL, "Availability zone: 1, 2 or 3"),
	TEXT("image", image, NULL,
	     "PUBLISHER:OFFER:SKU:VERSION, the name of an image, or a path"),
	{ "", "plan", CONF_BOOL, AT(plan), "no", 0, 0, NULL,
	  "Whether the image is one of the marketplace with terms" },
	TEXT("subnet", subnet, NULL, "NETWORK/SUBNET, or a path"),
	TEXT("security_group", security_group, NULL,
	     "Network security group, by name or path"),
	{ "", "public_address", CONF_BOOL, AT(public_address), "yes", 0, 0, NULL,
	  "Whether the VM has an address of the Internet" },
	{ "", "disk_gb", CONF_INT, AT(disk_gb), "0", 0, 4095, NULL,
	  "Size of the disk; 0: the image's" },
	TEXT("disk_type", disk_type, NULL, "Type of the disk, such as StandardSSD_LRS"),
	TEXT("user", user, "foretide", "Whom the key lets in"),
	TEXT("ssh_key", ssh_key, NULL, "Public key that lets in"),
	TEXT("identity", identity, NULL,
	     "Path of the managed identity of programs on the VM"),
	TEXT("endpoint", endpoint, NULL, "Address of the API"),
	TEXT("ca", ca, NULL, "File with the CA of the endpoints' certificates"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
#undef AT

#define AT(member) offsetof(struct azure_credentials, member)
static const struct conf_option credential_table[] = {
	TEXT("tenant_id", tenant, NULL, ""),
	TEXT("client_id", client, NULL, ""),
	TEXT("client_secret", secret, NULL, ""),
	TEXT("subscription_id", subscription, NULL, ""),
	TEXT("resource_group", group, NULL, ""),
	TEXT("authority", authority, AUTHORITY, ""),
	TEXT("endpoint", endpoint, ENDPOINT, ""),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void azure_options_done(struct azure_options *o, struct azure_credentials *c)
{
	rest_wipe(TAKE(c->secret));
	conf_done(option_table, o);
	conf_done(credential_table, c);
}

static bool is_made_of(const char *s, const char *alphabet)
{
	const size_t n = strspn(s, alphabet);

	return n > 0 && n <= NAME_MAX_BYTES && s[n] == '\0';
}

/* They become parts of paths. */
static int check(struct azure_credentials *c, struct err *err)
{
	const struct {
		const char *name, *value, *alphabet;
	} wanted[] = {
		{ "tenant_id", c->tenant, ALNUM "-." },
		{ "client_id", c->client, NULL },
		{ "client_secret", c->secret, NULL },
		{ "subscription_id", c->subscription, "0123456789abcdefABCDEF-" },
		{ "resource_group", c->group, ALNUM "_-.()" },
	};
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!wanted[i].value || !*wanted[i].value)
			return err_set(err, ERR_INVAL, "%s is missing", wanted[i].name);
		if (wanted[i].alphabet &&
		    !is_made_of(wanted[i].value, wanted[i].alphabet))
			return err_set(err, ERR_INVAL,
				       "%s has characters that it cannot have, or too "
				       "many: copy it again",
				       wanted[i].name);
	}
	rc = rest_base_url("authority", c->authority, err);
	return rc < 0 ? rc : rest_base_url("endpoint", c->endpoint, err);
}

static int read_credentials(const json_t *o, struct azure_credentials *ret,
			    struct err *err)
{
	int rc;

	if (!o)
		return err_set(err, ERR_INVAL,
			       "it needs a profile of the credentials file, with "
			       "azure_auth_file or what such a file holds, and "
			       "resource_group");
	conf_defaults(credential_table, ret);
	rc = conf_load_json(credential_table, ret, o, NULL, err);
	if (rc == 0)
		rc = check(ret, err);
	return rc < 0 ? err_wrap(err, rc, "credentials") : 0;
}

static int check_names(const struct azure_options *o, struct err *err)
{
	const struct {
		const char *name, *value;
	} names[] = {
		{ "type", o->type },
		{ "location", o->location },
		{ "zone", o->zone },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].value && !is_made_of(names[i].value, ALNUM "_-"))
			return err_set(
				err, ERR_INVAL,
				"%s must be a name of letters, digits, '-' and '_'",
				names[i].name);
	if (o->subnet && !strchr(o->subnet, '/'))
		return err_set(err, ERR_INVAL,
			       "subnet must be one as NETWORK/SUBNET, or a path");
	return 0;
}

int azure_options_read(const char *config_json, struct azure_options *ret_o,
		       struct azure_credentials *ret_c, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct azure_credentials c = { .tenant = NULL };
	struct azure_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, option_table, &o, &doc, &e);

	if (rc == 0)
		rc = check_names(&o, &e);
	if (rc == 0 && o.endpoint)
		rc = rest_base_url("endpoint", o.endpoint, &e);
	if (rc == 0)
		rc = read_credentials(json_object_get(doc, "credentials"), &c, &e);
	if (rc < 0) {
		azure_options_done(&o, &c);
		return drv_fail_err(err, rc, &e);
	}
	*ret_o = o;
	*ret_c = c;
	return 0;
}
