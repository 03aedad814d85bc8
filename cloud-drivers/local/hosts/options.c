/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "netlink.h"
#include "text.h"

#include <arpa/inet.h>
#include <string.h>

#define MIB (1024LL * 1024)
#define MEMORY_MIN (16 * MIB)

static const struct local_type types[] = {
	{ "nano", 0.1, 128 * MIB },  { "micro", 0.25, 256 * MIB },
	{ "small", 0.5, 512 * MIB }, { "medium", 1, 1024 * MIB },
	{ "large", 2, 2048 * MIB },  { "xlarge", 4, 4096 * MIB },
};

#define AT(member) offsetof(struct local_conf, member)
static const struct conf_option table[] = {
	{ "", "state_dir", CONF_STRING, AT(state_dir), LOCAL_STATE_DIR, 0, 0, NULL,
	  "Folder that holds the hosts" },
	{ "", "subnet", CONF_STRING, AT(subnet_text), LOCAL_SUBNET, 0, 0, NULL,
	  "Addresses of the hosts; the first is the bridge's" },
	{ "", "bridge", CONF_STRING, AT(bridge), LOCAL_BRIDGE, 0, 0, NULL,
	  "Bridge that joins the hosts, created when missing" },
	{ "", "mask", CONF_STRING, AT(mask), "/home:/root", 0, 0, NULL,
	  "Folders of this machine that hosts see empty" },
	{ "", "init", CONF_STRING, AT(init), NULL, 0, 0, NULL,
	  "Path of foretide-local-init" },
	{ "", "type", CONF_STRING, AT(type), "small", 0, 0,
	  "nano|micro|small|medium|large|xlarge", "Type of a host that names none" },
	{ "", "memory", CONF_STRING, AT(memory_text), NULL, 0, 0, NULL,
	  "Memory of a host in place of its type's (256M)" },
	{ "", "boot_delay", CONF_DURATION, AT(boot_delay_ms), "0s", 0, 3600e3, NULL,
	  "Time that a host takes to boot" },
	{ "", "cpu", CONF_NUMBER, AT(cpu), "0", 0, 1024, NULL,
	  "Cores of a host in place of its type's; 0 is the type's" },
	{ "", "max_hosts", CONF_INT, AT(max_hosts), "200", 1, 1000, NULL,
	  "Most hosts in the state folder" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

const struct local_type *local_type_at(size_t i)
{
	return i < ARRAY_SIZE(types) ? &types[i] : NULL;
}

const struct local_type *local_type_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static int read_subnet(struct local_conf *c, struct err *err)
{
	char address[INET_ADDRSTRLEN];
	const char *slash = strchr(c->subnet_text, '/');
	size_t len = slash ? (size_t)(slash - c->subnet_text) : sizeof(address);
	uint32_t host_bits, network;
	int64_t prefix;

	if (len >= sizeof(address) || conf_parse_int(slash + 1, &prefix, NULL) < 0 ||
	    prefix < 16 || prefix > 29)
		return err_set(
			err, ERR_INVAL,
			"subnet '%s' must be an IPv4 network from /16 to /29, such "
			"as " LOCAL_SUBNET,
			c->subnet_text);
	memcpy(address, c->subnet_text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, &c->network) != 1)
		return err_set(err, ERR_INVAL, "subnet '%s' has no IPv4 address",
			       c->subnet_text);
	host_bits = ~0u >> prefix;
	network = ntohl(c->network.s_addr);
	if (network & host_bits)
		return err_set(err, ERR_INVAL, "subnet '%s' has bits after its prefix",
			       c->subnet_text);
	c->prefix = (int)prefix;
	c->gateway.s_addr = htonl(network + 1);
	return 0;
}

static int check_bridge(const struct local_conf *c, struct err *err)
{
	size_t n = strspn(c->bridge, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	if (n == 0 || n > NL_NAME_MAX || c->bridge[n])
		return err_set(err, ERR_INVAL,
			       "bridge '%s' must be 1 to %d letters, digits, '-', '_' or "
			       "'.'",
			       c->bridge, NL_NAME_MAX);
	return 0;
}

static int derive(struct local_conf *c, struct err *err)
{
	size_t len = strlen(c->state_dir);
	int rc;

	if (c->state_dir[0] != '/')
		return err_set(err, ERR_INVAL, "state_dir '%s' must be an absolute path",
			       c->state_dir);
	while (len > 1 && c->state_dir[len - 1] == '/')
		c->state_dir[--len] = '\0';
	rc = read_subnet(c, err);
	if (rc == 0)
		rc = check_bridge(c, err);
	if (rc == 0 && c->memory_text)
		rc = conf_parse_size(c->memory_text, &c->memory_bytes, err);
	if (rc == 0 && c->memory_bytes && c->memory_bytes < MEMORY_MIN)
		rc = err_set(err, ERR_INVAL, "memory %s is less than 16M",
			     c->memory_text);
	if (rc == 0 && c->cpu > 0 && c->cpu < 0.05)
		rc = err_set(err, ERR_INVAL, "cpu %g is less than 0.05", c->cpu);
	return rc;
}

int local_conf_read(const char *config_json, struct local_conf *ret, struct err *err)
{
	static const char *const skip[] = { "credentials", NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct local_conf c = { .state_dir = NULL };
	int rc =
		json_parse(config_json, strlen(config_json), "driver options", &doc, err);

	if (rc < 0)
		return rc;
	conf_defaults(table, &c);
	rc = conf_load_json(table, &c, doc, skip, err);
	if (rc == 0)
		rc = derive(&c, err);
	if (rc < 0) {
		local_conf_done(&c);
		return rc;
	}
	*ret = c;
	return 0;
}

void local_conf_done(struct local_conf *c)
{
	conf_done(table, c);
}
