/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "name.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- rules */

static const char *const suffixes[] = {
	"automount", "busname",  "device", "mount", "path",   "scope", "service",
	"slice",     "snapshot", "socket", "swap",  "target", "timer",
};

static const char *const template_suffixes[] = {
	"path", "service", "socket", "target", "timer",
};

static bool is_listed(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

int unit_name_check(const char *name, struct err *err)
{
	const char *dot = strrchr(name, '.');
	const char *at = strchr(name, '@');

	if (strlen(name) > UNIT_NAME_MAX)
		return err_set(err, ERR_INVAL,
			       "the unit name '%.40s...' is longer than %d bytes", name,
			       UNIT_NAME_MAX);
	if (!dot || dot == name)
		return err_set(
			err, ERR_INVAL,
			"the unit name '%s' needs a name, a dot and a suffix such as "
			".service",
			name);
	for (const char *p = name; p < dot; p++)
		if (!isalnum((unsigned char)*p) && !strchr(":_.@-\\", *p))
			return err_set(err, ERR_INVAL,
				       "the unit name '%s' has a character that is not "
				       "allowed",
				       name);
	if (at == name)
		return err_set(err, ERR_INVAL, "the unit name '%s' must not begin with @",
			       name);
	if (!is_listed(dot + 1, suffixes, ARRAY_SIZE(suffixes)))
		return err_set(err, ERR_INVAL, "the unit name '%s' has an unknown suffix",
			       name);
	if (at && !is_listed(dot + 1, template_suffixes, ARRAY_SIZE(template_suffixes)))
		return err_set(err, ERR_INVAL,
			       "the unit name '%s': .%s units have no templates", name,
			       dot + 1);
	return 0;
}

/* ---------------------------------------------------------------- parts */

/* Lengths within a name: of its stem, its prefix, and where its instance begins. */
struct parts {
	size_t stem, prefix, instance;
};

static struct parts cut(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *at = strchr(name, '@');
	struct parts p;

	CHECK(strlen(name) <= UNIT_NAME_MAX);
	p.stem = dot ? (size_t)(dot - name) : strlen(name);
	if (at && (size_t)(at - name) < p.stem) {
		p.prefix = (size_t)(at - name);
		p.instance = p.prefix + 1;
	} else {
		p.prefix = p.instance = p.stem;
	}
	return p;
}

static const char *copy(char ret[UNIT_NAME_TEXT], const char *from, size_t len)
{
	memcpy(ret, from, len);
	ret[len] = '\0';
	return ret;
}

bool unit_name_is_template(const char *name)
{
	struct parts p = cut(name);

	return p.prefix < p.stem && p.instance == p.stem;
}

bool unit_name_is_instance(const char *name)
{
	struct parts p = cut(name);

	return p.prefix < p.stem && p.instance < p.stem;
}

const char *unit_name_stem(const char *name, char ret[UNIT_NAME_TEXT])
{
	return copy(ret, name, cut(name).stem);
}

const char *unit_name_prefix(const char *name, char ret[UNIT_NAME_TEXT])
{
	return copy(ret, name, cut(name).prefix);
}

const char *unit_name_instance(const char *name, char ret[UNIT_NAME_TEXT])
{
	struct parts p = cut(name);

	return copy(ret, name + p.instance, p.stem - p.instance);
}

const char *unit_name_file(const char *name, char ret[UNIT_NAME_TEXT])
{
	struct parts p = cut(name);

	copy(ret, name, p.instance);
	snprintf(ret + p.instance, UNIT_NAME_TEXT - p.instance, "%s", name + p.stem);
	return ret;
}

int unit_name_of_template(const char *template, const char *instance,
			  char ret[UNIT_NAME_TEXT], struct err *err)
{
	char name[2 * UNIT_NAME_TEXT];
	struct parts p;
	int rc;

	if (strlen(template) > UNIT_NAME_MAX || strlen(instance) > UNIT_NAME_MAX ||
	    !unit_name_is_template(template) || !*instance)
		return err_set(err, ERR_INVAL, "'%.80s' with '%.80s' is not a unit name",
			       template, instance);
	p = cut(template);
	snprintf(name, sizeof(name), "%.*s%s%s", (int)p.instance, template, instance,
		 template + p.stem);
	rc = unit_name_check(name, err);
	if (rc == 0)
		snprintf(ret, UNIT_NAME_TEXT, "%.*s", UNIT_NAME_MAX, name);
	return rc;
}

bool unit_glob(const char *pattern, const char *name)
{
	bool hit = false;

	return glob_match(pattern, name, &hit, NULL) == 0 && hit;
}
