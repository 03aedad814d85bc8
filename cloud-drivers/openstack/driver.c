/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * openstack/driver.c - servers of Nova, in one project of one OpenStack.
 *
 * Asked for are Keystone v3 and Nova with microversion 2.52; Glance and Neutron only for
 * images and networks that options give by name.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

#include <math.h>

/*
 * A new server is in Nova's lists before the launch is answered; but a launch whose
 * answer was lost may still be on its way through proxies and their time limits.
 */
#define VISIBLE_MS 60000

static const struct drv_caps caps = {
	.flags = DRV_CAP_LIST_BY_OWNER | DRV_CAP_CONSOLE | DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 8,
};

static void os_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	os_flavors_done(&d->flavors);
	os_options_done(&d->opt, &d->cred);
	free(d->compute);
	free(d->offered);
	free(d->image);
	free(d->network);
	free(d->project_id);
	free(d->who);
	free(d);
}

static int os_open(const struct drv_host *host, const char *config_json, struct drv **ret,
		   struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = os_options_read(config_json, &d->opt, &d->cred, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->secrets[0] = d->cred.app_secret ? d->cred.app_secret : d->cred.password;
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "X-Auth-Token: ",
		.request_id_header = "X-OpenStack-Request-ID",
		.secrets = d->secrets,
		.login = os_log_in,
		.explain = os_explain,
		.arg = d,
	};
	*ret = d;
	return 0;
}

static const struct drv_caps *os_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

static int os_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		    struct drv_err *err)
{
	const json_t *list = NULL, *flavor;
	int rc = os_flavors(d, deadline, &list, err);
	size_t i;

	json_array_foreach(list, i, flavor)
	{
		const struct drv_type type = {
			.name = rest_text(flavor, "name"),
			.cpu = (double)rest_int(flavor, "vcpus", 0),
			.memory_bytes = rest_int(flavor, "ram", 0) << 20,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		each(arg, &type);
	}
	return rc;
}

/* What is of the project; where it is logged in is the configuration's alone. */
static const char *const pool_options[] = { "type",
					    "image",
					    "network",
					    "key",
					    "security_groups",
					    "server_group",
					    "zone",
					    "volume_gb",
					    "volume_type",
					    "config_drive",
					    NULL };

DRV_EXPORT(.name = "openstack", .open = os_open, .close = os_close, .caps = os_caps,
	   .validate = os_validate, .types = os_types, .launch = os_launch,
	   .list = os_list, .terminate = os_terminate, .console = os_console,
	   .quota = os_quota, .pool_options = pool_options, .zone_option = "zone");
