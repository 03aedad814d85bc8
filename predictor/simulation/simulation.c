/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulation.h"

#include "check.h"
#include "cleanup.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MOST 100000 /* instances that a simulated fleet can have */

size_t fleet_need(double demand, double capacity)
{
	const double n = ceil(demand / capacity - 1e-9);

	return (size_t)fmin(fmax(n, 1), MOST);
}

/* Launches of one step that serve from step `ready` on. */
struct boot {
	size_t launched, ready, n;
};

struct fleet_sim {
	struct fleet_terms terms;
	struct boot *boots; /* [n_boots] in the order of their launches */
	size_t n_boots, boots_size;
	size_t at; /* the present step */
	size_t n;
	size_t run, boot;
	size_t launches; /* so far */
	struct paid paid;
	double total, unserved, is_short;
	struct fleet_run result;
};

struct fleet_sim *fleet_sim_new(const struct fleet_terms *t, size_t n, size_t running)
{
	struct fleet_sim *f = xcalloc(1, sizeof(*f));

	*f = (struct fleet_sim){ .terms = *t, .n = n, .run = running, .at = SIZE_MAX };
	f->result.running = xcalloc(n + 1, sizeof(*f->result.running));
	paid_init(&f->paid, t->paid, 1);
	paid_add(&f->paid, 0, running);
	return f;
}

void fleet_sim_free(struct fleet_sim *f)
{
	if (!f)
		return;
	paid_done(&f->paid);
	free(f->boots);
	free(f->result.running);
	free(f);
}

void fleet_set_capacity(struct fleet_sim *f, double capacity)
{
	f->terms.capacity = capacity;
}

/* ---------------------------------------------------------------- what boots */

/* Spreads consecutive launches evenly over the boots that were measured (Weyl). */
static size_t next_boot(struct fleet_sim *f)
{
	const double turn = 0.6180339887498949 * (double)++f->launches;
	const double share = turn - floor(turn);

	if (f->terms.n_boots == 0)
		return f->terms.lead;
	return f->terms.boots[(size_t)(share * (double)f->terms.n_boots)];
}

static void add_boot(struct fleet_sim *f, size_t launched, size_t ready, size_t n)
{
	struct boot *last = f->n_boots ? &f->boots[f->n_boots - 1] : NULL;

	if (last && last->launched == launched && last->ready == ready) {
		last->n += n;
		return;
	}
	if (f->n_boots == f->boots_size) {
		f->boots_size = 2 * f->boots_size + 8;
		f->boots = xrealloc(f->boots, f->boots_size * sizeof(*f->boots));
	}
	f->boots[f->n_boots++] = (struct boot){ launched, ready, n };
}

/* Those without a boot serve at once. */
static void launch(struct fleet_sim *f, size_t n)
{
	const size_t now = f->at + 1;
	const size_t alike = f->terms.n_boots ? 1 : n;

	paid_add(&f->paid, (int64_t)now, n);
	for (size_t k = 0; k < n; k += alike) {
		const size_t boot = next_boot(f);

		if (boot > 0)
			add_boot(f, now, now + boot, alike);
		else
			f->run += alike;
		f->boot += boot > 0 ? alike : 0;
	}
}

/* Those that have booted serve. */
static void take_ready(struct fleet_sim *f)
{
	size_t left = 0;

	for (size_t k = 0; k < f->n_boots; k++) {
		if (f->boots[k].ready > f->at) {
			f->boots[left++] = f->boots[k];
			continue;
		}
		f->run += f->boots[k].n;
		f->boot -= f->boots[k].n;
	}
	f->n_boots = left;
}

static size_t count_overdue(const struct fleet_sim *f)
{
	size_t n = 0;

	for (size_t k = 0; k < f->n_boots && f->terms.overdue > 0; k++)
		if (f->at + 1 > f->boots[k].launched + f->terms.overdue)
			n += f->boots[k].n;
	return n;
}

/* Takes n of what boots, the newest first; returns those that were not there. */
static size_t cancel(struct fleet_sim *f, size_t n)
{
	while (f->n_boots > 0 && n > 0) {
		struct boot *b = &f->boots[f->n_boots - 1];
		const size_t c = MIN(b->n, n);

		paid_cancel(&f->paid, (int64_t)b->launched, c);
		f->boot -= c;
		b->n -= c;
		n -= c;
		if (b->n == 0)
			f->n_boots--;
	}
	return n;
}

/* ---------------------------------------------------------------- step by step */

static int64_t count_ending(struct fleet_sim *f)
{
	if (paid_for(f->terms.paid, 1) == 1)
		return -1;
	return f->boot > 0 ? 0 : (int64_t)paid_ending(&f->paid, (int64_t)f->at + 1);
}

void fleet_serve(struct fleet_sim *f, double demand, struct fleet_now *ret)
{
	const size_t i = ++f->at;
	double served;

	CHECK(i < f->n);
	take_ready(f);
	served = (double)f->run * f->terms.capacity;
	f->result.running[i] = (uint32_t)f->run;
	f->result.instance_steps += (double)paid_begun(&f->paid, (int64_t)i);
	f->total += demand;
	if (demand > served * (1 + 1e-9)) {
		f->is_short++;
		f->unserved += demand - served;
	}
	*ret = (struct fleet_now){ .i = i,
				   .demand = demand,
				   .running = f->run,
				   .booting = f->boot,
				   .overdue = count_overdue(f),
				   .ending = count_ending(f) };
}

void fleet_want(struct fleet_sim *f, size_t desired)
{
	const size_t to = MIN(desired, (size_t)MOST), have = f->run + f->boot;

	f->result.actions += to != have;
	if (to > have) {
		launch(f, to - have);
	} else if (to < have) {
		const size_t running = cancel(f, have - to);

		paid_remove(&f->paid, (int64_t)f->at + 1, running);
		f->run -= running;
	}
}

void fleet_step(struct fleet_sim *f, double demand, fleet_want_fn *want, void *arg)
{
	struct fleet_now now;

	fleet_serve(f, demand, &now);
	fleet_want(f, want(arg, &now));
}

void fleet_result(struct fleet_sim *f, struct fleet_run *ret)
{
	const size_t n = f->at + 1;

	f->result.short_share = n ? f->is_short / (double)n : 0;
	f->result.unserved_share = f->total > 0 ? f->unserved / f->total : 0;
	*ret = f->result;
	f->result.running = NULL;
}

void fleet_simulate(const struct fleet_terms *t, const double *demand, size_t n,
		    size_t running, fleet_want_fn *want, void *arg, struct fleet_run *ret)
{
	CLEANUP(fleet_sim_free) struct fleet_sim *f = fleet_sim_new(t, n, running);

	for (size_t i = 0; i < n; i++)
		fleet_step(f, demand[i], want, arg);
	fleet_result(f, ret);
}

/* ---------------------------------------------------------------- the optimum */

/* An instance of the optimum. */
struct span {
	int64_t launch, end; /* in steps; of the step that it was last needed in */
	bool was_there;
};

static int64_t paid_steps(const struct span *s, const struct fleet_terms *t)
{
	return paid_for(t->paid, s->end - s->launch);
}

/* It is needed in step i, and was not in the one before: it was kept, or is launched in
 * time. */
static void need_again(struct span *s, int64_t i, const struct fleet_terms *t,
		       struct fleet_run *ret)
{
	const int64_t lead = (int64_t)t->lead;

	if (s->was_there && i <= s->launch + paid_steps(s, t) + lead) {
		for (int64_t j = s->end; j < i; j++)
			ret->running[j]++;
		return;
	}
	ret->instance_steps += (double)paid_steps(s, t);
	*s = (struct span){ .launch = i - lead, .was_there = true };
}

void fleet_oracle(const struct fleet_terms *t, const size_t *need, size_t n,
		  size_t running, struct fleet_run *ret)
{
	CLEANUP(free) struct span *span = xcalloc(MOST + 1, sizeof(*span));
	size_t before = running;

	memset(ret, 0, sizeof(*ret));
	ret->running = xcalloc(n + 1, sizeof(*ret->running));
	for (size_t k = 1; k <= running; k++)
		span[k].was_there = true;
	for (size_t i = 0; i < n; i++) {
		ret->actions += need[i] != before;
		ret->running[i] += (uint32_t)need[i];
		for (size_t k = need[i] + 1; k <= before; k++)
			span[k].end = (int64_t)i;
		for (size_t k = before + 1; k <= need[i]; k++)
			need_again(&span[k], (int64_t)i, t, ret);
		before = need[i];
	}
	for (size_t k = 1; k <= before; k++)
		span[k].end = (int64_t)n;
	for (size_t k = 1; k <= MOST; k++)
		ret->instance_steps += (double)paid_steps(&span[k], t);
}
