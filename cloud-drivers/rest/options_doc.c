/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options_doc.h"

#include "text.h"

#include <string.h>

int rest_options_doc(const char *config_json, const struct conf_option *table,
		     void *target, json_t **ret, struct err *err)
{
	static const char *const skip[] = { "credentials", "cpu", "memory", NULL };
	int rc = json_parse(config_json, strlen(config_json), "driver options", ret, err);

	if (rc < 0)
		return rc;
	conf_defaults(table, target);
	return conf_load_json(table, target, *ret, skip, err);
}
