/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls.h"

#include "check.h"
#include "clock.h"
#include "driver_util.h"
#include "text.h"
#include "wire.h"

#include <string.h>

struct run {
	const struct drv_ops *ops;
	struct drv *d;
	const json_t *request;
	struct out *out;
	int64_t deadline;
	json_t *answer; /* result members are added to it */
};

static json_t *answer_to(const json_t *request)
{
	json_t *o = json_object();

	json_object_set(o, "id", json_object_get(request, "id"));
	return o;
}

/* A part of the answer, before its end. */
static void report(struct run *r, const char *key, json_t *value)
{
	json_t *o = answer_to(r->request);

	json_object_set_new(o, key, value);
	out_json(r->out, o);
}

static int missing(struct drv_err *err, const struct err *e)
{
	return drv_fail(err, DRV_BADREQ, "%s", e->msg);
}

/* ---------------------------------------------------------------- what is reported */

static void on_finding(void *arg, bool fatal, const char *sentence)
{
	report(arg, "finding",
	       json_pack("{s:b, s:o}", "fatal", fatal, "message", json_text(sentence)));
}

static void on_type(void *arg, const struct drv_type *type)
{
	report(arg, "type", wire_type(type));
}

static void on_vm(void *arg, const struct drv_vm *vm)
{
	report(arg, "vm", wire_vm(vm));
}

/* A console may hold any byte. */
static void on_text(void *arg, const char *text, size_t len)
{
	struct run *r = arg;
	CLEANUP(free) char *copy = xmalloc(len + 1);

	for (size_t i = 0; i < len; i++)
		copy[i] = (char)(text[i] ? text[i] : '?');
	copy[len] = '\0';
	json_object_set_new(r->answer, "text", json_text(copy));
}

/* ---------------------------------------------------------------- the calls */

static int run_validate(struct run *r, struct drv_err *err)
{
	return r->ops->validate(r->d, r->deadline, on_finding, r, err);
}

static int run_types(struct run *r, struct drv_err *err)
{
	return r->ops->types(r->d, r->deadline, on_type, r, err);
}

static int run_launch(struct run *r, struct drv_err *err)
{
	CLEANUP(wire_launch_done) struct wire_launch l = { .types = NULL };
	struct drv_vm vm;
	struct err e;
	int rc = wire_read_launch(json_object_get(r->request, "launch"), &l, &e);

	if (rc < 0)
		return missing(err, &e);
	rc = r->ops->launch(r->d, &l.launch, r->deadline, &vm, err);
	if (rc == 0)
		json_object_set_new(r->answer, "vm", wire_vm(&vm));
	return rc;
}

static int run_list(struct run *r, struct drv_err *err)
{
	const char *owner;
	struct err e;

	if (jread_str(r->request, "owner", &owner, &e) < 0)
		return missing(err, &e);
	return r->ops->list(r->d, owner, r->deadline, on_vm, r, err);
}

static int run_terminate(struct run *r, struct drv_err *err)
{
	const char *owner, *vm_id;
	struct err e;

	if (jread_str(r->request, "owner", &owner, &e) < 0 ||
	    jread_str(r->request, "vm_id", &vm_id, &e) < 0)
		return missing(err, &e);
	return r->ops->terminate(r->d, owner, vm_id, r->deadline, err);
}

static int run_console(struct run *r, struct drv_err *err)
{
	const char *vm_id;
	struct err e;

	if (jread_str(r->request, "vm_id", &vm_id, &e) < 0)
		return missing(err, &e);
	return r->ops->console(r->d, vm_id, r->deadline, on_text, r, err);
}

static int run_quota(struct run *r, struct drv_err *err)
{
	struct drv_quota q;
	int rc = r->ops->quota(r->d, r->deadline, &q, err);

	if (rc == 0)
		json_object_set_new(r->answer, "quota", wire_quota(&q));
	return rc;
}

static int run_resize(struct run *r, struct drv_err *err)
{
	int64_t desired;
	struct err e;

	if (jread_int(r->request, "desired", &desired, &e) < 0)
		return missing(err, &e);
	return r->ops->resize(r->d, desired, r->deadline, err);
}

static int dispatch(struct run *r, struct drv_err *err)
{
	const struct drv_ops *ops = r->ops;
	const struct {
		const char *name;
		int (*run)(struct run *r, struct drv_err *err);
		bool is_there;
	} calls[] = {
		{ "validate", run_validate, true },
		{ "types", run_types, ops->types },
		{ "launch", run_launch, true },
		{ "list", run_list, true },
		{ "terminate", run_terminate, true },
		{ "console", run_console, ops->console },
		{ "quota", run_quota, ops->quota },
		{ "resize", run_resize, ops->resize },
	};
	const char *name = json_string_value(json_object_get(r->request, "call"));

	for (size_t i = 0; name && i < ARRAY_SIZE(calls); i++)
		if (strcmp(name, calls[i].name) == 0 && calls[i].is_there)
			return calls[i].run(r, err);
	return drv_fail(err, DRV_NOTSUP, "driver '%s' has no call '%s'", ops->name,
			name ? name : "");
}

json_t *call_failed(const json_t *request, const struct drv_err *e)
{
	json_t *o = answer_to(request);

	json_object_set_new(o, "error", wire_err(e));
	return o;
}

json_t *call_run(const struct drv_ops *ops, struct drv *d, const json_t *request,
		 struct out *out)
{
	struct run r = { .ops = ops, .d = d, .request = request, .out = out };
	struct drv_err e = { .retry_after_ms = -1 };
	int rc;

	r.deadline = clock_mono_ms() +
		     json_integer_value(json_object_get(request, "deadline_ms"));
	r.answer = answer_to(request);
	rc = dispatch(&r, &e);
	if (rc == 0) {
		json_object_set_new(r.answer, "ok", json_true());
		return r.answer;
	}
	json_decref(r.answer);
	e.cls = rc;
	return call_failed(request, &e);
}
