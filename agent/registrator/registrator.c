/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registrator.h"

#include "check.h"
#include "services.h"

#include <string.h>

static struct entry *find(const struct registrator *r, const char *unit)
{
	for (struct entry *e = r->entries; e; e = e->next)
		if (strcmp(e->unit, unit) == 0)
			return e;
	return NULL;
}

static int read_services(const struct registrator *r, const char *unit, const char *text,
			 struct x_services *ret, struct err *err)
{
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	struct unit_context ctx = { .name = unit, .host = r->host };
	int rc = unit_file_parse(text, strlen(text), unit, &file, err);

	return rc < 0 ? rc : x_services_read(file, &ctx, ret, err);
}

int registrator_set_unit(struct registrator *r, const char *unit, const char *stack,
			 const char *text, struct err *err)
{
	CLEANUP(x_services_done) struct x_services list = { 0 };
	struct entry *e = find(r, unit);
	int rc = read_services(r, unit, text, &list, err);

	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->r = r;
		e->unit = xstrdup(unit);
		e->next = r->entries;
		r->entries = e;
	}
	if (rc < 0) {
		x_services_done(&list);
		list = (struct x_services){ 0 };
	}
	services_set(e, stack, &list);
	return rc;
}

void registrator_drop_unit(struct registrator *r, const char *unit)
{
	for (struct entry **p = &r->entries; *p; p = &(*p)->next) {
		struct entry *e = *p;

		if (strcmp(e->unit, unit) != 0)
			continue;
		for (size_t i = 0; i < e->list.n && r->lease; i++)
			lease_unset(r->lease, e->services[i].key);
		*p = e->next;
		services_drop(e);
		free(e->unit);
		free(e->problem);
		free(e);
		return;
	}
}

void registrator_set_up(struct registrator *r, const char *unit, bool up)
{
	struct entry *e = find(r, unit);

	if (!e || e->up == up)
		return;
	e->up = up;
	services_update(e);
}

void registrator_set_draining(struct registrator *r, const char *unit, bool draining)
{
	struct entry *e = find(r, unit);

	if (!e || e->draining == draining)
		return;
	e->draining = draining;
	services_update(e);
}

/* ---------------------------------------------------------------- questions */

int64_t registrator_drain_ms(const struct registrator *r, const char *unit)
{
	const struct entry *e = find(r, unit);
	int64_t most = 0;

	for (size_t i = 0; e && i < e->list.n; i++)
		most = MAX(most, e->list.v[i].drain_ms);
	return most;
}

enum unit_health registrator_health(const struct registrator *r, const char *unit)
{
	const struct entry *e = find(r, unit);

	return e ? services_health(e) : HEALTH_NONE;
}

const char *registrator_problem(const struct registrator *r, const char *unit)
{
	const struct entry *e = find(r, unit);

	return e && e->problem && services_health(e) != HEALTH_PASSING ? e->problem : "";
}

bool registrator_knows(void *registrator, const char *key)
{
	const struct registrator *r = registrator;

	for (const struct entry *e = r->entries; e; e = e->next)
		for (size_t i = 0; i < e->list.n; i++)
			if (strcmp(e->services[i].key, key) == 0)
				return e->up && !e->draining;
	return false;
}

/* ---------------------------------------------------------------- the object */

struct registrator *registrator_new(struct loop *loop, struct httpm *http,
				    const struct registrator_opts *opts)
{
	struct registrator *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->http = http;
	r->domain = xstrdup(opts->domain);
	r->address = xstrdup(opts->address);
	r->host = xstrdup(opts->host);
	r->on_health = opts->on_health;
	r->on_restart = opts->on_restart;
	r->arg = opts->arg;
	return r;
}

void registrator_set_domain(struct registrator *r, const char *domain)
{
	free(r->domain);
	r->domain = xstrdup(domain);
}

void registrator_set_lease(struct registrator *r, struct lease *l)
{
	r->lease = l;
	for (struct entry *e = r->entries; e && l; e = e->next)
		for (size_t i = 0; i < e->list.n; i++)
			service_register(&e->services[i]);
}

void registrator_free(struct registrator *r)
{
	if (!r)
		return;
	r->lease = NULL; /* the keys stay: the units run on */
	while (r->entries)
		registrator_drop_unit(r, r->entries->unit);
	free(r->domain);
	free(r->address);
	free(r->host);
	free(r);
}
