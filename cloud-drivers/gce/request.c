/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - the VM of a launch as the API takes it: with disk, network, labels and user
 * data in one call, and all of it deleted with the VM.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "text.h"

/* What maxRunDuration may be. */
#define RUN_MIN_S 30
#define RUN_MAX_S (INT64_C(120) * 86400)

const char *gce_zone_of(const struct drv *d, const struct drv_launch *l)
{
	return l->zone ? l->zone : d->opt.zone;
}

char *gce_instance_name(const char *host)
{
	return xasprintf("%s%s", host[0] >= 'a' && host[0] <= 'z' ? "" : "ft-", host);
}

static void set_text(json_t *o, const char *name, const char *value)
{
	json_object_set_new(o, name, json_string(value));
}

/* ---------------------------------------------------------------- labels, metadata */

/* Keys begin with a letter. */
static void add_label(json_t *labels, const char *key, const char *value)
{
	CLEANUP(free)
	char *name = xasprintf("%s%s", key[0] >= 'a' && key[0] <= 'z' ? "" : "l-", key);

	set_text(labels, name, value);
}

static json_t *labels_of(const struct drv_launch *l, const char *name)
{
	json_t *labels = json_object();
	char expires[32];

	for (size_t i = 0; i < l->n_labels; i++)
		add_label(labels, l->labels[i].key, l->labels[i].value);
	set_text(labels, LABEL_OWNER, l->owner);
	set_text(labels, LABEL_POOL, l->pool);
	set_text(labels, LABEL_LAUNCH, l->launch_id);
	if (strcmp(name, l->name) != 0)
		set_text(labels, LABEL_NAME, l->name);
	if (l->expires_ms) {
		snprintf(expires, sizeof(expires), "%lld",
			 (long long)(l->expires_ms / 1000));
		set_text(labels, LABEL_EXPIRES, expires);
	}
	return labels;
}

static int add_user_data(const struct drv *d, json_t *vm, const struct drv_launch *l,
			 struct drv_err *err)
{
	json_t *value;

	if (l->user_data_len == 0)
		return 0;
	value = json_stringn(l->user_data, l->user_data_len);
	if (!value)
		return drv_fail(err, DRV_BADREQ,
				"the user data is no text in UTF-8, which the cloud's "
				"metadata are");
	json_object_set_new(vm, "metadata",
			    json_pack("{s:[{s:s, s:o}]}", "items", "key",
				      d->opt.metadata_key, "value", value));
	return 0;
}

/* ---------------------------------------------------------------- disk, network */

static int add_disk(const struct drv *d, json_t *vm, const struct drv_launch *l,
		    const char *zone, struct drv_err *err)
{
	const char *image = l->image ? l->image : d->opt.image;
	CLEANUP(free) char *path = image ? gce_image_path(d, image) : NULL;
	json_t *from;

	if (!image)
		return drv_fail(err, DRV_BADREQ,
				"no image is named: give the option 'image'");
	from = json_pack("{s:s, s:O}", "sourceImage", path, "labels",
			 json_object_get(vm, "labels"));
	if (d->opt.disk_gb) {
		CLEANUP(free) char *gb = xasprintf("%lld", (long long)d->opt.disk_gb);

		set_text(from, "diskSizeGb", gb);
	}
	if (d->opt.disk_type) {
		CLEANUP(free)
		char *type = xasprintf("zones/%s/diskTypes/%s", zone, d->opt.disk_type);

		set_text(from, "diskType", type);
	}
	json_object_set_new(vm, "disks",
			    json_pack("[{s:b, s:b, s:o}]", "boot", 1, "autoDelete", 1,
				      "initializeParams", from));
	return 0;
}

static int add_word(void *arg, const char *word, struct drv_err *err)
{
	(void)err;
	json_array_append_new(arg, json_text(word));
	return 0;
}

static json_t *words_of(const char *list)
{
	json_t *words = json_array();
	struct drv_err err;

	(void)rest_each_word(list, add_word, words, &err);
	return words;
}

static void add_network(const struct drv *d, json_t *vm, const char *zone)
{
	const struct gce_options *o = &d->opt;
	CLEANUP(free) char *network = o->network ? gce_network_path(o->network) : NULL;
	CLEANUP(free)
	char *subnetwork =
		o->subnetwork ? gce_subnetwork_path(zone, o->subnetwork) : NULL;
	json_t *nic = json_object();

	if (network || !subnetwork)
		set_text(nic, "network", network ? network : "global/networks/default");
	if (subnetwork)
		set_text(nic, "subnetwork", subnetwork);
	if (o->public_address)
		json_object_set_new(nic, "accessConfigs",
				    json_pack("[{s:s, s:s}]", "type", "ONE_TO_ONE_NAT",
					      "name", "External NAT"));
	json_object_set_new(vm, "networkInterfaces", json_pack("[o]", nic));
	if (o->network_tags)
		json_object_set_new(
			vm, "tags",
			json_pack("{s:o}", "items", words_of(o->network_tags)));
	if (o->service_account)
		json_object_set_new(vm, "serviceAccounts",
				    json_pack("[{s:s, s:o}]", "email", o->service_account,
					      "scopes", words_of(o->scopes)));
}

/* ---------------------------------------------------------------- its end */

/* The cloud itself deletes what is reclaimed, or has run until it expires. */
static void add_scheduling(const struct drv *d, json_t *vm, const struct drv_launch *l)
{
	const struct drv_host *h = d->rest.host;
	const int64_t left_s = (l->expires_ms - h->wall_ms(h->ctx)) / 1000;
	const bool expires = l->expires_ms && left_s <= RUN_MAX_S;
	json_t *scheduling;

	if (!l->spot && !expires)
		return;
	scheduling = json_pack("{s:s}", "instanceTerminationAction", "DELETE");
	if (l->spot) {
		set_text(scheduling, "provisioningModel", "SPOT");
		set_text(scheduling, "onHostMaintenance", "TERMINATE");
	}
	json_object_set_new(scheduling, "automaticRestart", json_false());
	if (expires) {
		CLEANUP(free)
		char *s = xasprintf("%lld", (long long)MAX(left_s, RUN_MIN_S));

		json_object_set_new(scheduling, "maxRunDuration",
				    json_pack("{s:s}", "seconds", s));
	}
	json_object_set_new(vm, "scheduling", scheduling);
}

/* ---------------------------------------------------------------- the whole */

static int check(const struct drv *d, const struct drv_launch *l, const char **ret_type,
		 struct drv_err *err)
{
	const char *zone = gce_zone_of(d, l);

	*ret_type = l->types && l->types[0] ? l->types[0] : d->opt.type;
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	if (!zone)
		return drv_fail(err, DRV_BADREQ,
				"no zone is named: give the option 'zone'");
	if (!*ret_type)
		return drv_fail(err, DRV_BADREQ,
				"the pool names no type: give a machine type");
	if (!drv_is_word(zone) || !drv_is_word(*ret_type))
		return drv_fail(err, DRV_BADREQ,
				"'%s' in '%s' is not a machine type in a zone", *ret_type,
				zone);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

int gce_request(const struct drv *d, const struct drv_launch *l, json_t **ret,
		struct drv_err *err)
{
	CLEANUP(json_decref) json_t *vm = json_object();
	const char *zone = gce_zone_of(d, l), *type = NULL;
	CLEANUP(free) char *name = NULL;
	CLEANUP(free) char *machine = NULL;
	int rc = check(d, l, &type, err);

	if (rc < 0)
		return rc;
	name = gce_instance_name(l->name);
	machine = xasprintf("zones/%s/machineTypes/%s", zone, type);
	set_text(vm, "name", name);
	set_text(vm, "machineType", machine);
	json_object_set_new(vm, "labels", labels_of(l, name));
	add_network(d, vm, zone);
	add_scheduling(d, vm, l);
	rc = add_disk(d, vm, l, zone, err);
	if (rc == 0)
		rc = add_user_data(d, vm, l, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(vm);
	return 0;
}
