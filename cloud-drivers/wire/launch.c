/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - a launch as JSON and back.
 */
#include "messages.h"

#include "check.h"
#include "text.h"

#include <string.h>

#define LIST_MAX 256

static json_t *encoded(const void *data, size_t n)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 2 * n + 16);
	base64_encode(&b, data, n);
	return json_string(buf_str(&b));
}

json_t *wire_launch(const struct drv_launch *l)
{
	json_t *types = json_array(), *labels = json_array();

	for (const char *const *t = l->types; t && *t; t++)
		json_array_append_new(types, json_text(*t));
	for (size_t i = 0; i < l->n_labels; i++)
		json_array_append_new(labels,
				      json_pack("{s:o, s:o}", "key",
						json_text(l->labels[i].key), "value",
						json_text(l->labels[i].value)));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I}",
			 "launch_id", json_text(l->launch_id), "owner",
			 json_text(l->owner), "pool", json_text(l->pool), "name",
			 json_text(l->name), "types", types, "zone", json_text(l->zone),
			 "image", json_text(l->image), "spot", l->spot, "spot_price_max",
			 json_finite(l->spot_price_max), "user_data",
			 encoded(l->user_data ? l->user_data : "", l->user_data_len),
			 "labels", labels, "expires_ms", (json_int_t)l->expires_ms);
}

static int read_types(const json_t *o, struct wire_launch *l, struct err *err)
{
	const json_t *list = json_object_get(o, "types");
	const json_t *type;
	size_t i;

	if (list && (!json_is_array(list) || json_array_size(list) > LIST_MAX))
		return err_set(err, ERR_INVAL, "'types' must be a list of at most %d",
			       LIST_MAX);
	l->types = xcalloc(json_array_size(list) + 1, sizeof(*l->types));
	json_array_foreach(list, i, type)
	{
		if (!json_is_string(type))
			return err_set(err, ERR_INVAL, "'types' must hold names");
		l->types[i] = json_string_value(type);
	}
	l->launch.types = l->types;
	return 0;
}

static int read_labels(const json_t *o, struct wire_launch *l, struct err *err)
{
	const json_t *list = json_object_get(o, "labels");
	const json_t *label;
	size_t i;
	int rc = 0;

	if (list && (!json_is_array(list) || json_array_size(list) > LIST_MAX))
		return err_set(err, ERR_INVAL, "'labels' must be a list of at most %d",
			       LIST_MAX);
	l->labels = xcalloc(json_array_size(list) + 1, sizeof(*l->labels));
	json_array_foreach(
		list, i,
		label) if (rc == 0 &&
			   (rc = jread_str(label, "key", &l->labels[i].key, err)) == 0)
		rc = jread_str(label, "value", &l->labels[i].value, err);
	l->launch.labels = l->labels;
	l->launch.n_labels = json_array_size(list);
	return rc;
}

static int read_user_data(const json_t *o, struct wire_launch *l, struct err *err)
{
	const char *text = "";
	int rc = jread_str_opt(o, "user_data", &text, err);

	if (rc == 0)
		rc = base64_decode(text, strlen(text), &l->user_data,
				   &l->launch.user_data_len, err);
	l->launch.user_data = l->user_data;
	return rc < 0 ? err_wrap(err, rc, "'user_data'") : 0;
}

int wire_read_launch(const json_t *o, struct wire_launch *ret, struct err *err)
{
	CLEANUP(wire_launch_done) struct wire_launch l = { .types = NULL };
	struct drv_launch *to = &l.launch;
	int rc;

	if (!json_is_object(o))
		return err_set(err, ERR_INVAL, "'launch' must be an object");
	if ((rc = jread_str(o, "launch_id", &to->launch_id, err)) < 0 ||
	    (rc = jread_str(o, "owner", &to->owner, err)) < 0 ||
	    (rc = jread_str(o, "pool", &to->pool, err)) < 0 ||
	    (rc = jread_str(o, "name", &to->name, err)) < 0 ||
	    (rc = jread_str_opt(o, "zone", &to->zone, err)) < 0 ||
	    (rc = jread_str_opt(o, "image", &to->image, err)) < 0 ||
	    (rc = jread_bool_opt(o, "spot", &to->spot, err)) < 0 ||
	    (rc = jread_num_opt(o, "spot_price_max", &to->spot_price_max, err)) < 0 ||
	    (rc = jread_int_opt(o, "expires_ms", &to->expires_ms, err)) < 0 ||
	    (rc = read_types(o, &l, err)) < 0 || (rc = read_labels(o, &l, err)) < 0 ||
	    (rc = read_user_data(o, &l, err)) < 0)
		return rc;
	*ret = l;
	l = (struct wire_launch){ .types = NULL };
	return 0;
}

/* The user data holds a join token. */
void wire_launch_done(struct wire_launch *l)
{
	if (l->user_data)
		explicit_bzero(l->user_data, l->launch.user_data_len);
	free(l->user_data);
	free(l->types);
	free(l->labels);
}
