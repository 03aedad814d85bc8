/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_json.h - a tier as the API shows it.
 */
#ifndef CONTROLLER_API_TIER_JSON_H
#define CONTROLLER_API_TIER_JSON_H

#include "request.h"

/* What is declared of it: the part that may be changed by hand. */
json_t *tier_declared_json(const struct db_tier *t);
/* All of it, with what is measured; NULL: the database fails, as err says. */
json_t *tier_json(struct request *r, const struct db_tier *t, struct err *err);

#endif
