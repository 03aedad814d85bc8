/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier.h"

#include "check.h"
#include "text.h"

#include <string.h>

#define CONF_ROOT "/foretide/conf/"

static void on_spec(struct confd_group *g, const struct store_kv *kv)
{
	struct confd_spec *spec = NULL;
	struct err err;

	if (confd_spec_from_json(kv->value, kv->value_len, kv->key, &spec, &err) < 0)
		confd_group_put_bad(g, kv->key, &err);
	else
		confd_group_put(g, kv->key, spec, TAKE(spec->src));
}

static void on_conf(void *arg, const struct mirror_change *changes, size_t n)
{
	struct confd_group *g = arg;
	CLEANUP(free) char *prefix = xasprintf(CONF_ROOT "%s/%s/", g->stack, g->tier);

	for (size_t i = 0; i < n; i++) {
		const struct store_kv *kv = changes[i].kv;

		if (strncmp(kv->key, prefix, strlen(prefix)) != 0)
			continue;
		if (changes[i].deleted)
			confd_group_drop(g, kv->key);
		else
			on_spec(g, kv);
	}
	confd_group_listed(g);
}

static bool on_conf_each(void *arg, const struct store_kv *kv)
{
	on_spec(arg, kv);
	return true;
}

void confd_tier_read(struct confd_group *g)
{
	CLEANUP(free) char *prefix = xasprintf(CONF_ROOT "%s/%s/", g->stack, g->tier);

	g->conf = keys_use(g->confd->keys, prefix, on_conf, g);
	if (!keys_has_copy(g->conf))
		return;
	keys_each(g->conf, prefix, on_conf_each, g);
	confd_group_listed(g);
}
