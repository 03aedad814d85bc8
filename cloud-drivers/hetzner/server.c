/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://docs.hetzner.cloud/#servers */
#include "server.h"

#include "check.h"
#include "cloud.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- labels */

const char *hz_label_text(char to[LABEL_TEXT], const char *value)
{
	const size_t n = strlen(value);
	const bool is_bare = n == 0 || (value[0] != '-' && value[n - 1] != '-');

	snprintf(to, LABEL_TEXT, is_bare ? "%s" : "X%sX", value);
	return to;
}

void hz_label_of(const json_t *server, const char *name, char *ret, size_t size)
{
	const char *text =
		rest_text(json_object_get(rest_at(server, "labels"), name), "");
	const size_t n = strlen(text);

	if (n >= 2 && text[0] == 'X' && text[n - 1] == 'X')
		snprintf(ret, size, "%.*s", (int)(n - 2), text + 1);
	else
		snprintf(ret, size, "%s", text);
	utf8_make_plain(ret, size - 1);
}

/* ---------------------------------------------------------------- its state */

static const struct {
	const char *status;
	enum drv_vm_state state;
} states[] = {
	{ "initializing", DRV_VM_PENDING }, { "starting", DRV_VM_PENDING },
	{ "rebuilding", DRV_VM_PENDING },   { "running", DRV_VM_RUNNING },
	{ "migrating", DRV_VM_RUNNING },    { "deleting", DRV_VM_STOPPING },
	{ "stopping", DRV_VM_FAILED },      { "off", DRV_VM_FAILED },
};

/* Between its making and its start a server is off for a moment. */
#define START_MS 120000

static void note_state(const json_t *server, int64_t wall_ms, struct drv_vm *ret)
{
	const char *status = rest_text(server, "status");

	ret->state = DRV_VM_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].status, status) == 0)
			ret->state = states[i].state;
	if (ret->state != DRV_VM_FAILED)
		return;
	if (wall_ms - ret->created_ms < START_MS)
		ret->state = DRV_VM_PENDING;
	else
		snprintf(ret->message, sizeof(ret->message), "its status is %s", status);
}

/* ---------------------------------------------------------------- its addresses */

/* Of IPv6 it has a network, "2001:db8::/64", and in it the address that ends in 1. */
static void copy_ipv6(char *to, size_t size, const char *network)
{
	const size_t n = strcspn(network, "/");

	if (n > 0)
		snprintf(to, size, "%.*s1", (int)n, network);
	utf8_make_plain(to, size - 1);
}

static void note_addresses(const json_t *server, struct drv_vm *ret)
{
	const json_t *private = json_array_get(rest_at(server, "private_net"), 0);

	rest_copy(ret->public_address, sizeof(ret->public_address), server,
		  "public_net.ipv4.ip");
	if (!*ret->public_address)
		copy_ipv6(ret->public_address, sizeof(ret->public_address),
			  rest_text(server, "public_net.ipv6.ip"));
	rest_copy(ret->address, sizeof(ret->address), private, "ip");
	/* Without a private network, or before it is on it, it is reached by this. */
	if (!private)
		memcpy(ret->address, ret->public_address, sizeof(ret->address));
}

void hz_server_read(const json_t *server, int64_t wall_ms, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->id, sizeof(ret->id), "%lld", (long long)rest_int(server, "id", 0));
	hz_label_of(server, LABEL_LAUNCH, ret->launch_id, sizeof(ret->launch_id));
	hz_label_of(server, LABEL_OWNER, ret->owner, sizeof(ret->owner));
	hz_label_of(server, LABEL_POOL, ret->pool, sizeof(ret->pool));
	rest_copy(ret->name, sizeof(ret->name), server, "name");
	rest_copy(ret->type, sizeof(ret->type), server, "server_type.name");
	rest_copy(ret->zone, sizeof(ret->zone), server, "location.name");
	if (!*ret->zone) /* older answers */
		rest_copy(ret->zone, sizeof(ret->zone), server,
			  "datacenter.location.name");
	note_addresses(server, ret);
	ret->created_ms = rest_time_ms(server, "created");
	note_state(server, wall_ms, ret);
}
