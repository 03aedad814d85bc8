/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "services.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "probe.h"
#include "registration.h"

#include <string.h>

#define SERVICE_MAGIC 0x72656773u

/* The worst of its services; starting while it is not up. */
static enum unit_health worst_health(const struct entry *e)
{
	enum unit_health worst = HEALTH_NONE;

	for (size_t i = 0; i < e->list.n; i++) {
		const struct service *s = &e->services[i];

		if (s->x->check == X_CHECK_NONE)
			continue;
		if (!e->up)
			return HEALTH_STARTING;
		if (s->health.now == HEALTH_FAILING)
			worst = HEALTH_FAILING;
		else if (worst != HEALTH_FAILING &&
			 (s->health.now == HEALTH_STARTING || worst == HEALTH_NONE))
			worst = s->health.now;
	}
	return worst;
}

enum unit_health services_health(const struct entry *e)
{
	const enum unit_health h = worst_health(e);

	return e->sick && h == HEALTH_STARTING ? HEALTH_FAILING : h;
}

/* Since a restart for its check a service that has not passed again is failing still. */
static bool fails(const struct service *s)
{
	return s->x->check != X_CHECK_NONE &&
	       (s->health.now == HEALTH_FAILING ||
		(s->entry->sick && s->health.now == HEALTH_STARTING));
}

int64_t services_restart_ms(const struct entry *e)
{
	int64_t ms = 0;

	for (size_t i = 0; i < e->list.n; i++) {
		const struct service *s = &e->services[i];

		if (fails(s) && s->x->restart_ms > 0 &&
		    (ms == 0 || s->x->restart_ms < ms))
			ms = s->x->restart_ms;
	}
	return ms;
}

/* After a check: restarts the unit when that is due. */
static void remedy(struct entry *e)
{
	const enum unit_health h = services_health(e);

	e->sick &= h == HEALTH_FAILING;
	if (!remedy_is_due(&e->remedy, h, services_restart_ms(e), clock_mono_ms()))
		return;
	e->sick = true;
	log_warn("unit-restarts-for-its-check", STR("unit", e->unit),
		 INT("restarts", e->remedy.tries), STR("problem", e->problem));
	e->r->on_restart(e->r->arg, e->unit);
}

static void report_health(struct entry *e)
{
	enum unit_health now = services_health(e);

	if (now == e->reported)
		return;
	e->reported = now;
	log_info("unit-health", STR("unit", e->unit), STR("health", health_name(now)),
		 STR("problem", now == HEALTH_FAILING ? e->problem : ""));
	e->r->on_health(e->r->arg, e->unit);
}

void service_register(struct service *s)
{
	struct entry *e = s->entry;
	bool serves = s->x->check == X_CHECK_NONE || s->health.now == HEALTH_PASSING;
	/* Not judged yet: a registration of a previous run stays until it is. */
	bool open = e->up && !e->draining && s->x->check != X_CHECK_NONE &&
		    s->health.now == HEALTH_STARTING &&
		    s->health.failures < s->health.fall;

	if (!e->r->lease || open)
		return;
	if (e->up && !e->draining && serves)
		lease_set(e->r->lease, s->key, s->value);
	else
		lease_unset(e->r->lease, s->key);
}

static void start_check(struct service *s);

static void on_checked(void *arg, const struct err *why)
{
	struct service *s = arg;
	struct entry *e = s->entry;
	bool changed;

	CHECK_MAGIC(s, SERVICE_MAGIC);
	s->check = NULL;
	if (why) {
		free(e->problem);
		e->problem = xasprintf("check of %s: %s", s->x->name, why->msg);
	}
	changed = health_take(&s->health, why == NULL);
	loop_timer_in(s->timer, health_pause_ms(&s->health, clock_mono_ms()));
	service_register(s);
	if (changed)
		report_health(e);
	remedy(e);
}

static void on_timer(void *arg)
{
	struct service *s = arg;

	CHECK_MAGIC(s, SERVICE_MAGIC);
	start_check(s);
}

static void start_check(struct service *s)
{
	if (!s->check)
		s->check = service_check_start(s->entry->r->loop, s->entry->r->http, s->x,
					       s->entry->r->address, on_checked, s);
}

static void stop_check(struct service *s)
{
	service_check_free(TAKE(s->check));
	loop_timer_unset(s->timer);
}

static void restart_health(struct service *s)
{
	health_start(&s->health, s->x->rise, s->x->fall, s->x->check_interval_ms,
		     clock_mono_ms());
}

void services_drop(struct entry *e)
{
	for (size_t i = 0; i < e->list.n; i++) {
		struct service *s = &e->services[i];

		stop_check(s);
		loop_timer_free(s->timer);
		free(s->key);
		free(s->value);
		s->magic = 0;
	}
	free(TAKE(e->services));
	x_services_done(&e->list);
	e->list = (struct x_services){ 0 };
}

/* Removes old registrations whose keys the new services do not have. */
static void unset_old(struct entry *e, char *const *old, size_t n_old)
{
	for (size_t i = 0; i < n_old && e->r->lease; i++) {
		bool stays = false;

		for (size_t k = 0; k < e->list.n; k++)
			stays |= strcmp(e->services[k].key, old[i]) == 0;
		if (!stays)
			lease_unset(e->r->lease, old[i]);
	}
}

static void make_services(struct entry *e, const char *stack)
{
	const struct registrator *r = e->r;

	e->services = xcalloc(e->list.n + 1, sizeof(*e->services));
	for (size_t i = 0; i < e->list.n; i++) {
		struct service *s = &e->services[i];

		s->magic = SERVICE_MAGIC;
		s->entry = e;
		s->x = &e->list.v[i];
		s->key = registration_key(r->domain, stack, s->x->name, e->unit, r->host,
					  s->x->port);
		s->value = registration_value(r->address, s->x->port, s->x->priority,
					      s->x->weight);
		s->timer = loop_timer_new(r->loop, on_timer, s);
		restart_health(s);
	}
}

void services_update(struct entry *e)
{
	for (size_t i = 0; i < e->list.n; i++) {
		struct service *s = &e->services[i];

		if (!e->up || e->draining) {
			stop_check(s);
			restart_health(s);
		} else if (s->x->check != X_CHECK_NONE) {
			start_check(s);
		}
		service_register(s);
	}
	report_health(e);
}

void services_set(struct entry *e, const char *stack, struct x_services *take)
{
	size_t n_old = e->list.n;
	char **old = xcalloc(n_old + 1, sizeof(*old));

	for (size_t i = 0; i < n_old; i++)
		old[i] = xstrdup(e->services[i].key);
	services_drop(e);
	e->sick = false;
	e->remedy = (struct remedy){ 0 };
	e->list = *take;
	*take = (struct x_services){ 0 };
	make_services(e, stack);
	unset_old(e, old, n_old);
	for (size_t i = 0; i < n_old; i++)
		free(old[i]);
	free(old);
	services_update(e);
}
