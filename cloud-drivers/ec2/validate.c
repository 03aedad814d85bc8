/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one: who am I, type,
 * image and what else the options name, may I list, and EC2's own dry run of the launch.
 * All findings are reported; those that are not fatal are what the operator may want to
 * know.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

#include <stdio.h>
#include <string.h>

#define OWNER_OF_CHECKS "foretide-check"

struct findings {
	struct drv *d;
	int64_t deadline;
	struct rest_findings all;
};

/* ---------------------------------------------------------------- who am I */

/* False: nothing else can be done with these keys. */
static bool check_identity(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct ec2_call c = {
		.action = "GetCallerIdentity",
		.form = "Action=GetCallerIdentity&Version=2011-06-15",
		.only_reads = true,
		.is_sts = true,
		.deadline = f->deadline,
	};
	const json_t *doc = NULL;
	struct drv_err e;
	int rc = ec2_call(f->d, &c, &a, &doc, &e);

	if (rc == 0)
		rest_note(&f->all, "%s of account %s, at %s",
			  rest_text(doc, "GetCallerIdentityResult.Arn"),
			  rest_text(doc, "GetCallerIdentityResult.Account"),
			  f->d->cred.endpoint);
	else if (rc == DRV_AUTH)
		rest_fatal(&f->all, &e);
	else
		/* Clouds that speak EC2's language may have no STS. */
		rest_note(&f->all, "whose keys these are cannot be told: %s", e.msg);
	return rc != DRV_AUTH;
}

/* ---------------------------------------------------------------- what options name */

/*
 * Looks up what the form names. Copies the first element of the answer's set, the
 * caller's; NULL when it cannot be told. Rights to look are not needed for a launch.
 */
static json_t *look_up(struct findings *f, const char *action, struct buf *form,
		       const char *set, const char *option)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct ec2_call c = { .action = action,
				    .form = buf_str(form),
				    .only_reads = true,
				    .deadline = f->deadline };
	const json_t *doc = NULL, *first;
	struct drv_err e;
	int rc = ec2_call(f->d, &c, &a, &doc, &e);

	if (rc == DRV_AUTH || rc == DRV_NOTSUP) {
		rest_note(&f->all,
			  "the option %s cannot be looked at, which is not needed: %s",
			  option, e.msg);
		return NULL;
	}
	first = json_array_get(rest_at(doc, set), 0);
	if (rc == 0 && !first)
		rc = drv_fail(&e, DRV_BADREQ, "what the option %s names is not there",
			      option);
	if (rc < 0) {
		rest_fatal(&f->all, &e);
		return NULL;
	}
	return json_incref((json_t *)(uintptr_t)first);
}

/* The same for a list of ids or names. */
static json_t *look_up_option(struct findings *f, const char *action, const char *param,
			      const char *value, const char *set, const char *option)
{
	CLEANUP(buf_done) struct buf form = { .data = NULL };

	if (!value)
		return NULL;
	ec2_form(&form, action);
	ec2_add_each(&form, value, param);
	return look_up(f, action, &form, set, option);
}

static bool has_text(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (strcmp(json_string_value(item) ?: "",
						     text) == 0) return true;
	return false;
}

static void compare_image(struct findings *f, const json_t *image, const json_t *type)
{
	const json_t *taken = rest_at(type, "processorInfo.supportedArchitectures");
	const char *state = rest_text(image, "imageState");
	const char *architecture = rest_text(image, "architecture");
	struct drv_err e;

	if (strcmp(state, "available") != 0) {
		(void)drv_fail(&e, DRV_BADREQ, "the image %s cannot be used: it is %s",
			       f->d->opt.image, state);
		rest_fatal(&f->all, &e);
	}
	if (json_is_array(taken) && !has_text(taken, architecture)) {
		(void)drv_fail(&e, DRV_BADREQ,
			       "the image %s is for %s, which the type %s is not",
			       f->d->opt.image, architecture, f->d->opt.type);
		rest_fatal(&f->all, &e);
	}
}

static void check_type_and_image(struct findings *f)
{
	const struct ec2_options *o = &f->d->opt;
	CLEANUP(json_decref)
	json_t *type = look_up_option(f, "DescribeInstanceTypes", "InstanceType", o->type,
				      "instanceTypeSet", "type");
	CLEANUP(json_decref) json_t *image = NULL;

	if (type)
		rest_note(&f->all,
			  "a host of type %s has %lld cores and %lld MB of memory",
			  o->type, (long long)rest_int(type, "vCpuInfo.defaultVCpus", 0),
			  (long long)rest_int(type, "memoryInfo.sizeInMiB", 0));
	/* What is resolved when launched is looked at by the dry run. */
	if (o->image && strncmp(o->image, "ami-", 4) == 0)
		image = look_up_option(f, "DescribeImages", "ImageId", o->image,
				       "imagesSet", "image");
	if (!image)
		return;
	rest_note(&f->all, "the image %s is there: %s", o->image,
		  rest_text(image, "name"));
	compare_image(f, image, type);
}

static void check_the_rest(struct findings *f)
{
	const struct ec2_options *o = &f->d->opt;
	const char *template = o->launch_template;
	const bool is_id = template && strncmp(template, "lt-", 3) == 0;
	CLEANUP(json_decref)
	json_t *subnet = look_up_option(f, "DescribeSubnets", "SubnetId", o->subnet,
					"subnetSet", "subnet");

	if (subnet)
		rest_note(&f->all, "the subnet %s, in %s, has %lld free addresses",
			  o->subnet, rest_text(subnet, "availabilityZone"),
			  (long long)rest_int(subnet, "availableIpAddressCount", 0));
	json_decref(look_up_option(f, "DescribeSecurityGroups", "GroupId",
				   o->security_groups, "securityGroupInfo",
				   "security_groups"));
	json_decref(look_up_option(f, "DescribeKeyPairs", "KeyName", o->key, "keySet",
				   "key"));
	json_decref(look_up_option(f, "DescribeLaunchTemplates",
				   is_id ? "LaunchTemplateId" : "LaunchTemplateName",
				   template, "launchTemplates", "launch_template"));
}

/* ---------------------------------------------------------------- may I */

static void ignore_vm(void *arg, const struct drv_vm *vm)
{
	(void)arg, (void)vm;
}

static void check_list(struct findings *f)
{
	struct drv_err e;

	if (ec2_list(f->d, OWNER_OF_CHECKS, f->deadline, ignore_vm, NULL, &e) < 0)
		rest_fatal(&f->all, &e);
}

/* What is no EC2 may not know dry runs. */
static void end_again(struct findings *f, const json_t *doc)
{
	const char *id =
		rest_text(json_array_get(rest_at(doc, "instancesSet"), 0), "instanceId");
	struct drv_err e, ignored;

	(void)drv_fail(&e, DRV_BUG,
		       "the cloud launched %s though it was asked for a dry run; that is "
		       "ended again",
		       id);
	rest_fatal(&f->all, &e);
	if (ec2_terminate(f->d, OWNER_OF_CHECKS, id, f->deadline, &ignored) < 0)
		rest_fatal(&f->all, &ignored);
}

static void check_right(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf form;
	const struct drv_host *h = f->d->rest.host;
	struct ec2_call c = { .action = "RunInstances", .deadline = f->deadline };
	unsigned char raw[16];
	char id[2 * sizeof(raw) + 1];
	const struct drv_launch l = {
		.launch_id = id,
		.owner = OWNER_OF_CHECKS,
		.pool = "check",
		.name = OWNER_OF_CHECKS,
		.user_data = "#!/bin/sh\n",
		.user_data_len = 10,
	};
	const json_t *doc = NULL;
	struct drv_err e;
	int rc;

	h->random(h->ctx, raw, sizeof(raw));
	hex_encode(raw, sizeof(raw), id);
	rc = ec2_run_form(f->d, &l, f->deadline, &form, &e);
	ec2_add(&form, "true", "DryRun");
	c.form = buf_str(&form);
	if (rc == 0)
		rc = ec2_call(f->d, &c, &a, &doc, &e);
	if (rc == 0)
		end_again(f, doc);
	else if (strcmp(e.code, "DryRunOperation") == 0)
		rest_note(&f->all, "a launch is allowed (a dry run of it was)");
	else
		rest_fatal(&f->all, &e);
}

int ec2_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		 struct drv_err *err)
{
	struct findings f = { .d = d,
			      .deadline = deadline,
			      .all = { .report = report, .arg = arg } };
	const struct ec2_options *o = &d->opt;

	if (!check_identity(&f))
		return rest_findings_end(&f.all, err);
	check_type_and_image(&f);
	check_the_rest(&f);
	check_list(&f);
	if (o->launch_template || (o->type && o->image))
		check_right(&f);
	else
		rest_note(&f.all, "no %s is named: each pool must name one",
			  o->type ? "image" : "type");
	return rest_findings_end(&f.all, err);
}
