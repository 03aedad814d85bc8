/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one. The API says
 * neither whose the token is nor which limits the project has.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <string.h>

struct findings {
	struct drv *d;
	int64_t deadline;
	const char *kind; /* of what is looked for now */
	struct rest_findings found;
};

/* NULL, after it was reported. The caller frees it. */
static json_t *find(struct findings *f, const char *kind, const char *name,
		    const char *more)
{
	json_t *found = NULL;
	struct drv_err e;

	if (hz_find(f->d, kind, name, more, f->deadline, &found, &e) < 0)
		rest_fatal(&f->found, &e);
	return found;
}

static int check_word(void *arg, const char *word, struct drv_err *err)
{
	struct findings *f = arg;

	(void)err;
	json_decref(find(f, f->kind, word, ""));
	return 0;
}

static void check_list(struct findings *f, const char *kind, const char *option)
{
	struct drv_err e;

	f->kind = kind;
	(void)rest_each_word(option, check_word, f, &e);
}

/* A page of one says how many there are. */
static void note_images(struct findings *f, const json_t *image)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct drv_err e;

	if (image)
		rest_note(&f->found, "the image '%s' is there: %s", f->d->opt.image,
			  rest_text(image, "description"));
	if (hz_call(f->d, "GET", "/images?per_page=1", NULL, f->deadline, &a, &e) < 0)
		rest_note(&f->found, "the images cannot be counted: %s", e.msg);
	else
		rest_note(&f->found, "hosts can be launched of %lld images",
			  (long long)rest_int(a.doc, "meta.pagination.total_entries", 0));
}

/* Images of one name are there for each architecture. */
static void check_type_and_image(struct findings *f)
{
	const struct hz_options *o = &f->d->opt;
	CLEANUP(json_decref) json_t *type = NULL;
	CLEANUP(json_decref) json_t *image = NULL;
	CLEANUP(free) char *more = NULL;
	const char *architecture;

	if (o->type)
		type = find(f, "server_types", o->type, "");
	else
		rest_note(&f->found, "no type is named: each pool must name one");
	if (!o->image) {
		rest_note(&f->found, "no image is named: each launch must name one");
		note_images(f, NULL);
		return;
	}
	architecture = rest_text(type, "architecture");
	if (strcmp(architecture, "arm") == 0 || strcmp(architecture, "x86") == 0)
		more = xasprintf("&architecture=%s", architecture);
	image = find(f, "images", o->image, more ? more : "");
	note_images(f, image);
	if (type && image &&
	    strcmp(rest_text(image, "architecture"), architecture) != 0) {
		struct drv_err e;

		(void)drv_fail(&e, DRV_BADREQ,
			       "the image '%s' is for %s, the type '%s' is %s", o->image,
			       rest_text(image, "architecture"), o->type, architecture);
		rest_fatal(&f->found, &e);
	}
}

/*
 * There is no dry run. A launch that lacks everything can only be refused: for that, or
 * before that as the token only reads.
 */
static void check_right(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *nothing = json_object();
	struct drv_err e;

	if (hz_call(f->d, "POST", "/servers", nothing, f->deadline, &a, &e) == DRV_AUTH)
		rest_fatal(&f->found, &e);
}

int hz_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	struct findings f = { .d = d,
			      .deadline = deadline,
			      .found = { .report = report, .arg = arg } };
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };

	if (hz_call(d, "GET", "/servers?per_page=1", NULL, deadline, &a, err) < 0) {
		report(arg, true, err->msg);
		return err->cls;
	}
	rest_note(&f.found, "the token is accepted by %s; its project has %lld servers",
		  d->bearer.endpoint,
		  (long long)rest_int(a.doc, "meta.pagination.total_entries", 0));
	rest_note(&f.found, "how many it may have the API does not say: see the limits "
			    "of the project");
	check_type_and_image(&f);
	check_list(&f, "locations", d->opt.location);
	check_list(&f, "ssh_keys", d->opt.ssh_keys);
	check_list(&f, "networks", d->opt.networks);
	check_list(&f, "firewalls", d->opt.firewalls);
	check_list(&f, "placement_groups", d->opt.placement_group);
	check_right(&f);
	return rest_findings_end(&f.found, err);
}
