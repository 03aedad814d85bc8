/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "folder.h"

#include "check.h"
#include "names.h"
#include "readers.h"
#include "unitfile.h"

#include <string.h>

#define FILES_MAX 512
#define CONF_MAX_BYTES (1 << 20)

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

static int check_text(const char *name, const json_t *text, struct err *err)
{
	if (!json_is_string(text))
		return err_set(err, ERR_INVAL, "%s: its text must be a string", name);
	if (strlen(json_string_value(text)) != json_string_length(text))
		return err_set(err, ERR_INVAL, "%s: contains a NUL byte", name);
	return 0;
}

/* "events/NAME.ics" */
static bool is_calendar(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, "events/", 7) == 0 && len > 11 && !strchr(name + 7, '/') &&
	       name[7] != '.' && strcmp(name + len - 4, ".ics") == 0;
}

/* Every file must have a known place, and its tier must exist. */
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
	if (!stack_tier_in(&s->tiers, parts[1]))
		return err_set(err, ERR_INVAL, "%s: stack.conf has no [tier %s]", name,
			       parts[1]);
	return 0;
}

/* jansson iterates only over mutable objects; nothing is changed here. */
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

/* ---------------------------------------------------------------- events */

struct naming {
	const struct stack_file *s;
	const struct event_kind *kind;
};

static int check_event_tier(void *arg, const char *tier, struct err *err)
{
	const struct naming *n = arg;

	if (stack_tier_in(&n->s->tiers, tier))
		return 0;
	return err_set(
		err, ERR_INVAL,
		"%s: event '%s': tiers names %.60s, and stack.conf has no such tier",
		n->kind->source, n->kind->name, tier);
}

/* Checked without regard to the present time; see also event_list_read(). */
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

/* ---------------------------------------------------------------- all of it */

static int read_all(const json_t *files, bool is_stored, struct stack_file **ret,
		    struct err *err)
{
	CLEANUP(stack_file_free) struct stack_file *s = xcalloc(1, sizeof(*s));
	const char *conf;
	int rc;

	s->is_stored = is_stored;
	if (!json_is_object(files))
		return err_set(err, ERR_INVAL,
			       "\"files\" must be an object of file names and texts");
	if (json_object_size(files) > FILES_MAX)
		return err_set(err, ERR_LIMIT, "a stack has at most %d files", FILES_MAX);
	conf = text_of(files, "stack.conf");
	if (!conf)
		return err_set(err, ERR_INVAL, "stack.conf is missing");
	if (strlen(conf) > CONF_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "stack.conf is larger than %d bytes",
			       CONF_MAX_BYTES);
	rc = stack_conf_read(s, conf, err);
	if (rc == 0)
		rc = check_files(s, files, err);
	if (rc == 0)
		rc = stack_units_read(s, files, err);
	if (rc == 0)
		rc = stack_confd_read(s, files, err);
	if (rc == 0)
		rc = read_events(s, files, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

int stack_file_read(const json_t *files, struct stack_file **ret, struct err *err)
{
	return read_all(files, false, ret, err);
}

int stack_file_parse(const char *text_json, struct stack_file **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *files = NULL;
	int rc =
		json_parse(text_json, strlen(text_json), "the stored stack", &files, err);

	return rc < 0 ? rc : read_all(files, true, ret, err);
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
	free(s->rolls_back);
	free(s->units);
	free(s->confs);
	free(s->secrets);
	db_pool_list_done(&s->pools);
	db_tier_list_done(&s->tiers);
	free(s->name);
	free(s->timezone);
	free(s->domain);
	free(s->drill_window);
	free(s->budget);
	json_decref(s->lines);
	free(s);
}

const struct stack_unit *stack_file_unit(const struct stack_file *s, const char *name)
{
	for (size_t i = 0; i < s->n_units; i++)
		if (strcmp(s->units[i].name, name) == 0)
			return &s->units[i];
	return NULL;
}
