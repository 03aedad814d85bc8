/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registrator.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "health.h"
#include "log.h"
#include "probe.h"
#include "text.h"
#include "unitfile.h"

#include <ctype.h>
#include <string.h>

#define SERVICE_MAGIC 0x72656773u
#define LABEL_MAX 63

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
	struct x_services list;
	struct service *services; /* [list.n] */
	enum unit_health told;
	char *problem;
};

struct registrator {
	struct loop *loop;
	struct httpm *http;
	struct lease *lease;
	char *domain, *address, *host;
	registrator_fn *on_health;
	void *arg;
	struct entry *entries;
};

/* ---------------------------------------------------------------- keys and values */

/* A host label of the unit's name without its suffix: web@3.service is web-3. */
static void add_unit_label(struct buf *b, const char *unit, size_t room)
{
	const char *dot = strrchr(unit, '.');
	size_t n = dot ? (size_t)(dot - unit) : strlen(unit);

	for (size_t i = 0; i < n && i < room; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)unit[i]);

		buf_putc(b, isalnum(c) ? (char)c : '-');
	}
}

static void add_reversed(struct buf *b, const char *domain)
{
	const char *end = domain + strlen(domain);

	while (end > domain) {
		const char *dot = memrchr(domain, '.', (size_t)(end - domain));
		const char *label = dot ? dot + 1 : domain;

		if (end > label) {
			buf_putc(b, '/');
			buf_add(b, label, (size_t)(end - label));
		}
		end = dot ? dot : domain;
	}
}

char *registrator_key(const char *domain, const char *stack, const char *service,
		      const char *unit, int port)
{
	CLEANUP(buf_done) struct buf b;
	char number[16];
	int digits = snprintf(number, sizeof(number), "-%d", port);

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/%s/%s/", stack, service);
	add_unit_label(&b, unit, (size_t)(LABEL_MAX - digits));
	buf_puts(&b, number);
	return buf_take(&b);
}

char *registrator_host_key(const char *domain, const char *host)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "/skydns");
	add_reversed(&b, domain);
	buf_printf(&b, "/hosts/%s", host);
	return buf_take(&b);
}

char *registrator_value(const char *address, int port, int priority, int weight)
{
	CLEANUP(json_decref) json_t *v = json_pack("{s:s}", "host", address);

	if (port)
		json_object_set_new(v, "port", json_integer(port));
	if (priority)
		json_object_set_new(v, "priority", json_integer(priority));
	if (weight)
		json_object_set_new(v, "weight", json_integer(weight));
	return json_dumps(v, JSON_COMPACT);
}

/* ---------------------------------------------------------------- one unit */

static struct entry *find(const struct registrator *r, const char *unit)
{
	for (struct entry *e = r->entries; e; e = e->next)
		if (strcmp(e->unit, unit) == 0)
			return e;
	return NULL;
}

/* The worst of its services counts. */
static enum unit_health health_of(const struct entry *e)
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

static void tell_health(struct entry *e)
{
	enum unit_health now = health_of(e);

	if (now == e->told)
		return;
	e->told = now;
	log_info("unit-health", STR("unit", e->unit), STR("health", health_name(now)),
		 STR("problem", now == HEALTH_FAILING ? e->problem : ""));
	e->r->on_health(e->r->arg, e->unit);
}

static void apply(struct service *s)
{
	struct entry *e = s->entry;
	bool serves = s->x->check == X_CHECK_NONE || s->health.now == HEALTH_PASSING;
	/* Not judged yet: a registration of an earlier life stays until it is. */
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
	apply(s);
	if (changed)
		tell_health(e);
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

static void drop_services(struct entry *e)
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

/* Those of before whose keys the new ones do not have are taken back. */
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
		s->key = registrator_key(r->domain, stack, s->x->name, e->unit,
					 s->x->port);
		s->value = registrator_value(r->address, s->x->port, s->x->priority,
					     s->x->weight);
		s->timer = loop_timer_new(r->loop, on_timer, s);
		restart_health(s);
	}
}

static int read_services(const struct registrator *r, const char *unit, const char *text,
			 struct x_services *ret, struct err *err)
{
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	struct unit_context ctx = { .name = unit, .host = r->host };
	int rc = unit_file_parse(text, strlen(text), unit, &file, err);

	return rc < 0 ? rc : x_services_read(file, &ctx, ret, err);
}

static void start_or_stop(struct entry *e)
{
	for (size_t i = 0; i < e->list.n; i++) {
		struct service *s = &e->services[i];

		if (!e->up || e->draining) {
			stop_check(s);
			restart_health(s);
		} else if (s->x->check != X_CHECK_NONE) {
			start_check(s);
		}
		apply(s);
	}
	tell_health(e);
}

static void take_services(struct entry *e, const char *stack, struct x_services *take)
{
	size_t n_old = e->list.n;
	char **old = xcalloc(n_old + 1, sizeof(*old));

	for (size_t i = 0; i < n_old; i++)
		old[i] = xstrdup(e->services[i].key);
	drop_services(e);
	e->list = *take;
	*take = (struct x_services){ 0 };
	make_services(e, stack);
	unset_old(e, old, n_old);
	for (size_t i = 0; i < n_old; i++)
		free(old[i]);
	free(old);
	start_or_stop(e);
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
	take_services(e, stack, &list);
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
		drop_services(e);
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
	start_or_stop(e);
}

void registrator_set_draining(struct registrator *r, const char *unit, bool draining)
{
	struct entry *e = find(r, unit);

	if (!e || e->draining == draining)
		return;
	e->draining = draining;
	start_or_stop(e);
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

	return e ? health_of(e) : HEALTH_NONE;
}

const char *registrator_problem(const struct registrator *r, const char *unit)
{
	const struct entry *e = find(r, unit);

	return e && e->problem && health_of(e) != HEALTH_PASSING ? e->problem : "";
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
			apply(&e->services[i]);
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
