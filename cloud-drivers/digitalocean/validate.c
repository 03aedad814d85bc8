/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done, found without doing one: account, limit,
 * size and image in the region, keys, VPC, right.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <string.h>

struct findings {
	struct drv *d;
	int64_t deadline;
	struct rest_findings found;
	bool has_size; /* the option's is among those offered */
};

/* One by its name, or the finding that there is none. False after that. */
static bool find(struct findings *f, const char *path, const char *what, const char *name,
		 struct rest_answer *ret)
{
	struct drv_err e;
	int rc = do_get(f->d, path, name, f->deadline, ret, &e);

	if (rc == DRV_NOTFOUND)
		(void)drv_fail(&e, DRV_BADREQ, "the account has no %s '%s'", what, name);
	if (rc < 0)
		rest_fatal(&f->found, &e);
	return rc == 0;
}

static int check_key(void *arg, const char *word, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };

	(void)err;
	(void)find(arg, "/v2/account/keys/", "SSH key", word, &a);
	return 0;
}

static bool has(const json_t *list, const char *text)
{
	const json_t *each;
	size_t i;

	json_array_foreach(list, i,
			   each) if (strcmp(rest_text(each, ""), text) == 0) return true;
	return false;
}

/* A page of one says how many there are. */
static void count_images(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct drv_err e;

	if (do_call(f->d, "GET", "/v2/images?per_page=1", NULL, f->deadline, &a, &e) < 0)
		rest_note(&f->found, "the images cannot be counted: %s", e.msg);
	else
		rest_note(&f->found, "hosts can be launched of %lld images",
			  (long long)rest_int(a.doc, "meta.total", 0));
}

static void check_image(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct do_options *o = &f->d->opt;
	struct drv_err e;

	if (!o->image) {
		rest_note(&f->found, "no image is named: each launch must name one");
		return;
	}
	if (!find(f, "/v2/images/", "image", o->image, &a))
		return;
	rest_note(&f->found, "the image '%s' is there: %s %s", o->image,
		  rest_text(a.doc, "image.distribution"), rest_text(a.doc, "image.name"));
	if (!o->region || has(rest_at(a.doc, "image.regions"), o->region))
		return;
	(void)drv_fail(&e, DRV_BADREQ, "the image '%s' is not in the region '%s'",
		       o->image, o->region);
	rest_fatal(&f->found, &e);
}

static void note_size(void *arg, const struct drv_type *type)
{
	struct findings *f = arg;

	f->has_size |= strcmp(type->name, f->d->opt.type) == 0;
}

static void check_size(struct findings *f)
{
	const struct do_options *o = &f->d->opt;
	struct drv_err e;
	int rc;

	if (!o->type) {
		rest_note(&f->found, "no type is named: each pool must name one");
		return;
	}
	rc = do_types(f->d, f->deadline, note_size, f, &e);
	if (rc == 0 && !f->has_size)
		rc = drv_fail(&e, DRV_BADREQ, "there is no size '%s'%s%s", o->type,
			      o->region ? " now in the region " : " now",
			      o->region ? o->region : "");
	if (rc < 0)
		rest_fatal(&f->found, &e);
}

static void check_account(struct findings *f, const json_t *account)
{
	const char *status = rest_text(account, "status");
	const char *words = rest_text(account, "status_message");
	struct drv_quota q;
	struct drv_err e;

	rest_note(&f->found, "%s, at %s", rest_text(account, "email"),
		  f->d->bearer.endpoint);
	if (strcmp(status, "locked") == 0) {
		(void)drv_fail(&e, DRV_AUTH, "the account is locked: %s", words);
		rest_fatal(&f->found, &e);
	} else if (strcmp(status, "active") != 0) {
		rest_note(&f->found, "the account's status is %s: %s", status, words);
	}
	if (do_quota(f->d, f->deadline, &q, &e) < 0)
		rest_fatal(&f->found, &e);
	else
		rest_note(&f->found, "the account has %lld droplets, and may have %lld",
			  (long long)q.used, (long long)q.limit);
}

/*
 * There is no dry run. A launch that lacks everything can only be refused: for that, or
 * before that as the token may not.
 */
static void check_right(struct findings *f)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *nothing = json_object();
	struct drv_err e;

	if (do_call(f->d, "POST", "/v2/droplets", nothing, f->deadline, &a, &e) ==
	    DRV_AUTH)
		rest_fatal(&f->found, &e);
}

int do_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	struct findings f = { .d = d,
			      .deadline = deadline,
			      .found = { .report = report, .arg = arg } };
	CLEANUP(rest_answer_done) struct rest_answer account = { .status = 0 };
	CLEANUP(rest_answer_done) struct rest_answer vpc = { .status = 0 };

	if (do_call(d, "GET", "/v2/account", NULL, deadline, &account, err) < 0) {
		report(arg, true, err->msg);
		return err->cls;
	}
	check_account(&f, rest_at(account.doc, "account"));
	check_size(&f);
	check_image(&f);
	count_images(&f);
	(void)rest_each_word(d->opt.ssh_keys, check_key, &f, err);
	if (d->opt.vpc)
		(void)find(&f, "/v2/vpcs/", "VPC", d->opt.vpc, &vpc);
	check_right(&f);
	return rest_findings_end(&f.found, err);
}
