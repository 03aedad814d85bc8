/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf_value.h"

#include "check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int conf_parse_number(const char *text, double *ret, struct err *err)
{
	char *end;
	double x;

	errno = 0;
	x = strtod(text, &end);
	if (end != text && strcmp(end, "%") == 0) {
		x /= 100;
		end++;
	}
	if (errno || end == text || *end || !isfinite(x))
		return err_set(err, ERR_INVAL, "'%s' is not a number", text);
	*ret = x;
	return 0;
}

int conf_parse_int(const char *text, int64_t *ret, struct err *err)
{
	char *end;
	long long x;

	errno = 0;
	x = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return err_set(err, ERR_INVAL, "'%s' is not an integer", text);
	*ret = x;
	return 0;
}

int conf_parse_size(const char *text, int64_t *ret, struct err *err)
{
	static const char units[] = "KMGT";
	char *end;
	double x = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;
	double scale = (double)(unit ? 1ll << 10 * (unit - units + 1) : 1);

	if (end == text || (*end && (!unit || end[1])) || !isfinite(x) || x < 0 ||
	    x * scale > 9e15)
		return err_set(err, ERR_INVAL, "'%s' is not a size such as 256M or 1G",
			       text);
	*ret = (int64_t)(x * scale);
	return 0;
}

int conf_parse_bool(const char *text, bool *ret, struct err *err)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return err_set(err, ERR_INVAL, "'%s' is neither yes nor no", text);
}
