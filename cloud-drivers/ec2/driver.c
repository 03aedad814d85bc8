/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ec2/driver.c - instances of EC2, in one region of one account.
 *
 * EC2 tells no quota that counts: what it limits are virtual cores of families of types,
 * and only a launch above that is refused.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

#define VISIBLE_MS 60000 /* its lists follow its actions, usually within seconds */
#define NOTICE_MS 120000
/* Linux; some commercial systems are paid for by the hour. */
#define BILLING_MS 1000
#define BILLING_MIN_MS 60000

static const struct drv_caps caps = {
	.flags = DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_LIST_BY_OWNER | DRV_CAP_SPOT |
		 DRV_CAP_CONSOLE | DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 8,
	.notice_ms = NOTICE_MS,
	.billing_ms = BILLING_MS,
	.billing_min_ms = BILLING_MIN_MS,
};

static void ec2_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	rest_wipe(d->userpwd);
	ec2_options_done(&d->opt, &d->cred);
	free(d->sigv4);
	free(d->sts_sigv4);
	free(d->root_device);
	free(d);
}

static int ec2_open(const struct drv_host *host, const char *config_json,
		    struct drv **ret, struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	const struct ec2_credentials *c = &d->cred;
	int rc = ec2_options_read(config_json, &d->opt, &d->cred, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->secrets[0] = c->secret;
	d->secrets[1] = c->session_token;
	d->userpwd = xasprintf("%s:%s", c->key_id, c->secret);
	d->sigv4 = xasprintf("aws:amz:%s:ec2", c->region);
	d->sts_sigv4 = xasprintf("aws:amz:%s:sts", c->region);
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "X-Amz-Security-Token: ",
		.request_id_header = "x-amzn-RequestId",
		.secrets = d->secrets,
		.explain = ec2_explain,
		.arg = d,
		.parse = ec2_parse,
		.userpwd = d->userpwd,
	};
	if (c->session_token)
		rest_token_set(&d->rest.token, c->session_token, 0, 0);
	*ret = d;
	return 0;
}

static const struct drv_caps *ec2_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

/*
 * What is of the region; where calls and keys go is the configuration's alone, and so is
 * what a host may do in the account: the profile, and a template that may name one.
 */
static const char *const pool_options[] = {
	"type", "image",     "subnet",    "security_groups", "key",
	"zone", "public_ip", "volume_gb", "volume_type",     NULL
};

DRV_EXPORT(.name = "ec2", .open = ec2_open, .close = ec2_close, .caps = ec2_caps,
	   .validate = ec2_validate, .types = ec2_types, .launch = ec2_launch,
	   .list = ec2_list, .terminate = ec2_terminate, .console = ec2_console,
	   .pool_options = pool_options, .zone_option = "zone", .interruption = "ec2");
