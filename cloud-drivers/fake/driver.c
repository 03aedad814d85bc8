/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake/driver.c - a scripted cloud with faults, for tests and experiments.
 *
 * Its VMs are records and run nothing. See script.h for its faults.
 */
#include "driver.h"
#include "driver_util.h"

#include "call.h"
#include "check.h"
#include "operations.h"
#include "text.h"

#define AT(member) offsetof(struct options, member)
static const struct conf_option table[] = {
	{ "", "dir", CONF_STRING, AT(dir), NULL, 0, 0, NULL,
	  "Folder that is the cloud: script.json in, cloud.json out" },
	{ "", "idempotent", CONF_BOOL, AT(idempotent), "yes", 0, 0, NULL,
	  "Whether a launch id is idempotent" },
	{ "", "unique_name", CONF_BOOL, AT(unique_name), "no", 0, 0, NULL,
	  "Whether a second VM of a name is rejected" },
	{ "", "visible", CONF_DURATION, AT(visible_ms), "0s", 0, 600e3, NULL,
	  "How long a new VM may be missing from lists, as the driver reports it" },
	{ "", "boot_delay", CONF_DURATION, AT(boot_ms), "0s", 0, 3600e3, NULL,
	  "Time to boot when the script sets none" },
	{ "", "calls_per_s", CONF_NUMBER, AT(calls_per_s), "0", 0, 1e6, NULL,
	  "Calls in a second that its cloud allows; 0: any number" },
	{ "", "billing", CONF_DURATION, AT(billing_ms), "0s", 0, 86400e3, NULL,
	  "Units that a VM is paid for in; 0: by the moment" },
	{ "", "billing_min", CONF_DURATION, AT(billing_min_ms), "0s", 0, 86400e3, NULL,
	  "That is paid for a VM at least" },
	{ "", "zone", CONF_STRING, AT(zone), "fake-1", 0, 0, "fake-1|a|b|c",
	  "Where VMs are of launches that name no zone" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
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
		.calls_per_s = d->opt.calls_per_s,
		.billing_ms = d->opt.billing_ms,
		.billing_min_ms = d->opt.billing_min_ms,
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

/* ---------------------------------------------------------------- operations */

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
		cloud_remove(&c.cloud, vm, c.now_ms);
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

static const char *const pool_options[] = { "idempotent",  "unique_name", "visible",
					    "boot_delay",  "calls_per_s", "billing",
					    "billing_min", "zone",        NULL };

DRV_EXPORT(.name = "fake", .open = fake_open, .close = fake_close, .caps = fake_caps,
	   .validate = fake_validate, .types = fake_types, .launch = fake_launch,
	   .list = fake_list, .terminate = fake_terminate, .console = fake_console,
	   .quota = fake_quota, .pool_options = pool_options, .zone_option = "zone");
