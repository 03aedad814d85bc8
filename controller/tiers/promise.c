/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "promise.h"

#include "text.h"

#include <math.h>

static json_t *band_json(const struct tier_forecast *f, size_t band)
{
	return json_pack("{s:f, s:[{s:I, s:o}]}", "level", demand_bands[band], "leads",
			 "lead_ms", (json_int_t)f->promise.lead_ms, "achieved",
			 json_finite(f->promise.coverage[band]));
}

json_t *promise_json(const struct tier_forecast *f, const struct db_tier *t)
{
	json_t *bands;

	if (!f->known)
		return json_null();
	bands = json_array();
	for (size_t i = 0; i < DEMAND_BANDS; i++)
		json_array_append_new(bands, band_json(f, i));
	return json_pack("{s:o, s:o, s:o}", "risk",
			 json_finite(t->price_ratio > 0 ? NAN : t->risk_ratio), "price",
			 json_finite(t->price_ratio > 0 ? t->price_ratio : NAN), "bands",
			 bands);
}
