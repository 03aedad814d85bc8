/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_call.c - one call of a driver after the other, for tests that hold it to a real
 * cloud or to what serves as one.
 *
 *	driver_call DRIVER OPTIONS
 *
 * OPTIONS is the JSON that open() gets. Each line of the standard input is an object with
 * "op" and the call's arguments; each is answered by one line: {"class": "OK", ...}.
 */
#include "check.h"
#include "clock.h"
#include "clouds.h"
#include "net.h"
#include "text.h"
#include "wire.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define CALL_MS 120000

struct call {
	struct driver *d;
	const json_t *args;
	json_t *answer;
	struct drv_err err;
};

static const char *text_of(const struct call *c, const char *name)
{
	return json_string_value(json_object_get(c->args, name));
}

static int64_t deadline(void)
{
	return clock_mono_ms() + CALL_MS;
}

static json_t *vm_json(const struct drv_vm *vm)
{
	static const char *const states[] = { "UNKNOWN",  "PENDING", "RUNNING",
					      "STOPPING", "GONE",    "FAILED" };

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "id",
			 vm->id, "launch_id", vm->launch_id, "owner", vm->owner, "pool",
			 vm->pool, "name", vm->name, "type", vm->type, "zone", vm->zone,
			 "address", vm->address, "state", states[vm->state], "message",
			 vm->message, "created_ms", (json_int_t)vm->created_ms);
}

static void on_finding(void *arg, bool is_fatal, const char *sentence)
{
	json_array_append_new(arg, json_pack("[b, s]", is_fatal, sentence));
}

static void on_type(void *arg, const struct drv_type *t)
{
	json_t *type = json_pack("{s:s, s:f, s:I}", "name", t->name, "cpu", t->cpu,
				 "memory_bytes", (json_int_t)t->memory_bytes);

	if (!isnan(t->price_hour)) {
		json_object_set_new(type, "price_hour", json_real(t->price_hour));
		json_object_set_new(type, "currency", json_string(t->currency));
	}
	json_array_append_new(arg, type);
}

static void on_vm(void *arg, const struct drv_vm *vm)
{
	json_array_append_new(arg, vm_json(vm));
}

static void on_text(void *arg, const char *text, size_t len)
{
	json_object_set_new(arg, "text", json_stringn(text, len));
}

static json_t *list_in(struct call *c, const char *name)
{
	json_t *list = json_array();

	json_object_set_new(c->answer, name, list);
	return list;
}

static int do_launch(struct call *c)
{
	const char *type = text_of(c, "type"), *data = text_of(c, "user_data");
	const char *types[] = { type, NULL };
	const struct drv_launch l = {
		.launch_id = text_of(c, "launch_id"),
		.owner = text_of(c, "owner"),
		.pool = text_of(c, "pool"),
		.name = text_of(c, "name"),
		.types = types,
		.image = text_of(c, "image"),
		.user_data = data,
		.user_data_len = data ? strlen(data) : 0,
		.spot = json_is_true(json_object_get(c->args, "spot")),
		.expires_ms = json_integer_value(json_object_get(c->args, "expires_ms")),
	};
	struct drv_vm vm;
	int rc = c->d->ops->launch(c->d->drv, &l, deadline(), &vm, &c->err);

	if (rc == 0)
		json_object_set_new(c->answer, "vm", vm_json(&vm));
	return rc;
}

static int do_quota(struct call *c)
{
	struct drv_quota q;
	int rc = c->d->ops->quota(c->d->drv, deadline(), &q, &c->err);

	if (rc == 0) {
		json_object_set_new(c->answer, "used", json_integer(q.used));
		json_object_set_new(c->answer, "limit", json_integer(q.limit));
	}
	return rc;
}

static int run(struct call *c)
{
	const struct drv_ops *ops = c->d->ops;
	struct drv *d = c->d->drv;
	const char *op = text_of(c, "op");

	CHECK(op);
	if (strcmp(op, "validate") == 0)
		return ops->validate(d, deadline(), on_finding, list_in(c, "findings"),
				     &c->err);
	if (strcmp(op, "types") == 0)
		return ops->types(d, deadline(), on_type, list_in(c, "types"), &c->err);
	if (strcmp(op, "list") == 0)
		return ops->list(d, text_of(c, "owner"), deadline(), on_vm,
				 list_in(c, "vms"), &c->err);
	if (strcmp(op, "terminate") == 0)
		return ops->terminate(d, text_of(c, "owner"), text_of(c, "id"),
				      deadline(), &c->err);
	if (strcmp(op, "console") == 0)
		return ops->console(d, text_of(c, "id"), deadline(), on_text, c->answer,
				    &c->err);
	if (strcmp(op, "quota") == 0)
		return do_quota(c);
	CHECK(strcmp(op, "launch") == 0);
	return do_launch(c);
}

/* As driver.h has it, without DRV_. */
static json_t *class_name(int cls)
{
	char name[32];
	size_t i = 0;

	for (const char *p = wire_class_name(cls); *p && i + 1 < sizeof(name); p++)
		name[i++] = (char)toupper((unsigned char)*p);
	return json_stringn(name, i);
}

static void answer(struct driver *d, const char *line)
{
	CLEANUP(json_decref) json_t *args = NULL;
	CLEANUP(json_decref) json_t *out = json_object();
	struct call c = { .d = d, .answer = out };
	struct err e;
	int cls;

	if (json_parse(line, strlen(line), "a line", &args, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(2);
	}
	c.args = args;
	cls = run(&c);
	json_object_set_new(out, "class", class_name(cls));
	if (cls < 0) {
		json_object_set_new(out, "message", json_string(c.err.msg));
		json_object_set_new(out, "code", json_string(c.err.code));
		json_object_set_new(out, "status", json_integer(c.err.http_status));
		json_object_set_new(out, "request_id", json_string(c.err.request_id));
	}
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	CLEANUP(driver_close) struct driver *d = NULL;
	CLEANUP(free) char *line = NULL;
	const char *build = getenv("B");
	CLEANUP(free) char *dir = xasprintf("%s/drivers", build ? build : "build");
	size_t size = 0;
	struct err e;

	if (argc != 3) {
		fprintf(stderr, "usage: driver_call DRIVER OPTIONS\n");
		return 2;
	}
	if (driver_open(NULL, dir, argv[1], argv[2], &d, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	while (getline(&line, &size, stdin) > 0)
		answer(d, line);
	return 0;
}
