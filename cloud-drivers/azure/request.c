/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - the VM of a launch as the API takes it: with disk, interface, address, tags
 * and user data in one call, and all of it deleted with the VM.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "image.h"
#include "ssh_key.h"
#include "text.h"

static void set_text(json_t *o, const char *name, const char *value)
{
	json_object_set_new(o, name, json_text(value));
}

/* ---------------------------------------------------------------- tags */

/* Names that begin so are the cloud's own. */
static bool is_reserved(const char *key)
{
	static const char *const starts[] = { "microsoft", "azure", "windows" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (strncmp(key, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static json_t *tags_of(const struct drv_launch *l)
{
	json_t *tags = json_object();
	char expires[32];

	for (size_t i = 0; i < l->n_labels; i++) {
		const char *key = l->labels[i].key;
		CLEANUP(free)
		char *name = xasprintf("%s%s", is_reserved(key) ? "l-" : "", key);

		set_text(tags, name, l->labels[i].value);
	}
	set_text(tags, TAG_OWNER, l->owner);
	set_text(tags, TAG_POOL, l->pool);
	set_text(tags, TAG_LAUNCH, l->launch_id);
	if (l->expires_ms) {
		snprintf(expires, sizeof(expires), "%lld",
			 (long long)(l->expires_ms / 1000));
		set_text(tags, TAG_EXPIRES, expires);
	}
	return tags;
}

/* ---------------------------------------------------------------- system */

/* The cloud makes no VM that nobody may log in to. */
static int key_of(struct drv *d, const char **ret, struct drv_err *err)
{
	struct err e;
	int rc = 0;

	if (!d->opt.ssh_key && !d->made_key)
		rc = ssh_key_make(&d->made_key, &e);
	*ret = d->opt.ssh_key ? d->opt.ssh_key : d->made_key;
	return rc < 0 ? drv_fail_err(err, rc, &e) : 0;
}

static int add_system(struct drv *d, json_t *properties, const struct drv_launch *l,
		      struct drv_err *err)
{
	CLEANUP(free)
	char *path = xasprintf("/home/%s/.ssh/authorized_keys", d->opt.user);
	CLEANUP(buf_done) struct buf data;
	const char *key = NULL;
	json_t *system;
	int rc = key_of(d, &key, err);

	if (rc < 0)
		return rc;
	system = json_pack("{s:s, s:s, s:{s:b, s:{s:[{s:s, s:s}]}}}", "computerName",
			   l->name, "adminUsername", d->opt.user, "linuxConfiguration",
			   "disablePasswordAuthentication", 1, "ssh", "publicKeys",
			   "path", path, "keyData", key);
	json_object_set_new(properties, "osProfile", system);
	buf_init(&data, 2 * USER_DATA_MAX);
	base64_encode(&data, l->user_data, l->user_data_len);
	if (l->user_data_len > 0)
		set_text(system, "customData", buf_str(&data));
	return 0;
}

/* ---------------------------------------------------------------- disk */

static json_t *disk_of(const struct drv *d)
{
	json_t *disk = json_pack("{s:s, s:s}", "createOption", "FromImage",
				 "deleteOption", "Delete");

	if (d->opt.disk_gb)
		json_object_set_new(disk, "diskSizeGB", json_integer(d->opt.disk_gb));
	if (d->opt.disk_type)
		json_object_set_new(disk, "managedDisk",
				    json_pack("{s:o}", "storageAccountType",
					      json_text(d->opt.disk_type)));
	return disk;
}

/* An image of another firm is launched under its terms, which were accepted before. */
static int add_plan(const struct drv *d, json_t *vm, const char *image,
		    struct drv_err *err)
{
	char part[IMAGE_PARTS][64];

	if (!d->opt.plan)
		return 0;
	if (!azure_image_split(image, part))
		return drv_fail(err, DRV_BADREQ,
				"the option 'plan' is for an image of the marketplace, "
				"PUBLISHER:OFFER:SKU:VERSION");
	json_object_set_new(vm, "plan",
			    json_pack("{s:s, s:s, s:s}", "publisher", part[0], "product",
				      part[1], "name", part[2]));
	return 0;
}

/* ---------------------------------------------------------------- the whole */

/* What is reclaimed the cloud itself deletes. */
static void add_spot(json_t *properties, double most)
{
	set_text(properties, "priority", "Spot");
	set_text(properties, "evictionPolicy", "Delete");
	json_object_set_new(properties, "billingProfile",
			    json_pack("{s:o}", "maxPrice",
				      most > 0 ? json_real(most) : json_integer(-1)));
}

static void add_place(const struct drv *d, json_t *vm, const struct drv_launch *l)
{
	const char *zone = l->zone ? l->zone : d->opt.zone;

	set_text(vm, "location", d->opt.location);
	if (zone)
		json_object_set_new(vm, "zones", json_pack("[o]", json_text(zone)));
	if (d->opt.identity)
		json_object_set_new(vm, "identity",
				    json_pack("{s:s, s:{s:{}}}", "type", "UserAssigned",
					      "userAssignedIdentities", d->opt.identity));
	json_object_set_new(vm, "tags", tags_of(l));
}

static int check(const struct drv *d, const struct drv_launch *l, const char *type,
		 const char *image, struct drv_err *err)
{
	const struct {
		const char *what, *option, *value;
	} wanted[] = {
		{ "size", "type", type },
		{ "image", "image", image },
		{ "region", "location", d->opt.location },
		{ "subnet", "subnet", d->opt.subnet },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!wanted[i].value)
			return drv_fail(err, DRV_BADREQ,
					"no %s is named: give the option '%s'",
					wanted[i].what, wanted[i].option);
	if (l->n_labels > TAGS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, TAGS_MAX);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

int azure_request(struct drv *d, const struct drv_launch *l, json_t **ret,
		  struct drv_err *err)
{
	const char *type = l->types && l->types[0] ? l->types[0] : d->opt.type;
	const char *image = l->image ? l->image : d->opt.image;
	CLEANUP(json_decref) json_t *vm = json_object();
	json_t *properties = json_object();
	int rc = check(d, l, type, image, err);

	json_object_set_new(vm, "properties", properties);
	if (rc < 0)
		return rc;
	add_place(d, vm, l);
	json_object_set_new(properties, "hardwareProfile",
			    json_pack("{s:o}", "vmSize", json_text(type)));
	json_object_set_new(properties, "storageProfile",
			    json_pack("{s:o, s:o}", "imageReference",
				      azure_image_reference(d, image), "osDisk",
				      disk_of(d)));
	json_object_set_new(properties, "networkProfile", azure_network(d));
	json_object_set_new(properties, "diagnosticsProfile",
			    json_pack("{s:{s:b}}", "bootDiagnostics", "enabled", 1));
	if (l->spot)
		add_spot(properties, l->spot_price_max);
	rc = add_plan(d, vm, image, err);
	if (rc == 0)
		rc = add_system(d, properties, l, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(vm);
	return 0;
}
