/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - one instance with all that is asked of it, as RunInstances takes it.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- tags */

static bool is_own_tag(const char *key)
{
	return strcmp(key, TAG_OWNER) == 0 || strcmp(key, TAG_POOL) == 0 ||
	       strcmp(key, TAG_LAUNCH) == 0 || strcmp(key, TAG_EXPIRES) == 0;
}

/* EC2 takes a tag without a value when Value is not sent. */
static void add_tag(struct buf *form, int spec, int *n, const char *key,
		    const char *value)
{
	++*n;
	ec2_add(form, key, "TagSpecification.%d.Tag.%d.Key", spec, *n);
	ec2_add(form, value, "TagSpecification.%d.Tag.%d.Value", spec, *n);
}

/* In the same call, so that nothing is ever without them. */
static void add_tags(struct buf *form, const struct drv_launch *l)
{
	static const char *const resources[] = { "instance", "volume" };
	char expires[32] = "";

	if (l->expires_ms)
		snprintf(expires, sizeof(expires), "%lld",
			 (long long)(l->expires_ms / 1000));
	for (int spec = 1; spec <= (int)ARRAY_SIZE(resources); spec++) {
		int n = 0;

		ec2_add(form, resources[spec - 1], "TagSpecification.%d.ResourceType",
			spec);
		add_tag(form, spec, &n, "Name", l->name);
		add_tag(form, spec, &n, TAG_OWNER, l->owner);
		add_tag(form, spec, &n, TAG_POOL, l->pool);
		add_tag(form, spec, &n, TAG_LAUNCH, l->launch_id);
		if (*expires)
			add_tag(form, spec, &n, TAG_EXPIRES, expires);
		for (size_t i = 0; i < l->n_labels; i++)
			if (!is_own_tag(l->labels[i].key))
				add_tag(form, spec, &n, l->labels[i].key,
					l->labels[i].value);
	}
}

/* ---------------------------------------------------------------- what it is */

static void add_user_data(struct buf *form, const struct drv_launch *l)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 2 * USER_DATA_MAX);
	base64_encode(&b, l->user_data, l->user_data_len);
	ec2_add(form, buf_str(&b), "UserData");
}

static void add_network(const struct ec2_options *o, struct buf *form)
{
	if (strcmp(o->public_ip, "auto") == 0) {
		ec2_add(form, o->subnet, "SubnetId");
		ec2_add_each(form, o->security_groups, "SecurityGroupId");
		return;
	}
	/* The address is asked for of an interface, which then has the rest too. */
	ec2_add(form, "0", "NetworkInterface.1.DeviceIndex");
	ec2_add(form, o->subnet, "NetworkInterface.1.SubnetId");
	ec2_add_each(form, o->security_groups, "NetworkInterface.1.SecurityGroupId");
	ec2_add(form, strcmp(o->public_ip, "yes") == 0 ? "true" : "false",
		"NetworkInterface.1.AssociatePublicIpAddress");
	ec2_add(form, "true", "NetworkInterface.1.DeleteOnTermination");
}

static void add_spot(struct buf *form, const struct drv_launch *l)
{
	char price[32];

	if (!l->spot)
		return;
	ec2_add(form, "spot", "InstanceMarketOptions.MarketType");
	ec2_add(form, "one-time", "InstanceMarketOptions.SpotOptions.SpotInstanceType");
	ec2_add(form, "terminate",
		"InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior");
	if (l->spot_price_max > 0) {
		snprintf(price, sizeof(price), "%.6f", l->spot_price_max);
		ec2_add(form, price, "InstanceMarketOptions.SpotOptions.MaxPrice");
	}
}

static void add_profile(const char *profile, struct buf *form)
{
	if (profile && strncmp(profile, "arn:", 4) == 0)
		ec2_add(form, profile, "IamInstanceProfile.Arn");
	else
		ec2_add(form, profile, "IamInstanceProfile.Name");
}

static void add_template(const struct ec2_options *o, struct buf *form)
{
	const char *template = o->launch_template;

	if (template && strncmp(template, "lt-", 3) == 0)
		ec2_add(form, template, "LaunchTemplate.LaunchTemplateId");
	else
		ec2_add(form, template, "LaunchTemplate.LaunchTemplateName");
	ec2_add(form, o->launch_template_version, "LaunchTemplate.Version");
}

/* ---------------------------------------------------------------- its root volume */

/* What the image calls it: a mapping of another name would be a second volume. */
static int find_root_device(struct drv *d, int64_t deadline, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf form;
	struct ec2_call c = { .action = "DescribeImages",
			      .only_reads = true,
			      .deadline = deadline };
	const json_t *doc = NULL;
	const char *name;
	int rc;

	ec2_form(&form, c.action);
	ec2_add(&form, d->opt.image, "ImageId.1");
	c.form = buf_str(&form);
	rc = ec2_call(d, &c, &a, &doc, err);
	if (rc < 0)
		return rc;
	name = rest_text(json_array_get(rest_at(doc, "imagesSet"), 0), "rootDeviceName");
	if (!*name)
		return drv_fail(err, DRV_BADREQ,
				"the image %s has no root volume, whose size the option "
				"volume_gb gives",
				d->opt.image);
	d->root_device = xstrdup(name);
	return 0;
}

static int add_volume(struct drv *d, const struct drv_launch *l, int64_t deadline,
		      struct buf *form, struct drv_err *err)
{
	int rc = 0;

	if (!d->opt.volume_gb)
		return 0;
	if (l->image && strcmp(l->image, d->opt.image) != 0)
		return drv_fail(err, DRV_BADREQ,
				"volume_gb is of the root volume of %s, and the launch "
				"names the image %s",
				d->opt.image, l->image);
	if (!d->root_device)
		rc = find_root_device(d, deadline, err);
	if (rc < 0)
		return rc;
	ec2_add(form, d->root_device, "BlockDeviceMapping.1.DeviceName");
	ec2_add_int(form, d->opt.volume_gb, "BlockDeviceMapping.1.Ebs.VolumeSize");
	ec2_add(form, d->opt.volume_type, "BlockDeviceMapping.1.Ebs.VolumeType");
	ec2_add(form, "true", "BlockDeviceMapping.1.Ebs.DeleteOnTermination");
	return 0;
}

/* ---------------------------------------------------------------- all of it */

static int check(const struct ec2_options *o, const struct drv_launch *l,
		 struct drv_err *err)
{
	const bool has_type = o->type || (l->types && l->types[0]);

	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	if (!o->launch_template && !(o->image || l->image))
		return drv_fail(err, DRV_BADREQ,
				"no image is named: give the option 'image', or "
				"'launch_template'");
	if (!o->launch_template && !has_type)
		return drv_fail(err, DRV_BADREQ,
				"the pool names no type: give one, as t3.small");
	return drv_check_launch(l, USER_DATA_MAX, err);
}

int ec2_run_form(struct drv *d, const struct drv_launch *l, int64_t deadline,
		 struct buf *form, struct drv_err *err)
{
	const struct ec2_options *o = &d->opt;
	int rc;

	ec2_form(form, "RunInstances");
	rc = check(o, l, err);
	if (rc < 0)
		return rc;
	ec2_add_int(form, 1, "MinCount");
	ec2_add_int(form, 1, "MaxCount");
	ec2_add(form, l->launch_id, "ClientToken");
	add_template(o, form);
	ec2_add(form, l->image ? l->image : o->image, "ImageId");
	ec2_add(form, l->types && l->types[0] ? l->types[0] : o->type, "InstanceType");
	ec2_add(form, l->zone ? l->zone : o->zone, "Placement.AvailabilityZone");
	ec2_add(form, o->key, "KeyName");
	add_profile(o->instance_profile, form);
	add_network(o, form);
	add_spot(form, l);
	/* A host that never joins powers itself off, and that ends it. */
	ec2_add(form, "terminate", "InstanceInitiatedShutdownBehavior");
	/* The user data hold a secret: no request that was merely forwarded reads them.
	 */
	ec2_add(form, "enabled", "MetadataOptions.HttpEndpoint");
	ec2_add(form, "required", "MetadataOptions.HttpTokens");
	if (l->user_data_len > 0)
		add_user_data(form, l);
	add_tags(form, l);
	rc = add_volume(d, l, deadline, form, err);
	if (rc == 0 && buf_is_full(form))
		rc = drv_fail(err, DRV_BADREQ, "the launch has more than %d bytes",
			      EC2_FORM_MAX);
	return rc;
}
