/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "outlook_json.h"

#include "text.h"

json_t *outlook_seasons_json(const struct outlook *o, int64_t step_ms)
{
	json_t *list = json_array();

	for (size_t k = 0; k < o->n_seasons; k++)
		json_array_append_new(
			list, json_pack("{s:I, s:f}", "period_ms",
					(json_int_t)o->seasons[k].steps * step_ms,
					"correlation", o->seasons[k].correlation));
	return list;
}

json_t *outlook_held_json(const struct outlook *o, int64_t step_ms)
{
	struct outlook_held held[OUTLOOK_HELD];
	const size_t n = outlook_held(o, step_ms, held);
	json_t *list = json_array();

	for (size_t k = 0; k < n; k++)
		json_array_append_new(list,
				      json_pack("{s:I, s:o}", "ahead_ms",
						(json_int_t)held[k].ahead_ms, "share",
						json_finite(held[k].share)));
	return list;
}
