/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminate.c - a machine is taken back: switched off where it says how, and free.
 *
 * Nothing on it is deleted here. The machine itself asks the controller whose it is, and
 * then stops and removes the agent of a launch that has ended.
 */
#include "check.h"
#include "driver_util.h"
#include "operations.h"
#include "power.h"

/* Notes that its end was asked for: a crash leaves it given, and the call is repeated. */
static int begin(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct machines *m, struct book_entry *ret, struct drv_err *err)
{
	const char *slash = strchr(vm_id, '/');
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct book_entry *e;
	struct err why;
	int rc = st_open(d, deadline, m, &b, err);

	if (rc < 0)
		return rc;
	e = book_find(&b, slash ? slash + 1 : vm_id);
	*ret = (struct book_entry){ .ended_ms = 1 };
	if (!e)
		return 0;
	if (strcmp(e->owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT, "machine %s belongs to '%s'",
				e->machine, e->owner);
	*ret = *e;
	if (e->ended_ms || e->is_ending)
		return 0;
	e->is_ending = true;
	rc = book_save(&b, d->host->wall_ms(d->host->ctx), &why);
	return rc < 0 ? drv_fail_err(err, rc, &why) : 0;
}

static int end(struct drv *d, const char *launch_id, int64_t deadline,
	       struct drv_err *err)
{
	const int64_t now = d->host->wall_ms(d->host->ctx);
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct book_entry *e;
	struct err why;
	int rc = book_open(d->opt.state_dir, BOOK, left_ms(d, deadline), &b, &why);

	if (rc < 0)
		return drv_fail(err, DRV_TRANSIENT, "%s", why.msg);
	e = book_find(&b, launch_id);
	if (!e)
		return 0;
	book_end(e, now);
	rc = book_save(&b, now, &why);
	return rc < 0 ? drv_fail_err(err, rc, &why) : 0;
}

int st_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	const struct machine *one;
	struct book_entry e;
	struct err why;
	int rc = begin(d, owner, vm_id, deadline, &m, &e, err);

	if (rc < 0 || e.ended_ms)
		return rc;
	one = machines_find(&m, e.machine);
	if (one && power_off(one, left_ms(d, deadline), &why) < 0)
		return drv_fail(err, DRV_TRANSIENT, "%s", why.msg);
	return end(d, e.launch_id, deadline + 1000, err);
}
