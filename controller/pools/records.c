/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "records.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

void records_done(struct records *k)
{
	free(k->launches);
	db_pool_list_done(&k->pools);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int records_read(const struct pool_round *r, struct records *ret, struct err *err)
{
	ret->launches = xcalloc(r->hosts.n + 1, sizeof(*ret->launches));
	for (size_t i = 0; i < r->hosts.n; i++)
		if (r->hosts.v[i].state != DB_HOST_GONE)
			ret->launches[ret->n++] = r->hosts.v[i].launch_id;
	if (ret->n > 1)
		qsort(ret->launches, ret->n, sizeof(*ret->launches), by_text);
	return db_pool_list(r->opts->db, &ret->pools, err);
}

bool records_have_host(const struct records *k, const char *launch_id)
{
	return k->n &&
	       bsearch(&launch_id, k->launches, k->n, sizeof(*k->launches), by_text);
}

bool records_have_pool(const struct records *k, const char *name)
{
	const struct db_pool_list *l = &k->pools;
	const size_t i = SORTED_PLACE(l->n, at, strcmp(l->v[at].name, name) < 0);

	return i < l->n && strcmp(l->v[i].name, name) == 0;
}
