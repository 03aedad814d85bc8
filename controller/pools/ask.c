/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.c - calls to the pool's cloud, each through its gate, and what a launch asks for:
 * the first of the pool's types and zones that is not left alone.
 *
 * No call asks for several hosts, though some clouds take a number: one answer, one
 * idempotency key and one user data for all of them would name no host, so a lost answer
 * could not be resolved host by host. Several calls in flight do instead.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <string.h>

struct gate_key pool_gate_key(const char *driver, const char *profile,
			      const struct pool_place *place, const struct choice *c)
{
	return (struct gate_key){
		.driver = driver,
		.profile = profile,
		.region = place->region ? place->region : "",
		.is_launch = c != NULL,
		.zone = c ? c->zone : "",
		.type = c ? c->type : "",
	};
}

static struct gate_key key_of(const struct pool_round *r, const struct choice *c)
{
	return pool_gate_key(r->row.driver, r->row.profile, &r->pool->place, c);
}

bool pool_ask(struct pool_round *r, enum gate_call call, const struct choice *c)
{
	const struct driver *d = r->pool->driver;
	const struct gate_key key = key_of(r, c);
	const int64_t trial_ms =
		pool_call_deadline(r->opts) - clock_mono_ms() + POOL_TRIAL_MORE_MS;
	struct gate_refusal no;

	if (gates_enter(r->gates, &key, call, d->ops->caps(d->drv)->calls_per_s, trial_ms,
			&no))
		return true;
	pool_look_again(r, no.wait_ms);
	/* The one that ends first. */
	if (!r->refused.wait_ms || no.wait_ms < r->refused.wait_ms)
		r->refused = no;
	return false;
}

void pool_asked(struct pool_round *r, const struct choice *c, int cls,
		const struct drv_err *e)
{
	const struct gate_key key = key_of(r, c);

	gates_leave(r->gates, &key, cls < 0 ? e : NULL);
}

int pool_unasked(struct pool_round *r, struct err *err)
{
	r->is_refused = true;
	return err_set(err, ERR_UNAVAIL, "driver %s: %s", r->row.driver, r->refused.text);
}

/* ---------------------------------------------------------------- types and zones */

bool pool_choose(struct pool_round *r, struct choice *ret)
{
	const struct choices *c = &r->pool->choices;

	for (size_t i = 0; i < choices_n(c); i++) {
		*ret = choices_at(c, i);
		if (pool_ask(r, GATE_CHANGE, ret))
			return true;
	}
	return false;
}

static void tell(struct pool_round *r, const struct gate_refusal *no)
{
	const size_t n = choices_n(&r->pool->choices);

	if (n == 1)
		pool_problem_set(&r->pool->problems, POOL_NO_CAPACITY, r->row.name,
				 "the cloud has no capacity: %s; name other types or "
				 "zones as well",
				 no->text);
	else
		pool_problem_set(&r->pool->problems, POOL_NO_CAPACITY, r->row.name,
				 "the cloud has no capacity for any of the %zu types and "
				 "zones; the first: %s",
				 n, no->text);
}

/* Of one that is tried again nothing is known yet. */
bool pool_has_choice(struct pool_round *r)
{
	const struct choices *c = &r->pool->choices;
	struct gate_refusal first = { 0 };
	size_t n_shut = 0, n_no_room = 0, n_open = 0;

	for (size_t i = 0; i < choices_n(c); i++) {
		const struct choice one = choices_at(c, i);
		const struct gate_key key = key_of(r, &one);
		struct gate_refusal no;

		if (gates_would(r->gates, &key, &no)) {
			n_open += no.why == GATE_OPEN;
			continue;
		}
		pool_look_again(r, no.wait_ms);
		first = n_shut ? first : no;
		n_shut++;
		n_no_room += no.why == GATE_NO_ROOM;
	}
	if (n_no_room == choices_n(c))
		tell(r, &first);
	else if (n_open)
		pool_problem_clear(&r->pool->problems, POOL_NO_CAPACITY);
	return n_shut < choices_n(c);
}
