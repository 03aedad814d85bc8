/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls.h"

#include "driver_util.h"
#include "exchange.h"
#include "start.h"
#include "text.h"
#include "wire.h"

#include <string.h>

static const struct drv_caps *call_caps(struct drv *d)
{
	return &d->caps;
}

/* ---------------------------------------------------------------- parts of answers */

struct findings {
	drv_report_fn *report;
	void *arg;
};

static int take_finding(void *arg, const json_t *message, struct err *err)
{
	const struct findings *f = arg;
	const json_t *finding = json_object_get(message, "finding");
	const char *sentence;
	bool fatal = false;
	int rc = jread_str(finding, "message", &sentence, err);

	if (rc == 0)
		rc = jread_bool_opt(finding, "fatal", &fatal, err);
	if (rc == 0)
		f->report(f->arg, fatal, sentence);
	return rc;
}

struct types {
	drv_type_fn *each;
	void *arg;
};

static int take_type(void *arg, const json_t *message, struct err *err)
{
	const struct types *t = arg;
	struct drv_type type;
	int rc = wire_read_type(json_object_get(message, "type"), &type, err);

	if (rc == 0)
		t->each(t->arg, &type);
	return rc;
}

struct vms {
	drv_vm_fn *each;
	void *arg;
};

static int take_vm(void *arg, const json_t *message, struct err *err)
{
	const struct vms *v = arg;
	struct drv_vm vm;
	int rc = wire_read_vm(json_object_get(message, "vm"), &vm, err);

	if (rc == 0)
		v->each(v->arg, &vm);
	return rc;
}

/* The call has taken place, but what it answered cannot be understood. */
static int misanswered(struct drv *d, const struct exchange *x, const struct err *e,
		       struct drv_err *err)
{
	pthread_mutex_lock(&d->lock);
	life_end(d, true, "its answer to '%s' is wrong: %.160s", x->call, e->msg);
	pthread_mutex_unlock(&d->lock);
	return drv_fail(err, x->changes ? DRV_AMBIGUOUS : DRV_BUG,
			"its answer to '%s' is wrong: %s", x->call, e->msg);
}

/* ---------------------------------------------------------------- the calls */

static int call_validate(struct drv *d, int64_t deadline, drv_report_fn *report,
			 void *arg, struct drv_err *err)
{
	struct findings f = { .report = report, .arg = arg };
	const struct exchange x = { .call = "validate",
				    .deadline_mono_ms = deadline,
				    .part = take_finding,
				    .arg = &f };

	return exchange(d, &x, json_object(), NULL, err);
}

static int call_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		      struct drv_err *err)
{
	struct types t = { .each = each, .arg = arg };
	const struct exchange x = { .call = "types",
				    .deadline_mono_ms = deadline,
				    .part = take_type,
				    .arg = &t };

	return exchange(d, &x, json_object(), NULL, err);
}

static int call_launch(struct drv *d, const struct drv_launch *launch, int64_t deadline,
		       struct drv_vm *ret, struct drv_err *err)
{
	const struct exchange x = { .call = "launch",
				    .changes = true,
				    .deadline_mono_ms = deadline };
	CLEANUP(json_decref) json_t *answer = NULL;
	struct err e;
	int rc = exchange(d, &x, json_pack("{s:o}", "launch", wire_launch(launch)),
			  &answer, err);

	if (rc == 0 && wire_read_vm(json_object_get(answer, "vm"), ret, &e) < 0)
		rc = misanswered(d, &x, &e, err);
	return rc;
}

static int call_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
		     void *arg, struct drv_err *err)
{
	struct vms v = { .each = each, .arg = arg };
	const struct exchange x = {
		.call = "list", .deadline_mono_ms = deadline, .part = take_vm, .arg = &v
	};

	return exchange(d, &x, json_pack("{s:o}", "owner", json_text(owner)), NULL, err);
}

static int call_terminate(struct drv *d, const char *owner, const char *vm_id,
			  int64_t deadline, struct drv_err *err)
{
	const struct exchange x = { .call = "terminate",
				    .changes = true,
				    .deadline_mono_ms = deadline };

	return exchange(d, &x,
			json_pack("{s:o, s:o}", "owner", json_text(owner), "vm_id",
				  json_text(vm_id)),
			NULL, err);
}

static int call_console(struct drv *d, const char *vm_id, int64_t deadline,
			drv_text_fn *text, void *arg, struct drv_err *err)
{
	const struct exchange x = { .call = "console", .deadline_mono_ms = deadline };
	CLEANUP(json_decref) json_t *answer = NULL;
	const char *is;
	struct err e;
	int rc = exchange(d, &x, json_pack("{s:o}", "vm_id", json_text(vm_id)), &answer,
			  err);

	if (rc == 0 && jread_str(answer, "text", &is, &e) < 0)
		rc = misanswered(d, &x, &e, err);
	if (rc == 0)
		text(arg, is, strlen(is));
	return rc;
}

static int call_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
		      struct drv_err *err)
{
	const struct exchange x = { .call = "quota", .deadline_mono_ms = deadline };
	CLEANUP(json_decref) json_t *answer = NULL;
	struct err e;
	int rc = exchange(d, &x, json_object(), &answer, err);

	if (rc == 0 && wire_read_quota(json_object_get(answer, "quota"), ret, &e) < 0)
		rc = misanswered(d, &x, &e, err);
	return rc;
}

static int call_resize(struct drv *d, int64_t desired, int64_t deadline,
		       struct drv_err *err)
{
	const struct exchange x = { .call = "resize",
				    .changes = true,
				    .deadline_mono_ms = deadline };

	return exchange(d, &x, json_pack("{s:I}", "desired", (json_int_t)desired), NULL,
			err);
}

/* ---------------------------------------------------------------- the table */

static bool has(const json_t *hello, const char *call)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(hello, "calls"), i,
			   name) if (json_is_string(name) &&
				     strcmp(json_string_value(name), call) ==
					     0) return true;
	return false;
}

void calls_table(const json_t *hello, const char *const *pool_options,
		 struct drv_ops *ret)
{
	*ret = (struct drv_ops){
		.abi_major = DRV_ABI_MAJOR,
		.abi_minor = DRV_ABI_MINOR,
		.name = json_string_value(json_object_get(hello, "name")),
		.caps = call_caps,
		.validate = call_validate,
		.types = has(hello, "types") ? call_types : NULL,
		.launch = call_launch,
		.list = call_list,
		.terminate = call_terminate,
		.console = has(hello, "console") ? call_console : NULL,
		.quota = has(hello, "quota") ? call_quota : NULL,
		.resize = has(hello, "resize") ? call_resize : NULL,
		.pool_options = pool_options,
		.zone_option = start_zone_option(hello),
		.interruption = json_string_value(json_object_get(hello, "interruption")),
	};
}
