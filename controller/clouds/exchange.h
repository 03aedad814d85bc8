/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.h - a call to a driver's process, which is started when it is needed. Safe
 * from any thread.
 */
#ifndef CLOUDS_EXCHANGE_H
#define CLOUDS_EXCHANGE_H

#include "pending.h"

/* As pending_call(), when the driver has room for the call. The request is taken over. */
int exchange(struct drv *d, const struct exchange *x, json_t *request, json_t **ret,
	     struct drv_err *err);

#endif
