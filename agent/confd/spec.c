/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "text.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#define PATH_LEN_MAX 4000
#define SECRETS "/foretide/secrets"

/* What was read, before it is checked. */
struct draft {
	struct confd_spec *spec;
	char *keys[CONFD_KEYS_MAX];
	size_t n_keys;
};

void confd_spec_free(struct confd_spec *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_keys; i++)
		free(s->keys[i]);
	free(s->name);
	free(s->src);
	free(s->dest);
	free(s->prefix);
	free(s->check_cmd);
	free(s->reload_cmd);
	free(s->verify_cmd);
	free(s);
}

char *confd_join_key(const char *prefix, const char *key)
{
	const char *const parts[] = { prefix, key };
	struct buf b;

	buf_init(&b, strlen(prefix) + strlen(key) + 2);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *p = parts[i]; *p;) {
			size_t n = strcspn(p, "/");

			if (n) {
				buf_putc(&b, '/');
				buf_add(&b, p, n);
			}
			p += n + (p[n] == '/');
		}
	if (b.len == 0)
		buf_putc(&b, '/');
	return buf_take(&b);
}

/* ---------------------------------------------------------------- members */

static void set_string(char **at, const char *value)
{
	free(*at);
	*at = *value ? xstrdup(value) : NULL;
}

static int set_mode(struct confd_spec *s, const char *text, struct err *err)
{
	char *end;
	long mode = strtol(text, &end, 8);

	if (*text == '\0')
		return 0;
	if (*end || mode < 0 || mode > 07777 || !isdigit((unsigned char)*text))
		return err_set(err, ERR_INVAL, "mode '%s' is not octal, such as \"0644\"",
			       text);
	s->mode = (int)mode;
	return 0;
}

static int set_owner(struct confd_spec *s, const char *name, struct err *err)
{
	const struct passwd *p;

	if (*name == '\0')
		return 0;
	p = getpwnam(name);
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "this host has no user '%s'", name);
	s->uid = p->pw_uid;
	return 0;
}

static int set_group(struct confd_spec *s, const char *name, struct err *err)
{
	const struct group *g;

	if (*name == '\0')
		return 0;
	g = getgrnam(name);
	if (!g)
		return err_set(err, ERR_NOT_FOUND, "this host has no group '%s'", name);
	s->gid = g->gr_gid;
	return 0;
}

static int add_key(struct draft *d, const char *key, struct err *err)
{
	if (d->n_keys == CONFD_KEYS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d keys", CONFD_KEYS_MAX);
	d->keys[d->n_keys++] = xstrdup(key);
	return 0;
}

/* Members that are strings; 1: there is no such member. */
static int set_text(struct confd_spec *s, const char *key, const char *value,
		    struct err *err)
{
	const struct {
		const char *name;
		char **at;
	} strings[] = { { "src", &s->src },
			{ "dest", &s->dest },
			{ "prefix", &s->prefix },
			{ "check_cmd", &s->check_cmd },
			{ "reload_cmd", &s->reload_cmd },
			{ "verify_cmd", &s->verify_cmd } };
	const struct {
		const char *name;
		int64_t *at;
	} durations[] = { { "min_reload_interval", &s->min_reload_ms },
			  { "check_cmd_timeout", &s->check_ms },
			  { "reload_cmd_timeout", &s->reload_ms },
			  { "verify_cmd_timeout", &s->verify_ms } };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (strcmp(key, strings[i].name) == 0) {
			set_string(strings[i].at, value);
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		if (strcmp(key, durations[i].name) == 0)
			return *value ? clock_parse_duration(value, durations[i].at, err)
				      : 0;
	if (strcmp(key, "mode") == 0)
		return set_mode(s, value, err);
	if (strcmp(key, "owner") == 0)
		return set_owner(s, value, err);
	if (strcmp(key, "group") == 0)
		return set_group(s, value, err);
	return 1;
}

static bool is_id(const char *key)
{
	return strcmp(key, "uid") == 0 || strcmp(key, "gid") == 0;
}

static int set_id(struct confd_spec *s, const char *key, int64_t id, struct err *err)
{
	if (id == -1)
		return 0;
	if (id < 0 || id >= UINT32_MAX)
		return err_set(err, ERR_INVAL, "%s %lld is not valid", key,
			       (long long)id);
	if (*key == 'u')
		s->uid = (uid_t)id;
	else
		s->gid = (gid_t)id;
	return 0;
}

/* ---------------------------------------------------------------- the whole */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool covers(const char *key, const char *other)
{
	size_t n = strlen(key);

	return strcmp(key, "/") == 0 ||
	       (strncmp(key, other, n) == 0 && (other[n] == '/' || other[n] == '\0'));
}

/* Full keys, sorted, without those that another one covers. */
static void settle_keys(struct draft *d)
{
	struct confd_spec *s = d->spec;
	size_t n = 0;

	for (size_t i = 0; i < d->n_keys; i++) {
		s->keys[i] = confd_join_key(s->prefix, d->keys[i]);
		free(d->keys[i]);
	}
	qsort(s->keys, d->n_keys, sizeof(*s->keys), by_bytes);
	for (size_t i = 0; i < d->n_keys; i++) {
		bool covered = false;

		for (size_t k = 0; k < n; k++)
			covered |= covers(s->keys[k], s->keys[i]);
		if (covered)
			free(s->keys[i]);
		else
			s->keys[n++] = s->keys[i];
	}
	s->n_keys = n;
	d->n_keys = 0;
}

/* A secret is in the file. */
static bool names_secret(const struct confd_spec *s)
{
	for (size_t i = 0; i < s->n_keys; i++)
		if (covers(SECRETS, s->keys[i]) || covers(s->keys[i], SECRETS))
			return true;
	return false;
}

static int settle(struct draft *d, struct err *err)
{
	struct confd_spec *s = d->spec;
	CLEANUP(free) char *prefix = NULL;

	if (!s->src)
		return err_set(err, ERR_INVAL, "%s: src is missing", s->name);
	if (!s->dest || s->dest[0] != '/' || strlen(s->dest) > PATH_LEN_MAX ||
	    s->dest[strlen(s->dest) - 1] == '/' || strstr(s->dest, "/../"))
		return err_set(err, ERR_INVAL,
			       "%s: dest must be the absolute path of a file", s->name);
	prefix = confd_join_key(s->prefix ? s->prefix : "", "");
	free(s->prefix);
	s->prefix = xstrdup(strcmp(prefix, "/") == 0 ? "" : prefix);
	settle_keys(d);
	if (s->mode < 0 && names_secret(s))
		s->mode = 0600;
	return 0;
}

static struct confd_spec *new_spec(const char *name)
{
	struct confd_spec *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->mode = -1;
	s->uid = (uid_t)-1;
	s->gid = (gid_t)-1;
	return s;
}

static void drop_draft(struct draft *d)
{
	for (size_t i = 0; i < d->n_keys; i++)
		free(d->keys[i]);
}

DEFINE_CLEANUP_OBJECT(struct draft, drop_draft);

static int on_toml(void *arg, const struct toml_item *item, struct err *err)
{
	struct draft *d = arg;
	int rc = 0;

	if (strcmp(item->table, "template") != 0)
		return 0;
	if (strcmp(item->key, "keys") == 0) {
		if (item->type != TOML_LIST)
			return err_set(err, ERR_INVAL,
				       "keys must be an array of strings");
		for (size_t i = 0; i < item->n && rc == 0; i++)
			rc = add_key(d, item->list[i], err);
		return rc;
	}
	if (is_id(item->key)) {
		if (item->type != TOML_INT)
			return err_set(err, ERR_INVAL, "%s must be a number", item->key);
		return set_id(d->spec, item->key, item->number, err);
	}
	if (item->type != TOML_STRING) {
		rc = set_text(d->spec, item->key, "", NULL);
		return rc == 1 ? 0
			       : err_set(err, ERR_INVAL, "%s must be a string",
					 item->key);
	}
	rc = set_text(d->spec, item->key, item->str, err);
	return MIN(rc, 0);
}

int confd_spec_from_toml(const char *text, const char *name, struct confd_spec **ret,
			 struct err *err)
{
	CLEANUP(confd_spec_free) struct confd_spec *s = new_spec(name);
	CLEANUP(drop_draft) struct draft d = { .spec = s };
	int rc = toml_each(text, name, on_toml, &d, err);

	if (rc == 0)
		rc = settle(&d, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}

static int read_json_member(struct draft *d, const char *key, const json_t *v,
			    struct err *err)
{
	const json_t *e;
	size_t i;
	int rc = 0;

	if (strcmp(key, "keys") == 0) {
		json_array_foreach(v, i, e)
		{
			if (!json_is_string(e))
				return err_set(err, ERR_INVAL,
					       "keys must be an array of strings");
			rc = add_key(d, json_string_value(e), err);
			if (rc < 0)
				return rc;
		}
		return 0;
	}
	if (is_id(key) && json_is_integer(v))
		return set_id(d->spec, key, json_integer_value(v), err);
	if (json_is_string(v))
		return MIN(set_text(d->spec, key, json_string_value(v), err), 0);
	if (json_is_null(v))
		return 0;
	return err_set(err, ERR_INVAL, "\"%s\" has the wrong type", key);
}

int confd_spec_from_json(const char *text, size_t len, const char *name,
			 struct confd_spec **ret, struct err *err)
{
	CLEANUP(confd_spec_free) struct confd_spec *s = new_spec(name);
	CLEANUP(drop_draft) struct draft d = { .spec = s };
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *key;
	json_t *v;
	int rc = json_parse(text, len, name, &doc, err);

	if (rc < 0)
		return rc;
	if (!json_is_object(doc))
		return err_set(err, ERR_INVAL, "%s is not a JSON object", name);
	json_object_foreach(doc, key, v)
	{
		rc = read_json_member(&d, key, v, err);
		if (rc < 0)
			return err_wrap(err, rc, "%s", name);
	}
	rc = settle(&d, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}
