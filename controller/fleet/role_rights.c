/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "role_rights.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

int permission_order(const struct store_permission *a, const struct store_permission *b)
{
	int by_key = strcmp(a->key, b->key);

	if (by_key)
		return by_key;
	if (!a->end || !b->end)
		return (a->end != NULL) - (b->end != NULL);
	return strcmp(a->end, b->end);
}

static int order(const void *a, const void *b)
{
	return permission_order(a, b);
}

size_t permission_place(const struct store_permissions *p,
			const struct store_permission *of, bool *ret_is)
{
	size_t at = SORTED_PLACE(p->n, i, permission_order(&p->v[i], of) < 0);

	*ret_is = at < p->n && permission_order(&p->v[at], of) == 0;
	return at;
}

void permissions_sort(struct store_permissions *p)
{
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), order);
}

static void add(struct store_permissions *p, const struct store_permission *one)
{
	p->v = xrealloc(p->v, (p->n + 1) * sizeof(*p->v));
	p->v[p->n++] = *one;
}

/* A rule as in struct kv_access: with "/" at its end it is a prefix. */
static void add_rule(struct store_permissions *p, const char *rule, bool may_read,
		     bool may_write)
{
	const size_t n = strlen(rule);

	if (!n)
		return;
	add(p, &(struct store_permission){
		       .key = xstrdup(rule),
		       .end = rule[n - 1] == '/' ? store_prefix_end(rule) : NULL,
		       .may_read = may_read,
		       .may_write = may_write,
	       });
}

static void add_rules(struct store_permissions *p, const char *const *rules,
		      bool may_read, bool may_write)
{
	for (; rules && *rules; rules++)
		add_rule(p, *rules, may_read, may_write);
}

static void add_own(struct store_permissions *p, const char *kind, const char *host,
		    bool may_write)
{
	CLEANUP(free) char *key = xasprintf("/foretide/%s/%s", kind, host);

	add_rule(p, key, true, may_write);
}

/* Each range once, with all that was said of it. */
static void unite(struct store_permissions *p)
{
	size_t n = 0;

	permissions_sort(p);
	for (size_t i = 0; i < p->n; i++) {
		struct store_permission *last = n ? &p->v[n - 1] : NULL;

		if (!last || permission_order(last, &p->v[i]) != 0) {
			p->v[n++] = p->v[i];
			continue;
		}
		last->may_read |= p->v[i].may_read;
		last->may_write |= p->v[i].may_write;
		free(p->v[i].key);
		free(p->v[i].end);
	}
	p->n = n;
}

struct store_permissions role_of_agent(const struct kv_rights *r)
{
	struct store_permissions p = { 0 };

	add_own(&p, "hosts", r->host, true);
	add_own(&p, "states", r->host, true);
	add_own(&p, "schedule", r->host, false);
	add_rule(&p, "/skydns/", true, false);
	add_rules(&p, r->read, true, false);
	add_rules(&p, r->write, false, true);
	for (size_t i = 0; i < r->n_records; i++)
		add_rule(&p, r->records[i].key, false, true);
	unite(&p);
	return p;
}

struct store_permissions role_of_programs(const struct kv_rights *r)
{
	struct store_permissions p = { 0 };

	add_rules(&p, r->programs_read, true, false);
	add_rules(&p, r->programs_write, false, true);
	unite(&p);
	return p;
}
