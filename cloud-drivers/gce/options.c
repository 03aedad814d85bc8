/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"
#include "text.h"

#include <stddef.h>

#define TOKEN_URI "https://oauth2.googleapis.com/token"
#define ENDPOINT "https://compute.googleapis.com/compute/v1"

#define AT(member) offsetof(struct gce_options, member)
#define TEXT(name, member, def, help)                                    \
	{                                                                \
		"", name, CONF_STRING, AT(member), def, 0, 0, NULL, help \
	}
static const struct conf_option option_table[] = {
	TEXT("type", type, NULL, "Machine type"),
	TEXT("zone", zone, NULL, "Zone"),
	TEXT("image", image, NULL,
	     "PROJECT/FAMILY, the name of an image of this project, or a path"),
	TEXT("network", network, NULL, "Network, by name or path"),
	TEXT("subnetwork", subnetwork, NULL, "Subnetwork, by name or path"),
	TEXT("network_tags", network_tags, NULL, "Network tags, by commas"),
	TEXT("service_account", service_account, NULL,
	     "E-mail of the account of programs on the VM"),
	TEXT("scopes", scopes, "https://www.googleapis.com/auth/cloud-platform",
	     "Scopes of that account, by commas"),
	{ "", "metadata_key", CONF_STRING, AT(metadata_key), "startup-script", 0, 0,
	  "startup-script|user-data", "Where the image looks for user data" },
	{ "", "disk_gb", CONF_INT, AT(disk_gb), "0", 0, 65536, NULL,
	  "Size of the boot disk; 0: the image's" },
	TEXT("disk_type", disk_type, NULL, "Type of the boot disk"),
	{ "", "public_address", CONF_BOOL, AT(public_address), "yes", 0, 0, NULL,
	  "Whether the VM has an address of the Internet" },
	TEXT("endpoint", endpoint, NULL, "Address of the API"),
	TEXT("ca", ca, NULL, "File with the CA of the endpoint's certificate"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
#undef AT

#define AT(member) offsetof(struct gce_credentials, member)
static const struct conf_option credential_table[] = {
	TEXT("project_id", project, NULL, ""),
	TEXT("client_email", email, NULL, ""),
	TEXT("private_key", key, NULL, ""),
	TEXT("private_key_id", key_id, NULL, ""),
	TEXT("token_uri", token_uri, TOKEN_URI, ""),
	TEXT("endpoint", endpoint, ENDPOINT, ""),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void gce_options_done(struct gce_options *o, struct gce_credentials *c)
{
	rest_wipe(TAKE(c->key));
	conf_done(option_table, o);
	conf_done(credential_table, c);
}

/* In one line of a file its lines are separated by "\n", as in the JSON. */
static void unfold(char *key)
{
	char *to = key;

	for (const char *from = key; *from; from++)
		if (from[0] == '\\' && from[1] == 'n') {
			*to++ = '\n';
			from++;
		} else {
			*to++ = *from;
		}
	*to = '\0';
}

static int check(struct gce_credentials *c, struct err *err)
{
	const struct {
		const char *name, *value;
	} wanted[] = {
		{ "project_id", c->project },
		{ "client_email", c->email },
		{ "private_key", c->key },
	};
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!wanted[i].value)
			return err_set(err, ERR_INVAL, "%s is missing", wanted[i].name);
	/* It becomes a part of paths. */
	if (c->project[strspn(c->project, "abcdefghijklmnopqrstuvwxyz0123456789-.:")])
		return err_set(err, ERR_INVAL, "project_id is not the id of a project");
	unfold(c->key);
	rc = rest_base_url("token_uri", c->token_uri, err);
	return rc < 0 ? rc : rest_base_url("endpoint", c->endpoint, err);
}

static int read_credentials(const json_t *o, struct gce_credentials *ret, struct err *err)
{
	int rc;

	if (!o)
		return err_set(err, ERR_INVAL,
			       "it needs a profile of the credentials file, with "
			       "gce_service_account_file or what such a file holds");
	conf_defaults(credential_table, ret);
	rc = conf_load_json(credential_table, ret, o, NULL, err);
	if (rc == 0)
		rc = check(ret, err);
	return rc < 0 ? err_wrap(err, rc, "credentials") : 0;
}

static int check_words(const struct gce_options *o, struct err *err)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "type", o->type },
		{ "zone", o->zone },
		{ "disk_type", o->disk_type },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].value && !drv_is_word(words[i].value))
			return err_set(err, ERR_INVAL,
				       "%s must be a name of a-z, 0-9 and '-'",
				       words[i].name);
	if (o->zone && !strrchr(o->zone, '-'))
		return err_set(err, ERR_INVAL,
			       "zone must be one as europe-west1-b, with its region");
	return 0;
}

int gce_options_read(const char *config_json, struct gce_options *ret_o,
		     struct gce_credentials *ret_c, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct gce_credentials c = { .project = NULL };
	struct gce_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, option_table, &o, &doc, &e);

	if (rc == 0)
		rc = check_words(&o, &e);
	if (rc == 0 && o.endpoint)
		rc = rest_base_url("endpoint", o.endpoint, &e);
	if (rc == 0)
		rc = read_credentials(json_object_get(doc, "credentials"), &c, &e);
	if (rc < 0) {
		gce_options_done(&o, &c);
		return drv_fail_err(err, rc, &e);
	}
	*ret_o = o;
	*ret_c = c;
	return 0;
}
