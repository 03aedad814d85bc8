/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place.c - where a pool is, by the options of its driver.
 */
#include "pools.h"

#include "check.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static char *copy_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? xstrdup(text) : NULL;
}

void pool_place_read(const char *config, const char *zone_option, struct pool_place *ret)
{
	CLEANUP(json_decref) json_t *doc = json_loads(config, 0, NULL);

	pool_place_done(ret);
	if (zone_option)
		ret->zones = copy_text(doc, zone_option);
	/* Of some clouds the one is the other. */
	if (zone_option && strcmp(zone_option, "region") == 0)
		return;
	ret->region = copy_text(doc, "region");
	if (!ret->region)
		ret->region = copy_text(json_object_get(doc, "credentials"), "region");
}

void pool_place_done(struct pool_place *p)
{
	free(p->region);
	free(p->zones);
	*p = (struct pool_place){ 0 };
}
