/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "names.h"

#include <string.h>

int stack_name_check(const char *name, const char *what, struct err *err)
{
	size_t len = strlen(name);

	if (len >= 1 && len <= STACK_NAME_MAX && *name >= 'a' && *name <= 'z' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return 0;
	return err_set(err, ERR_INVAL,
		       "%s '%s' must begin with a letter and have at most %d of a-z, 0-9 "
		       "and -",
		       what, name, STACK_NAME_MAX);
}

const struct db_tier *stack_tier_in(const struct db_tier_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

const struct db_pool *stack_pool_in(const struct db_pool_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}
