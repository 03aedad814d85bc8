/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_options.h"

#include "check.h"
#include "server.h"
#include "stacks.h"

#include <string.h>

int api_tier_check(struct request *r, const struct db_tier *t, struct err *err)
{
	/* Only demand may come from another source. */
	const struct {
		const char *name, *text, *tier;
	} v[] = { { "demand", t->demand, t->name },
		  { "utilisation", t->utilisation, "" },
		  { "latency", t->latency, "" } };

	for (size_t i = 0; i < ARRAY_SIZE(v) && API_HOOK(r, check_demand); i++) {
		int rc = API_HOOK(r, check_demand)(API_HOOK(r, arg), t->stack, v[i].tier,
						   v[i].text, err);

		if (rc < 0)
			return err_wrap(err, rc, "%s", v[i].name);
	}
	return 0;
}

/* The value in the syntax of stack.conf. */
static int as_text(const char *key, const json_t *value, char **ret, struct err *err)
{
	if (json_is_string(value))
		*ret = xstrdup(json_string_value(value));
	else if (json_is_integer(value))
		*ret = xasprintf("%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		*ret = xasprintf("%.17g", json_real_value(value));
	else
		return err_set(err, ERR_INVAL, "\"%s\" must be a string or a number",
			       key);
	return 0;
}

int api_tier_set(struct db_tier *t, const char *key, const json_t *value, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int mode, rc = as_text(key, value, &text, err);

	if (rc < 0)
		return rc;
	if (strcmp(key, "mode") != 0)
		return stack_tier_set(t, key, text, err);
	mode = db_mode_from_name(text);
	if (mode < 0)
		return err_set(err, ERR_INVAL, "mode must be observe, out or auto");
	t->mode = (enum db_mode)mode;
	return 0;
}
