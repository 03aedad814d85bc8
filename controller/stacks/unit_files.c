/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit_files.c - reads and checks each tier's units/NAME, and that it fits on a host.
 */
#include "readers.h"

#include "check.h"

#include <string.h>

/* Of the first option in the section; else the first line. */
static int line_of(const struct unit_file *u, const char *section)
{
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->options[i].section, section) == 0)
			return u->options[i].line;
	return 1;
}

/* A template is checked as its first instance. */
static int check_sections(const struct stack_unit *u, struct db_tier *t, struct err *err)
{
	CLEANUP(x_fleet_done) struct x_fleet fleet = { .machine_id = NULL };
	CLEANUP(x_services_done) struct x_services services = { NULL, 0 };
	CLEANUP(x_metrics_done) struct x_metrics metrics = { NULL, 0 };
	struct x_resources need = { 0, 0 };
	char name[UNIT_NAME_TEXT];
	struct unit_context ctx = { .name = u->name, .host = "host-00000000" };
	int rc = 0;

	if (u->is_template) {
		rc = unit_name_of_template(u->name, "1", name, err);
		ctx.name = name;
	}
	if (rc == 0)
		rc = x_fleet_read(u->file, ctx.name, &fleet, NULL, err);
	if (rc == 0)
		rc = x_services_read(u->file, &ctx, &services, err);
	if (rc == 0)
		rc = x_metrics_read(u->file, &ctx, &metrics, err);
	if (rc == 0)
		rc = x_resources_read(u->file, &need, err);
	if (rc < 0)
		return rc;
	if (!unit_file_get(u->file, "Service", "ExecStart"))
		return err_set(err, ERR_INVAL, "%s:%d: [Service] has no ExecStart",
			       u->file->what, line_of(u->file, "Service"));
	t->cpu = need.cpu;
	t->memory_bytes = need.memory_bytes;
	return 0;
}

static int read_unit(const struct stack_file *s, const json_t *files, struct db_tier *t,
		     struct stack_unit *u, struct err *err)
{
	char at[STACK_PLACE];
	CLEANUP(free) char *path = xasprintf("units/%s", t->unit);
	CLEANUP(buf_done) struct buf b;
	const char *text = json_string_value(json_object_get(files, path));
	size_t len = strlen(t->unit);
	int rc = unit_name_check(t->unit, err);

	buf_init(&b, UNIT_FILE_MAX);
	if (rc < 0)
		return err_wrap(err, rc, "%s: [tier %s]",
				stack_tier_place(s, t->name, "unit", at), t->name);
	if (len < 8 || strcmp(t->unit + len - 8, ".service") != 0 ||
	    unit_name_is_instance(t->unit))
		return err_set(err, ERR_INVAL,
			       "%s: [tier %s]: unit = %s must be NAME.service or the "
			       "template NAME@.service",
			       stack_tier_place(s, t->name, "unit", at), t->name,
			       t->unit);
	if (!text)
		return err_set(err, ERR_INVAL, "%s: [tier %s]: there is no %s",
			       stack_tier_place(s, t->name, "unit", at), t->name, path);
	u->name = xstrdup(t->unit);
	u->is_template = unit_name_is_template(t->unit);
	rc = unit_file_parse(text, strlen(text), path, &u->file, err);
	if (rc == 0)
		rc = check_sections(u, t, err);
	if (rc < 0)
		return rc;
	unit_file_text(u->file, &b);
	u->text = buf_take(&b);
	unit_file_hash(u->file, u->hash);
	if (!u->is_template && t->max > 1)
		return err_set(err, ERR_INVAL,
			       "%s: [tier %s]: %s is not a template, so max must be 1",
			       stack_tier_place(s, t->name, "max", at), t->name, t->unit);
	return 0;
}

static int check_fits(const struct stack_file *s, const struct db_tier *t,
		      const struct stack_unit *u, struct err *err)
{
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *p = &s->pools.v[i];

		if (strcmp(p->name, t->pool) != 0)
			continue;
		if (p->cpu > 0 && t->cpu > p->cpu)
			return err_set(
				err, ERR_INVAL,
				"units/%s:%d: it asks for CPU=%g, a host of [pool %s] "
				"has %g",
				t->unit, line_of(u->file, "X-Resources"), t->cpu, p->name,
				p->cpu);
		if (p->memory_bytes > 0 && t->memory_bytes > p->memory_bytes)
			return err_set(err, ERR_INVAL,
				       "units/%s:%d: it asks for Memory=%lldM, a host of "
				       "[pool %s] has %lldM",
				       t->unit, line_of(u->file, "X-Resources"),
				       (long long)t->memory_bytes >> 20, p->name,
				       (long long)p->memory_bytes >> 20);
	}
	return 0;
}

int stack_units_read(struct stack_file *s, const json_t *files, struct err *err)
{
	s->units = xcalloc(s->tiers.n + 1, sizeof(*s->units));
	for (size_t i = 0; i < s->tiers.n; i++) {
		struct db_tier *t = &s->tiers.v[i];
		char at[STACK_PLACE];
		int rc;

		for (size_t k = 0; k < i; k++)
			if (strcmp(s->tiers.v[k].unit, t->unit) == 0)
				return err_set(err, ERR_INVAL,
					       "%s: [tier %s] and [tier %s] have the "
					       "same unit",
					       stack_tier_place(s, t->name, "unit", at),
					       s->tiers.v[k].name, t->name);
		s->n_units = i + 1;
		rc = read_unit(s, files, t, &s->units[i], err);
		if (rc == 0)
			rc = check_fits(s, t, &s->units[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
