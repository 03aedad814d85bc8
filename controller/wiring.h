/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wiring.h - what the daemon's parts and the API's hooks share.
 */
#ifndef CONTROLLER_WIRING_H
#define CONTROLLER_WIRING_H

#include "api.h"
#include "drill.h"
#include "etcd.h"
#include "events.h"
#include "fleet.h"
#include "hang_ups.h"
#include "health.h"
#include "metrics.h"
#include "options.h"
#include "own_store.h"
#include "pools.h"
#include "tick.h"
#include "trust.h"

#define DAEMON_MAGIC 0x6461656du

/* In the order in which they are started. */
struct daemon {
	uint32_t magic;
	const struct options *o;
	struct db *db;
	char *advertise; /* URL that hosts use */
	char *owner;     /* this installation, on every VM */
	char *join_secret;
	struct clock_wait care; /* after a restore: no host is ended meanwhile */
	struct ca *ca;
	struct kv *kv;             /* NULL with an external etcd */
	struct hang_ups *hang_ups; /* of kv's watches */
	struct events events;
	struct listening *listening;
	struct health *health; /* NULL: a daemon of a test without it */
	struct api *api;
	struct store_direct own_store; /* kv, as the controller calls it */
	struct store_opts store;
	struct view *view;
	struct pool_opts pool_opts;
	struct pools *pools;
	struct sched *sched;
	struct tick_opts tick_opts;
	/* Set once, read by the API's threads that came up before it. */
	struct tick *_Atomic tick;
	struct prompull *prompull;
	struct drill_opts drill_opts;
	struct drill *drill;
};

/* hooks*.c: callbacks of the API into the daemon; hooks.c sets all, with those of the
 * other files. */
void daemon_hooks(struct daemon *d, struct api_hooks *ret);
void daemon_services_hooks(struct api_hooks *ret);
void daemon_metrics_hooks(struct api_hooks *ret);
void daemon_forecast_hooks(struct api_hooks *ret);
void daemon_backup_hooks(struct api_hooks *ret);
void daemon_drill_hooks(struct api_hooks *ret);

/* status.c: {"store","tick","problems"}; the caller's. */
json_t *daemon_status(struct daemon *d);
/* hooks_drill.c */
void daemon_start_drills(struct daemon *d);

#endif
