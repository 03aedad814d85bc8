/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - whether a launch would be done. How many machines the pool may have its
 * API does not say.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

static void say(struct rest_findings *f, const char *what)
{
	struct drv_err e;

	(void)drv_fail(&e, DRV_BADREQ, "%s", what);
	rest_fatal(f, &e);
}

/* More than the book needs: the pool pays for what nobody has. */
static int check_size(struct drv *d, struct rest_findings *f, int64_t deadline,
		      struct drv_err *err)
{
	CLEANUP(cp_pool_done) struct cp_pool p = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int64_t size = 0, needed;
	int rc = cp_book_open(d, deadline, &b, err);

	if (rc == 0)
		rc = cp_pool_get(d, deadline, &p, err);
	if (rc == 0)
		rc = cp_size_get(d, deadline, &size, err);
	if (rc < 0)
		return rc;
	needed = cp_needed(&b, &p);
	rest_note(f, "its size is %lld, and it has %zu machines", (long long)size, p.n);
	if (size > needed)
		rest_note(f, "%lld of them are no host's: they are taken before it grows",
			  (long long)(size - needed));
	return 0;
}

int cp_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	struct rest_findings f = { .report = report, .arg = arg };
	bool is_started, is_configured;
	struct drv_err e;

	if (cp_status(d, deadline, &is_started, &is_configured, err) < 0) {
		report(arg, true, err->msg);
		return err->cls;
	}
	rest_note(&f, "the cloudpool at %s answers", d->base);
	if (!is_configured)
		say(&f, "the cloudpool has no configuration: give it one (POST /config)");
	else if (!is_started)
		say(&f, "the cloudpool is not started: start it (POST /start)");
	else if (check_size(d, &f, deadline, &e) < 0)
		rest_fatal(&f, &e);
	return rest_findings_end(&f, err);
}
