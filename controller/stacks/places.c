/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.c - the lines of stack.conf on which its sections and options are.
 */
#include "readers.h"

#include "check.h"

#include <string.h>

/* "tier web" with any blanks between, and an option or "". */
static char *key_of(const char *section, const char *option)
{
	const size_t n = strcspn(section, " \t");

	return xasprintf("%.*s %s\n%s", (int)n, section,
			 section + n + strspn(section + n, " \t"), option);
}

int stack_place_add(struct stack_file *s, const char *section, const char *option,
		    int line, struct err *err)
{
	CLEANUP(free) char *key = key_of(section, option);
	const json_t *was = s->lines ? json_object_get(s->lines, key) : NULL;

	if (was)
		return err_set(err, ERR_INVAL, "%s is given twice, also on line %lld",
			       option, (long long)json_integer_value(was));
	if (!s->lines)
		s->lines = json_object();
	json_object_set_new(s->lines, key, json_integer(line));
	return 0;
}

const char *stack_file_place(const struct stack_file *s, const char *section,
			     const char *option, char text[STACK_PLACE])
{
	CLEANUP(free) char *key = key_of(section, option);
	CLEANUP(free) char *of_section = key_of(section, "");
	const json_t *line = json_object_get(s->lines, key);

	if (!line)
		line = json_object_get(s->lines, of_section);
	snprintf(text, STACK_PLACE, "stack.conf%s%.0lld", line ? ":" : "",
		 (long long)json_integer_value(line));
	return text;
}

const char *stack_tier_place(const struct stack_file *s, const char *tier,
			     const char *option, char text[STACK_PLACE])
{
	CLEANUP(free) char *section = xasprintf("tier %s", tier);

	return stack_file_place(s, section, option, text);
}
