/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roll_back.h"

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

/* The stack in force, with the unit's file as an earlier version has it. */
struct way_back {
	struct db_stack now;
	struct db_stack_version earlier;
	struct stack_file *was, *s;
	const char *unit;
	int64_t expect, version;
};

static void way_back_done(struct way_back *w)
{
	db_stack_done(&w->now);
	db_stack_version_done(&w->earlier);
	stack_file_free(w->was);
	stack_file_free(w->s);
}
DEFINE_CLEANUP_OBJECT(struct way_back, way_back_done);

static int put_file_back(struct way_back *w, struct err *err)
{
	CLEANUP(json_decref) json_t *files = NULL;
	CLEANUP(json_decref) json_t *earlier = NULL;
	CLEANUP(free) char *path = xasprintf("units/%s", w->unit);
	int rc = json_parse(w->now.text_json, strlen(w->now.text_json),
			    "the stored stack", &files, err);

	if (rc == 0)
		rc = json_parse(w->earlier.text_json, strlen(w->earlier.text_json),
				"the stored version", &earlier, err);
	if (rc < 0)
		return rc;
	json_object_set(files, path, json_object_get(earlier, path));
	free(w->now.text_json);
	w->now.text_json = stack_file_canonical(files);
	return stack_file_parse(w->now.text_json, &w->s, err);
}

static int find_way(struct db *db, const char *stack, const char *hash,
		    struct way_back *w, struct err *err)
{
	const struct stack_unit *unit;
	int rc = db_stack_get(db, stack, &w->now, err);

	if (rc == 0)
		rc = stack_find_earlier(db, stack, hash, &w->earlier, err);
	if (rc == 0)
		rc = stack_file_parse(w->earlier.text_json, &w->was, err);
	if (rc < 0)
		return rc;
	unit = stack_file_unit(w->was, w->unit);
	if (!unit || strcmp(unit->hash, hash) != 0)
		return err_set(err, ERR_NOT_FOUND,
			       "in version %" PRId64
			       ", which has the unit text, it is not "
			       "of the unit %s",
			       w->earlier.version, w->unit);
	return put_file_back(w, err);
}

/* What its instances need may be part of the text; all else stays as it is in force. */
static int put_tiers_back(struct db *db, const struct way_back *w, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list in_force = { 0 };
	int rc = db_tier_list(db, w->now.name, &in_force, err);

	for (size_t i = 0; rc == 0 && i < in_force.n; i++) {
		struct db_tier *t = &in_force.v[i];
		const struct db_tier *to = stack_tier_in(&w->s->tiers, t->name);

		if (!to || strcmp(t->unit, w->unit) != 0)
			continue;
		t->cpu = to->cpu;
		t->memory_bytes = to->memory_bytes;
		rc = db_tier_put(db, t, err);
	}
	return rc;
}

static int write_back(struct db *db, void *arg, struct err *err)
{
	struct way_back *w = arg;
	int rc = db_stack_put(db, &w->now, w->expect, &w->version, err);

	return rc < 0 ? rc : put_tiers_back(db, w, err);
}

int stack_go_back(struct db *db, const char *stack, const char *unit, const char *hash,
		  int64_t expect_version, int64_t now_ms, int64_t *ret_from,
		  int64_t *ret_version, struct err *err)
{
	CLEANUP(way_back_done)
	struct way_back w = { .unit = unit, .expect = expect_version };
	int rc = find_way(db, stack, hash, &w, err);

	w.now.applied_ms = now_ms;
	if (rc == 0)
		rc = db_tx(db, write_back, &w, err);
	if (rc < 0)
		return rc;
	*ret_from = w.earlier.version;
	*ret_version = w.version;
	return 0;
}
