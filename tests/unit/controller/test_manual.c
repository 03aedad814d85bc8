/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual has every option of the tables, with its default, and no other. */
#include "check.h"
#include "cleanup.h"
#include "options.h"
#include "stacks.h"
#include "text.h"

#include <string.h>

#include "test.h"

static char *page(const char *path)
{
	char *text = NULL;
	struct err e;

	assert_ok(conf_read_file(path, 1 << 20, &text, NULL, &e), &e);
	return text;
}

/* Each option stands in its section with its default; returns how many there are. */
static size_t check_section(const char *text, const struct conf_option *table,
			    const char *section)
{
	CLEANUP(free) char *head = xasprintf(".Ss Section %s", section);
	const char *from = strstr(text, head);
	const char *end;
	CLEANUP(free) char *part = NULL;
	size_t n = 0;

	if (!from) {
		fail_msg("the manual has no [%s]", section);
		return 0;
	}
	end = strstr(from + 1, "\n.S");
	part = xstrndup(from, end ? (size_t)(end - from) : strlen(from));
	for (const struct conf_option *o = table; o->name; o++) {
		CLEANUP(free) char *item = xasprintf("\n.It Ic %s\n", o->name);
		CLEANUP(free)
		char *def = xasprintf("\nDefault: %s.\n",
				      o->def && *o->def ? o->def : "none");
		const char *at, *next, *found;

		if (strncmp(o->section, section, strlen(o->section)) != 0)
			continue;
		at = strstr(part, item);
		if (!at)
			fail_msg("the manual's [%s] lacks %s", section, o->name);
		next = strstr(at + 1, "\n.It ");
		found = strstr(at, def);
		if (!found || (next && found > next))
			fail_msg("the manual's default of %s is not %s", o->name, def);
		n++;
	}
	return n;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void configuration_is_described(void **state)
{
	CLEANUP(free) char *text = page("controller/foretide.conf.5");
	static const char *const sections[] = { "controller", "store", "metrics",
						"limits" };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		n += check_section(text, options_table, sections[i]);
	assert_int_equal(count(text, "\n.It Ic "), n);
}

static void stacks_are_described(void **state)
{
	CLEANUP(free) char *text = page("controller/foretide-stack.5");
	size_t n = check_section(text, stack_head_options, "stack");

	(void)state;
	n += check_section(text, stack_pool_options, "pool NAME");
	n += check_section(text, stack_tier_options, "tier NAME");
	for (const char *const *o = stack_event_options; *o; o++, n++) {
		CLEANUP(free) char *item = xasprintf("\n.It Ic %s\n", *o);

		assert_non_null(strstr(strstr(text, ".Ss Section event NAME"), item));
	}
	assert_int_equal(count(text, "\n.It Ic "), n + 1); /* schedule */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration_is_described),
		cmocka_unit_test(stacks_are_described),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
