/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://learn.microsoft.com/azure/virtual-machines/states-billing */
#include "machine.h"

#include "check.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define FAILED "ProvisioningState/failed"

bool azure_is_id(const char *id)
{
	const size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.");

	return n > 0 && n <= 64 && id[n] == '\0' && id[0] != '.';
}

/* Tags keep their names' case, but are told apart without it. */
static void copy_tag(char *to, size_t size, const json_t *vm, const char *tag)
{
	json_t *tags = json_object_get(vm, "tags"), *value;
	const char *name;

	json_object_foreach(tags, name, value)
	{
		if (strcasecmp(name, tag) == 0)
			snprintf(to, size, "%s", rest_text(value, ""));
	}
	utf8_make_plain(to, size - 1);
}

static const struct {
	const char *code;
	enum drv_vm_state state;
} provisioning[] = {
	{ "Creating", DRV_VM_PENDING },  { "Succeeded", DRV_VM_RUNNING },
	{ "Updating", DRV_VM_RUNNING },  { "Migrating", DRV_VM_RUNNING },
	{ "Deleting", DRV_VM_STOPPING }, { "Failed", DRV_VM_FAILED },
	{ "Canceled", DRV_VM_FAILED },
};

/* Lists do not have it: only of one VM it is asked. */
static const struct {
	const char *code;
	enum drv_vm_state state;
} power[] = {
	{ "PowerState/running", DRV_VM_RUNNING },
	{ "PowerState/stopped", DRV_VM_FAILED },
	{ "PowerState/deallocating", DRV_VM_FAILED },
	{ "PowerState/deallocated", DRV_VM_FAILED },
};

static void note_state(const json_t *vm, struct drv_vm *ret)
{
	const char *state = rest_text(vm, "properties.provisioningState");

	for (size_t i = 0; i < ARRAY_SIZE(provisioning); i++)
		if (strcasecmp(provisioning[i].code, state) == 0)
			ret->state = provisioning[i].state;
	if (ret->state == DRV_VM_FAILED)
		snprintf(ret->message, sizeof(ret->message), "its provisioning has %s",
			 *state == 'C' ? "been canceled" : "failed");
}

static void note_power(const char *code, struct drv_vm *ret)
{
	if (ret->state != DRV_VM_FAILED && ret->state != DRV_VM_RUNNING)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(power); i++)
		if (strcasecmp(power[i].code, code) == 0)
			ret->state = power[i].state;
}

static void note_statuses(const json_t *vm, struct drv_vm *ret)
{
	const json_t *status;
	size_t i;

	json_array_foreach(rest_at(vm, "properties.instanceView.statuses"), i, status)
	{
		const char *code = rest_text(status, "code");

		note_power(code, ret);
		if (strncasecmp(code, FAILED, strlen(FAILED)) != 0)
			continue;
		code += strlen(FAILED);
		snprintf(ret->message, sizeof(ret->message), "%s%s%s",
			 *code == '/' ? code + 1 : "its provisioning has failed",
			 *rest_text(status, "message") ? ": " : "",
			 rest_text(status, "message"));
	}
	if (ret->state != DRV_VM_FAILED)
		ret->message[0] = '\0';
	else if (!*ret->message)
		snprintf(ret->message, sizeof(ret->message), "it was stopped");
	utf8_make_plain(ret->message, sizeof(ret->message) - 1);
}

void azure_machine_read(const json_t *vm, struct drv_vm *ret)
{
	const json_t *zone = json_array_get(json_object_get(vm, "zones"), 0);

	memset(ret, 0, sizeof(*ret));
	if (azure_is_id(rest_text(vm, "name")))
		rest_copy(ret->id, sizeof(ret->id), vm, "name");
	rest_copy(ret->name, sizeof(ret->name), vm, "name");
	rest_copy(ret->type, sizeof(ret->type), vm, "properties.hardwareProfile.vmSize");
	rest_copy(ret->zone, sizeof(ret->zone), zone, "");
	copy_tag(ret->launch_id, sizeof(ret->launch_id), vm, TAG_LAUNCH);
	copy_tag(ret->owner, sizeof(ret->owner), vm, TAG_OWNER);
	copy_tag(ret->pool, sizeof(ret->pool), vm, TAG_POOL);
	ret->spot = strcasecmp(rest_text(vm, "properties.priority"), "Spot") == 0;
	ret->created_ms = rest_time_ms(vm, "properties.timeCreated");
	note_state(vm, ret);
	note_statuses(vm, ret);
}

int azure_machine_get(struct drv *d, const char *name, int64_t deadline,
		      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = azure_vm_path(d, name, "?$expand=instanceView&");
	int rc = azure_call(d, "GET", path, NULL, deadline, &a, err);

	if (rc == 0)
		azure_machine_read(a.doc, ret);
	return rc;
}
