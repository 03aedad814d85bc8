/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_json.h - a tier as JSON.
 */
#ifndef CONTROLLER_API_TIER_JSON_H
#define CONTROLLER_API_TIER_JSON_H

#include "request.h"

/* The declared part, which can be changed by hand. */
json_t *tier_declared_json(const struct db_tier *t);
/* All of it, with measured values; NULL, with err set, when the database fails. */
json_t *tier_json(struct request *r, const struct db_tier *t, struct err *err);

#endif
