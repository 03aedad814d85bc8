/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one: who am I, size,
 * image, quota, and may I. All findings are reported.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "image.h"
#include "text.h"

struct check {
	struct drv *d;
	int64_t deadline;
	struct rest_findings found;
};

/* Those of the marketplace anybody may look at. */
static void check_image(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *more = NULL;
	CLEANUP(free) char *path = NULL;
	char part[IMAGE_PARTS][64];
	bool is_latest;
	struct drv_err e;
	int rc;

	if (!azure_image_split(c->d->opt.image, part))
		return;
	is_latest = strcmp(part[3], "latest") == 0;
	more = xasprintf("locations/%s/publishers/%s/artifacttypes/vmimage/offers/%s/"
			 "skus/%s/versions%s%s?%s" AZURE_VERSION,
			 c->d->opt.location, part[0], part[1], part[2],
			 is_latest ? "" : "/", is_latest ? "" : part[3],
			 is_latest ? "$top=1&" : "");
	path = azure_subscription_path(c->d, more);
	rc = azure_look(c->d, path, c->deadline, &a, &e);
	if (rc == 0 && is_latest && json_array_size(a.doc) == 0)
		rc = drv_fail(&e, DRV_BADREQ, "%s has no image %s", c->d->opt.location,
			      c->d->opt.image);
	if (rc < 0)
		rest_fatal(&c->found, &e);
	else
		rest_note(&c->found, "the image '%s' is there, in %s", c->d->opt.image,
			  c->d->opt.location);
}

static void check_quota(struct check *c)
{
	struct drv_quota q;
	struct drv_err e;

	if (azure_quota(c->d, c->deadline, &q, &e) < 0)
		rest_fatal(&c->found, &e);
	else if (q.limit < 0)
		rest_note(&c->found, "the region's quota has no limit");
	else
		rest_note(&c->found,
			  "%lld more VMs fit into the region's quota, which %lld use",
			  (long long)(q.limit - q.used), (long long)q.used);
}

/*
 * There is no dry run, but rights are looked at first: a launch that cannot be done is
 * refused for the one or for the other. This one is of an image of no publisher, and is
 * for a VM that there is already, under a name that was just drawn.
 */
static void check_right(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *path = NULL;
	const struct drv_host *h = c->d->rest.host;
	char name[48];
	uint64_t r[2];
	const struct drv_launch l = {
		.launch_id = "check",
		.owner = "check",
		.pool = "check",
		.name = name,
		.image = "foretide-check:none:none:0.0.0",
	};
	struct drv_err e;
	int rc;

	h->random(h->ctx, r, sizeof(r));
	snprintf(name, sizeof(name), "ft-%016llx%016llx", (unsigned long long)r[0],
		 (unsigned long long)r[1]);
	rc = azure_request(c->d, &l, &body, &e);
	path = azure_vm_path(c->d, name, "?");
	if (rc == 0)
		rc = azure_put(c->d, path, "If-Match: \"none\"", body, c->deadline, &a,
			       &e);
	if (rc == DRV_AUTH)
		rest_fatal(&c->found, &e);
}

/* What each pool, or each launch, must name itself. */
static void note_missing(struct check *c)
{
	const struct azure_options *o = &c->d->opt;

	if (!o->type)
		rest_note(&c->found, "no type is named: each pool must name one");
	if (!o->image)
		rest_note(&c->found, "no image is named: each pool must name one");
	if (!o->location)
		rest_note(&c->found, "no location is named: each pool must name one");
	if (!o->subnet)
		rest_note(&c->found, "no subnet is named: each pool must name one");
}

int azure_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		   struct drv_err *err)
{
	struct check c = { .d = d,
			   .deadline = deadline,
			   .found = { .report = report, .arg = arg } };

	if (azure_log_in(d, deadline, err) < 0) {
		report(arg, true, err->msg);
		return err->cls;
	}
	rest_note(&c.found, "%s in the group %s of subscription %s", d->cred.client,
		  d->cred.group, d->cred.subscription);
	note_missing(&c);
	if (d->opt.location) {
		check_quota(&c);
		if (d->opt.image)
			check_image(&c);
		if (d->opt.type && d->opt.subnet)
			check_right(&c);
	}
	return rest_findings_end(&c.found, err);
}
