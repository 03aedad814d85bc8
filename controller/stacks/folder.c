/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "folder.h"

#include "check.h"
#include "readers.h"
#include "unitfile.h"

#include <string.h>

#define FILES_MAX 512

int stack_name_check(const char *name, const char *what, struct err *err)
{
	size_t len = strlen(name);

	if (len >= 1 && len <= STACK_NAME_MAX && *name >= 'a' && *name <= 'z' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return 0;
	return err_set(err, ERR_INVAL,
		       "%s '%s' must begin with a letter and have at most %d of a-z, 0-9 "
		       "and -",
		       what, name, STACK_NAME_MAX);
}

/* ---------------------------------------------------------------- the files */

static const char *text_of(const json_t *files, const char *name)
{
	return json_string_value(json_object_get(files, name));
}

/* Cuts "conf.d/web/nginx.toml" at its slashes; false when there are not n parts. */
static bool split_path(char *path, char *parts[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		parts[i] = i + 1 < n ? strsep(&path, "/") : path;
		if (!parts[i] || !*parts[i] || !path || strcmp(parts[i], ".") == 0 ||
		    strcmp(parts[i], "..") == 0)
			return false;
	}
	return strchr(parts[n - 1], '/') == NULL;
}

static bool has_tier(const struct stack_file *s, const char *name)
{
	for (size_t i = 0; i < s->tiers.n; i++)
		if (strcmp(s->tiers.v[i].name, name) == 0)
			return true;
	return false;
}

static int check_text(const char *name, const json_t *text, struct err *err)
{
	if (!json_is_string(text))
		return err_set(err, ERR_INVAL, "%s: its text must be a string", name);
	if (strlen(json_string_value(text)) != json_string_length(text))
		return err_set(err, ERR_INVAL, "%s: holds a NUL byte", name);
	return 0;
}

/* "events/NAME.ics" */
static bool is_calendar(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, "events/", 7) == 0 && len > 11 && !strchr(name + 7, '/') &&
	       name[7] != '.' && strcmp(name + len - 4, ".ics") == 0;
}

/* Every file has its place, and its tier is there. */
static int check_place(const struct stack_file *s, const char *name, struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(name);
	char *parts[3];
	size_t len = strlen(name);

	if (strcmp(name, "stack.conf") == 0 || strncmp(name, "README", 6) == 0)
		return 0;
	if (strncmp(name, "units/", 6) == 0) {
		for (size_t i = 0; i < s->tiers.n; i++)
			if (strcmp(s->tiers.v[i].unit, name + 6) == 0)
				return 0;
		return err_set(err, ERR_INVAL, "%s: no tier of stack.conf has this unit",
			       name);
	}
	if (is_calendar(name))
		return 0;
	if (!split_path(copy, parts, 3) ||
	    (strcmp(parts[0], "conf.d") != 0 && strcmp(parts[0], "templates") != 0) ||
	    (*parts[0] == 'c' && (len < 5 || strcmp(name + len - 5, ".toml") != 0)))
		return err_set(err, ERR_INVAL,
			       "%s: a stack has stack.conf, units/NAME, "
			       "conf.d/TIER/NAME.toml, templates/TIER/NAME and "
			       "events/NAME.ics",
			       name);
	if (!has_tier(s, parts[1]))
		return err_set(err, ERR_INVAL, "%s: stack.conf has no [tier %s]", name,
			       parts[1]);
	return 0;
}

/* jansson walks only over mutable objects; nothing is changed here. */
static json_t *walkable(const json_t *files)
{
	return (json_t *)(uintptr_t)files;
}

static int check_files(const struct stack_file *s, const json_t *files, struct err *err)
{
	const char *name;
	json_t *text;
	int rc;

	json_object_foreach(walkable(files), name, text)
	{
		rc = check_text(name, text, err);
		if (rc == 0)
			rc = check_place(s, name, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- units */

/* A template is checked as its first instance would be read. */
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
		return err_set(err, ERR_INVAL, "%s: [Service] has no ExecStart",
			       u->file->what);
	t->cpu = need.cpu;
	t->memory_bytes = need.memory_bytes;
	return 0;
}

static int read_unit(const json_t *files, struct db_tier *t, struct stack_unit *u,
		     struct err *err)
{
	CLEANUP(free) char *path = xasprintf("units/%s", t->unit);
	CLEANUP(buf_done) struct buf b;
	const char *text = text_of(files, path);
	size_t len = strlen(t->unit);
	int rc = unit_name_check(t->unit, err);

	buf_init(&b, UNIT_FILE_MAX);
	if (rc < 0)
		return err_wrap(err, rc, "stack.conf: [tier %s]", t->name);
	if (len < 8 || strcmp(t->unit + len - 8, ".service") != 0 ||
	    unit_name_is_instance(t->unit))
		return err_set(err, ERR_INVAL,
			       "stack.conf: [tier %s]: unit = %s must be NAME.service or "
			       "the template NAME@.service",
			       t->name, t->unit);
	if (!text)
		return err_set(err, ERR_INVAL, "stack.conf: [tier %s]: there is no %s",
			       t->name, path);
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
			       "stack.conf: [tier %s]: %s is no template, so max must be "
			       "1",
			       t->name, t->unit);
	return 0;
}

static int check_fits(const struct stack_file *s, const struct db_tier *t,
		      struct err *err)
{
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct db_pool *p = &s->pools.v[i];

		if (strcmp(p->name, t->pool) != 0)
			continue;
		if (p->cpu > 0 && t->cpu > p->cpu)
			return err_set(
				err, ERR_INVAL,
				"units/%s asks for CPU=%g, a host of [pool %s] has "
				"%g",
				t->unit, t->cpu, p->name, p->cpu);
		if (p->memory_bytes > 0 && t->memory_bytes > p->memory_bytes)
			return err_set(err, ERR_INVAL,
				       "units/%s asks for Memory=%lldM, a host of [pool "
				       "%s] has %lldM",
				       t->unit, (long long)t->memory_bytes >> 20, p->name,
				       (long long)p->memory_bytes >> 20);
	}
	return 0;
}

static int read_units(struct stack_file *s, const json_t *files, struct err *err)
{
	s->units = xcalloc(s->tiers.n + 1, sizeof(*s->units));
	for (size_t i = 0; i < s->tiers.n; i++) {
		struct db_tier *t = &s->tiers.v[i];
		int rc;

		for (size_t k = 0; k < i; k++)
			if (strcmp(s->tiers.v[k].unit, t->unit) == 0)
				return err_set(err, ERR_INVAL,
					       "stack.conf: [tier %s] and [tier %s] have "
					       "the same unit",
					       s->tiers.v[k].name, t->name);
		s->n_units = i + 1;
		rc = read_unit(files, t, &s->units[i], err);
		if (rc == 0)
			rc = check_fits(s, t, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- events */

struct naming {
	const struct stack_file *s;
	const struct event_kind *kind;
};

static int check_event_tier(void *arg, const char *tier, struct err *err)
{
	const struct naming *n = arg;

	if (has_tier(n->s, tier))
		return 0;
	return err_set(err, ERR_INVAL,
		       "%s: event '%s': tiers names %.60s, and stack.conf has no such "
		       "[tier NAME]",
		       n->kind->source, n->kind->name, tier);
}

/* Whatever the time is, what is announced must be readable; see also event_list_read().
 */
static int check_events(const struct stack_file *s, struct err *err)
{
	CLEANUP(event_list_done) struct event_list l = { 0 };
	int rc = event_list_read(&s->events, NULL, 0, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n_kinds; i++) {
		struct naming n = { s, &l.kinds[i] };

		rc = event_terms_each_tier(&n.kind->terms, check_event_tier, &n, err);
	}
	return rc;
}

static int read_events(struct stack_file *s, const json_t *files, struct err *err)
{
	const char *name;
	json_t *text;

	json_object_foreach(walkable(files), name, text)
	{
		if (!is_calendar(name))
			continue;
		if (s->events.n_files == EVENT_FILES_MAX)
			return err_set(err, ERR_LIMIT, "more than %d files in events/",
				       EVENT_FILES_MAX);
		stack_events_add_file(&s->events, name, json_string_value(text));
	}
	return check_events(s, err);
}

/* ---------------------------------------------------------------- the whole */

int stack_file_read(const json_t *files, struct stack_file **ret, struct err *err)
{
	CLEANUP(stack_file_free) struct stack_file *s = xcalloc(1, sizeof(*s));
	const char *conf;
	int rc;

	if (!json_is_object(files))
		return err_set(err, ERR_INVAL,
			       "\"files\" must be an object of file names and texts");
	if (json_object_size(files) > FILES_MAX)
		return err_set(err, ERR_LIMIT, "a stack has at most %d files", FILES_MAX);
	conf = text_of(files, "stack.conf");
	if (!conf)
		return err_set(err, ERR_INVAL, "stack.conf is missing");
	rc = stack_conf_read(s, conf, err);
	if (rc == 0)
		rc = check_files(s, files, err);
	if (rc == 0)
		rc = read_units(s, files, err);
	if (rc == 0)
		rc = stack_confd_read(s, files, err);
	if (rc == 0)
		rc = read_events(s, files, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

int stack_file_parse(const char *text_json, struct stack_file **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *files = NULL;
	int rc =
		json_parse(text_json, strlen(text_json), "the stored stack", &files, err);

	return rc < 0 ? rc : stack_file_read(files, ret, err);
}

char *stack_file_canonical(const json_t *files)
{
	char *text = json_dumps(files, JSON_COMPACT | JSON_SORT_KEYS);

	CHECK(text);
	return text;
}

void stack_file_free(struct stack_file *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_units; i++) {
		free(s->units[i].name);
		free(s->units[i].text);
		unit_file_free(s->units[i].file);
	}
	for (size_t i = 0; i < s->n_confs; i++) {
		free(s->confs[i].tier);
		free(s->confs[i].name);
		json_decref(s->confs[i].doc);
	}
	for (size_t i = 0; i < s->n_secrets; i++)
		free(s->secrets[i]);
	stack_events_done(&s->events);
	free(s->units);
	free(s->confs);
	free(s->secrets);
	db_pool_list_done(&s->pools);
	db_tier_list_done(&s->tiers);
	free(s->name);
	free(s->timezone);
	free(s->domain);
	free(s);
}

const struct stack_unit *stack_file_unit(const struct stack_file *s, const char *name)
{
	for (size_t i = 0; i < s->n_units; i++)
		if (strcmp(s->units[i].name, name) == 0)
			return &s->units[i];
	return NULL;
}
