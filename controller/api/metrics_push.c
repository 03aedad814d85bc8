/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples that people and programs push, as text. */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "metrics.h"
#include "samples.h"

#include <string.h>

#define SAMPLES_MAX 100000

/* An empty one is none: NULL. */
static const char *label_of(struct request *r, const char *name)
{
	const char *value = request_query(r, name);

	return value && *value ? value : NULL;
}

/* ?stack= and ?tier= are labels of samples without these labels. */
static size_t default_labels(struct request *r, struct label ret[2])
{
	static const char *const names[] = { "stack", "tier" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = label_of(r, names[i]);

		if (value)
			ret[n++] = (struct label){ names[i], value };
	}
	return n;
}

static bool has_tier(const struct db_tier_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0)
			return true;
	return false;
}

/* Samples under a misspelt name would be nobody's demand. */
static int check_owner(struct request *r, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	const char *stack = label_of(r, "stack"), *tier = label_of(r, "tier");
	int rc = stack ? db_stack_get(r->api->db, stack, &s, err) : 0;

	if (rc == ERR_NOT_FOUND)
		return err_set(err, rc,
			       "no stack '%.100s': GET /v1/stacks lists those that "
			       "there are",
			       stack);
	if (rc == 0 && tier)
		rc = db_tier_list(r->api->db, stack, &tiers, err);
	if (rc == 0 && tier && !has_tier(&tiers, tier))
		rc = err_set(err, ERR_NOT_FOUND,
			     "no tier '%.100s'%s%.100s: GET /v1/tiers lists those that "
			     "there are",
			     tier, stack ? " in stack " : "", stack ? stack : "");
	return rc;
}

/* The controller's own series are written by itself alone. */
static int check_names(const struct promtext *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (strncmp(p->v[i].name, "foretide_", 9) == 0)
			return err_set(err, ERR_INVAL,
				       "%.100s: the names foretide_* are the "
				       "controller's",
				       p->v[i].name);
	return 0;
}

int api_metrics_post(struct request *r, struct err *err)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct db_samples_result done = { 0 };
	struct label extra[2];
	size_t n_extra = default_labels(r, extra);
	int64_t now = clock_now_ms();
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = check_owner(r, err);
	if (rc == 0)
		rc = promtext_parse(buf_str(&r->body), r->body.len, extra, n_extra, now,
				    SAMPLES_MAX, &p, err);
	if (rc == 0 && p.n == 0)
		rc = err_set(err, ERR_INVAL, "the body contains no samples");
	if (rc == 0)
		rc = check_names(&p, err);
	if (rc == 0 && !dry_run)
		rc = db_samples_add(r->api->db, p.v, p.n, now, &done, err);
	if (rc < 0)
		return rc;
	reply_json(r, 200,
		   json_pack("{s:I, s:I, s:I, s:I, s:b}", "samples", (json_int_t)p.n,
			     "added", (json_int_t)done.added, "duplicate",
			     (json_int_t)done.duplicate, "refused",
			     (json_int_t)done.refused + (json_int_t)done.no_room +
				     (json_int_t)done.too_old + (json_int_t)p.skipped,
			     "applied", !dry_run));
	return 0;
}
