/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * states.h - the states of a host's units, published by its agent.
 *
 * 	{"epoch":7,"units":{"web@1.service":{"hash":"ae3b...","load":"loaded",
 * 	 "active":"active","sub":"running","health":"passing","drained":false,"restarts":0,
 * 	 "since":1700000000000,"message":""}}}
 *
 * See schedule.h.
 */
#ifndef FLEET_ADAPTER_SCHEDULE_STATES_H
#define FLEET_ADAPTER_SCHEDULE_STATES_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unit_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_PASSING, HEALTH_FAILING };

struct unit_state {
	char *name;
	char *hash;
	char *load;   /* systemd's terms, unmodified: "loaded" */
	char *active; /* "active" */
	char *sub;    /* "running" */
	enum unit_health health;
	bool drained;
	int64_t restarts;
	int64_t since_ms; /* calendar time of the last change */
	char *message;    /* why it failed, for users; "" for none */
};

struct states {
	int64_t epoch; /* of the schedule that was applied */
	struct unit_state *units;
	size_t n;
	size_t n_others; /* owners */
};

struct states *states_new(int64_t epoch);
/* With each owner, of the same thread; the last one frees it. */
void states_free(struct states *s);
DEFINE_CLEANUP(struct states *, states_free);

/* For one more owner; none changes it from now on. */
struct states *states_share(struct states *s);

/* As for schedules; strings that are NULL become "". */
int states_add(struct states *s, const struct unit_state *u, struct err *err) MUST_CHECK;
const struct unit_state *states_get(const struct states *s, const char *name);
bool states_is_equal(const struct states *a, const struct states *b); /* with the epoch */
char *states_format(const struct states *s);
int states_parse(const char *text, size_t len, struct states **ret,
		 struct err *err) MUST_CHECK;

const char *health_name(enum unit_health h);

/* Active and running (or exited, for a oneshot that remains active), and its check is
 * neither failing nor pending. */
bool unit_state_is_healthy(const struct unit_state *u);

#endif
