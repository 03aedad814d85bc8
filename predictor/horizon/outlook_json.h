/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outlook_json.h - what an outlook found and held, as the API and the command give it.
 *
 * step_ms is that of its series; the caller owns what is returned.
 */
#ifndef PREDICTOR_HORIZON_OUTLOOK_JSON_H
#define PREDICTOR_HORIZON_OUTLOOK_JSON_H

#include "outlook.h"

#include <jansson.h>

/* [{"period_ms","correlation"}] */
json_t *outlook_seasons_json(const struct outlook *o, int64_t step_ms);
/* [{"ahead_ms","share"}]; share null: not known. */
json_t *outlook_held_json(const struct outlook *o, int64_t step_ms);

#endif
