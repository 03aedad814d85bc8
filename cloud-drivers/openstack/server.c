/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://docs.openstack.org/api-ref/compute/#servers-servers */
#include "server.h"

#include "check.h"
#include "cloud.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

void os_tag_of(const json_t *server, const char *name, char *ret, size_t size)
{
	const json_t *metadata = rest_at(server, "metadata"), *tag;
	const size_t n = strlen(name);
	size_t i;

	rest_copy(ret, size, metadata, name);
	if (*ret)
		return;
	json_array_foreach(rest_at(server, "tags"), i, tag)
	{
		const char *text = json_string_value(tag);

		if (text && strncmp(text, name, n) == 0 && text[n] == '=') {
			snprintf(ret, size, "%s", text + n + 1);
			utf8_make_plain(ret, size - 1);
		}
	}
}

/* ---------------------------------------------------------------- its state */

static const struct {
	const char *status;
	enum drv_vm_state state;
} states[] = {
	{ "BUILD", DRV_VM_PENDING },
	{ "REBUILD", DRV_VM_PENDING },
	{ "ACTIVE", DRV_VM_RUNNING },
	{ "PASSWORD", DRV_VM_RUNNING },
	{ "REBOOT", DRV_VM_RUNNING },
	{ "HARD_REBOOT", DRV_VM_RUNNING },
	{ "RESIZE", DRV_VM_RUNNING },
	{ "VERIFY_RESIZE", DRV_VM_RUNNING },
	{ "REVERT_RESIZE", DRV_VM_RUNNING },
	{ "MIGRATING", DRV_VM_RUNNING },
	{ "RESCUE", DRV_VM_RUNNING },
	{ "DELETED", DRV_VM_GONE },
	{ "SOFT_DELETED", DRV_VM_GONE },
	{ "ERROR", DRV_VM_FAILED },
	{ "SHUTOFF", DRV_VM_FAILED },
	{ "PAUSED", DRV_VM_FAILED },
	{ "SUSPENDED", DRV_VM_FAILED },
	{ "SHELVED", DRV_VM_FAILED },
	{ "SHELVED_OFFLOADED", DRV_VM_FAILED },
};

/* A new one is UNKNOWN, as a server in a cell that Nova does not reach is. */
static enum drv_vm_state state_of(const json_t *server)
{
	const char *status = rest_text(server, "status");

	if (strcmp(json_string_value(json_object_get(server, "OS-EXT-STS:task_state"))
			   ?: "",
		   "deleting") == 0)
		return DRV_VM_STOPPING;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].status, status) == 0)
			return states[i].state;
	return DRV_VM_UNKNOWN;
}

static void note_failure(const json_t *server, struct drv_vm *ret)
{
	const char *why = rest_text(server, "fault.message");

	if (*why)
		snprintf(ret->message, sizeof(ret->message), "%s", why);
	else
		snprintf(ret->message, sizeof(ret->message), "its status is %s",
			 rest_text(server, "status"));
	utf8_make_plain(ret->message, sizeof(ret->message) - 1);
}

/* ---------------------------------------------------------------- its addresses */

/* A floating address is public, the first fixed one private; IPv4 goes before IPv6. */
static void note_address(const json_t *address, struct drv_vm *ret)
{
	const char *text = rest_text(address, "addr");
	const bool is_floating =
		strcmp(rest_text(address, "OS-EXT-IPS:type"), "floating") == 0;
	char *to = is_floating ? ret->public_address : ret->address;

	if (*to && (strchr(text, ':') || !strchr(to, ':')))
		return;
	snprintf(to, sizeof(ret->address), "%s", text);
	utf8_make_plain(to, sizeof(ret->address) - 1);
}

static void note_addresses(const json_t *server, struct drv_vm *ret)
{
	const json_t *address;
	const char *network;
	json_t *list;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)rest_at(server, "addresses"), network,
			    list)
	{
		json_array_foreach(list, i, address) note_address(address, ret);
	}
}

void os_server_read(const json_t *server, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	rest_copy(ret->id, sizeof(ret->id), server, "id");
	os_tag_of(server, TAG_LAUNCH, ret->launch_id, sizeof(ret->launch_id));
	os_tag_of(server, TAG_OWNER, ret->owner, sizeof(ret->owner));
	os_tag_of(server, TAG_POOL, ret->pool, sizeof(ret->pool));
	rest_copy(ret->name, sizeof(ret->name), server, "name");
	rest_copy(ret->type, sizeof(ret->type), server, "flavor.original_name");
	rest_copy(ret->zone, sizeof(ret->zone), server, "OS-EXT-AZ:availability_zone");
	note_addresses(server, ret);
	ret->created_ms = rest_time_ms(server, "created");
	ret->state = state_of(server);
	if (ret->state == DRV_VM_FAILED)
		note_failure(server, ret);
}
