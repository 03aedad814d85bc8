/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyring_read.h"

#include "check.h"
#include "credentials.h"
#include "native.h"
#include "text.h"

#include <string.h>

static void set_error(json_t *o, int code, const char *words)
{
	json_object_set_new(o, "error", json_text(words));
	json_object_set_new(o, "code", json_integer(code));
}

/* Whether the words are about a name: it is in quotes, or they begin with "NAME:" or
 * "NAME = ". */
static bool is_about(const char *words, const char *name)
{
	CLEANUP(free) char *quoted = xasprintf("'%s'", name);
	const size_t n = strlen(name);

	return strstr(words, quoted) ||
	       (strncmp(words, name, n) == 0 &&
		(words[n] == ':' || strncmp(words + n, " = ", 3) == 0));
}

/* Of the name that the words are about, else of the profile. */
static long long line_of(const json_t *profile, const char *words)
{
	const char *name;
	json_t *line;

	json_object_foreach(json_object_get(profile, "lines"), name, line)
	{
		if (is_about(words, name))
			return json_integer_value(line);
	}
	return json_integer_value(json_object_get(profile, "line"));
}

void keyring_refuse(const char *path, const char *name, json_t *profile,
		    const struct err *why)
{
	CLEANUP(free)
	char *words = xasprintf("%s:%lld: [%s]: %s", path, line_of(profile, why->msg),
				name, why->msg);

	json_object_del(profile, "pairs");
	set_error(profile, why->code, words);
}

/* The names of the file become the pairs that a driver gets. */
static void resolve(const char *path, const char *name, json_t *profile)
{
	json_t *pairs = json_object_get(profile, "pairs");
	CLEANUP(json_decref)
	json_t *named = json_incref(json_object_get(pairs, "driver"));
	const char *driver, *source;
	struct err e;

	json_object_del(pairs, "driver");
	source = native_source(pairs, &driver);
	if (!source)
		source = json_object_size(pairs) > 0 ? "keys" : "nothing";
	json_object_set_new(profile, "source", json_string(source));
	if (named || driver)
		json_object_set_new(profile, "driver",
				    named ? json_incref(named) : json_string(driver));
	if (native_resolve(pairs, &e) < 0)
		keyring_refuse(path, name, profile, &e);
}

json_t *keyring_read(const char *path)
{
	json_t *ret = json_object(), *profiles = NULL, *profile;
	const char *name;
	struct err e;

	if (credentials_read(path, &profiles, &e) < 0) {
		set_error(ret, e.code, e.msg);
		return ret;
	}
	json_object_foreach(profiles, name, profile) resolve(path, name, profile);
	json_object_set_new(ret, "profiles", profiles);
	return ret;
}
