/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"

#include <stddef.h>

#define ENDPOINT "https://api.hetzner.cloud/v1"
#define ADVICE "make one in the project's security settings, with read and write rights"

#define AT(member) offsetof(struct hz_options, member)
#define TEXT(name, help)                                                 \
	{                                                                \
		"", #name, CONF_STRING, AT(name), NULL, 0, 0, NULL, help \
	}
static const struct conf_option table[] = {
	TEXT(type, "Server type, by id or name"),
	TEXT(image, "Image, by id or name"),
	TEXT(location, "Location; any otherwise"),
	TEXT(ssh_keys, "Names or ids of SSH keys, by commas"),
	TEXT(networks, "Names or ids of private networks, by commas"),
	TEXT(firewalls, "Names or ids of firewalls, by commas"),
	TEXT(placement_group, "Name or id of a placement group"),
	{ "", "ipv4", CONF_BOOL, AT(ipv4), "yes", 0, 0, NULL,
	  "Whether hosts get a public IPv4 address" },
	{ "", "ipv6", CONF_BOOL, AT(ipv6), "yes", 0, 0, NULL,
	  "Whether hosts get a public IPv6 network" },
	TEXT(endpoint, "Address of the API"),
	TEXT(ca, "File with the CA of the API's certificate"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void hz_options_done(struct hz_options *o)
{
	conf_done(table, o);
}

static int check(const struct hz_options *o, struct err *err)
{
	if (!o->ipv4 && !o->ipv6 && !o->networks)
		return err_set(err, ERR_INVAL,
			       "with neither ipv4 nor ipv6 nor networks a host has no "
			       "address");
	return 0;
}

int hz_options_read(const char *config_json, struct hz_options *ret_o,
		    struct rest_bearer *ret_b, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct hz_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, table, &o, &doc, &e);

	if (rc == 0)
		rc = check(&o, &e);
	if (rc == 0)
		rc = rest_bearer_read(doc, ENDPOINT, ADVICE, ret_b, &e);
	if (rc < 0) {
		hz_options_done(&o);
		return drv_fail_err(err, rc, &e);
	}
	*ret_o = o;
	return 0;
}
