/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "messages.h"

#include "check.h"
#include "text.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 256
#define LIST_MAX 256

/* ---------------------------------------------------------------- words */

static const char *const classes[] = {
	[0] = "ok",
	[-DRV_AUTH] = "auth",
	[-DRV_BADREQ] = "badreq",
	[-DRV_QUOTA] = "quota",
	[-DRV_CAPACITY] = "capacity",
	[-DRV_THROTTLED] = "throttled",
	[-DRV_TRANSIENT] = "transient",
	[-DRV_NOTFOUND] = "notfound",
	[-DRV_CONFLICT] = "conflict",
	[-DRV_AMBIGUOUS] = "ambiguous",
	[-DRV_NOTSUP] = "notsup",
	[-DRV_BUG] = "bug",
};

static const char *const states[] = {
	[DRV_VM_UNKNOWN] = "unknown", [DRV_VM_PENDING] = "pending",
	[DRV_VM_RUNNING] = "running", [DRV_VM_STOPPING] = "stopping",
	[DRV_VM_GONE] = "gone",       [DRV_VM_FAILED] = "failed",
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{ "idempotent_key", DRV_CAP_IDEMPOTENT_KEY },
	{ "unique_name", DRV_CAP_UNIQUE_NAME },
	{ "list_by_owner", DRV_CAP_LIST_BY_OWNER },
	{ "spot", DRV_CAP_SPOT },
	{ "prices", DRV_CAP_PRICES },
	{ "console", DRV_CAP_CONSOLE },
	{ "self_expire", DRV_CAP_SELF_EXPIRE },
	{ "absolute_size", DRV_CAP_ABSOLUTE_SIZE },
	{ "checks_owner", DRV_CAP_CHECKS_OWNER },
	{ "standby", DRV_CAP_STANDBY },
};

const char *wire_class_name(int cls)
{
	return cls <= 0 && -cls < (int)ARRAY_SIZE(classes) ? classes[-cls] : "unknown";
}

static int index_of(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* Texts for people: what is not plain is replaced, what is too long is cut. */
static void read_text(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	snprintf(ret, size, "%s", text ? text : "");
	utf8_make_plain(ret, size - 1);
}

/* Names that must be kept as they are. */
static int read_name(const json_t *o, const char *key, char *ret, size_t size,
		     struct err *err)
{
	const char *text = "";
	int rc = jread_line_opt(o, key, size - 1, &text, err);

	if (rc == 0)
		snprintf(ret, size, "%s", text);
	return rc;
}

/* ---------------------------------------------------------------- failures */

json_t *wire_err(const struct drv_err *e)
{
	json_t *o = json_pack("{s:s, s:o}", "class", wire_class_name(e->cls), "message",
			      json_text(e->msg));

	if (e->http_status)
		json_object_set_new(o, "http_status", json_integer(e->http_status));
	if (e->retry_after_ms >= 0)
		json_object_set_new(o, "retry_after_ms", json_integer(e->retry_after_ms));
	if (*e->code)
		json_object_set_new(o, "code", json_text(e->code));
	if (*e->request_id)
		json_object_set_new(o, "request_id", json_text(e->request_id));
	return o;
}

void wire_read_err(const json_t *o, struct drv_err *ret)
{
	const char *cls = json_string_value(json_object_get(o, "class"));
	const json_t *after = json_object_get(o, "retry_after_ms");
	const int is = cls ? index_of(classes, ARRAY_SIZE(classes), cls) : -1;

	*ret = (struct drv_err){ .cls = is > 0 ? -is : DRV_BUG, .retry_after_ms = -1 };
	if (json_is_integer(after) && json_integer_value(after) >= 0)
		ret->retry_after_ms = json_integer_value(after);
	ret->http_status =
		(int)(json_integer_value(json_object_get(o, "http_status")) % 1000);
	read_text(o, "message", ret->msg, sizeof(ret->msg));
	read_text(o, "code", ret->code, sizeof(ret->code));
	read_text(o, "request_id", ret->request_id, sizeof(ret->request_id));
	if (!*ret->msg)
		snprintf(ret->msg, sizeof(ret->msg), "an error of class %s without words",
			 wire_class_name(ret->cls));
}

/* ---------------------------------------------------------------- capabilities */

json_t *wire_caps(const struct drv_caps *c)
{
	json_t *names = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (c->flags & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I}", "flags",
			 names, "user_data_max_bytes", (json_int_t)c->user_data_max_bytes,
			 "labels_max", (json_int_t)c->labels_max, "label_max_bytes",
			 (json_int_t)c->label_max_bytes, "visible_ms",
			 (json_int_t)c->visible_ms, "notice_ms", (json_int_t)c->notice_ms,
			 "calls_per_s", json_finite(c->calls_per_s), "in_flight",
			 (json_int_t)c->in_flight, "billing_ms",
			 (json_int_t)c->billing_ms, "billing_min_ms",
			 (json_int_t)c->billing_min_ms);
}

/* A flag that is not known is passed over, as members are. */
static int read_flags(const json_t *o, uint32_t *ret, struct err *err)
{
	const json_t *list = json_object_get(o, "flags");
	const json_t *name;
	size_t i;

	if (list && !json_is_array(list))
		return err_set(err, ERR_INVAL, "'flags' must be a list of names");
	json_array_foreach(list, i, name) for (size_t j = 0; j < ARRAY_SIZE(flags);
					       j++) if (json_is_string(name) &&
							strcmp(json_string_value(name),
							       flags[j].name) ==
								0) *ret |= flags[j].flag;
	return 0;
}

#define BILLING_MAX_MS (31 * INT64_C(86400000)) /* a month */

static int read_size(const json_t *o, const char *key, int64_t max, size_t *ret,
		     struct err *err)
{
	int64_t value = (int64_t)*ret;
	int rc = jread_int_opt(o, key, &value, err);

	if (rc == 0 && (value < 0 || value > max))
		rc = err_set(err, ERR_INVAL, "'%s' must be from 0 to %lld", key,
			     (long long)max);
	if (rc == 0)
		*ret = (size_t)value;
	return rc;
}

int wire_read_caps(const json_t *o, struct drv_caps *ret, struct err *err)
{
	struct drv_caps c = { .user_data_max_bytes = 16384, .label_max_bytes = 60 };
	size_t visible_ms = 0, notice_ms = 0, in_flight = 1, billing_ms = 0;
	size_t billing_min_ms = 0;
	int rc;

	if (!json_is_object(o))
		return err_set(err, ERR_INVAL, "'caps' must be an object");
	if ((rc = read_flags(o, &c.flags, err)) < 0 ||
	    (rc = read_size(o, "user_data_max_bytes", 1 << 19, &c.user_data_max_bytes,
			    err)) < 0 ||
	    (rc = read_size(o, "labels_max", LIST_MAX, &c.labels_max, err)) < 0 ||
	    (rc = read_size(o, "label_max_bytes", 1024, &c.label_max_bytes, err)) < 0 ||
	    (rc = read_size(o, "visible_ms", 86400000, &visible_ms, err)) < 0 ||
	    (rc = read_size(o, "notice_ms", 86400000, &notice_ms, err)) < 0 ||
	    (rc = jread_num_opt(o, "calls_per_s", &c.calls_per_s, err)) < 0 ||
	    (rc = read_size(o, "in_flight", INT32_MAX, &in_flight, err)) < 0 ||
	    (rc = read_size(o, "billing_ms", BILLING_MAX_MS, &billing_ms, err)) < 0 ||
	    (rc = read_size(o, "billing_min_ms", BILLING_MAX_MS, &billing_min_ms, err)) <
		    0)
		return rc;
	c.visible_ms = (int64_t)visible_ms;
	c.notice_ms = (int64_t)notice_ms;
	c.billing_ms = (int64_t)billing_ms;
	c.billing_min_ms = (int64_t)billing_min_ms;
	c.in_flight = (unsigned)MIN(MAX(in_flight, 1), DRV_IN_FLIGHT_MAX);
	*ret = c;
	return 0;
}

/* ---------------------------------------------------------------- types and quota */

json_t *wire_type(const struct drv_type *t)
{
	return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o}", "name", json_text(t->name),
			 "cpu", json_finite(t->cpu), "memory_bytes",
			 (json_int_t)t->memory_bytes, "price_hour",
			 json_finite(t->price_hour), "spot_price_hour",
			 json_finite(t->spot_price_hour), "currency",
			 json_text(t->currency ? t->currency : ""));
}

int wire_read_type(const json_t *o, struct drv_type *ret, struct err *err)
{
	struct drv_type t = { .price_hour = NAN, .spot_price_hour = NAN, .currency = "" };
	int rc;

	if ((rc = jread_line(o, "name", NAME_MAX_BYTES, &t.name, err)) < 0 ||
	    (rc = jread_num(o, "cpu", &t.cpu, err)) < 0 ||
	    (rc = jread_int(o, "memory_bytes", &t.memory_bytes, err)) < 0 ||
	    (rc = jread_num_opt(o, "price_hour", &t.price_hour, err)) < 0 ||
	    (rc = jread_num_opt(o, "spot_price_hour", &t.spot_price_hour, err)) < 0 ||
	    (rc = jread_line_opt(o, "currency", 8, &t.currency, err)) < 0)
		return rc;
	*ret = t;
	return 0;
}

json_t *wire_quota(const struct drv_quota *q)
{
	return json_pack("{s:I, s:I}", "used", (json_int_t)q->used, "limit",
			 (json_int_t)q->limit);
}

int wire_read_quota(const json_t *o, struct drv_quota *ret, struct err *err)
{
	struct drv_quota q = { .limit = -1 };
	int rc = jread_int(o, "used", &q.used, err);

	if (rc == 0)
		rc = jread_int_opt(o, "limit", &q.limit, err);
	if (rc == 0)
		*ret = q;
	return rc;
}

/* ---------------------------------------------------------------- VMs */

static void set_name(json_t *o, const char *key, const char *value)
{
	if (*value)
		json_object_set_new(o, key, json_text(value));
}

json_t *wire_vm(const struct drv_vm *vm)
{
	const bool is_state = (size_t)vm->state < ARRAY_SIZE(states);
	json_t *o = json_pack("{s:s}", "state", states[is_state ? vm->state : 0]);

	set_name(o, "id", vm->id);
	set_name(o, "launch_id", vm->launch_id);
	set_name(o, "owner", vm->owner);
	set_name(o, "pool", vm->pool);
	set_name(o, "name", vm->name);
	set_name(o, "type", vm->type);
	set_name(o, "zone", vm->zone);
	set_name(o, "address", vm->address);
	set_name(o, "public_address", vm->public_address);
	set_name(o, "message", vm->message);
	if (vm->spot)
		json_object_set_new(o, "spot", json_true());
	if (vm->created_ms)
		json_object_set_new(o, "created_ms", json_integer(vm->created_ms));
	return o;
}

static int read_state(const json_t *o, enum drv_vm_state *ret, struct err *err)
{
	const char *name = NULL;
	int rc = jread_str(o, "state", &name, err);
	int is;

	if (rc < 0)
		return rc;
	is = index_of(states, ARRAY_SIZE(states), name);
	if (is < 0)
		return err_set(err, ERR_INVAL,
			       "'state' must be one of unknown, pending, "
			       "running, stopping, gone, failed");
	*ret = (enum drv_vm_state)is;
	return 0;
}

int wire_read_vm(const json_t *o, struct drv_vm *ret, struct err *err)
{
	struct drv_vm vm = { .state = DRV_VM_UNKNOWN };
	const struct {
		const char *key;
		char *to;
		size_t size;
	} names[] = {
		{ "id", vm.id, sizeof(vm.id) },
		{ "launch_id", vm.launch_id, sizeof(vm.launch_id) },
		{ "owner", vm.owner, sizeof(vm.owner) },
		{ "pool", vm.pool, sizeof(vm.pool) },
		{ "name", vm.name, sizeof(vm.name) },
		{ "type", vm.type, sizeof(vm.type) },
		{ "zone", vm.zone, sizeof(vm.zone) },
		{ "address", vm.address, sizeof(vm.address) },
		{ "public_address", vm.public_address, sizeof(vm.public_address) },
	};
	int rc;

	if (!json_is_object(o))
		return err_set(err, ERR_INVAL, "'vm' must be an object");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((rc = read_name(o, names[i].key, names[i].to, names[i].size, err)) <
		    0)
			return rc;
	if ((rc = read_state(o, &vm.state, err)) < 0 ||
	    (rc = jread_bool_opt(o, "spot", &vm.spot, err)) < 0 ||
	    (rc = jread_int_opt(o, "created_ms", &vm.created_ms, err)) < 0)
		return rc;
	if (!*vm.id)
		return err_set(err, ERR_INVAL, "a VM lacks 'id'");
	read_text(o, "message", vm.message, sizeof(vm.message));
	*ret = vm;
	return 0;
}
