/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void network_veth_name(const struct state *s, uint32_t number, char ret[16])
{
	snprintf(ret, 16, "fv%s%04x", s->tag, number & 0xffff);
}

void network_veth_prefix(const struct state *s, char ret[16])
{
	snprintf(ret, 16, "fv%s", s->tag);
}

void network_alias(const struct state *s, char ret[32])
{
	snprintf(ret, 32, "foretide %s", s->tag);
}

static bool is_inside(const struct local_conf *c, const struct in_addr *a)
{
	return (ntohl(a->s_addr) ^ ntohl(c->network.s_addr)) >> (32 - c->prefix) == 0;
}

int network_check_subnet(const struct local_conf *c, struct err *err)
{
	struct ifaddrs *all = NULL;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return err_errno(err, ERR_INTERNAL, "listing addresses");
	for (const struct ifaddrs *i = all; i && rc == 0; i = i->ifa_next) {
		struct sockaddr_in in;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    strcmp(i->ifa_name, c->bridge) == 0)
			continue;
		memcpy(&in, i->ifa_addr, sizeof(in));
		if (is_inside(c, &in.sin_addr))
			rc = err_set(err, ERR_CONFLICT,
				     "subnet %s is in use on %s: give the pool another "
				     "'subnet' and 'bridge'",
				     c->subnet_text, i->ifa_name);
	}
	freeifaddrs(all);
	return rc;
}

/* An existing bridge of the same name may be used when it has our gateway's address. */
int network_check_bridge(const struct local_conf *c, const struct nl_link *link,
			 const char *alias, struct err *err)
{
	if (strcmp(link->kind, "bridge") != 0)
		return err_set(err, ERR_CONFLICT, "the link %s is not a bridge",
			       c->bridge);
	if (strncmp(link->alias, "foretide ", 9) == 0 && strcmp(link->alias, alias) != 0)
		return err_set(err, ERR_CONFLICT,
			       "the bridge %s belongs to another state folder: give the "
			       "pool another 'bridge' and 'subnet'",
			       c->bridge);
	return 0;
}

static int make_bridge(struct nl *nl, const struct local_conf *c, const char *alias,
		       struct nl_link *ret, struct err *err)
{
	uint8_t mac[6];
	int rc = network_check_subnet(c, err);

	if (rc < 0)
		return rc;
	nl_mac_of(c->gateway, mac);
	rc = nl_bridge_add(nl, c->bridge, mac, err);
	if (rc < 0 && rc != ERR_CONFLICT) /* another launch may have been faster */
		return rc;
	rc = nl_link_get(nl, c->bridge, ret, err);
	return rc < 0 ? rc : nl_link_alias(nl, ret->index, alias, err);
}

/* One that we created but were killed before we could mark it. */
static bool is_unmarked(const struct local_conf *c, const struct nl_link *link)
{
	uint8_t mac[6];

	nl_mac_of(c->gateway, mac);
	return !link->alias[0] && memcmp(mac, link->mac, 6) == 0;
}

int network_bridge(struct nl *nl, const struct state *s, const struct local_conf *c,
		   int *ret_index, struct err *err)
{
	struct nl_link link;
	char alias[32];
	int rc;

	network_alias(s, alias);
	rc = nl_link_get(nl, c->bridge, &link, err);
	if (rc == ERR_NOT_FOUND)
		rc = make_bridge(nl, c, alias, &link, err);
	else if (rc == 0)
		rc = network_check_bridge(c, &link, alias, err);
	if (rc == 0 && is_unmarked(c, &link))
		rc = nl_link_alias(nl, link.index, alias, err);
	if (rc == 0)
		rc = nl_addr_add(nl, link.index, c->gateway, c->prefix, err);
	if (rc == 0)
		rc = nl_link_up(nl, link.index, err);
	if (rc == 0)
		*ret_index = link.index;
	return rc;
}
