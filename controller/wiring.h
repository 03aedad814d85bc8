/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wiring.h - what the daemon's parts and the API's hooks share.
 */
#ifndef CONTROLLER_WIRING_H
#define CONTROLLER_WIRING_H

#include "api.h"
#include "clouds.h"
#include "drill.h"
#include "etcd.h"
#include "events.h"
#include "fleet.h"
#include "hang_ups.h"
#include "health.h"
#include "metrics.h"
#include "options.h"
#include "own_store.h"
#include "owners.h"
#include "pools.h"
#include "profiles.h"
#include "refused_samples.h"
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
	struct owners *owners;     /* whose watches and leases were ended */
	struct events events;
	struct listening *listening;
	struct refused_samples *refused; /* NULL: a daemon of a test without it */
	struct health *health;           /* NULL: a daemon of a test without it */
	struct api *api;
	struct store_direct own_store; /* kv, as the controller calls it */
	char *store_password;          /* of the controller at an etcd; NULL: none */
	struct store_opts store;
	struct store_users_opts users_opts;
	struct store_users *users; /* of hosts at an etcd; NULL: the built-in store */
	struct view *view;
	struct clouds *clouds;   /* what all of the pools' drivers are of */
	struct keyring *keyring; /* credentials of clouds */
	struct pool_opts pool_opts;
	struct pools *pools;
	struct sched *sched;
	struct profiles_opts profiles_opts;
	/* As the tick below. */
	struct profiles *_Atomic profiles;
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
void daemon_profile_hooks(struct api_hooks *ret);
void daemon_standby_hooks(struct api_hooks *ret);

/* status.c: {"store","tick","problems"}; the caller's. */
json_t *daemon_status(struct daemon *d);
/* hooks_drill.c */
void daemon_start_drills(struct daemon *d);
/* hooks_profiles.c */
int daemon_start_profiles(struct daemon *d, struct err *err) MUST_CHECK;

#endif
