/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: https://cloud.google.com/compute/docs/reference/rest/v1/instances */
#include "instance.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "utf8.h"

bool gce_id_make(const char *zone, const char *name, char *ret, size_t size)
{
	const int n = snprintf(ret, size, "%s/%s", zone, name);

	return drv_is_word(zone) && n > 0 && (size_t)n < size;
}

/* A VM's name has at most 63 characters, more than a word. */
static bool is_name(const char *s)
{
	const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= 63 && s[n] == '\0';
}

char *gce_id_path(const char *id)
{
	const char *slash = strchr(id, '/');
	CLEANUP(free)
	char *zone = xstrndup(id, slash ? (size_t)(slash - id) : strlen(id));

	if (!slash || !drv_is_word(zone) || !is_name(slash + 1))
		return NULL;
	return xasprintf("/zones/%s/instances/%s", zone, slash + 1);
}

/* ---------------------------------------------------------------- its state */

static const struct {
	const char *status;
	enum drv_vm_state state;
} states[] = {
	{ "PENDING", DRV_VM_PENDING },
	{ "PROVISIONING", DRV_VM_PENDING },
	{ "STAGING", DRV_VM_PENDING },
	{ "RUNNING", DRV_VM_RUNNING },
	{ "REPAIRING", DRV_VM_RUNNING },
	{ "STOPPING", DRV_VM_STOPPING },
	{ "DEPROVISIONING", DRV_VM_STOPPING },
	{ "PENDING_STOP", DRV_VM_STOPPING },
	/* It is stopped, its disk is paid for, and it can be started again. */
	{ "TERMINATED", DRV_VM_FAILED },
	{ "STOPPED", DRV_VM_FAILED },
	{ "SUSPENDING", DRV_VM_FAILED },
	{ "SUSPENDED", DRV_VM_FAILED },
};

static enum drv_vm_state state_of(const char *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].status, status) == 0)
			return states[i].state;
	return DRV_VM_UNKNOWN;
}

static void note_failure(const json_t *instance, struct drv_vm *ret)
{
	const char *why = rest_text(instance, "statusMessage");

	snprintf(ret->message, sizeof(ret->message), "its status is %s%s%s",
		 rest_text(instance, "status"), *why ? ": " : "", why);
	utf8_make_plain(ret->message, sizeof(ret->message) - 1);
}

/* ---------------------------------------------------------------- its addresses */

static void note_addresses(const json_t *instance, struct drv_vm *ret)
{
	const json_t *nic =
		json_array_get(json_object_get(instance, "networkInterfaces"), 0);
	const json_t *v4 = json_array_get(json_object_get(nic, "accessConfigs"), 0);
	const json_t *v6 = json_array_get(json_object_get(nic, "ipv6AccessConfigs"), 0);

	rest_copy(ret->address, sizeof(ret->address), nic, "networkIP");
	if (!*ret->address)
		rest_copy(ret->address, sizeof(ret->address), nic, "ipv6Address");
	rest_copy(ret->public_address, sizeof(ret->public_address), v4, "natIP");
	if (!*ret->public_address)
		rest_copy(ret->public_address, sizeof(ret->public_address), v6,
			  "externalIpv6");
}

static void copy_base(char *to, size_t size, const json_t *o, const char *path)
{
	snprintf(to, size, "%s", gce_base_name(rest_text(o, path)));
	utf8_make_plain(to, size - 1);
}

static void note_names(const json_t *instance, struct drv_vm *ret)
{
	const json_t *labels = json_object_get(instance, "labels");

	copy_base(ret->zone, sizeof(ret->zone), instance, "zone");
	copy_base(ret->type, sizeof(ret->type), instance, "machineType");
	if (!gce_id_make(ret->zone, rest_text(instance, "name"), ret->id,
			 sizeof(ret->id)))
		ret->id[0] = '\0';
	rest_copy(ret->launch_id, sizeof(ret->launch_id), labels, LABEL_LAUNCH);
	rest_copy(ret->owner, sizeof(ret->owner), labels, LABEL_OWNER);
	rest_copy(ret->pool, sizeof(ret->pool), labels, LABEL_POOL);
	rest_copy(ret->name, sizeof(ret->name), labels, LABEL_NAME);
	if (!*ret->name)
		rest_copy(ret->name, sizeof(ret->name), instance, "name");
}

void gce_instance_read(const json_t *instance, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	note_names(instance, ret);
	note_addresses(instance, ret);
	ret->state = state_of(rest_text(instance, "status"));
	ret->spot = strcmp(rest_text(instance, "scheduling.provisioningModel"), "SPOT") ==
			    0 ||
		    json_is_true(rest_at(instance, "scheduling.preemptible"));
	ret->created_ms = rest_time_ms(instance, "creationTimestamp");
	if (ret->state == DRV_VM_FAILED)
		note_failure(instance, ret);
}
