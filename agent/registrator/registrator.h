/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registrator.h - services of units: checked, and registered while they pass.
 *
 * What a unit serves is in its [X-Service] section. A service is registered under
 * /skydns/<reversed domain>/<stack>/<name>/<unit>-<port> as {"host":..,"port":..}, under
 * the host's lease, as long as its unit is up, it is not being drained and its check
 * passes.
 *
 * A unit whose check passed and has failed for CheckRestartSec= is restarted (remedy.h),
 * and is failing until it passes again.
 */
#ifndef AGENT_REGISTRATOR_REGISTRATOR_H
#define AGENT_REGISTRATOR_REGISTRATOR_H

#include "cleanup.h"
#include "host.h"
#include "net.h"
#include "schedule.h"

struct registrator;

/* From the loop. */
typedef void registrator_fn(void *arg, const char *unit);

struct registrator_opts {
	const char *domain;         /* foretide.local */
	const char *address;        /* this host's */
	const char *host;           /* its name, for specifiers */
	registrator_fn *on_health;  /* the health of a unit changed */
	registrator_fn *on_restart; /* a unit's check fails for too long: restart it */
	void *arg;
};

/* The strings are copied. */
struct registrator *registrator_new(struct loop *loop, struct httpm *http,
				    const struct registrator_opts *opts);
void registrator_free(struct registrator *r);
DEFINE_CLEANUP(struct registrator *, registrator_free);

/* From here on registrations go to the store, including those found so far. */
void registrator_set_lease(struct registrator *r, struct lease *l);
/* The domain that the controller gave; before any unit is registered. */
void registrator_set_domain(struct registrator *r, const char *domain);

/* The unit's text: its services are (again) those in it. ERR_INVAL: none then. */
int registrator_set_unit(struct registrator *r, const char *unit, const char *stack,
			 const char *text, struct err *err) MUST_CHECK;
void registrator_drop_unit(struct registrator *r, const char *unit);
/* The unit runs, or not. Checks begin at once when it does. */
void registrator_set_up(struct registrator *r, const char *unit, bool up);
/* Registrations are removed, for as long as the unit drains. */
void registrator_set_draining(struct registrator *r, const char *unit, bool draining);
/* How long its clients need to notice; the longest of its services. 0: it has none. */
int64_t registrator_drain_ms(const struct registrator *r, const char *unit);
enum unit_health registrator_health(const struct registrator *r, const char *unit);
/* The message of the last failed check, "" when there is none. */
const char *registrator_problem(const struct registrator *r, const char *unit);
/* Whether a key in the store is one of a service that it knows; a lease_found_fn. */
bool registrator_knows(void *registrator, const char *key);

#endif
