/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idempotency.h - Idempotency-Key: a repeated POST gets the first answer.
 */
#ifndef CONTROLLER_API_IDEMPOTENCY_H
#define CONTROLLER_API_IDEMPOTENCY_H

#include "request.h"

/*
 * True when the answer to this key is known and was given (also when it is refused
 * because the same key came with another body, or its first use is still running).
 */
bool api_repeated(struct request *r);

#endif
