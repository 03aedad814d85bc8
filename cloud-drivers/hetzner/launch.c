/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one server with all that is asked of it, in one call.
 *
 * A name is unique in the project: a launch that is done again, as its answer was lost,
 * is refused, and the server of that name is the one if it has the launch's label.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "net.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- the request */

static void add_label(json_t *labels, const char *name, const char *value)
{
	char text[LABEL_TEXT], key[LABEL_TEXT];

	json_object_set_new(labels, hz_label_text(key, name),
			    json_string(hz_label_text(text, value)));
}

static json_t *labels_of(const struct drv_launch *l)
{
	json_t *labels = json_object();
	char expires[32];

	for (size_t i = 0; i < l->n_labels; i++)
		add_label(labels, l->labels[i].key, l->labels[i].value);
	add_label(labels, LABEL_OWNER, l->owner);
	add_label(labels, LABEL_POOL, l->pool);
	add_label(labels, LABEL_LAUNCH, l->launch_id);
	if (l->expires_ms) {
		snprintf(expires, sizeof(expires), "%lld",
			 (long long)(l->expires_ms / 1000));
		add_label(labels, LABEL_EXPIRES, expires);
	}
	return labels;
}

struct filling {
	struct drv *d;
	int64_t deadline;
	const char *kind;
	json_t *list;
};

static int add_word(void *arg, const char *word, struct drv_err *err)
{
	struct filling *f = arg;

	(void)err;
	json_array_append_new(f->list, json_string(word));
	return 0;
}

static int add_network(void *arg, const char *word, struct drv_err *err)
{
	struct filling *f = arg;
	int64_t id = 0;
	int rc = hz_id(f->d, "networks", word, f->deadline, &id, err);

	if (rc == 0)
		json_array_append_new(f->list, json_integer(id));
	return rc;
}

static int add_firewall(void *arg, const char *word, struct drv_err *err)
{
	struct filling *f = arg;
	int64_t id = 0;
	int rc = hz_id(f->d, "firewalls", word, f->deadline, &id, err);

	if (rc == 0)
		json_array_append_new(f->list,
				      json_pack("{s:I}", "firewall", (json_int_t)id));
	return rc;
}

/* The words of an option as a member, when it is given. */
static int add_list(struct drv *d, json_t *body, const char *member, const char *option,
		    rest_word_fn *add, int64_t deadline, struct drv_err *err)
{
	struct filling f = { .d = d, .deadline = deadline };

	if (!option)
		return 0;
	f.list = json_array();
	json_object_set_new(body, member, f.list);
	return rest_each_word(option, add, &f, err);
}

static int add_options(struct drv *d, json_t *body, int64_t deadline, struct drv_err *err)
{
	const struct hz_options *o = &d->opt;
	int64_t group = 0;
	int rc = add_list(d, body, "ssh_keys", o->ssh_keys, add_word, deadline, err);

	if (rc == 0)
		rc = add_list(d, body, "networks", o->networks, add_network, deadline,
			      err);
	if (rc == 0)
		rc = add_list(d, body, "firewalls", o->firewalls, add_firewall, deadline,
			      err);
	if (rc == 0 && o->placement_group)
		rc = hz_id(d, "placement_groups", o->placement_group, deadline, &group,
			   err);
	if (group)
		json_object_set_new(body, "placement_group", json_integer(group));
	return rc;
}

static int fill(struct drv *d, json_t *body, const struct drv_launch *l, int64_t deadline,
		struct drv_err *err)
{
	const char *type = l->types && l->types[0] ? l->types[0] : d->opt.type;
	const char *image = l->image ? l->image : d->opt.image;
	const char *location = l->zone ? l->zone : d->opt.location;
	json_t *data;

	if (!type || !image)
		return drv_fail(err, DRV_BADREQ,
				"the pool names no %s: give the option '%s'",
				type ? "image" : "server type", type ? "image" : "type");
	json_object_set_new(body, "name", json_string(l->name));
	json_object_set_new(body, "server_type", json_string(type));
	json_object_set_new(body, "image", json_string(image));
	if (location)
		json_object_set_new(body, "location", json_string(location));
	json_object_set_new(body, "labels", labels_of(l));
	json_object_set_new(body, "public_net",
			    json_pack("{s:b, s:b}", "enable_ipv4", d->opt.ipv4,
				      "enable_ipv6", d->opt.ipv6));
	data = l->user_data_len ? json_stringn(l->user_data, l->user_data_len) : NULL;
	if (l->user_data_len && !data)
		return drv_fail(err, DRV_BADREQ,
				"the user data is no text in UTF-8, as it must be");
	json_object_set_new(body, "user_data", data);
	return add_options(d, body, deadline, err);
}

static int check(const struct drv_launch *l, struct drv_err *err)
{
	if (l->spot)
		return drv_fail(err, DRV_NOTSUP, "Hetzner has no spot servers");
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

/* ---------------------------------------------------------------- the call */

/* What bears the name is of this launch, or in its way. */
static int take_named(struct drv *d, const struct drv_launch *l, int64_t deadline,
		      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/servers?name=%s", l->name);
	const struct drv_host *h = d->rest.host;
	const json_t *found;
	struct drv_vm vm;
	int rc = hz_call(d, "GET", path, NULL, deadline, &a, err);

	/* Whether it was launched before is not known then. */
	if (rc < 0)
		return err->cls = DRV_AMBIGUOUS;
	found = json_array_get(rest_at(a.doc, "servers"), 0);
	if (!found)
		return drv_fail(err, DRV_AMBIGUOUS,
				"the name '%s' is used, but no server has it", l->name);
	hz_server_read(found, h->wall_ms(h->ctx), &vm);
	if (strcmp(vm.launch_id, l->launch_id) != 0 || strcmp(vm.owner, l->owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"the name '%s' is used by server %s, which is not of "
				"this launch",
				l->name, vm.id);
	*ret = vm;
	return 0;
}

static int post(struct drv *d, const json_t *body, const struct drv_launch *l,
		int64_t deadline, struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct drv_host *h = d->rest.host;
	int rc = hz_call(d, "POST", "/servers", body, deadline, &a, err);

	if (rc == DRV_CONFLICT && strcmp(err->code, "uniqueness_error") == 0)
		return take_named(d, l, deadline, ret, err);
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	/* Perhaps what has an id that was kept is no more. */
	if (rc == DRV_BADREQ)
		d->ids_until_mono_ms = 0;
	if (rc < 0)
		return rc;
	if (rest_int(a.doc, "server.id", 0) <= 0)
		return drv_fail(err, DRV_AMBIGUOUS,
				"POST /servers: the answer names no server");
	hz_server_read(rest_at(a.doc, "server"), h->wall_ms(h->ctx), ret);
	return 0;
}

int hz_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(json_decref) json_t *body = json_object();
	int rc = check(l, err);

	if (rc == 0)
		rc = fill(d, body, l, deadline, err);
	return rc < 0 ? rc : post(d, body, l, deadline, ret, err);
}
