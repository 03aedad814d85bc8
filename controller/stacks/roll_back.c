/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roll_back.h"

#include "apply.h"
#include "buf.h"
#include "check.h"
#include "names.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- finding one */

static void take(struct db_stack_version *v, struct db_stack_version *ret)
{
	*ret = *v;
	*v = (struct db_stack_version){ 0 };
}

static bool has_text(const struct db_stack_version *v, const char *hash)
{
	CLEANUP(stack_file_free) struct stack_file *s = NULL;

	if (stack_file_parse(v->text_json, &s, NULL) < 0)
		return false;
	for (size_t i = 0; i < s->n_units; i++)
		if (strcmp(s->units[i].hash, hash) == 0)
			return true;
	return false;
}

int stack_find_earlier(struct db *db, const char *stack, const char *hash,
		       struct db_stack_version *ret, struct err *err)
{
	CLEANUP(db_stack_version_list_done) struct db_stack_version_list l = { 0 };
	CLEANUP(db_stack_done) struct db_stack now = { 0 };
	int rc = db_stack_get(db, stack, &now, err);

	if (rc == 0)
		rc = db_stack_version_list(db, stack, &l, err);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		struct db_stack_version *v = &l.v[i];

		if (v->version >= now.version ||
		    strcmp(v->text_json, now.text_json) == 0 ||
		    (*hash && !has_text(v, hash)))
			continue;
		take(v, ret);
		return 0;
	}
	return rc < 0 ? rc
		      : err_set(err, ERR_NOT_FOUND,
				"no earlier version of the stack %s is kept%s", stack,
				*hash ? " that has the unit text" : "");
}

int stack_find_version(struct db *db, const char *stack, int64_t version,
		       struct db_stack_version *ret, struct err *err)
{
	CLEANUP(db_stack_version_list_done) struct db_stack_version_list l = { 0 };
	CLEANUP(buf_done) struct buf kept;
	int rc = db_stack_version_list(db, stack, &l, err);

	buf_init(&kept, 1000);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		if (l.v[i].version == version) {
			take(&l.v[i], ret);
			return 0;
		}
		buf_printf(&kept, "%s%" PRId64, kept.len ? ", " : "", l.v[i].version);
	}
	return rc < 0 ? rc
		      : err_set(err, ERR_NOT_FOUND,
				"there is no version %" PRId64 " of the stack %s; kept "
				"are %s",
				version, stack, kept.len ? buf_str(&kept) : "none");
}

int stack_find_default(struct db *db, const char *stack, struct db_stack_version *ret,
		       struct err *err)
{
	CLEANUP(db_roll_out_list_done) struct db_roll_out_list l = { 0 };
	int rc = db_roll_out_list(db, stack, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		const struct db_roll_out *r = &l.v[i];

		if ((r->state == DB_ROLL_OUT_STOPPED || r->state == DB_ROLL_OUT_BANNED) &&
		    *r->good && strcmp(r->good, r->hash) != 0 &&
		    stack_find_earlier(db, stack, r->good, ret, NULL) == 0)
			return 0;
	}
	return rc < 0 ? rc : stack_find_earlier(db, stack, "", ret, err);
}

/* ---------------------------------------------------------------- going back */

/* What a person has set since the version in force was applied goes on. */
static int keep_by_hand(struct db *db, const struct db_stack *now, struct stack_file *s,
			struct err *err)
{
	CLEANUP(stack_file_free) struct stack_file *declared = NULL;
	CLEANUP(db_tier_list_done) struct db_tier_list in_force = { 0 };
	int rc = stack_file_parse(now->text_json, &declared, err);

	if (rc == 0)
		rc = db_tier_list(db, now->name, &in_force, err);
	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++) {
		struct db_tier *t = &s->tiers.v[i];
		const struct db_tier *is = stack_tier_in(&in_force, t->name);
		const struct db_tier *was = stack_tier_in(&declared->tiers, t->name);

		if (!is || !was)
			continue;
		if (is->min != was->min || is->max != was->max) {
			t->min = is->min;
			t->max = is->max;
		}
		if (is->mode != was->mode)
			t->mode = is->mode;
	}
	return rc;
}

int stack_go_back(struct db *db, const char *stack, const char *hash,
		  int64_t expect_version, int64_t now_ms, int64_t *ret_from,
		  int64_t *ret_version, struct err *err)
{
	CLEANUP(db_stack_version_done) struct db_stack_version v = { 0 };
	CLEANUP(db_stack_done) struct db_stack now = { 0 };
	CLEANUP(stack_file_free) struct stack_file *s = NULL;
	int rc = db_stack_get(db, stack, &now, err);

	if (rc == 0)
		rc = stack_find_earlier(db, stack, hash, &v, err);
	if (rc == 0)
		rc = stack_file_parse(v.text_json, &s, err);
	if (rc == 0)
		rc = keep_by_hand(db, &now, s, err);
	if (rc == 0)
		rc = stack_check(db, s, err);
	if (rc == 0)
		rc = stack_apply(db, s, v.text_json, expect_version, now_ms, ret_version,
				 err);
	if (rc == 0)
		*ret_from = v.version;
	return rc;
}
