/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resources_section.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

int x_parse_bytes(const char *text, int64_t *ret, struct err *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	double x = strtod(text, &end);

	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		x = ldexp(x, 10 * (int)(unit - units + 1));
		end += strcmp(end + 1, "iB") == 0 || strcmp(end + 1, "B") == 0
			       ? strlen(end)
			       : 1;
	}
	if (!isdigit((unsigned char)*text) || *end || !(x <= 1e18))
		return err_set(err, ERR_INVAL,
			       "'%s' is not a size: write it like 256M or 1.5G", text);
	*ret = (int64_t)llround(x);
	return 0;
}

static int read_resource(const struct unit_option *o, struct x_resources *ret,
			 struct err *err)
{
	int rc;

	if (strcmp(o->name, "Memory") == 0)
		return x_parse_bytes(o->value, &ret->memory_bytes, err);
	if (strcmp(o->name, "CPU") != 0)
		return err_set(err, ERR_INVAL, "unknown key");
	rc = conf_parse_number(o->value, &ret->cpu, err);
	if (rc == 0 && (ret->cpu < 0 || ret->cpu > 1024))
		return err_set(err, ERR_INVAL, "must be from 0 to 1024 cores");
	return rc;
}

int x_resources_read(const struct unit_file *u, struct x_resources *ret, struct err *err)
{
	struct x_resources r = { 0 };
	struct err why;

	for (size_t i = 0; i < u->n; i++) {
		const struct unit_option *o = &u->options[i];

		if (strcmp(o->section, "X-Resources") == 0 &&
		    read_resource(o, &r, &why) < 0)
			return unit_file_refuse(u, o, err, "%s", why.msg);
	}
	*ret = r;
	return 0;
}
