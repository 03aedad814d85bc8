/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "work_queue.h"

#include "fnv.h"

#include <string.h>

void work_queue_put(struct work_queue *q, struct request *r)
{
	r->turn = ++q->turn;
	r->next = NULL;
	*(q->last ? &q->last->next : &q->first) = r;
	q->last = r;
	q->n[r->is_programs]++;
}

void work_queue_remove(struct work_queue *q, struct request *r)
{
	struct request **p = &q->first;
	struct request *before = NULL;

	while (*p != r) {
		before = *p;
		p = &(*p)->next;
	}
	*p = r->next;
	if (q->last == r)
		q->last = before;
	q->n[r->is_programs]--;
}

/* ---------------------------------------------------------------- who is next */

static bool is_same(const struct request *a, const struct request *b)
{
	return a->caller_sum == b->caller_sum && strcmp(a->caller, b->caller) == 0;
}

/* What runs. */
struct at_work {
	size_t mine, my_queries, queries, programs;
};

static struct at_work look(const struct request *const at_work[WORKERS],
			   const struct request *mine)
{
	struct at_work ret = { 0 };

	for (size_t i = 0; i < WORKERS; i++) {
		const struct request *r = at_work[i];

		if (!r)
			continue;
		ret.mine += is_same(r, mine);
		ret.my_queries += is_same(r, mine) && r->route->is_query;
		ret.queries += r->route->is_query;
		ret.programs += r->is_programs;
	}
	return ret;
}

static bool may_run(const struct request *r, const struct at_work *a, size_t queries)
{
	if (a->mine >= AT_WORK_PER_CALLER ||
	    (r->is_programs && a->programs >= AT_WORK_PROGRAMS))
		return false;
	return !r->route->is_query || (a->queries < queries && a->my_queries == 0);
}

struct request *work_queue_next(struct work_queue *q,
				const struct request *const at_work[WORKERS],
				size_t queries)
{
	struct request *best = NULL;
	size_t least = WORKERS + 1;

	for (struct request *r = q->first; r; r = r->next) {
		const struct at_work a = look(at_work, r);

		if (a.mine > least ||
		    (best && a.mine == least && r->turn >= best->turn) ||
		    !may_run(r, &a, queries))
			continue;
		least = a.mine;
		best = r;
	}
	if (!best)
		return NULL;
	work_queue_remove(q, best);
	/* What else it sent comes after all others who wait now. */
	q->turn++;
	for (struct request *r = q->first; r; r = r->next)
		if (is_same(r, best))
			r->turn = q->turn;
	return best;
}

/* ---------------------------------------------------------------- who may wait */

static size_t waiting(const struct work_queue *q, const struct request *mine)
{
	size_t n = 0;

	for (const struct request *p = q->first; p; p = p->next)
		n += is_same(p, mine);
	return n;
}

/* The newest of who has the most, when that is more than n; NULL: nobody has. */
static struct request *one_of_many(const struct work_queue *q, bool programs, size_t n)
{
	struct request *ret = NULL;

	for (struct request *p = q->first; p; p = p->next) {
		size_t has;

		if (p->is_programs != programs)
			continue;
		if (ret && is_same(p, ret)) {
			ret = p;
			continue;
		}
		has = waiting(q, p);
		if (has > n) {
			n = has;
			ret = p;
		}
	}
	return ret;
}

int work_queue_admit(const struct work_queue *q, struct request *r,
		     struct request **ret_instead, struct err *err)
{
	size_t mine;

	*ret_instead = NULL;
	r->caller_sum = fnv(FNV_START, r->caller, strlen(r->caller));
	mine = waiting(q, r);
	if (mine >= WAITING_PER_CALLER)
		return err_set(err, ERR_UNAVAIL,
			       "%zu requests of this caller wait already: send fewer at "
			       "once",
			       mine);
	if (q->n[r->is_programs] < WAITING_MAX)
		return 0;
	*ret_instead = one_of_many(q, r->is_programs, mine + 1);
	return *ret_instead
		       ? 0
		       : err_set(err, ERR_UNAVAIL, "%zu requests wait already: ask later",
				 WAITING_MAX);
}
