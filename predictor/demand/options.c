/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <math.h>

static int leads_check(const struct demand_opts *o, struct err *err)
{
	if (o->n_leads < 1 || o->n_leads > DEMAND_LEADS_MAX)
		return err_set(err, ERR_INVAL, "%zu lead times are not 1 to %d",
			       o->n_leads, DEMAND_LEADS_MAX);
	for (size_t k = 0; k < o->n_leads; k++)
		if (o->lead_steps[k] > DEMAND_LEAD_MAX)
			return err_set(err, ERR_INVAL,
				       "lead time: %zu steps are more than %d",
				       o->lead_steps[k], DEMAND_LEAD_MAX);
	return 0;
}

int demand_opts_check(const struct demand_opts *o, struct err *err)
{
	if (o->step_ms < 1000 || o->step_ms > 86400000)
		return err_set(err, ERR_INVAL,
			       "step: %lld ms is not between 1 s and 1 day",
			       (long long)o->step_ms);
	if (!(o->prior_swing >= 0 && o->prior_swing <= 10))
		return err_set(err, ERR_INVAL, "prior swing: %g is not between 0 and 10",
			       o->prior_swing);
	return leads_check(o, err);
}

int demand_check(double y, struct err *err)
{
	if (!(y >= 0 && y <= DEMAND_MAX))
		return err_set(err, ERR_INVAL, "demand: %g is not a number from 0 to %g",
			       y, DEMAND_MAX);
	return 0;
}
