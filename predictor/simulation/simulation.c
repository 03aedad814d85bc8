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

struct fleet_sim {
	size_t *ready; /* [n + lead + 2] instances that begin to serve in a step */
	size_t at;     /* the present step */
	size_t n, lead, billing;
	size_t run, boot;
	struct paid paid;
	double capacity;
	double total, unserved, is_short;
	struct fleet_run result;
};

struct fleet_sim *fleet_sim_new(size_t n, size_t running, size_t lead, double capacity,
				size_t billing)
{
	struct fleet_sim *f = xcalloc(1, sizeof(*f));

	*f = (struct fleet_sim){ .n = n,
				 .lead = lead,
				 .billing = billing,
				 .run = running,
				 .capacity = capacity,
				 .at = SIZE_MAX };
	f->ready = xcalloc(n + lead + 2, sizeof(*f->ready));
	f->result.running = xcalloc(n + 1, sizeof(*f->result.running));
	paid_init(&f->paid, (int64_t)billing, 1);
	paid_add(&f->paid, 0, running);
	return f;
}

void fleet_sim_free(struct fleet_sim *f)
{
	if (!f)
		return;
	free(f->ready);
	free(f->result.running);
	free(f);
}

void fleet_serve(struct fleet_sim *f, double demand, size_t *ret_running,
		 size_t *ret_booting)
{
	const size_t i = ++f->at;

	CHECK(i < f->n);
	f->run += f->ready[i];
	f->boot -= f->ready[i];
	f->result.running[i] = (uint32_t)f->run;
	f->result.instance_steps +=
		(double)(f->billing * paid_ending(&f->paid, (int64_t)i));
	f->total += demand;
	if (demand > (double)f->run * f->capacity * (1 + 1e-9)) {
		f->is_short++;
		f->unserved += demand - (double)f->run * f->capacity;
	}
	*ret_running = f->run;
	*ret_booting = f->boot;
}

/* Takes k of what boots, the newest first; returns those that were not there. */
static size_t cancel(struct fleet_sim *f, size_t k)
{
	for (size_t j = f->at + f->lead + 2; j-- > f->at + 1 && k > 0;) {
		const size_t c = MIN(f->ready[j], k);

		f->ready[j] -= c;
		paid_cancel(&f->paid, (int64_t)(j - f->lead), c);
		k -= c;
	}
	return k;
}

void fleet_want(struct fleet_sim *f, size_t desired)
{
	const size_t to = MIN(desired, (size_t)MOST), have = f->run + f->boot;
	const int64_t now = (int64_t)f->at + 1;

	f->result.actions += to != have;
	if (to > have)
		paid_add(&f->paid, now, to - have);
	if (to > have && f->lead == 0) {
		f->run = to;
	} else if (to > have) {
		f->ready[f->at + 1 + f->lead] += to - have;
		f->boot = to - f->run;
	} else if (to < have) {
		const size_t running = cancel(f, have - to);

		paid_remove(&f->paid, now, running);
		f->run -= running;
		f->boot = to - f->run;
	}
}

int64_t fleet_ending(const struct fleet_sim *f)
{
	if (f->billing == 1)
		return -1;
	return f->boot > 0 ? 0 : (int64_t)paid_ending(&f->paid, (int64_t)f->at + 1);
}

void fleet_result(struct fleet_sim *f, struct fleet_run *ret)
{
	const size_t n = f->at + 1;

	f->result.short_share = n ? f->is_short / (double)n : 0;
	f->result.unserved_share = f->total > 0 ? f->unserved / f->total : 0;
	*ret = f->result;
	f->result.running = NULL;
}

void fleet_simulate(const double *demand, size_t n, size_t running_at_start, size_t lead,
		    double capacity, size_t billing, fleet_want_fn *want, void *arg,
		    struct fleet_run *ret)
{
	CLEANUP(fleet_sim_free)
	struct fleet_sim *f = fleet_sim_new(n, running_at_start, lead, capacity, billing);

	for (size_t i = 0; i < n; i++) {
		size_t running, booting;

		fleet_serve(f, demand[i], &running, &booting);
		fleet_want(f, want(arg, i, demand[i], running, booting));
	}
	fleet_result(f, ret);
}

/* An instance of the optimum. */
struct span {
	int64_t launch, end; /* in steps; of the step that it was last needed in */
	bool was_there;
};

static int64_t paid_steps(const struct span *s, int64_t billing)
{
	return (s->end - s->launch + billing - 1) / billing * billing;
}

/* It is needed in step i, and was not in the one before: it was kept, or is launched in
 * time. */
static void need_again(struct span *s, int64_t i, int64_t lead, int64_t billing,
		       struct fleet_run *ret)
{
	if (s->was_there && i <= s->launch + paid_steps(s, billing) + lead) {
		for (int64_t j = s->end; j < i; j++)
			ret->running[j]++;
		return;
	}
	ret->instance_steps += (double)paid_steps(s, billing);
	*s = (struct span){ .launch = i - lead, .was_there = true };
}

void fleet_oracle(const double *demand, size_t n, size_t running_at_start, size_t lead,
		  double capacity, size_t billing, struct fleet_run *ret)
{
	CLEANUP(free) struct span *span = xcalloc(MOST + 1, sizeof(*span));
	size_t before = running_at_start;

	memset(ret, 0, sizeof(*ret));
	ret->running = xcalloc(n + 1, sizeof(*ret->running));
	for (size_t k = 1; k <= running_at_start; k++)
		span[k].was_there = true;
	for (size_t i = 0; i < n; i++) {
		const size_t need = fleet_need(demand[i], capacity);

		ret->actions += need != before;
		ret->running[i] += (uint32_t)need;
		for (size_t k = need + 1; k <= before; k++)
			span[k].end = (int64_t)i;
		for (size_t k = before + 1; k <= need; k++)
			need_again(&span[k], (int64_t)i, (int64_t)lead, (int64_t)billing,
				   ret);
		before = need;
	}
	for (size_t k = 1; k <= before; k++)
		span[k].end = (int64_t)n;
	for (size_t k = 1; k <= MOST; k++)
		ret->instance_steps += (double)paid_steps(&span[k], (int64_t)billing);
}
