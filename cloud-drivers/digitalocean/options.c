/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "driver_util.h"
#include "text.h"

#include <stddef.h>

#define ENDPOINT "https://api.digitalocean.com"
#define ADVICE "make one in the control panel, API, Tokens, with the rights in the manual"

#define AT(member) offsetof(struct do_options, member)
#define TEXT(name, help)                                                 \
	{                                                                \
		"", #name, CONF_STRING, AT(name), NULL, 0, 0, NULL, help \
	}
static const struct conf_option table[] = {
	TEXT(type, "Size, by its slug"),
	TEXT(image, "Image, by slug or id"),
	TEXT(region, "Region, by its slug; any otherwise"),
	TEXT(ssh_keys, "Ids or fingerprints of SSH keys, by commas"),
	TEXT(vpc, "Id of a VPC"),
	{ "", "ipv6", CONF_BOOL, AT(ipv6), "no", 0, 0, NULL,
	  "Whether hosts get a public IPv6 address" },
	{ "", "monitoring", CONF_BOOL, AT(monitoring), "no", 0, 0, NULL,
	  "Whether DigitalOcean's own agent is installed" },
	TEXT(endpoint, "Address of the API"),
	TEXT(ca, "File with the CA of the API's certificate"),
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

void do_options_done(struct do_options *o)
{
	conf_done(table, o);
}

int do_options_read(const char *config_json, struct do_options *ret_o,
		    struct rest_bearer *ret_b, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct do_options o = { .type = NULL };
	struct err e;
	int rc = rest_options_doc(config_json, table, &o, &doc, &e);

	if (rc == 0)
		rc = rest_bearer_read(doc, ENDPOINT, ADVICE, ret_b, &e);
	if (rc < 0) {
		do_options_done(&o);
		return drv_fail_err(err, rc, &e);
	}
	*ret_o = o;
	return 0;
}
