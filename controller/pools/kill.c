/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill.c - ends a VM at its cloud without a word to anybody, as a fault would.
 */
#include "pools.h"

#include "clock.h"
#include "round.h"

int pool_kill(const struct pool_opts *o, const struct db_host *h, struct err *err)
{
	struct pool_round r = { .opts = o };
	CLEANUP(driver_close) struct driver *driver = NULL;
	struct drv_err e;
	int rc = db_pool_get(o->db, h->pool, &r.row, err);

	if (rc == 0 && !*h->vm_id)
		rc = err_set(err, ERR_CONFLICT, "host %s has no VM yet", h->id);
	if (rc == 0)
		rc = pool_driver_open(o, &r.row, &driver, err);
	if (rc == 0 && driver->ops->terminate(driver->drv, o->owner, h->vm_id,
					      pool_call_deadline(o), &e) < 0)
		rc = pool_driver_err(&r, &e, err);
	db_pool_done(&r.row);
	return rc;
}
