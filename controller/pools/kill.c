/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill.c - ends a VM at its cloud without a word to anybody, as a fault would.
 */
#include "pools.h"

#include "clock.h"
#include "round.h"

int pool_kill(struct pools *ps, const struct db_host *h, struct err *err)
{
	const struct pool_opts *o = pools_opts(ps);
	const int64_t deadline = pool_call_deadline(o);
	struct pool_round r = { .opts = o };
	CLEANUP(pool_caller_done) struct pool_caller c = { NULL };
	struct drv_err e;
	int rc = db_pool_get(o->db, h->pool, &r.row, err);

	if (rc == 0 && !*h->vm_id)
		rc = err_set(err, ERR_CONFLICT, "host %s has no VM yet", h->id);
	if (rc == 0)
		rc = pools_open_caller(ps, &r.row, &c, err);
	if (rc == 0)
		rc = pool_caller_enter(&c, deadline, err);
	if (rc == 0) {
		rc = c.driver->ops->terminate(c.driver->drv, o->owner, h->vm_id, deadline,
					      &e);
		pool_caller_leave(&c, rc, &e);
		rc = rc < 0 ? pool_driver_err(&r, &e, err) : 0;
	}
	db_pool_done(&r.row);
	return rc;
}
