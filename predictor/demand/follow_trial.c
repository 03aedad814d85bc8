/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow_trial.h"

#include "check.h"

#include <math.h>

#define BLOCK_HOURS 4.0
#define BLOCK_WINDOWS 4 /* losses within a lead time are nearly the same */
#define SLOW_DAYS 7.0   /* half-lives */
#define FAST_HOURS 2.0
#define WON 1.5 /* what a block multiplies the evidence by */
#define LOST 0.5
#define WIN_BY 0.02 /* by less, a block is not won */
#define PROVEN 10000.0
#define EVIDENCE_MAX 1e6 /* so that it can be lost again within days */
#define EVIDENCE_MIN 0.1 /* so that it can still be won */
#define BETTER_BY 0.05   /* to be used */
#define STAYS_BY 0.02    /* to be used on */
#define WORSE_LATELY 1.1 /* not to be used now */

void follow_trial_init(struct follow_trial *t, int64_t step_ms, size_t window)
{
	const double hour = 3600000.0 / (double)step_ms;

	*t = (struct follow_trial){
		.block = MAX((size_t)lround(BLOCK_HOURS * hour), BLOCK_WINDOWS * window),
		.slow = SLOW_DAYS * 24 * hour / M_LN2,
		.fast = fmax(FAST_HOURS * hour / M_LN2, 1),
		.evidence = 1,
	};
}

double follow_trial_gain(const struct follow_trial *t)
{
	return t->own_slow > 0 ? 1 - t->other_slow / t->own_slow : NAN;
}

static void end_block(struct follow_trial *t)
{
	const bool is_won = t->other < (1 - WIN_BY) * t->own;
	double gain;

	t->evidence = fmin(fmax(t->evidence * (is_won ? WON : LOST), EVIDENCE_MIN),
			   EVIDENCE_MAX);
	t->own = t->other = 0;
	gain = follow_trial_gain(t);
	if (t->is_proven)
		t->is_proven = t->evidence >= 1 && gain >= STAYS_BY;
	else
		t->is_proven = t->evidence >= PROVEN && gain >= BETTER_BY;
}

static void average(double *so_far, double loss, double steps)
{
	*so_far += (loss - *so_far) / steps;
}

void follow_trial_note(struct follow_trial *t, double own, double other)
{
	const double count = (double)++t->steps;

	average(&t->own_slow, own, fmin(count, t->slow));
	average(&t->other_slow, other, fmin(count, t->slow));
	average(&t->own_fast, own, fmin(count, t->fast));
	average(&t->other_fast, other, fmin(count, t->fast));
	t->own += own;
	t->other += other;
	if (t->steps % t->block == 0)
		end_block(t);
}

bool follow_trial_holds(const struct follow_trial *t)
{
	return t->is_proven && t->other_fast <= WORSE_LATELY * t->own_fast;
}
