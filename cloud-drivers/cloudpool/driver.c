/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloudpool/driver.c - machines of an Elastisys cloudpool, single or of a multipool.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "fnv.h"
#include "operations.h"

#include <inttypes.h>

static const struct drv_caps caps = {
	.flags = DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_LIST_BY_OWNER | DRV_CAP_CHECKS_OWNER |
		 DRV_CAP_STANDBY,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = 60000, /* a pool may serve its list from a cache */
};

static void cp_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	rest_wipe(d->token);
	free(d->base);
	cp_options_done(&d->opt);
	free(d);
}

static void set_token(struct drv *d)
{
	CLEANUP(rest_wipe)
	char *pair = xasprintf("%s:%s", d->opt.username, d->opt.password);
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, SIZE_MAX);
	base64_encode(&b, pair, strlen(pair));
	d->token = buf_take(&b);
	d->hidden[0] = d->opt.password;
	rest_token_set(&d->rest.token, d->token, 0, 0);
}

static int cp_open(const struct drv_host *host, const char *config_json, struct drv **ret,
		   struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = cp_options_read(config_json, &d->opt, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->base = d->opt.cloudpool ? xasprintf("%s/cloudpools/%s", d->opt.endpoint,
					       d->opt.cloudpool)
				   : xstrdup(d->opt.endpoint);
	snprintf(d->book, sizeof(d->book), "%016" PRIx64,
		 fnv(FNV_START, d->base, strlen(d->base)));
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.cert_file = d->opt.certificate,
		.key_file = d->opt.key,
		.token_header = "Authorization: Basic ",
		.secrets = d->hidden,
		.explain = cp_explain,
	};
	if (d->opt.username)
		set_token(d);
	*ret = d;
	return 0;
}

static const struct drv_caps *cp_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

static const char *const pool_options[] = { "cloudpool", NULL };

DRV_EXPORT(.name = "cloudpool", .open = cp_open, .close = cp_close, .caps = cp_caps,
	   .validate = cp_validate, .launch = cp_launch, .list = cp_list,
	   .terminate = cp_terminate, .pool_options = pool_options);
