/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "shown.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define CALL_MS 60000

int pool_round_load(struct pool_round *r, struct err *err)
{
	int rc;

	db_host_list_done(&r->hosts);
	db_launch_list_done(&r->open);
	rc = db_host_list(
		r->opts->db,
		&(struct db_host_filter){ .pool = r->row.name, .present = true },
		&r->hosts, err);
	if (rc < 0)
		return rc;
	return db_launch_list(
		r->opts->db,
		&(struct db_launch_filter){ .pool = r->row.name, .open = true }, &r->open,
		err);
}

void pool_round_done(struct pool_round *r)
{
	db_pool_done(&r->row);
	db_host_list_done(&r->hosts);
	db_launch_list_done(&r->open);
	free(r->vms);
}

enum pool_voice pool_listen(const struct pool_round *r, const char *host)
{
	return r->opts->listen ? r->opts->listen(r->opts->arg, host) : POOL_SILENT;
}

static int by_launch(const void *key, const void *vm)
{
	return strcmp(key, ((const struct drv_vm *)vm)->launch_id);
}

const struct drv_vm *pool_vm_of(const struct pool_round *r, const char *launch_id)
{
	return r->n_vms ? bsearch(launch_id, r->vms, r->n_vms, sizeof(*r->vms), by_launch)
			: NULL;
}

bool pool_resends(const struct pool_round *r)
{
	const struct driver *d = r->pool->driver;

	return (d->ops->caps(d->drv)->flags &
		(DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_UNIQUE_NAME)) != 0;
}

void pool_look_again(struct pool_round *r, int64_t ms)
{
	r->again_ms = r->again_ms ? MIN(r->again_ms, ms) : ms;
}

int64_t pool_call_deadline(const struct pool_opts *o)
{
	return clock_mono_ms() + (o->call_ms ? o->call_ms : CALL_MS);
}

void pool_said(struct pool *p, const char *member, json_t *value)
{
	pthread_mutex_lock(p->problems.lock);
	if (!p->said)
		p->said = json_object();
	json_object_set_new(p->said, member, value);
	pthread_mutex_unlock(p->problems.lock);
}

int pool_driver_err(struct pool_round *r, const struct drv_err *e, struct err *err)
{
	static const int codes[] = {
		[-DRV_AUTH] = ERR_DENIED,        [-DRV_BADREQ] = ERR_INVAL,
		[-DRV_QUOTA] = ERR_LIMIT,        [-DRV_CAPACITY] = ERR_UNAVAIL,
		[-DRV_THROTTLED] = ERR_UNAVAIL,  [-DRV_TRANSIENT] = ERR_UNAVAIL,
		[-DRV_NOTFOUND] = ERR_NOT_FOUND, [-DRV_CONFLICT] = ERR_CONFLICT,
		[-DRV_AMBIGUOUS] = ERR_TIMEOUT,  [-DRV_NOTSUP] = ERR_INVAL,
		[-DRV_BUG] = ERR_PROTO,
	};
	int code = e->cls < 0 && -e->cls < (int)ARRAY_SIZE(codes) ? codes[-e->cls]
								  : ERR_PROTO;

	if (r->pool)
		pool_said(r->pool, "last_failure", failure_json(e, clock_now_ms()));
	if (e->cls == DRV_THROTTLED && e->retry_after_ms > r->retry_after_ms)
		r->retry_after_ms = e->retry_after_ms;
	return err_set(err, code, "driver %s: %s%s%s%s", r->row.driver, e->msg,
		       *e->code ? " (" : "", e->code, *e->code ? ")" : "");
}
