/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack.conf: its sections into the structs of the database.
 */
#include "readers.h"

#include "check.h"
#include "rule.h"
#include "unitfile.h"

#include <string.h>

#define OBJECTS_MAX 200 /* pools, tiers or secrets in a stack */
#define DAY_MS (24 * 3600 * 1000.0)
#define SCHEDULES_MAX 64

struct pool_conf {
	struct db_pool p;
	char *memory;
	json_t *rest; /* options of the driver */
	int line;
};

struct tier_conf {
	struct db_tier t;
	char *mode;
	struct calendar calendar;
	int line;
};

struct stack_head {
	char *name, *timezone, *domain;
};

struct reading {
	struct stack_file *s;
	struct stack_head head;
	bool has_head;
	struct pool_conf *pools;
	size_t n_pools;
	struct tier_conf *tiers;
	size_t n_tiers;
};

#define HEAD(m) offsetof(struct stack_head, m)
#define POOL(m) offsetof(struct pool_conf, m)
#define TIER(m) offsetof(struct tier_conf, m)

/* clang-format off */
const struct conf_option stack_head_options[] = {
	{ "stack", "name", CONF_STRING, HEAD(name), "", 0, 0, NULL,
	  "name of the stack" },
	{ "stack", "timezone", CONF_STRING, HEAD(timezone), "UTC", 0, 0, NULL,
	  "local time of its seasons and schedules, as Europe/Stockholm" },
	{ "stack", "domain", CONF_STRING, HEAD(domain), "foretide.local", 0, 0, NULL,
	  "services are found by DNS as SERVICE.STACK.DOMAIN" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
const struct conf_option stack_pool_options[] = {
	{ "pool", "driver", CONF_STRING, POOL(p.driver), "", 0, 0, NULL,
	  "cloud driver that launches the hosts" },
	{ "pool", "profile", CONF_STRING, POOL(p.profile), "", 0, 0, NULL,
	  "section of the credentials file; the driver's name when empty" },
	{ "pool", "type", CONF_STRING, POOL(p.type), "", 0, 0, NULL,
	  "type of host, the cloud's word" },
	{ "pool", "cpu", CONF_NUMBER, POOL(p.cpu), "0", 0, 1024, NULL,
	  "cores of one host; 0 when the type says it" },
	{ "pool", "memory", CONF_STRING, POOL(memory), "0", 0, 0, NULL,
	  "memory of one host, as 512M or 2G; 0 when the type says it" },
	{ "pool", "min", CONF_INT, POOL(p.min), "0", 0, 10000, NULL,
	  "hosts that are always there" },
	{ "pool", "max", CONF_INT, POOL(p.max), "10", 0, 10000, NULL,
	  "hosts that there may be at most" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
const struct conf_option stack_tier_options[] = {
	{ "tier", "unit", CONF_STRING, TIER(t.unit), "", 0, 0, NULL,
	  "unit file in units/; a template NAME@.service can have several instances" },
	{ "tier", "pool", CONF_STRING, TIER(t.pool), "", 0, 0, NULL,
	  "pool whose hosts run it; the tier's own name when empty" },
	{ "tier", "mode", CONF_STRING, TIER(mode), "", 0, 0, "observe|out|auto|",
	  "observe decides and does nothing, out never scales in; auto, or out for a "
	  "stateful tier, when empty" },
	{ "tier", "min", CONF_INT, TIER(t.min), "1", 0, 10000, NULL,
	  "instances that there are at least" },
	{ "tier", "max", CONF_INT, TIER(t.max), "1", 0, 10000, NULL,
	  "instances that there may be at most" },
	{ "tier", "demand", CONF_STRING, TIER(t.demand), "", 0, 0, NULL,
	  "expression that says what the tier is asked for" },
	{ "tier", "capacity", CONF_NUMBER, TIER(t.capacity), "0", 0, 1e15, NULL,
	  "demand that one instance serves; 0: learned" },
	{ "tier", "capacity_unit", CONF_STRING, TIER(t.capacity_unit), "", 0, 0, NULL,
	  "unit of demand and capacity, for people" },
	{ "tier", "utilisation", CONF_STRING, TIER(t.utilisation), "", 0, 0, NULL,
	  "expression that says how busy its instances are, 0 to 1; when empty, their CPU "
	  "time as a share of what their hosts have for them" },
	{ "tier", "latency", CONF_STRING, TIER(t.latency), "", 0, 0, NULL,
	  "expression that says how many seconds an answer takes" },
	{ "tier", "target_utilisation", CONF_NUMBER, TIER(t.target_utilisation), "70%", 0.1, 1, NULL,
	  "how busy an instance shall be at most, for the capacity that is learned" },
	{ "tier", "risk", CONF_NUMBER, TIER(t.risk_ratio), "0.5%", 1e-5, 0.5, NULL,
	  "share of time that the tier may be short" },
	{ "tier", "price", CONF_NUMBER, TIER(t.price_ratio), "0", 0, 1e9, NULL,
	  "instance-hours that a short minute costs, in place of the risk; 0: the risk" },
	{ "tier", "lead_prior", CONF_DURATION, TIER(t.lead_prior_ms), "2m", 0, DAY_MS, NULL,
	  "lead time that is assumed until five were measured" },
	{ "tier", "dwell", CONF_DURATION, TIER(t.dwell_ms), "10m", 0, 7 * DAY_MS, NULL,
	  "how long fewer instances must suffice before it scales in" },
	{ "tier", "step_out", CONF_INT, TIER(t.step_out_max), "0", 0, 10000, NULL,
	  "instances that one decision adds at most; 0: no limit" },
	{ "tier", "step_in", CONF_INT, TIER(t.step_in_max), "1", 0, 10000, NULL,
	  "instances that one decision removes at most; 0: no limit" },
	{ "tier", "stateful", CONF_BOOL, TIER(t.stateful), "no", 0, 0, NULL,
	  "its instances hold state: no automatic scale-in unless mode says auto" },
	{ "tier", "priority", CONF_INT, TIER(t.priority), "0", -1000, 1000, NULL,
	  "who gets hosts first when there are too few: the higher" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

/* ---------------------------------------------------------------- sections */

/* "tier web" to "web"; NULL when the section is of another kind. */
static const char *name_in(const char *section, const char *kind)
{
	size_t n = strlen(kind);

	if (strncmp(section, kind, n) != 0 || section[n] != ' ')
		return NULL;
	return section + n + strspn(section + n, " \t");
}

static struct pool_conf *find_pool(struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->n_pools; i++)
		if (strcmp(r->pools[i].p.name, name) == 0)
			return &r->pools[i];
	return NULL;
}

static struct tier_conf *find_tier(struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->n_tiers; i++)
		if (strcmp(r->tiers[i].t.name, name) == 0)
			return &r->tiers[i];
	return NULL;
}

static int new_pool(struct reading *r, const char *name, int line, struct err *err)
{
	struct pool_conf *p;
	int rc = stack_name_check(name, "the pool's name", err);

	if (rc < 0)
		return rc;
	if (find_pool(r, name))
		return err_set(err, ERR_INVAL, "[pool %s] is there twice", name);
	if (r->n_pools == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d pools", OBJECTS_MAX);
	p = &r->pools[r->n_pools++];
	conf_defaults(stack_pool_options, p);
	p->p.name = xstrdup(name);
	p->rest = json_object();
	p->line = line;
	return 0;
}

static int new_tier(struct reading *r, const char *name, int line, struct err *err)
{
	struct tier_conf *t;
	int rc = stack_name_check(name, "the tier's name", err);

	if (rc < 0)
		return rc;
	if (find_tier(r, name))
		return err_set(err, ERR_INVAL, "[tier %s] is there twice", name);
	if (r->n_tiers == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d tiers", OBJECTS_MAX);
	t = &r->tiers[r->n_tiers++];
	conf_defaults(stack_tier_options, t);
	t->t.name = xstrdup(name);
	t->line = line;
	return 0;
}

static int new_secret(struct reading *r, const char *name, struct err *err)
{
	struct stack_file *s = r->s;
	int rc = stack_name_check(name, "the secret's name", err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->n_secrets; i++)
		if (strcmp(s->secrets[i], name) == 0)
			return err_set(err, ERR_INVAL, "[secret %s] is there twice",
				       name);
	if (s->n_secrets == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d secrets", OBJECTS_MAX);
	s->secrets = xrealloc(s->secrets, (s->n_secrets + 1) * sizeof(*s->secrets));
	s->secrets[s->n_secrets++] = xstrdup(name);
	return 0;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	struct reading *r = arg;
	const char *name;

	if (strcmp(section, "stack") == 0) {
		if (r->has_head)
			return err_set(err, ERR_INVAL, "[stack] is there twice");
		r->has_head = true;
		return 0;
	}
	if ((name = name_in(section, "pool")))
		return new_pool(r, name, line, err);
	if ((name = name_in(section, "tier")))
		return new_tier(r, name, line, err);
	if ((name = name_in(section, "secret")))
		return new_secret(r, name, err);
	if ((name = name_in(section, "event")))
		return stack_events_add(&r->s->events, name, line, err);
	return err_set(err, ERR_INVAL,
		       "[%s] is none of [stack], [pool NAME], [tier NAME], [event NAME], "
		       "[secret NAME]",
		       section);
}

/* ---------------------------------------------------------------- options */

static bool is_pool_option(const char *name)
{
	for (const struct conf_option *o = stack_pool_options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* What is not ours is the driver's, who checks it. */
static int set_pool(struct pool_conf *p, const char *name, const char *value,
		    struct err *err)
{
	if (is_pool_option(name))
		return conf_set(stack_pool_options, p, "pool", name, value, err);
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return err_set(err, ERR_INVAL,
			       "'%s' is no option: a-z, 0-9 and _ make its name", name);
	if (json_object_get(p->rest, name))
		return err_set(err, ERR_INVAL, "%s is there twice", name);
	if (json_object_set_new(p->rest, name, json_string(value)) < 0)
		return err_set(err, ERR_INVAL, "%s is no UTF-8", name);
	return 0;
}

static int set_tier(struct tier_conf *t, const char *name, const char *value,
		    struct err *err)
{
	if (strcmp(name, "schedule") != 0)
		return conf_set(stack_tier_options, t, "tier", name, value, err);
	if (t->calendar.n == SCHEDULES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d schedules", SCHEDULES_MAX);
	return calendar_add(&t->calendar, value, err);
}

int stack_tier_set(struct db_tier *t, const char *name, const char *value,
		   struct err *err)
{
	struct tier_conf c = { .t = *t };
	int rc = conf_set(stack_tier_options, &c, "tier", name, value, err);

	/* conf_set() frees and replaces strings, so the struct is the caller's again. */
	*t = c.t;
	free(c.mode);
	return rc;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct reading *r = arg;
	const char *object;

	(void)line;
	if (strcmp(section, "stack") == 0)
		return conf_set(stack_head_options, &r->head, "stack", name, value, err);
	if ((object = name_in(section, "pool")))
		return set_pool(find_pool(r, object), name, value, err);
	if ((object = name_in(section, "tier")))
		return set_tier(find_tier(r, object), name, value, err);
	if ((object = name_in(section, "event")))
		return stack_events_set(&r->s->events, object, name, value, err);
	if (name_in(section, "secret"))
		return err_set(err, ERR_INVAL,
			       "a secret has no options: the controller makes its value");
	return err_set(err, ERR_INVAL, "'%s' stands before the first section", name);
}

/* ---------------------------------------------------------------- checks */

static int check_timezone(const char *zone, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("/usr/share/zoneinfo/%s", zone);

	if (strcmp(zone, "UTC") == 0)
		return 0;
	if (!*zone || *zone == '/' || strstr(zone, "..") || access(path, R_OK) < 0)
		return err_set(err, ERR_INVAL, "stack.conf: there is no time zone '%s'",
			       zone);
	return 0;
}

static int check_domain(const char *domain, struct err *err)
{
	size_t len = strlen(domain);

	if (len >= 1 && len <= 200 && *domain != '.' && domain[len - 1] != '.' &&
	    !strstr(domain, "..") &&
	    strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len)
		return 0;
	return err_set(err, ERR_INVAL, "stack.conf: domain '%s' is no domain name",
		       domain);
}

static int take_head(struct reading *r, struct err *err)
{
	struct stack_head *h = &r->head;
	int rc;

	if (!*h->name)
		return err_set(err, ERR_INVAL, "stack.conf: [stack] needs a name");
	rc = stack_name_check(h->name, "stack.conf: the stack's name", err);
	if (rc == 0)
		rc = check_timezone(h->timezone, err);
	if (rc == 0)
		rc = check_domain(h->domain, err);
	if (rc < 0)
		return rc;
	r->s->name = TAKE(h->name);
	r->s->timezone = TAKE(h->timezone);
	r->s->domain = TAKE(h->domain);
	return 0;
}

static int take_pool(struct reading *r, struct pool_conf *c, struct db_pool *ret,
		     struct err *err)
{
	struct db_pool *p = &c->p;
	int rc = x_parse_bytes(c->memory, &p->memory_bytes, err);

	if (rc < 0)
		return err_wrap(err, rc, "stack.conf:%d: [pool %s] memory", c->line,
				p->name);
	if (!*p->driver)
		return err_set(err, ERR_INVAL, "stack.conf:%d: [pool %s] needs a driver",
			       c->line, p->name);
	if (p->min > p->max)
		return err_set(err, ERR_INVAL,
			       "stack.conf:%d: [pool %s] min is above max", c->line,
			       p->name);
	if (!*p->profile) {
		free(p->profile);
		p->profile = xstrdup(p->driver);
	}
	p->stack = xstrdup(r->s->name);
	p->config_json = json_dumps(c->rest, JSON_COMPACT | JSON_SORT_KEYS);
	*ret = *p;
	memset(p, 0, sizeof(*p));
	return 0;
}

static int take_tier(struct reading *r, struct tier_conf *c, struct db_tier *ret,
		     struct err *err)
{
	CLEANUP(json_decref) json_t *rules = NULL;
	struct db_tier *t = &c->t;

	if (!*t->unit)
		return err_set(err, ERR_INVAL, "stack.conf:%d: [tier %s] needs a unit",
			       c->line, t->name);
	if (t->min > t->max)
		return err_set(err, ERR_INVAL,
			       "stack.conf:%d: [tier %s] min is above max", c->line,
			       t->name);
	if (!*t->pool) {
		free(t->pool);
		t->pool = xstrdup(t->name);
	}
	t->mode = *c->mode      ? (enum db_mode)db_mode_from_name(c->mode)
		  : t->stateful ? DB_MODE_OUT
				: DB_MODE_AUTO;
	t->stack = xstrdup(r->s->name);
	rules = calendar_format(&c->calendar);
	t->schedule_json = json_dumps(rules, JSON_COMPACT);
	t->desired = -1;
	*ret = *t;
	memset(t, 0, sizeof(*t));
	return 0;
}

static int take_all(struct reading *r, struct err *err)
{
	struct stack_file *s = r->s;
	int rc = take_head(r, err);

	s->pools.v = xcalloc(r->n_pools + 1, sizeof(*s->pools.v));
	s->tiers.v = xcalloc(r->n_tiers + 1, sizeof(*s->tiers.v));
	for (size_t i = 0; i < r->n_pools && rc == 0; i++) {
		rc = take_pool(r, &r->pools[i], &s->pools.v[i], err);
		s->pools.n += rc == 0;
	}
	for (size_t i = 0; i < r->n_tiers && rc == 0; i++) {
		rc = take_tier(r, &r->tiers[i], &s->tiers.v[i], err);
		s->tiers.n += rc == 0;
	}
	if (rc == 0 && s->tiers.n == 0)
		rc = err_set(err, ERR_INVAL, "stack.conf: there is no [tier NAME]");
	return rc;
}

static void reading_done(struct reading *r)
{
	for (size_t i = 0; i < r->n_pools; i++) {
		db_pool_done(&r->pools[i].p);
		free(r->pools[i].memory);
		json_decref(r->pools[i].rest);
	}
	for (size_t i = 0; i < r->n_tiers; i++) {
		db_tier_done(&r->tiers[i].t);
		free(r->tiers[i].mode);
		calendar_done(&r->tiers[i].calendar);
	}
	free(r->pools);
	free(r->tiers);
	free(r->head.name);
	free(r->head.timezone);
	free(r->head.domain);
}

int stack_conf_read(struct stack_file *s, const char *text, struct err *err)
{
	struct reading r = {
		.s = s,
		.pools = xcalloc(OBJECTS_MAX, sizeof(*r.pools)),
		.tiers = xcalloc(OBJECTS_MAX, sizeof(*r.tiers)),
	};
	int rc = conf_each_section(text, "stack.conf", on_section, &r, err);

	conf_defaults(stack_head_options, &r.head);
	if (rc == 0)
		rc = conf_each(text, "stack.conf", on_pair, &r, err);
	if (rc == 0)
		rc = take_all(&r, err);
	reading_done(&r);
	return rc;
}
