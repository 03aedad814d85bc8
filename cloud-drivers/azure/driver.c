/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * azure/driver.c - VMs of Azure, in one resource group.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

/* A launch whose answer was lost may be on its way for so long. */
#define VISIBLE_MS 60000
#define NOTICE_MS 30000
#define BILLING_MS 1000
/* Writes of one principal in one subscription: 200 at once, and 10 a second. */
#define CALLS_PER_S 10

static const struct drv_caps caps = {
	.flags = DRV_CAP_UNIQUE_NAME | DRV_CAP_SPOT | DRV_CAP_CONSOLE |
		 DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = TAGS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 16,
	.notice_ms = NOTICE_MS,
	.calls_per_s = CALLS_PER_S,
	.billing_ms = BILLING_MS,
};

static void azure_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	azure_options_done(&d->opt, &d->cred);
	free(d->made_key);
	free(d);
}

static int azure_open(const struct drv_host *host, const char *config_json,
		      struct drv **ret, struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = azure_options_read(config_json, &d->opt, &d->cred, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "Authorization: Bearer ",
		.request_id_header = "x-ms-request-id",
		.secrets = d->secrets,
		.login = azure_log_in,
		.explain = azure_explain,
		.arg = d,
	};
	d->secrets[0] = d->cred.secret;
	*ret = d;
	return 0;
}

static const struct drv_caps *azure_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

/* What is of the subscription; where the API is and who calls it is the configuration's
 * alone, and so is whose rights programs on the VM have. */
static const char *const pool_options[] = {
	"type",    "location",  "zone",    "image",          "plan",
	"subnet",  "user",      "ssh_key", "security_group", "public_address",
	"disk_gb", "disk_type", NULL
};

DRV_EXPORT(.name = "azure", .open = azure_open, .close = azure_close, .caps = azure_caps,
	   .validate = azure_validate, .types = azure_types, .launch = azure_launch,
	   .list = azure_list, .terminate = azure_terminate, .console = azure_console,
	   .quota = azure_quota, .pool_options = pool_options, .zone_option = "zone",
	   .interruption = "azure");
