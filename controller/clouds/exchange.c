/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exchange.h"

#include "driver_util.h"
#include "start.h"

int exchange(struct drv *d, const struct exchange *x, json_t *request, json_t **ret,
	     struct drv_err *err)
{
	int rc;

	pthread_mutex_lock(&d->lock);
	while ((rc = start_process(d, x->deadline_mono_ms, err)) == 0 &&
	       d->n_calls >= d->caps.in_flight)
		if (!life_wait(d, x->deadline_mono_ms)) {
			rc = drv_fail(err, DRV_TRANSIENT,
				      "earlier calls are not over: '%s' was not made",
				      x->call);
			break;
		}
	if (rc == 0)
		rc = pending_call(d, x, request, ret, err);
	pthread_mutex_unlock(&d->lock);
	json_decref(request);
	return rc;
}
