/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * save.c - models and followers as bytes and back.
 */
#include "check.h"
#include "follow_state.h"
#include "model.h"
#include "sealed.h"

#include <math.h>
#include <string.h>

_Static_assert(offsetof(struct demand_model, size) ==
			       offsetof(struct sealed_head, size) &&
		       offsetof(struct demand_follow, size) ==
			       offsetof(struct sealed_head, size),
	       "both start with a sealed_head");

size_t demand_model_size(const struct demand_model *m)
{
	return sealed_size(m->size);
}

void demand_model_save(const struct demand_model *m, void *ret)
{
	sealed_write(m, m->size, ret);
}

int demand_model_load(const void *data, size_t len, struct demand_model **ret,
		      struct err *err)
{
	const struct sealed_head want = { DEMAND_MAGIC, DEMAND_STATE_VERSION, 0 };
	struct demand_model head;
	int rc = sealed_check(data, len, &want, sizeof(head), "a demand model", err);

	if (rc != 0)
		return rc;
	memcpy(&head, data, sizeof(head));

	/* A state of the same version from a different program would not fit either. */
	CLEANUP(demand_model_free) struct demand_model *m = NULL;

	rc = demand_model_new(&head.opts, &m, err);
	if (rc != 0)
		return err_wrap(err, ERR_PROTO, "state of a demand model");
	if (m->size != head.size)
		return err_set(err, ERR_PROTO,
			       "state of a demand model: from another build");
	memcpy(m, data, head.size);
	*ret = TAKE(m);
	return 0;
}

size_t demand_follow_size(const struct demand_follow *f)
{
	return sealed_size(f->size);
}

void demand_follow_save(const struct demand_follow *f, void *ret)
{
	sealed_write(f, f->size, ret);
}

/* Whether both are for the same steps and lead times. */
static bool are_alike(const struct demand_opts *a, const struct demand_opts *b)
{
	return a->step_ms == b->step_ms && a->n_leads == b->n_leads &&
	       memcmp(a->lead_steps, b->lead_steps, a->n_leads * sizeof(size_t)) == 0;
}

int demand_follow_load(const void *data, size_t len, const struct demand_opts *opts,
		       struct demand_follow **ret, struct err *err)
{
	const struct sealed_head want = { FOLLOW_MAGIC, DEMAND_FOLLOW_STATE_VERSION, 0 };
	CLEANUP(demand_follow_free) struct demand_follow *f = NULL;
	struct demand_follow head;
	const int rc = sealed_check(data, len, &want, sizeof(head), "a follower", err);

	if (rc != 0)
		return rc;
	memcpy(&head, data, sizeof(head));
	f = demand_follow_new(opts);
	if (!are_alike(opts, &head.opts) || f->size != head.size)
		return err_set(err, ERR_PROTO,
			       "state of a follower: for another lead time");
	memcpy(f, data, head.size);
	*ret = TAKE(f);
	return 0;
}
