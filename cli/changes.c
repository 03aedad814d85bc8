/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "changes.h"

#include "text.h"

#include <stdio.h>

static void print_changes(const json_t *doc)
{
	const json_t *changes = json_object_get(doc, "changes");
	size_t i;
	const json_t *c;

	if (json_array_size(changes) == 0)
		puts("nothing changes");
	json_array_foreach(changes, i, c)
	{
		const char *action = "", *kind = "", *name = "", *detail = "";

		if (jread_str_opt(c, "action", &action, NULL) == 0 &&
		    jread_str_opt(c, "kind", &kind, NULL) == 0 &&
		    jread_str_opt(c, "name", &name, NULL) == 0 &&
		    jread_str_opt(c, "detail", &detail, NULL) == 0)
			printf("%-7s %-5s %s%s%s\n", action, kind, name,
			       *detail ? ": " : "", detail);
	}
}

static void print_warnings(const json_t *doc)
{
	size_t i;
	const json_t *w;

	json_array_foreach(json_object_get(doc, "warnings"), i, w)
		printf("warning: %s\n", json_string_value(w));
}

void changes_print(const json_t *doc)
{
	print_changes(doc);
	print_warnings(doc);
}
