/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * static/driver.c - machines that exist already, given to launches and taken back.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "operations.h"

static const struct drv_caps caps = {
	.flags = DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_LIST_BY_OWNER | DRV_CAP_CHECKS_OWNER |
		 DRV_CAP_STANDBY,
	.user_data_max_bytes = 65536,
	.labels_max = 32, /* that nobody sees */
	.label_max_bytes = 60,
	.in_flight = 8, /* commands that switch on take their time */
};

static void st_close(struct drv *d)
{
	if (!d)
		return;
	st_options_done(&d->opt);
	free(d);
}

static int st_open_driver(const struct drv_host *host, const char *config_json,
			  struct drv **ret, struct drv_err *err)
{
	struct st_options opt;
	int rc = st_options_read(config_json, &opt, err);

	if (rc < 0)
		return rc;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->host = host;
	(*ret)->opt = opt;
	return 0;
}

static const struct drv_caps *st_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

/* The rest is of this machine. */
static const char *const pool_options[] = { "type", "cpu", "memory", NULL };

DRV_EXPORT(.name = "static", .open = st_open_driver, .close = st_close, .caps = st_caps,
	   .validate = st_validate, .types = st_types, .launch = st_launch,
	   .list = st_list, .terminate = st_terminate, .quota = st_quota,
	   .pool_options = pool_options);
