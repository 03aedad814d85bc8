/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shown.h - what clouds said, and what bounds the calls to them, as people see it. The
 * caller owns the results.
 */
#ifndef POOLS_SHOWN_H
#define POOLS_SHOWN_H

#include "gates.h"

#include <jansson.h>

/* at_ms: calendar. */
json_t *failure_json(const struct drv_err *e, int64_t at_ms);

/* As pools_gates(); now_ms: calendar. */
json_t *gates_json(struct gates *g, int64_t now_ms);

#endif
