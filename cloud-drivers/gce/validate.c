/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one: who am I, zone,
 * type, image, quota, and may I. All findings are reported.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "text.h"

struct check {
	struct drv *d;
	int64_t deadline;
	struct rest_findings found;
};

static void check_zone(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/zones/%s", c->d->opt.zone);
	struct drv_err e;
	int rc = gce_call(c->d, "GET", path, NULL, c->deadline, &a, &e);

	if (rc == 0 && strcmp(rest_text(a.doc, "status"), "UP") != 0)
		rc = drv_fail(&e, DRV_CAPACITY, "the zone %s is %s", c->d->opt.zone,
			      rest_text(a.doc, "status"));
	if (rc < 0)
		rest_fatal(&c->found, &e);
}

static void check_type(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free)
	char *path =
		xasprintf("/zones/%s/machineTypes/%s", c->d->opt.zone, c->d->opt.type);
	struct drv_err e;

	if (gce_call(c->d, "GET", path, NULL, c->deadline, &a, &e) < 0)
		rest_fatal(&c->found, &e);
}

/* One of another project may be used by those who may not look at it. */
static void check_image(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *image = gce_image_path(c->d, c->d->opt.image);
	struct drv_err e;
	int rc;

	/* An address is that of the API, or of another one. */
	if (strncmp(image, "projects/", strlen("projects/")) != 0)
		return;
	rc = gce_get(c->d, image, c->deadline, &a, &e);
	if (rc == DRV_NOTFOUND)
		rest_fatal(&c->found, &e);
	else if (rc == 0)
		rest_note(&c->found, "the image '%s' is there: %s", c->d->opt.image,
			  rest_text(a.doc, "name"));
}

static void check_quota(struct check *c)
{
	struct drv_quota q;
	struct drv_err e;

	if (gce_quota(c->d, c->deadline, &q, &e) < 0)
		rest_fatal(&c->found, &e);
	else if (q.limit < 0)
		rest_note(&c->found, "the region's quota has no limit");
	else
		rest_note(&c->found,
			  "%lld more VMs fit into the region's quota, which %lld use",
			  (long long)(q.limit - q.used), (long long)q.used);
}

/*
 * There is no dry run, but rights are looked at before images: a launch of an image that
 * cannot exist, as its name was just drawn, is refused for the one or for the other.
 */
static void check_right(struct check *c)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *path = xasprintf("/zones/%s/instances", c->d->opt.zone);
	const struct drv_host *h = c->d->rest.host;
	char image[48];
	uint64_t r[2];
	const struct drv_launch l = {
		.launch_id = "check",
		.owner = "check",
		.pool = "check",
		.name = "foretide-check",
		.image = image,
	};
	struct drv_err e;
	int rc;

	h->random(h->ctx, r, sizeof(r));
	snprintf(image, sizeof(image), "ft-%016llx%016llx", (unsigned long long)r[0],
		 (unsigned long long)r[1]);
	rc = gce_request(c->d, &l, &body, &e);
	if (rc == 0)
		rc = gce_call(c->d, "POST", path, body, c->deadline, &a, &e);
	if (rc == DRV_AUTH)
		rest_fatal(&c->found, &e);
}

int gce_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		 struct drv_err *err)
{
	struct check c = { .d = d,
			   .deadline = deadline,
			   .found = { .report = report, .arg = arg } };

	if (gce_log_in(d, deadline, err) < 0) {
		report(arg, true, err->msg);
		return err->cls;
	}
	rest_note(&c.found, "%s of project %s", d->cred.email, d->cred.project);
	if (d->opt.image)
		check_image(&c);
	else
		rest_note(&c.found, "no image is named: each launch must name one");
	if (!d->opt.zone) {
		rest_note(&c.found, "no zone is named: each launch must name one");
		return rest_findings_end(&c.found, err);
	}
	check_zone(&c);
	if (d->opt.type)
		check_type(&c);
	else
		rest_note(&c.found, "no type is named: each pool must name one");
	check_quota(&c);
	if (d->opt.type)
		check_right(&c);
	return rest_findings_end(&c.found, err);
}
