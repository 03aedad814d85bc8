/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "warnings.h"

#include "change_list.h"
#include "check.h"
#include "minimums.h"
#include "tier_calendar.h"

static void warn_of_rule(const struct db_tier *t, const struct calendar_rule *r,
			 json_t *to)
{
	if (r->min > t->max)
		change_list_warn(
			to,
			"%s: schedule '%s' asks for %lld, but the maximum is %lld, "
			"which is stronger",
			t->name, r->name, (long long)r->min, (long long)t->max);
	if (r->max >= 0 && r->max < t->min)
		change_list_warn(
			to,
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
	change_list_warn(
		to,
		"%s: schedule '%s' asks for %lld while schedule '%s' allows at most "
		"%lld: the minimum is stronger",
		t->name, asks->name, (long long)asks->min, allows->name,
		(long long)allows->max);
}

static int warn_of_schedules(const struct db_tier *t, json_t *to, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	int rc = tier_calendar(t, &c, err);

	/* Each with each: what is not told is not looked for. */
	for (size_t i = 0; rc == 0 && i < c.n && !change_list_is_full(to); i++) {
		warn_of_rule(t, &c.rules[i], to);
		for (size_t k = 0; k < c.n && !change_list_is_full(to); k++)
			if (k != i)
				warn_of_pair(t, &c.rules[i], &c.rules[k], to);
	}
	return rc;
}

/* What nobody reads, as its name is misspelt. */
static void warn_of_unit(const struct stack_unit *u, json_t *to)
{
	CLEANUP(words_done) struct words words = { 0 };

	unit_file_warn(u->file, &words);
	for (size_t i = 0; i < words.n; i++)
		change_list_warn(to, "%s", words.v[i]);
}

int stack_warnings(struct db *db, const struct stack_file *s, json_t **ret,
		   struct err *err)
{
	CLEANUP(json_decref) json_t *list = json_array();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++)
		rc = warn_of_schedules(&s->tiers.v[i], list, err);
	for (size_t i = 0; i < s->n_units; i++)
		warn_of_unit(&s->units[i], list);
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
