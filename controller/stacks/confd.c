/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confd.c - reads conf.d/TIER/NAME.toml and templates/TIER/SRC into the documents that
 * hosts get. What only a host can know (such as whether a user exists) is checked there.
 */
#include "readers.h"

#include "check.h"
#include "clock.h"
#include "template.h"
#include "text.h"

#include <string.h>

#define PATH_LEN_MAX 4000

struct reading {
	const char *what; /* the file, for errors */
	json_t *doc;
	char *src; /* name of the template */
};

static bool is_mode(const char *text)
{
	size_t len = strlen(text);

	return len >= 3 && len <= 5 && strspn(text, "01234567") == len;
}

static bool is_file_path(const char *text)
{
	size_t len = strlen(text);

	return *text == '/' && len <= PATH_LEN_MAX && text[len - 1] != '/' &&
	       !strstr(text, "/../");
}

static int check_string(const struct toml_item *i, struct err *err)
{
	int64_t ms;

	if (strcmp(i->key, "dest") == 0 && !is_file_path(i->str))
		return err_set(err, ERR_INVAL,
			       "dest must be the absolute path of a file");
	if (strcmp(i->key, "mode") == 0 && *i->str && !is_mode(i->str))
		return err_set(err, ERR_INVAL, "mode '%s' is not octal, such as \"0644\"",
			       i->str);
	if (strcmp(i->key, "min_reload_interval") == 0 || strstr(i->key, "_cmd_timeout"))
		return clock_parse_duration(i->str, &ms, err);
	return 0;
}

static int set_list(struct reading *r, const struct toml_item *i, struct err *err)
{
	json_t *list = json_array();

	for (size_t k = 0; k < i->n; k++)
		json_array_append_new(list, json_string(i->list[k]));
	if (json_array_size(list) != i->n) {
		json_decref(list);
		return err_set(err, ERR_INVAL, "keys must be a list of keys");
	}
	json_object_set_new(r->doc, i->key, list);
	return 0;
}

static const struct {
	const char *name;
	enum toml_type type;
} members[] = {
	{ "src", TOML_STRING },
	{ "dest", TOML_STRING },
	{ "keys", TOML_LIST },
	{ "prefix", TOML_STRING },
	{ "mode", TOML_STRING },
	{ "uid", TOML_INT },
	{ "gid", TOML_INT },
	{ "owner", TOML_STRING },
	{ "group", TOML_STRING },
	{ "check_cmd", TOML_STRING },
	{ "reload_cmd", TOML_STRING },
	{ "verify_cmd", TOML_STRING },
	{ "check_cmd_timeout", TOML_STRING },
	{ "reload_cmd_timeout", TOML_STRING },
	{ "verify_cmd_timeout", TOML_STRING },
	{ "min_reload_interval", TOML_STRING },
};
static const char *const type_names[] = { "a string", "an integer", "true or false",
					  "a list of strings" };

static int set_member(struct reading *r, const struct toml_item *i, struct err *err)
{
	int rc;

	if (i->type == TOML_LIST)
		return set_list(r, i, err);
	if (i->type == TOML_INT) {
		json_object_set_new(r->doc, i->key, json_integer(i->number));
		return 0;
	}
	rc = check_string(i, err);
	if (rc < 0)
		return rc;
	if (strcmp(i->key, "src") == 0) {
		free(r->src);
		r->src = xstrdup(i->str);
		return 0;
	}
	if (json_object_set_new(r->doc, i->key, json_string(i->str)) < 0)
		return err_set(err, ERR_INVAL, "%s is not UTF-8", i->key);
	return 0;
}

static int on_item(void *arg, const struct toml_item *i, struct err *err)
{
	struct reading *r = arg;

	if (strcmp(i->table, "template") != 0)
		return err_set(err, ERR_INVAL, "'%s' does not belong in [template]",
			       i->key);
	for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
		if (strcmp(members[k].name, i->key) != 0)
			continue;
		if (members[k].type != i->type)
			return err_set(err, ERR_INVAL, "%s must be %s", i->key,
				       type_names[members[k].type]);
		return set_member(r, i, err);
	}
	return err_set(err, ERR_INVAL, "unknown option '%s' in [template]", i->key);
}

/* The template's text replaces its name. */
static int add_template(struct reading *r, const json_t *files, const char *tier,
			struct err *err)
{
	CLEANUP(template_free) struct template *parsed = NULL;
	CLEANUP(free) char *path = NULL;
	const char *text;
	int rc;

	if (!r->src || !json_object_get(r->doc, "dest") ||
	    !json_object_get(r->doc, "keys"))
		return err_set(err, ERR_INVAL, "%s: [template] needs src, dest and keys",
			       r->what);
	path = xasprintf("templates/%s/%s", tier, r->src);
	text = json_string_value(json_object_get(files, path));
	if (!text)
		return err_set(err, ERR_INVAL, "%s: there is no %s", r->what, path);
	/* An error in it is reported here, not by every host. */
	rc = template_parse(path, text, strlen(text), &parsed, err);
	if (rc < 0)
		return rc;
	json_object_set_new(r->doc, "src", json_string(text));
	return 0;
}

static int read_one(struct stack_file *s, const json_t *files, const char *path,
		    const char *text, struct err *err)
{
	struct reading r = { .what = path, .doc = json_object() };
	const char *tier = path + strlen("conf.d/");
	const char *slash = strchr(tier, '/');
	CLEANUP(free) char *name = xstrndup(tier, (size_t)(slash - tier));
	struct stack_conf *c;
	int rc = toml_each(text, path, on_item, &r, err);

	if (rc == 0)
		rc = add_template(&r, files, name, err);
	free(r.src);
	if (rc < 0) {
		json_decref(r.doc);
		return rc;
	}
	s->confs = xrealloc(s->confs, (s->n_confs + 1) * sizeof(*s->confs));
	c = &s->confs[s->n_confs++];
	c->tier = TAKE(name);
	c->name = xstrndup(slash + 1, strlen(slash + 1) - strlen(".toml"));
	c->doc = r.doc;
	return 0;
}

/* Two resources with one file would overwrite each other forever. */
static int check_dests(const struct stack_file *s, struct err *err)
{
	for (size_t i = 0; i < s->n_confs; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->confs[i].tier, s->confs[k].tier) == 0 &&
			    json_equal(json_object_get(s->confs[i].doc, "dest"),
				       json_object_get(s->confs[k].doc, "dest")))
				return err_set(err, ERR_INVAL,
					       "conf.d/%s: %s.toml and %s.toml have the "
					       "same dest",
					       s->confs[i].tier, s->confs[k].name,
					       s->confs[i].name);
	return 0;
}

static int by_tier_and_name(const void *a, const void *b)
{
	const struct stack_conf *x = a, *y = b;
	int d = strcmp(x->tier, y->tier);

	return d ? d : strcmp(x->name, y->name);
}

int stack_confd_read(struct stack_file *s, const json_t *files, struct err *err)
{
	/* jansson iterates only over mutable objects; nothing is changed here. */
	json_t *all = (json_t *)(uintptr_t)files;
	const char *path;
	json_t *text;
	int rc;

	json_object_foreach(all, path, text)
	{
		if (strncmp(path, "conf.d/", 7) != 0)
			continue;
		rc = read_one(s, files, path, json_string_value(text), err);
		if (rc < 0)
			return rc;
	}
	if (s->n_confs > 0)
		qsort(s->confs, s->n_confs, sizeof(*s->confs), by_tier_and_name);
	return check_dests(s, err);
}
