/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_drill.c - drills: how the API starts one, and what one does to the daemon's
 * parts.
 */
#include "check.h"
#include "clock.h"
#include "wiring.h"

static struct daemon *daemon_of(void *arg)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	return d;
}

static int kill_host(void *arg, const struct db_host *h, struct err *err)
{
	return pool_kill(daemon_of(arg)->pools, h, err);
}

static void cut_host(void *arg, const char *host)
{
	api_cut_host(daemon_of(arg)->api, host);
}

static json_t *problems(void *arg)
{
	json_t *status = daemon_status(daemon_of(arg));
	json_t *list = json_incref(json_object_get(status, "problems"));

	json_decref(status);
	return list;
}

void daemon_start_drills(struct daemon *d)
{
	d->drill_opts = (struct drill_opts){
		.db = d->db,
		.events = &d->events,
		.metrics_ms = clock_real_ms(d->o->metrics_interval_ms),
		.lost_after_ms = d->o->host_lost_after_ms,
		.ops = { .arg = d,
			 .kill_host = kill_host,
			 /* With an etcd of their own hosts need no controller. */
			 .cut_host = d->kv ? cut_host : NULL,
			 .stop = stop_process,
			 .problems = problems },
	};
	d->drill = drill_new(&d->drill_opts);
}

static int hook_drill(void *arg, const struct drill_request *q, bool dry_run,
		      json_t **ret, struct err *err)
{
	struct daemon *d = daemon_of(arg);

	if (!d->tick)
		return err_set(err, ERR_UNAVAIL, "the controller is still starting");
	return drill_start(d->drill, q, dry_run, ret, err);
}

void daemon_drill_hooks(struct api_hooks *ret)
{
	ret->drill = hook_drill;
}
