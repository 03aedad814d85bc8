/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html */
#include "instance.h"

#include "check.h"
#include "cloud.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

static void tag_of(const json_t *instance, const char *name, char *ret, size_t size)
{
	const json_t *tag;
	size_t i;

	ret[0] = '\0';
	json_array_foreach(rest_at(instance, "tagSet"), i, tag)
	{
		if (strcmp(rest_text(tag, "key"), name) == 0)
			rest_copy(ret, size, tag, "value");
	}
}

/* A new one is UNKNOWN. */
static enum drv_vm_state state_of(const json_t *instance)
{
	static const struct {
		const char *name;
		enum drv_vm_state state;
	} states[] = {
		{ "pending", DRV_VM_PENDING },        { "running", DRV_VM_RUNNING },
		{ "shutting-down", DRV_VM_STOPPING }, { "terminated", DRV_VM_GONE },
		{ "stopping", DRV_VM_FAILED },        { "stopped", DRV_VM_FAILED },
	};
	const char *name = rest_text(instance, "instanceState.name");

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].name, name) == 0)
			return states[i].state;
	return DRV_VM_UNKNOWN;
}

/* Of one that is over, also of one that never ran: "Client.VolumeLimitExceeded: ...". */
static void note_reason(const json_t *instance, struct drv_vm *ret)
{
	if (ret->state != DRV_VM_FAILED && ret->state != DRV_VM_GONE)
		return;
	rest_copy(ret->message, sizeof(ret->message), instance, "stateReason.message");
	if (!*ret->message && ret->state == DRV_VM_FAILED) {
		snprintf(ret->message, sizeof(ret->message), "it is %s",
			 rest_text(instance, "instanceState.name"));
		utf8_make_plain(ret->message, sizeof(ret->message) - 1);
	}
}

void ec2_instance_read(const json_t *instance, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	rest_copy(ret->id, sizeof(ret->id), instance, "instanceId");
	tag_of(instance, TAG_LAUNCH, ret->launch_id, sizeof(ret->launch_id));
	tag_of(instance, TAG_OWNER, ret->owner, sizeof(ret->owner));
	tag_of(instance, TAG_POOL, ret->pool, sizeof(ret->pool));
	tag_of(instance, "Name", ret->name, sizeof(ret->name));
	rest_copy(ret->type, sizeof(ret->type), instance, "instanceType");
	rest_copy(ret->zone, sizeof(ret->zone), instance, "placement.availabilityZone");
	rest_copy(ret->address, sizeof(ret->address), instance, "privateIpAddress");
	if (!*ret->address)
		rest_copy(ret->address, sizeof(ret->address), instance, "ipv6Address");
	rest_copy(ret->public_address, sizeof(ret->public_address), instance,
		  "ipAddress");
	ret->spot = strcmp(rest_text(instance, "instanceLifecycle"), "spot") == 0;
	ret->created_ms = rest_time_ms(instance, "launchTime");
	ret->state = state_of(instance);
	note_reason(instance, ret);
}

bool ec2_each_instance(const json_t *doc, drv_vm_fn *each, void *arg)
{
	const json_t *reservations = rest_at(doc, "reservationSet");
	const json_t *reservation, *instance;
	size_t i, j;

	json_array_foreach(reservations, i, reservation)
	{
		json_array_foreach(rest_at(reservation, "instancesSet"), j, instance)
		{
			struct drv_vm vm;

			ec2_instance_read(instance, &vm);
			each(arg, &vm);
		}
	}
	/* An empty one is a text. */
	return json_is_array(reservations) || json_is_string(reservations);
}

void ec2_keep_instance(void *arg, const struct drv_vm *vm)
{
	*(struct drv_vm *)arg = *vm;
}

bool ec2_is_instance_id(const char *id)
{
	const size_t n =
		strncmp(id, "i-", 2) == 0 ? strspn(id + 2, "0123456789abcdef") : 0;

	return n > 0 && n <= 40 && id[2 + n] == '\0';
}
