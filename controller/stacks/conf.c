/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.c - reads the sections of stack.conf into the database's structs.
 */
#include "conf_reading.h"

#include "check.h"
#include "names.h"
#include "readers.h"

#include <string.h>

#define OBJECTS_MAX 200 /* pools, tiers or secrets in a stack */
#define SCHEDULES_MAX 64

/* ---------------------------------------------------------------- sections */

/* "tier web" to "web"; NULL when the section is of another kind. */
static const char *name_in(const char *section, const char *kind)
{
	size_t n = strlen(kind);

	if (strncmp(section, kind, n) != 0 || section[n] != ' ')
		return NULL;
	return section + n + strspn(section + n, " \t");
}

static struct pool_conf *find_pool(struct conf_reading *r, const char *name)
{
	for (size_t i = 0; i < r->n_pools; i++)
		if (strcmp(r->pools[i].p.name, name) == 0)
			return &r->pools[i];
	return NULL;
}

static struct tier_conf *find_tier(struct conf_reading *r, const char *name)
{
	for (size_t i = 0; i < r->n_tiers; i++)
		if (strcmp(r->tiers[i].t.name, name) == 0)
			return &r->tiers[i];
	return NULL;
}

static int new_pool(struct conf_reading *r, const char *name, int line, struct err *err)
{
	struct pool_conf *p;
	int rc = stack_name_check(name, "the pool's name", err);

	if (rc < 0)
		return rc;
	if (find_pool(r, name))
		return err_set(err, ERR_INVAL, "[pool %s] is defined twice", name);
	if (r->n_pools == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d pools", OBJECTS_MAX);
	p = &r->pools[r->n_pools++];
	conf_defaults(stack_pool_options, p);
	p->p.name = xstrdup(name);
	p->rest = json_object();
	p->line = line;
	return 0;
}

static int new_tier(struct conf_reading *r, const char *name, int line, struct err *err)
{
	struct tier_conf *t;
	int rc = stack_name_check(name, "the tier's name", err);

	if (rc < 0)
		return rc;
	if (find_tier(r, name))
		return err_set(err, ERR_INVAL, "[tier %s] is defined twice", name);
	if (r->n_tiers == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d tiers", OBJECTS_MAX);
	t = &r->tiers[r->n_tiers++];
	conf_defaults(stack_tier_options, t);
	t->t.name = xstrdup(name);
	t->line = line;
	return 0;
}

static int new_secret(struct conf_reading *r, const char *name, struct err *err)
{
	struct stack_file *s = r->s;
	int rc = stack_name_check(name, "the secret's name", err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->n_secrets; i++)
		if (strcmp(s->secrets[i], name) == 0)
			return err_set(err, ERR_INVAL, "[secret %s] is defined twice",
				       name);
	if (s->n_secrets == OBJECTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d secrets", OBJECTS_MAX);
	s->secrets = xrealloc(s->secrets, (s->n_secrets + 1) * sizeof(*s->secrets));
	s->secrets[s->n_secrets++] = xstrdup(name);
	return 0;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	struct conf_reading *r = arg;
	const char *name;

	/* What is defined twice is told below. */
	(void)stack_place_add(r->s, section, "", line, NULL);
	if (strcmp(section, "stack") == 0) {
		if (r->has_head)
			return err_set(err, ERR_INVAL, "[stack] is defined twice");
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
		       "[%s] is not one of [stack], [pool NAME], [tier NAME], [event "
		       "NAME], [secret NAME]",
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

/* Unknown options are the driver's, which checks them. */
static int set_pool(struct pool_conf *p, const char *name, const char *value,
		    struct err *err)
{
	if (is_pool_option(name))
		return conf_set(stack_pool_options, p, "pool", name, value, err);
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return err_set(
			err, ERR_INVAL,
			"'%s' is not an option name: it must consist of a-z, 0-9 and _",
			name);
	if (json_object_get(p->rest, name))
		return err_set(err, ERR_INVAL, "%s is given twice", name);
	if (json_object_set_new(p->rest, name, json_string(value)) < 0)
		return err_set(err, ERR_INVAL, "%s is not UTF-8", name);
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

/* Options that may be given several times. */
static bool is_list(const char *name)
{
	return strcmp(name, "schedule") == 0 || strcmp(name, "when") == 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct conf_reading *r = arg;
	const char *object;

	if (!is_list(name)) {
		int rc = stack_place_add(r->s, section, name, line, err);

		if (rc < 0 && !r->s->is_stored)
			return rc;
	}
	if (strcmp(section, "stack") == 0)
		return conf_set(stack_head_options, &r->head, "stack", name, value, err);
	if ((object = name_in(section, "pool")))
		return set_pool(find_pool(r, object), name, value, err);
	if ((object = name_in(section, "tier")))
		return set_tier(find_tier(r, object), name, value, err);
	if ((object = name_in(section, "event")))
		return stack_events_set(&r->s->events, object, name, value, err);
	if (name_in(section, "secret"))
		return err_set(
			err, ERR_INVAL,
			"a secret has no options: the controller generates its value");
	return err_set(err, ERR_INVAL, "'%s' comes before the first section", name);
}

/* ---------------------------------------------------------------- all of it */

static void reading_done(struct conf_reading *r)
{
	for (size_t i = 0; i < r->n_pools; i++) {
		db_pool_done(&r->pools[i].p);
		free(r->pools[i].memory);
		json_decref(r->pools[i].rest);
	}
	for (size_t i = 0; i < r->n_tiers; i++) {
		db_tier_done(&r->tiers[i].t);
		free(r->tiers[i].mode);
		free(r->tiers[i].rollback);
		calendar_done(&r->tiers[i].calendar);
	}
	free(r->pools);
	free(r->tiers);
	free(r->head.name);
	free(r->head.timezone);
	free(r->head.drill_window);
	free(r->head.budget);
	free(r->head.domain);
	free(r->head.rollback);
}

int stack_conf_read(struct stack_file *s, const char *text, struct err *err)
{
	struct conf_reading r = {
		.s = s,
		.pools = xcalloc(OBJECTS_MAX, sizeof(*r.pools)),
		.tiers = xcalloc(OBJECTS_MAX, sizeof(*r.tiers)),
	};
	int rc = conf_each_section(text, "stack.conf", on_section, &r, err);

	conf_defaults(stack_head_options, &r.head);
	if (rc == 0)
		rc = conf_each(text, "stack.conf", on_pair, &r, err);
	if (rc == 0)
		rc = stack_conf_check(&r, err);
	reading_done(&r);
	return rc;
}
