/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill_window.h"

#include "calendar.h"
#include "check.h"
#include "rule.h"

#include <string.h>

#define WINDOW_MAX_BYTES 200

/* As a schedule, which has a name and a bound. */
static int parse(const char *window, struct calendar *ret, struct err *err)
{
	CLEANUP(free) char *text = xasprintf("window: %s max=0", window);

	if (strlen(window) <= WINDOW_MAX_BYTES && !strpbrk(window, "=\r\n") &&
	    calendar_add(ret, text, NULL) == 0)
		return 0;
	return err_set(err, ERR_INVAL,
		       "'%.60s' is not a window such as sun 02:00-04:00 or daily "
		       "03:00-04:00",
		       window);
}

int drill_window_check(const char *window, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };

	return parse(window, &c, err);
}

int drill_window_is_open(const char *window, const char *zone, int64_t at_ms, bool *ret,
			 struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	CLEANUP(tz_free) struct tz *tz = NULL;
	struct calendar_bounds b;
	int rc = parse(window, &c, err);

	if (rc == 0)
		rc = tz_open(zone, &tz, err);
	if (rc < 0)
		return rc;
	calendar_bounds(&c, tz, at_ms, 0, &b);
	*ret = b.ceiling == 0;
	return 0;
}
