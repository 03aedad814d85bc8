/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "strv.h"

#include "check.h"

#include <string.h>

size_t strv_len(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

bool strv_has(char *const *v, const char *s)
{
	for (; v && *v; v++)
		if (strcmp(*v, s) == 0)
			return true;
	return false;
}

void strv_push(char ***v, char *take_s)
{
	size_t n = strv_len(*v);

	*v = xrealloc(*v, (n + 2) * sizeof(**v));
	(*v)[n] = take_s;
	(*v)[n + 1] = NULL;
}

void strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}

const char *strv_env_get(char *const *env, const char *name, size_t name_len)
{
	for (size_t i = strv_len(env); i > 0; i--)
		if (strncmp(env[i - 1], name, name_len) == 0 &&
		    env[i - 1][name_len] == '=')
			return env[i - 1] + name_len + 1;
	return NULL;
}
