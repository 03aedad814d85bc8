/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caller.c - calls that a person asks for, with a driver of their own: they pass the gate
 * as calls that change something, for which tokens are left.
 */
#include "pools.h"

#include "check.h"
#include "clock.h"
#include "round.h"

#include <stdlib.h>

int pools_open_caller(struct pools *ps, const struct db_pool *p, struct pool_caller *ret,
		      struct err *err)
{
	const struct pool_opts *o = pools_opts(ps);
	CLEANUP(pool_caller_done)
	struct pool_caller c = { .gates = pools_gate_keeper(ps) };
	CLEANUP(free) char *config = NULL;
	int rc = pool_driver_config(o, p, &config, err);

	if (rc == 0)
		rc = pool_driver_open_with(o, p, config, &c.driver, err);
	if (rc < 0)
		return rc;
	pool_place_read(config, c.driver->ops->zone_option, &c.place);
	c.name = xstrdup(p->driver);
	c.profile = xstrdup(p->profile);
	*ret = c;
	c = (struct pool_caller){ NULL };
	return 0;
}

void pool_caller_done(struct pool_caller *c)
{
	driver_close(c->driver);
	pool_place_done(&c->place);
	free(c->name);
	free(c->profile);
	*c = (struct pool_caller){ NULL };
}

static struct gate_key key_of(const struct pool_caller *c)
{
	return pool_gate_key(c->name, c->profile, &c->place, NULL);
}

int pool_caller_enter(const struct pool_caller *c, int64_t deadline_mono_ms,
		      struct err *err)
{
	const double calls_per_s = c->driver->ops->caps(c->driver->drv)->calls_per_s;
	const int64_t trial_ms = deadline_mono_ms - clock_mono_ms() + POOL_TRIAL_MORE_MS;
	const struct gate_key key = key_of(c);
	struct gate_refusal no;

	if (gates_enter(c->gates, &key, GATE_CHANGE, calls_per_s, trial_ms, &no))
		return 0;
	return err_set(err, ERR_UNAVAIL, "driver %s: %s", c->name, no.text);
}

void pool_caller_leave(const struct pool_caller *c, int cls, const struct drv_err *e)
{
	const struct gate_key key = key_of(c);

	gates_leave(c->gates, &key, cls < 0 ? e : NULL);
}
