/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idempotency.h - Idempotency-Key: a repeated POST returns the first response.
 */
#ifndef CONTROLLER_API_IDEMPOTENCY_H
#define CONTROLLER_API_IDEMPOTENCY_H

#include "request.h"

/*
 * True when the key is known and the request was answered, with the first response or
 * with an error: the key was used with another body, or its first request is running.
 */
bool api_repeated(struct request *r);

#endif
