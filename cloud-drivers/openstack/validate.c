/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one: who am I, may I,
 * image, flavor, networks, key, quota. All findings are reported; those that are not
 * fatal are what the operator may want to know.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "net.h"

#include <stdio.h>
#include <string.h>

struct findings {
	struct drv *d;
	int64_t deadline;
	struct rest_findings found;
};

/* ---------------------------------------------------------------- one by one */

static void compare_image(struct findings *f, const json_t *image, const json_t *flavor)
{
	const char *status = rest_text(image, "status");
	struct drv_err e;

	if (strcmp(status, "active") != 0) {
		(void)drv_fail(&e, DRV_BADREQ, "the image '%s' cannot be used: it is %s",
			       f->d->opt.image, status);
		rest_fatal(&f->found, &e);
	}
	if (rest_int(image, "min_ram", 0) > rest_int(flavor, "ram", 0)) {
		(void)drv_fail(&e, DRV_BADREQ,
			       "the image '%s' needs %lld MB of memory, the flavor '%s' "
			       "has %lld",
			       f->d->opt.image, (long long)rest_int(image, "min_ram", 0),
			       f->d->opt.type, (long long)rest_int(flavor, "ram", 0));
		rest_fatal(&f->found, &e);
	}
}

static void check_image(struct findings *f, const json_t *flavor)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *id = NULL;
	CLEANUP(free) char *path = NULL;
	struct drv_err e;
	int rc;

	if (!f->d->opt.image) {
		rest_note(&f->found, "no image is named: each launch must name one");
		return;
	}
	rc = os_image_id(f->d, f->d->opt.image, f->deadline, &id, &e);
	if (rc == 0 && !f->d->image)
		return;
	path = xasprintf("/images/%s", id ? id : "");
	if (rc == 0)
		rc = os_get(f->d, f->d->image, "/v2", path, f->deadline, &a, &e);
	if (rc < 0) {
		rest_fatal(&f->found, &e);
		return;
	}
	rest_note(&f->found, "the image '%s' is there: %s", f->d->opt.image,
		  rest_text(a.doc, "name"));
	if (flavor)
		compare_image(f, a.doc, flavor);
}

static int check_network(void *arg, const char *word, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct findings *f = arg;
	CLEANUP(free) char *id = NULL;
	CLEANUP(free) char *path = NULL;
	int rc = os_network_id(f->d, word, f->deadline, &id, err);

	path = xasprintf("/networks/%s", id ? id : "");
	if (rc == 0 && f->d->network)
		rc = os_get(f->d, f->d->network, "/v2.0", path, f->deadline, &a, err);
	if (rc < 0)
		rest_fatal(&f->found, err);
	return 0;
}

static void check_networks(struct findings *f)
{
	const char *option = f->d->opt.network;
	struct drv_err e;

	if (strcmp(option, "auto") != 0 && strcmp(option, "none") != 0)
		(void)rest_each_word(option, check_network, f, &e);
}

static void check_key(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf path;
	struct drv_err e;

	buf_init(&path, 1024);
	buf_puts(&path, "/os-keypairs/");
	http_escape(&path, f->d->opt.key);
	if (os_nova(f->d, "GET", buf_str(&path), NULL, f->deadline, &a, &e) < 0)
		rest_fatal(&f->found, &e);
}

static void check_quota(struct findings *f)
{
	struct drv_quota q;
	struct drv_err e;

	if (os_quota(f->d, f->deadline, &q, &e) < 0)
		rest_fatal(&f->found, &e);
	else if (q.limit < 0)
		rest_note(&f->found, "the project's quota has no limit");
	else
		rest_note(
			&f->found,
			"%lld more servers fit into the project's quota, which %lld use",
			(long long)(q.limit - q.used), (long long)q.used);
}

/*
 * Nova has no dry run, but it looks at rights before images: a launch of an image that
 * cannot exist, as its id was just drawn, is refused for the one or for the other.
 */
static void check_right(struct findings *f, const json_t *flavor)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	const struct drv_host *h = f->d->rest.host;
	unsigned r[4];
	struct drv_err e;
	char image[40];
	int rc;

	h->random(h->ctx, r, sizeof(r));
	snprintf(image, sizeof(image), "%08x-%04x-4%03x-8%03x-%08x%04x", r[0],
		 r[1] & 0xffff, r[1] >> 16 & 0xfff, r[2] & 0xfff, r[3], r[2] >> 16);
	body = json_pack("{s:{s:s, s:s, s:s, s:s}}", "server", "name", "foretide-check",
			 "flavorRef", rest_text(flavor, "id"), "imageRef", image,
			 "networks", "none");
	rc = os_nova(f->d, "POST", "/servers", body, f->deadline, &a, &e);
	if (rc == DRV_AUTH)
		rest_fatal(&f->found, &e);
}

int os_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	struct findings f = { .d = d,
			      .deadline = deadline,
			      .found = { .report = report, .arg = arg } };
	const json_t *flavor = NULL;
	CLEANUP(json_decref) json_t *held = NULL;
	struct drv_err e;

	if (os_ready(d, deadline, err) < 0 ||
	    (!*d->microversion && os_agree_version(d, deadline, err) < 0)) {
		report(arg, true, err->msg);
		return err->cls;
	}
	rest_note(&f.found, "%s, at %s (%s)", d->who, d->compute,
		  strchr(d->microversion, ' ') + 1);
	if (!d->opt.type)
		rest_note(&f.found, "no type is named: each pool must name one");
	else if (os_pick_flavor(d, NULL, deadline, &flavor, &e) < 0)
		rest_fatal(&f.found, &e);
	/* The list that has it may be read anew meanwhile. */
	held = json_incref((json_t *)(uintptr_t)flavor);
	check_image(&f, flavor);
	check_networks(&f);
	if (d->opt.key)
		check_key(&f);
	if (!d->opt.type || flavor)
		check_quota(&f);
	if (flavor)
		check_right(&f, flavor);
	return rest_findings_end(&f.found, err);
}
