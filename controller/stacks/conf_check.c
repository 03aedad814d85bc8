/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_check.c - checks what stack.conf declares, and fills in what it omits.
 */
#include "conf_reading.h"

#include "check.h"
#include "drill_window.h"
#include "money.h"
#include "names.h"

#include <string.h>
#include <unistd.h>

static int check_timezone(const char *zone, const char *place, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("/usr/share/zoneinfo/%s", zone);

	if (strcmp(zone, "UTC") == 0)
		return 0;
	if (!*zone || *zone == '/' || strstr(zone, "..") || access(path, R_OK) < 0)
		return err_set(err, ERR_INVAL, "%s: there is no time zone '%s'", place,
			       zone);
	return 0;
}

static int check_domain(const char *domain, const char *place, struct err *err)
{
	size_t len = strlen(domain);

	if (len >= 1 && len <= 200 && *domain != '.' && domain[len - 1] != '.' &&
	    !strstr(domain, "..") &&
	    strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len)
		return 0;
	return err_set(err, ERR_INVAL, "%s: domain '%s' is not a domain name", place,
		       domain);
}

static int check_budget(const char *budget, const char *place, struct err *err)
{
	struct money m;
	int rc = *budget ? budget_parse(budget, &m, err) : 0;

	return rc < 0 ? err_wrap(err, rc, "%s: budget", place) : 0;
}

static int take_head(struct conf_reading *r, struct err *err)
{
	struct stack_head *h = &r->head;
	char at[STACK_PLACE];
	int rc;

	if (!*h->name)
		return err_set(err, ERR_INVAL, "%s: [stack] needs a name",
			       stack_file_place(r->s, "stack", "", at));
	rc = stack_name_check(h->name, "the stack's name", err);
	if (rc < 0)
		return err_wrap(err, rc, "%s",
				stack_file_place(r->s, "stack", "name", at));
	rc = check_timezone(h->timezone, stack_file_place(r->s, "stack", "timezone", at),
			    err);
	if (rc == 0)
		rc = check_domain(h->domain,
				  stack_file_place(r->s, "stack", "domain", at), err);
	if (rc == 0 && *h->drill_window) {
		rc = drill_window_check(h->drill_window, err);
		if (rc < 0)
			return err_wrap(
				err, rc, "%s",
				stack_file_place(r->s, "stack", "drill_window", at));
	}
	if (rc == 0)
		rc = check_budget(h->budget,
				  stack_file_place(r->s, "stack", "budget", at), err);
	if (rc < 0)
		return rc;
	r->s->budget = TAKE(h->budget);
	r->s->name = TAKE(h->name);
	r->s->timezone = TAKE(h->timezone);
	r->s->domain = TAKE(h->domain);
	r->s->drill_window = TAKE(h->drill_window);
	return 0;
}

static int take_pool(struct conf_reading *r, struct pool_conf *c, struct db_pool *ret,
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

static int take_tier(struct conf_reading *r, struct tier_conf *c, struct db_tier *ret,
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
	if (t->latency_max_ms > 0 && (!t->latency || !*t->latency))
		return err_set(err, ERR_INVAL,
			       "stack.conf:%d: [tier %s] latency_max needs a latency",
			       c->line, t->name);
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

static bool rolls_back(const struct conf_reading *r, const struct tier_conf *c)
{
	return strcmp(*c->rollback ? c->rollback : r->head.rollback, "auto") == 0;
}

int stack_conf_check(struct conf_reading *r, struct err *err)
{
	struct stack_file *s = r->s;
	int rc = take_head(r, err);

	s->pools.v = xcalloc(r->n_pools + 1, sizeof(*s->pools.v));
	s->tiers.v = xcalloc(r->n_tiers + 1, sizeof(*s->tiers.v));
	for (size_t i = 0; i < r->n_pools && rc == 0; i++) {
		rc = take_pool(r, &r->pools[i], &s->pools.v[i], err);
		s->pools.n += rc == 0;
	}
	s->rolls_back = xcalloc(r->n_tiers + 1, sizeof(*s->rolls_back));
	for (size_t i = 0; i < r->n_tiers && rc == 0; i++) {
		s->rolls_back[i] = rolls_back(r, &r->tiers[i]);
		rc = take_tier(r, &r->tiers[i], &s->tiers.v[i], err);
		s->tiers.n += rc == 0;
	}
	if (rc == 0 && s->tiers.n == 0)
		rc = err_set(err, ERR_INVAL, "stack.conf: there is no [tier NAME]");
	return rc;
}
