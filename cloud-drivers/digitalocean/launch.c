/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one droplet with all that is asked of it, in one call.
 *
 * The API has no idempotency key and names are not unique: what an unanswered call did is
 * found by the tag of its launch id.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "droplet.h"

#include <stdio.h>
#include <string.h>

static void add_tag(json_t *tags, const char *prefix, const char *value)
{
	json_array_append_new(tags, json_sprintf("%s%s", prefix, value));
}

static json_t *tags_of(const struct drv_launch *l)
{
	json_t *tags = json_array();

	add_tag(tags, TAG_OWNER, l->owner);
	add_tag(tags, TAG_POOL, l->pool);
	add_tag(tags, TAG_LAUNCH, l->launch_id);
	if (l->expires_ms)
		json_array_append_new(tags,
				      json_sprintf(TAG_EXPIRES "%lld",
						   (long long)(l->expires_ms / 1000)));
	for (size_t i = 0; i < l->n_labels; i++)
		json_array_append_new(tags, json_sprintf("%s:%s", l->labels[i].key,
							 l->labels[i].value));
	return tags;
}

/* Ids are numbers, slugs and fingerprints texts. */
static json_t *id_or_text(const char *text)
{
	const size_t n = strlen(text);

	return n < 18 && strspn(text, "0123456789") == n
		       ? json_integer(strtoll(text, NULL, 10))
		       : json_string(text);
}

static int add_key(void *arg, const char *word, struct drv_err *err)
{
	(void)err;
	json_array_append_new(arg, id_or_text(word));
	return 0;
}

static int add_user_data(json_t *body, const struct drv_launch *l, struct drv_err *err)
{
	json_t *data = json_stringn(l->user_data, l->user_data_len);

	if (!data)
		return drv_fail(err, DRV_BADREQ,
				"the user data is no text in UTF-8, as it must be");
	json_object_set_new(body, "user_data", data);
	return 0;
}

static int fill(const struct do_options *o, json_t *body, const struct drv_launch *l,
		struct drv_err *err)
{
	const char *size = l->types && l->types[0] ? l->types[0] : o->type;
	const char *image = l->image ? l->image : o->image;
	const char *region = l->zone ? l->zone : o->region;
	json_t *keys = json_array();

	json_object_set_new(body, "ssh_keys", keys);
	if (!size || !image)
		return drv_fail(err, DRV_BADREQ,
				"the pool names no %s: give the option '%s'",
				size ? "image" : "size", size ? "image" : "type");
	json_object_set_new(body, "name", json_string(l->name));
	json_object_set_new(body, "size", json_string(size));
	json_object_set_new(body, "image", id_or_text(image));
	if (region)
		json_object_set_new(body, "region", json_string(region));
	if (o->vpc)
		json_object_set_new(body, "vpc_uuid", json_string(o->vpc));
	json_object_set_new(body, "ipv6", json_boolean(o->ipv6));
	json_object_set_new(body, "monitoring", json_boolean(o->monitoring));
	json_object_set_new(body, "tags", tags_of(l));
	(void)rest_each_word(o->ssh_keys, add_key, keys, err);
	return l->user_data_len ? add_user_data(body, l, err) : 0;
}

static int check(const struct drv_launch *l, struct drv_err *err)
{
	if (l->spot)
		return drv_fail(err, DRV_NOTSUP, "DigitalOcean has no spot droplets");
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

static int post(struct drv *d, const json_t *body, int64_t deadline, struct drv_vm *ret,
		struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	int rc = do_call(d, "POST", "/v2/droplets", body, deadline, &a, err);

	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	if (rc < 0)
		return rc;
	if (rest_int(a.doc, "droplet.id", 0) <= 0)
		return drv_fail(err, DRV_AMBIGUOUS,
				"POST /v2/droplets: the answer names no droplet");
	do_droplet_read(rest_at(a.doc, "droplet"), ret);
	return 0;
}

int do_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *body = json_object();
	int rc = check(l, err);

	if (rc == 0)
		rc = fill(&d->opt, body, l, err);
	return rc < 0 ? rc : post(d, body, deadline, ret, err);
}
