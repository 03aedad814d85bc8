/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

int x_find_word(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return (int)i;
	return -1;
}

void x_set_string(char **place, const char *value)
{
	free(*place);
	*place = xstrdup(value);
}
