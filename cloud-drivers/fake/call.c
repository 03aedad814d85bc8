/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include "check.h"
#include "driver_util.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

void call_end(struct call *c)
{
	cloud_close(&c->cloud);
	script_done(&c->script);
}

/* Really waits, so that deadlines and stop flags of callers are tested. */
static void wait_ms(int64_t ms)
{
	if (ms > 0)
		(void)poll(NULL, 0, (int)MIN(ms, 600000));
}

static int check_token(const struct drv *d, const struct script *s, struct drv_err *err)
{
	if (!s->token || (d->token && strcmp(s->token, d->token) == 0))
		return 0;
	(void)drv_fail(err, DRV_AUTH,
		       d->token ? "the token is not valid"
				: "the profile has no 'token'");
	err->http_status = 401;
	return DRV_AUTH;
}

int call_begin(struct drv *d, const char *op, const struct drv_launch *l,
	       int64_t deadline_mono_ms, struct call *ret, struct drv_err *err)
{
	struct err e;
	int64_t left = deadline_mono_ms - d->host->mono_ms(d->host->ctx);
	int rc = script_read(d->opt.dir, &ret->script, &e);

	if (rc == 0)
		rc = cloud_open(d->opt.dir, &ret->cloud, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	cloud_count_call(&ret->cloud, op);
	script_strike(&ret->script, op, l, cloud_used(&ret->cloud), &ret->fault);
	ret->now_ms = d->host->wall_ms(d->host->ctx);
	rc = cloud_write(&ret->cloud, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (ret->fault.kind == FAULT_DELAY)
		wait_ms(MIN(ret->fault.delay_ms, left));
	if (!fault_acts(ret->fault.kind))
		return fault_fail(&ret->fault, err);
	return check_token(d, &ret->script, err);
}

int call_answer(struct drv *d, struct call *c, int64_t deadline_mono_ms,
		struct drv_err *err)
{
	struct err e;
	int rc = cloud_write(&c->cloud, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (c->fault.kind == FAULT_CRASH)
		abort();
	if (c->fault.kind == FAULT_TIMEOUT || c->fault.kind == FAULT_HANG)
		cloud_close(&c->cloud); /* others continue in the meantime */
	if (c->fault.kind == FAULT_TIMEOUT)
		wait_ms(deadline_mono_ms - d->host->mono_ms(d->host->ctx));
	while (c->fault.kind == FAULT_HANG)
		(void)pause();
	return fault_fail(&c->fault, err);
}
