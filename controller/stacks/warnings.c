/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "warnings.h"

#include "buf.h"
#include "check.h"
#include "minimums.h"
#include "names.h"
#include "rule.h"

#include <stdarg.h>
#include <string.h>

void warnings_add(json_t *to, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b;
	va_list ap;

	buf_init(&b, 2000);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	json_array_append_new(to, json_string(buf_str(&b)));
}

static void warn_of_rule(const struct db_tier *t, const struct calendar_rule *r,
			 json_t *to)
{
	if (r->min > t->max)
		warnings_add(to,
			     "%s: schedule '%s' asks for %lld, but the maximum is %lld, "
			     "which is stronger",
			     t->name, r->name, (long long)r->min, (long long)t->max);
	if (r->max >= 0 && r->max < t->min)
		warnings_add(to,
			     "%s: schedule '%s' allows at most %lld, but the minimum is "
			     "%lld, which is stronger",
			     t->name, r->name, (long long)r->max, (long long)t->min);
}

static void warn_of_pair(const struct db_tier *t, const struct calendar_rule *asks,
			 const struct calendar_rule *allows, json_t *to)
{
	if (allows->max < 0 || MIN(asks->min, t->max) <= allows->max ||
	    allows->max < t->min || !calendar_overlap(asks, allows))
		return;
	warnings_add(to,
		     "%s: schedule '%s' asks for %lld while schedule '%s' allows at most "
		     "%lld: the minimum is stronger",
		     t->name, asks->name, (long long)asks->min, allows->name,
		     (long long)allows->max);
}

static int warn_of_schedules(const struct db_tier *t, json_t *to, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	int rc = tier_calendar(t, &c, err);

	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		warn_of_rule(t, &c.rules[i], to);
		for (size_t k = 0; k < c.n; k++)
			if (k != i)
				warn_of_pair(t, &c.rules[i], &c.rules[k], to);
	}
	return rc;
}

int tier_calendar(const struct db_tier *t, struct calendar *ret, struct err *err)
{
	CLEANUP(json_decref) json_t *rules = NULL;
	const char *text = t->schedule_json;
	int rc = 0;

	if (text && *text)
		rc = json_parse(text, strlen(text), "schedule", &rules, err);
	return rc < 0 ? rc : calendar_parse(rules, ret, err);
}

int stack_warnings(struct db *db, const struct stack_file *s, json_t **ret,
		   struct err *err)
{
	CLEANUP(json_decref) json_t *list = json_array();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++)
		rc = warn_of_schedules(&s->tiers.v[i], list, err);
	if (rc == 0)
		rc = minimums_warn(db, s, NULL, list, err);
	if (rc == 0)
		*ret = TAKE(list);
	return rc;
}

int stack_tier_warnings(struct db *db, const struct db_tier *t, json_t **ret,
			struct err *err)
{
	CLEANUP(json_decref) json_t *list = json_array();
	int rc = warn_of_schedules(t, list, err);

	if (rc == 0)
		rc = minimums_warn(db, NULL, t, list, err);
	if (rc == 0)
		*ret = TAKE(list);
	return rc;
}
