/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services.h - the services of one unit: checked while it is up, and registered while
 * they pass.
 */
#ifndef AGENT_REGISTRATOR_SERVICES_H
#define AGENT_REGISTRATOR_SERVICES_H

#include "health.h"
#include "registrator.h"
#include "remedy.h"
#include "unitfile.h"

struct entry;

struct service {
	uint32_t magic;
	struct entry *entry;
	const struct x_service *x;
	char *key, *value;
	struct health health;
	struct service_check *check;
	struct loop_timer *timer;
};

struct entry {
	struct registrator *r;
	struct entry *next;
	char *unit;
	bool up, draining;
	bool sick; /* restarted since its check failed, and has not passed since */
	struct remedy remedy;
	struct x_services list;
	struct service *services; /* [list.n] */
	enum unit_health reported;
	char *problem;
};

struct registrator {
	struct loop *loop;
	struct httpm *http;
	struct lease *lease;
	char *domain, *address, *host;
	registrator_fn *on_health, *on_restart;
	void *arg;
	struct entry *entries;
};

/* Replaces them; registrations that the new ones do not have are removed. */
void services_set(struct entry *e, const char *stack, struct x_services *take);
void services_drop(struct entry *e);
/* After up or draining has changed. */
void services_update(struct entry *e);
/* Registers it, or not, as it is now. */
void service_register(struct service *s);
/* The worst health of its services. */
enum unit_health services_health(const struct entry *e);
/* How long the check of one that fails may fail: the shortest CheckRestartSec= of those;
 * 0: for ever. */
int64_t services_restart_ms(const struct entry *e);

#endif
