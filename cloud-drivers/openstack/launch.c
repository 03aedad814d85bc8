/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one server with all that is asked of it, in one call.
 *
 * Nova has no idempotency key and its names are not unique: what an unanswered call did
 * is found by the tag of its launch id.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- tags, metadata */

static void add_tag(json_t *server, const char *name, const char *value)
{
	CLEANUP(free) char *prefix = xasprintf("%s=", name);
	char tag[TAG_MAX + 1];

	rest_label(tag, sizeof(tag), TAG_MAX, prefix, value);
	json_array_append_new(json_object_get(server, "tags"), json_string(tag));
	json_object_set_new(json_object_get(server, "metadata"), name,
			    json_string(value));
}

static void add_tags(json_t *server, const struct drv_launch *l)
{
	char expires[32];

	json_object_set_new(server, "tags", json_array());
	json_object_set_new(server, "metadata", json_object());
	for (size_t i = 0; i < l->n_labels; i++)
		json_object_set_new(json_object_get(server, "metadata"), l->labels[i].key,
				    json_string(l->labels[i].value));
	add_tag(server, TAG_OWNER, l->owner);
	add_tag(server, TAG_POOL, l->pool);
	add_tag(server, TAG_LAUNCH, l->launch_id);
	if (l->expires_ms) {
		snprintf(expires, sizeof(expires), "%lld",
			 (long long)(l->expires_ms / 1000));
		add_tag(server, TAG_EXPIRES, expires);
	}
}

static void add_user_data(json_t *server, const struct drv_launch *l)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 2 * USER_DATA_MAX);
	base64_encode(&b, l->user_data, l->user_data_len);
	json_object_set_new(server, "user_data", json_string(buf_str(&b)));
}

/* ---------------------------------------------------------------- network and disk */

struct networks {
	struct drv *d;
	int64_t deadline;
	json_t *list;
};

static int add_network(void *arg, const char *word, struct drv_err *err)
{
	struct networks *n = arg;
	CLEANUP(free) char *id = NULL;
	int rc = os_network_id(n->d, word, n->deadline, &id, err);

	if (rc == 0)
		json_array_append_new(n->list, json_pack("{s:s}", "uuid", id));
	return rc;
}

static int add_networks(struct drv *d, json_t *server, int64_t deadline,
			struct drv_err *err)
{
	struct networks n = { .d = d, .deadline = deadline };
	const char *option = d->opt.network;

	if (strcmp(option, "auto") == 0 || strcmp(option, "none") == 0) {
		json_object_set_new(server, "networks", json_string(option));
		return 0;
	}
	n.list = json_array();
	json_object_set_new(server, "networks", n.list);
	return rest_each_word(option, add_network, &n, err);
}

static int add_group(void *arg, const char *word, struct drv_err *err)
{
	(void)err;
	json_array_append_new(arg, json_pack("{s:s}", "name", word));
	return 0;
}

/* The volume is made from the image and goes with the server. */
static json_t *boot_volume(const struct drv *d, const char *image)
{
	json_t *volume = json_pack(
		"{s:i, s:s, s:s, s:s, s:I, s:b}", "boot_index", 0, "uuid", image,
		"source_type", "image", "destination_type", "volume", "volume_size",
		(json_int_t)d->opt.volume_gb, "delete_on_termination", 1);

	if (d->opt.volume_type)
		json_object_set_new(volume, "volume_type",
				    json_string(d->opt.volume_type));
	return json_pack("[o]", volume);
}

static int add_image(struct drv *d, json_t *server, const struct drv_launch *l,
		     int64_t deadline, struct drv_err *err)
{
	const char *image = l->image ? l->image : d->opt.image;
	CLEANUP(free) char *id = NULL;
	int rc;

	if (!image)
		return drv_fail(err, DRV_BADREQ,
				"no image is named: give the option 'image'");
	rc = os_image_id(d, image, deadline, &id, err);
	if (rc < 0)
		return rc;
	if (d->opt.volume_gb)
		json_object_set_new(server, "block_device_mapping_v2",
				    boot_volume(d, id));
	else
		json_object_set_new(server, "imageRef", json_string(id));
	return 0;
}

/* ---------------------------------------------------------------- the request */

static void add_text(json_t *server, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(server, name, json_string(value));
}

static int fill_server(struct drv *d, json_t *server, const struct drv_launch *l,
		       int64_t deadline, struct drv_err *err)
{
	const json_t *flavor = NULL;
	int rc = os_pick_flavor(d, l->types, deadline, &flavor, err);

	if (rc < 0)
		return rc;
	json_object_set_new(server, "name", json_string(l->name));
	json_object_set_new(server, "flavorRef", json_string(rest_text(flavor, "id")));
	add_text(server, "key_name", d->opt.key);
	add_text(server, "availability_zone", l->zone ? l->zone : d->opt.zone);
	if (d->opt.config_drive)
		json_object_set_new(server, "config_drive", json_true());
	add_tags(server, l);
	if (l->user_data_len > 0)
		add_user_data(server, l);
	if (d->opt.security_groups) {
		json_t *groups = json_array();

		json_object_set_new(server, "security_groups", groups);
		(void)rest_each_word(d->opt.security_groups, add_group, groups, err);
	}
	rc = add_networks(d, server, deadline, err);
	return rc < 0 ? rc : add_image(d, server, l, deadline, err);
}

static int check(const struct drv_launch *l, struct drv_err *err)
{
	if (l->spot)
		return drv_fail(err, DRV_NOTSUP, "OpenStack has no spot servers");
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

static void note_launched(struct drv_vm *ret, const struct drv_launch *l, const char *id)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	snprintf(ret->launch_id, sizeof(ret->launch_id), "%s", l->launch_id);
	snprintf(ret->owner, sizeof(ret->owner), "%s", l->owner);
	snprintf(ret->pool, sizeof(ret->pool), "%s", l->pool);
	snprintf(ret->name, sizeof(ret->name), "%s", l->name);
	ret->state = DRV_VM_PENDING;
}

static int post(struct drv *d, const json_t *body, const struct drv_launch *l,
		int64_t deadline, struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	int rc = os_nova(d, "POST", "/servers", body, deadline, &a, err);
	const char *id = rest_text(a.doc, "server.id");

	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	/* Perhaps the flavor is no more, or another has its name. */
	if (rc == DRV_BADREQ)
		os_flavors_done(&d->flavors);
	if (rc < 0)
		return rc;
	if (!drv_is_word(id))
		return drv_fail(err, DRV_AMBIGUOUS,
				"POST /servers: the answer names no server");
	note_launched(ret, l, id);
	return 0;
}

int os_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	json_t *server = json_object();
	CLEANUP(json_decref) json_t *body = json_pack("{s:o}", "server", server);
	int rc = check(l, err);

	if (rc == 0)
		rc = fill_server(d, server, l, deadline, err);
	if (rc < 0)
		return rc;
	if (d->opt.server_group)
		json_object_set_new(body, "os:scheduler_hints",
				    json_pack("{s:s}", "group", d->opt.server_group));
	return post(d, body, l, deadline, ret, err);
}
