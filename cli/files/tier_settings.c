/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_settings.h"

#include "check.h"

#include <string.h>

#define CONF_MAX_BYTES (1 << 20)

void tier_settings_done(struct tier_settings *s)
{
	json_decref(s->tiers);
	free(s->stack);
}

/* "tier web" to "web"; NULL for another section. */
static const char *tier_in(const char *section)
{
	return strncmp(section, "tier ", 5) == 0 ? section + 5 + strspn(section + 5, " ")
						 : NULL;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	struct tier_settings *s = arg;
	const char *tier = tier_in(section);

	(void)line;
	if (tier && json_object_get(s->tiers, tier))
		return err_set(err, ERR_INVAL, "[%s] is defined twice", section);
	if (tier && json_object_set_new(s->tiers, tier, json_object()) < 0)
		return err_set(err, ERR_INVAL, "[%s] is not a valid name", section);
	return 0;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct tier_settings *s = arg;
	const char *tier = tier_in(section);
	json_t *options = tier ? json_object_get(s->tiers, tier) : NULL;
	json_t *v = json_string(value);

	(void)line;
	if (!*section || !v) {
		json_decref(v);
		return err_set(err, ERR_INVAL, "'%s' %s", name,
			       v ? "comes before the first section" : "is not UTF-8");
	}
	if (strcmp(section, "stack") == 0 && strcmp(name, "name") == 0) {
		free(s->stack);
		s->stack = xstrdup(value);
	}
	if (options && strcmp(name, "schedule") == 0) {
		if (!json_object_get(options, name))
			json_object_set_new(options, name, json_array());
		json_array_append(json_object_get(options, name), v);
	} else if (options) {
		json_object_set(options, name, v);
	}
	json_decref(v);
	return 0;
}

int tier_settings_read(const char *file, struct tier_settings *s, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int rc;

	s->file = file;
	s->tiers = json_object();
	if (!file)
		return 0;
	rc = conf_read_file(file, CONF_MAX_BYTES, &text, NULL, err);
	if (rc == 0)
		rc = conf_each_section(text, file, on_section, s, err);
	if (rc == 0)
		rc = conf_each(text, file, on_pair, s, err);
	if (rc == 0 && json_object_size(s->tiers) == 0)
		rc = err_set(err, ERR_INVAL, "%s has no [tier NAME]", file);
	return rc;
}

json_t *tier_settings_of(const struct tier_settings *s, const char *stack,
			 const char *tier)
{
	if (s->stack && strcmp(s->stack, stack) != 0)
		return NULL;
	return json_object_get(s->tiers, tier);
}
