/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface of a launch, made and deleted with the VM, and so its address. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "text.h"

#include <string.h>

#define NETWORK "Microsoft.Network"
#define NETWORK_VERSION "2022-11-01" /* in which the interface is made */

/* What is named in the group, or a path as it is. */
static json_t *by_id(const struct drv *d, const char *kind, const char *name)
{
	CLEANUP(free) char *more = xasprintf("%s/%s", kind, name);
	CLEANUP(free) char *path = azure_group_path(d, NETWORK, more);

	return json_pack("{s:o}", "id", json_text(*name == '/' ? name : path));
}

static json_t *subnet_of(const struct drv *d)
{
	const char *subnet = d->opt.subnet, *slash = strchr(subnet, '/');
	CLEANUP(free)
	char *name = slash == subnet ? xstrdup(subnet)
				     : xasprintf("%.*s/subnets/%s", (int)(slash - subnet),
						 subnet, slash + 1);

	return by_id(d, "virtualNetworks", name);
}

static json_t *public_address(void)
{
	return json_pack("{s:s, s:{s:s}, s:{s:s, s:s}}", "name", "public", "sku", "name",
			 "Standard", "properties", "deleteOption", "Delete",
			 "publicIPAllocationMethod", "Static");
}

json_t *azure_network(const struct drv *d)
{
	json_t *ip = json_pack("{s:b, s:o}", "primary", 1, "subnet", subnet_of(d));
	json_t *nic = json_pack("{s:b, s:s, s:[{s:s, s:O}]}", "primary", 1,
				"deleteOption", "Delete", "ipConfigurations", "name",
				"first", "properties", ip);

	if (d->opt.public_address)
		json_object_set_new(ip, "publicIPAddressConfiguration", public_address());
	json_decref(ip);
	if (d->opt.security_group)
		json_object_set_new(
			nic, "networkSecurityGroup",
			by_id(d, "networkSecurityGroups", d->opt.security_group));
	return json_pack("{s:s, s:[{s:s, s:o}]}", "networkApiVersion", NETWORK_VERSION,
			 "networkInterfaceConfigurations", "name", "first", "properties",
			 nic);
}
