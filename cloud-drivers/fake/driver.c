/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake/driver.c - a scripted cloud with faults, for tests and experiments.
 *
 * Its VMs are records and run nothing. See script.h for its faults.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "script.h"
#include "text.h"

#include <fnmatch.h>
#include <math.h>
#include <poll.h>

#define USER_DATA_MAX 16384
#define LABELS_MAX 16

struct options {
	char *dir;
	bool idempotent;
	bool unique_name;
	int64_t visible_ms;
	int64_t boot_ms;
};

struct drv {
	const struct drv_host *host;
	struct options opt;
	struct drv_caps caps;
	char *token; /* of the profile; NULL: none */
};

#define AT(member) offsetof(struct options, member)
static const struct conf_option table[] = {
	{ "", "dir", CONF_STRING, AT(dir), NULL, 0, 0, NULL,
	  "Folder that is the cloud: script.json in, cloud.json out" },
	{ "", "idempotent", CONF_BOOL, AT(idempotent), "yes", 0, 0, NULL,
	  "Whether a launch id is idempotent" },
	{ "", "unique_name", CONF_BOOL, AT(unique_name), "no", 0, 0, NULL,
	  "Whether a second VM of a name is refused" },
	{ "", "visible", CONF_DURATION, AT(visible_ms), "0s", 0, 600e3, NULL,
	  "How long a new VM may be missing from lists, as the driver reports it" },
	{ "", "boot_delay", CONF_DURATION, AT(boot_ms), "0s", 0, 3600e3, NULL,
	  "Time to boot when the script sets none" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

static const struct drv_type types[] = {
	{ "small", 1, 1LL << 30, 0.01, 0.004, "EUR" },
	{ "medium", 2, 4LL << 30, 0.04, 0.016, "EUR" },
	{ "large", 8, 16LL << 30, 0.16, 0.064, "EUR" },
};

/* ---------------------------------------------------------------- open and close */

static void fake_close(struct drv *d)
{
	if (!d)
		return;
	conf_done(table, &d->opt);
	free(d->token);
	free(d);
}

static void set_caps(struct drv *d)
{
	d->caps = (struct drv_caps){
		.flags = DRV_CAP_LIST_BY_OWNER | DRV_CAP_SPOT | DRV_CAP_PRICES |
			 DRV_CAP_CONSOLE | DRV_CAP_CHECKS_OWNER |
			 (d->opt.idempotent ? DRV_CAP_IDEMPOTENT_KEY : 0) |
			 (d->opt.unique_name ? DRV_CAP_UNIQUE_NAME : 0),
		.user_data_max_bytes = USER_DATA_MAX,
		.labels_max = LABELS_MAX,
		.label_max_bytes = 60,
		.visible_ms = d->opt.visible_ms,
		.notice_ms = 120000,
		.calls_per_s = 10,
	};
}

static int fake_open(const struct drv_host *host, const char *config_json,
		     struct drv **ret, struct drv_err *err)
{
	static const char *const skip[] = { "credentials", "cpu", "memory", NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct drv *d = xcalloc(1, sizeof(*d));
	const char *token;
	struct err e;
	int rc;

	d->host = host;
	conf_defaults(table, &d->opt);
	rc = json_parse(config_json, strlen(config_json), "driver options", &doc, &e);
	if (rc == 0)
		rc = conf_load_json(table, &d->opt, doc, skip, &e);
	if (rc == 0 && !d->opt.dir)
		rc = err_set(&e, ERR_INVAL,
			     "the option 'dir' must name the cloud's folder");
	if (rc < 0) {
		fake_close(d);
		return drv_fail_err(err, rc, &e);
	}
	token = json_string_value(
		json_object_get(json_object_get(doc, "credentials"), "token"));
	d->token = token ? xstrdup(token) : NULL;
	set_caps(d);
	*ret = d;
	return 0;
}

static const struct drv_caps *fake_caps(struct drv *d)
{
	return &d->caps;
}

/* ---------------------------------------------------------------- one call */

/* What every call has: the locked cloud, the current script, the fault of the call.
 */
struct call {
	struct cloud cloud;
	struct script script;
	struct fault fault;
	int64_t now_ms;
};

static void call_end(struct call *c)
{
	cloud_close(&c->cloud);
	script_done(&c->script);
}

DEFINE_CLEANUP_OBJECT(struct call, call_end);

/* Really waits, so that deadlines and stop flags of callers are tested. */
static void wait_ms(int64_t ms)
{
	if (ms > 0)
		(void)poll(NULL, 0, (int)MIN(ms, 600000));
}

static int check_token(const struct drv *d, const struct script *s, struct drv_err *err)
{
	if (!s->token || (d->token && strcmp(s->token, d->token) == 0))
		return 0;
	(void)drv_fail(err, DRV_AUTH,
		       d->token ? "the token is not valid"
				: "the profile has no 'token'");
	err->http_status = 401;
	return DRV_AUTH;
}

static int call_begin(struct drv *d, const char *op, const char *pool,
		      int64_t deadline_mono_ms, struct call *ret, struct drv_err *err)
{
	struct err e;
	int64_t left = deadline_mono_ms - d->host->mono_ms(d->host->ctx);
	int rc = script_read(d->opt.dir, &ret->script, &e);

	if (rc == 0)
		rc = cloud_open(d->opt.dir, &ret->cloud, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	cloud_count_call(&ret->cloud, op);
	script_strike(&ret->script, op, pool, cloud_used(&ret->cloud), &ret->fault);
	ret->now_ms = d->host->wall_ms(d->host->ctx);
	rc = cloud_write(&ret->cloud, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (ret->fault.kind == FAULT_DELAY)
		wait_ms(MIN(ret->fault.delay_ms, left));
	if (!fault_acts(ret->fault.kind))
		return fault_fail(&ret->fault, err);
	return check_token(d, &ret->script, err);
}

/* The result for the caller after the cloud has acted. */
static int call_answer(struct drv *d, struct call *c, int64_t deadline_mono_ms,
		       struct drv_err *err)
{
	struct err e;
	int rc = cloud_write(&c->cloud, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (c->fault.kind == FAULT_TIMEOUT) {
		cloud_close(&c->cloud); /* others continue in the meantime */
		wait_ms(deadline_mono_ms - d->host->mono_ms(d->host->ctx));
	}
	return fault_fail(&c->fault, err);
}

/* ---------------------------------------------------------------- validate, types */

static int fake_validate(struct drv *d, int64_t deadline, drv_report_fn *report,
			 void *arg, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "validate", NULL, deadline, &c, err);

	if (rc == 0)
		rc = call_answer(d, &c, deadline, err);
	if (rc < 0)
		report(arg, true, err->msg);
	return rc;
}

static int fake_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		      struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "types", NULL, deadline, &c, err);

	if (rc == 0)
		rc = call_answer(d, &c, deadline, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(types); i++)
		each(arg, &types[i]);
	return rc;
}

/* ---------------------------------------------------------------- launch */

static const char *pick_type(const struct drv_launch *l)
{
	if (!l->types || !l->types[0])
		return types[0].name;
	for (const char *const *t = l->types; *t; t++)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (strcmp(types[i].name, *t) == 0)
				return types[i].name;
	return NULL;
}

static int check_labels(const struct drv_launch *l, struct drv_err *err)
{
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	for (size_t i = 0; i < l->n_labels; i++)
		if (!drv_is_word(l->labels[i].key) ||
		    (*l->labels[i].value && !drv_is_word(l->labels[i].value)))
			return drv_fail(err, DRV_BADREQ,
					"label %zu is not made of a-z, 0-9 and '-'",
					i + 1);
	return 0;
}

static int check_launch(const struct drv_launch *l, struct drv_err *err)
{
	if (!drv_is_word(l->launch_id) || !drv_is_word(l->owner) ||
	    !drv_is_word(l->pool) || !drv_is_word(l->name))
		return drv_fail(err, DRV_BADREQ,
				"launch id, owner, pool and name must be 1 to 60 of a-z, "
				"0-9 and '-'");
	if (l->user_data_len > USER_DATA_MAX)
		return drv_fail(err, DRV_BADREQ,
				"the user data has %zu bytes, more than %d",
				l->user_data_len, USER_DATA_MAX);
	if (!pick_type(l))
		return drv_fail(err, DRV_BADREQ, "there is no type '%s'", l->types[0]);
	return check_labels(l, err);
}

static int check_room(const struct call *c, struct drv_err *err)
{
	int64_t n = cloud_standing(&c->cloud);
	struct fault full = { .kind = FAULT_NONE, .retry_after_ms = -1 };

	if (c->script.quota >= 0 && n >= c->script.quota)
		full.kind = FAULT_QUOTA;
	else if (c->script.capacity >= 0 && n >= c->script.capacity)
		full.kind = FAULT_CAPACITY;
	return fault_fail(&full, err);
}

/* The VM of an earlier call with the same key, if this cloud has keys. */
static int find_earlier(const struct drv *d, const struct call *c,
			const struct drv_launch *l, json_t **ret, struct drv_err *err)
{
	json_t *named;

	*ret = NULL;
	if (d->opt.idempotent) {
		*ret = cloud_find(&c->cloud, "launch_id", l->launch_id);
		return 0;
	}
	named = d->opt.unique_name ? cloud_find(&c->cloud, "name", l->name) : NULL;
	if (!named || cloud_is_gone(named))
		return 0;
	if (strcmp(json_string_value(json_object_get(named, "launch_id")),
		   l->launch_id) != 0)
		return drv_fail(err, DRV_CONFLICT, "there is another VM named %s",
				l->name);
	*ret = named;
	return 0;
}

static int64_t boot_of(const struct drv *d, const struct call *c)
{
	if (c->fault.kind == FAULT_NEVER)
		return -1;
	if (c->fault.kind == FAULT_SLOW)
		return c->fault.boot_ms;
	return json_object_get(c->script.doc, "boot") ? c->script.boot_ms
						      : d->opt.boot_ms;
}

static int fake_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
		       struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	json_t *vm = NULL;
	int rc = check_launch(l, err);

	if (rc == 0)
		rc = call_begin(d, "launch", l->pool, deadline, &c, err);
	if (rc == 0)
		rc = find_earlier(d, &c, l, &vm, err);
	if (rc == 0 && !vm)
		rc = check_room(&c, err);
	if (rc < 0)
		return rc;
	if (!vm)
		vm = cloud_add(&c.cloud, l, pick_type(l), c.now_ms, boot_of(d, &c),
			       c.fault.kind == FAULT_FAIL);
	cloud_fill_vm(ret, vm, c.now_ms);
	return call_answer(d, &c, deadline, err);
}

/* ---------------------------------------------------------------- list */

static bool is_victim(const struct fault *f, const json_t *vm)
{
	const char *name = json_string_value(json_object_get(vm, "name"));

	if (cloud_is_gone(vm))
		return false;
	return *f->vm ? name && fnmatch(f->vm, name, 0) == 0
		      : json_is_true(json_object_get(vm, "spot"));
}

/* Reclaims VMs, as clouds do with spot VMs. With a glob, all that match. */
static void take_vms(struct call *c)
{
	int64_t left = c->fault.n;
	size_t i;
	json_t *vm;

	if (c->fault.kind != FAULT_KILL)
		return;
	json_array_foreach(cloud_vms(&c->cloud), i, vm)
	{
		if (!is_victim(&c->fault, vm) || (!*c->fault.vm && left-- <= 0))
			continue;
		cloud_remove(vm, c->now_ms);
	}
}

static bool is_listed(const struct call *c, const json_t *vm)
{
	int64_t gone_ms = cloud_time(vm, "gone_ms");

	if (c->fault.kind == FAULT_EMPTY)
		return false;
	if (gone_ms)
		return c->fault.kind == FAULT_GHOST ||
		       c->now_ms < gone_ms + c->script.linger_ms;
	return c->now_ms >= cloud_time(vm, "created_ms") + c->script.hide_ms;
}

static size_t count_listed(const struct call *c, const char *owner)
{
	size_t n = 0, i;
	json_t *vm;

	json_array_foreach(cloud_vms(&c->cloud), i, vm) n +=
		cloud_is_of(vm, owner) && is_listed(c, vm);
	return n;
}

static void hand_out(const struct call *c, const char *owner, drv_vm_fn *each, void *arg)
{
	size_t left = count_listed(c, owner), i;
	json_t *vm;

	if (c->fault.kind == FAULT_PARTIAL)
		left /= 2;
	else if (c->fault.kind == FAULT_OMIT)
		left -= MIN(left, (size_t)MAX(c->fault.n, 0));
	json_array_foreach(cloud_vms(&c->cloud), i, vm)
	{
		struct drv_vm out;

		if (!cloud_is_of(vm, owner) || !is_listed(c, vm) || left == 0)
			continue;
		left--;
		cloud_fill_vm(&out, vm, c->now_ms);
		if (c->fault.kind == FAULT_GHOST && out.state == DRV_VM_GONE)
			out.state = DRV_VM_RUNNING;
		each(arg, &out);
	}
}

static int fake_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
		     void *arg, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "list", NULL, deadline, &c, err);

	if (rc < 0)
		return rc;
	take_vms(&c);
	hand_out(&c, owner, each, arg);
	return call_answer(d, &c, deadline, err);
}

/* ---------------------------------------------------------------- the others */

static int fake_terminate(struct drv *d, const char *owner, const char *vm_id,
			  int64_t deadline, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	json_t *vm;
	int rc = call_begin(d, "terminate", NULL, deadline, &c, err);

	if (rc < 0)
		return rc;
	vm = cloud_find(&c.cloud, "id", vm_id);
	if (vm && !cloud_is_of(vm, owner))
		return drv_fail(err, DRV_CONFLICT, "VM %s belongs to another owner",
				vm_id);
	if (vm)
		cloud_remove(vm, c.now_ms);
	return call_answer(d, &c, deadline, err);
}

static int fake_console(struct drv *d, const char *vm_id, int64_t deadline,
			drv_text_fn *text, void *arg, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	CLEANUP(free) char *line = NULL;
	int rc = call_begin(d, "console", NULL, deadline, &c, err);

	if (rc < 0)
		return rc;
	if (!cloud_find(&c.cloud, "id", vm_id))
		return drv_fail(err, DRV_NOTFOUND, "there is no VM %s", vm_id);
	rc = call_answer(d, &c, deadline, err);
	if (rc < 0)
		return rc;
	line = xasprintf("%s: this VM is a record and runs nothing\n", vm_id);
	text(arg, line, strlen(line));
	return 0;
}

static int fake_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
		      struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "quota", NULL, deadline, &c, err);

	if (rc == 0)
		rc = call_answer(d, &c, deadline, err);
	if (rc < 0)
		return rc;
	ret->used = cloud_standing(&c.cloud);
	ret->limit = c.script.quota;
	return 0;
}

DRV_EXPORT(.name = "fake", .open = fake_open, .close = fake_close, .caps = fake_caps,
	   .validate = fake_validate, .types = fake_types, .launch = fake_launch,
	   .list = fake_list, .terminate = fake_terminate, .console = fake_console,
	   .quota = fake_quota);
