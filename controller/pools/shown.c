/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shown.h"

#include "check.h"
#include "clock.h"
#include "pools.h"
#include "text.h"
#include "wire.h"

json_t *failure_json(const struct drv_err *e, int64_t at_ms)
{
	json_t *ret = wire_err(e);

	json_object_set_new(ret, "at", json_time(at_ms));
	return ret;
}

json_t *pool_quota_json(const struct drv_quota *q)
{
	const bool has_limit = q->limit >= 0;

	return json_pack("{s:I, s:o, s:o}", "used", (json_int_t)q->used, "limit",
			 has_limit ? json_integer(q->limit) : json_null(), "left",
			 has_limit ? json_integer(MAX(q->limit - q->used, INT64_C(0)))
				   : json_null());
}

/* Gates wait in real time, people read a calendar. */
static json_t *opens_json(const struct gate_view *v, int64_t now_ms)
{
	const int64_t wait_ms = (int64_t)((double)v->wait_ms * clock_scale());

	return json_time(v->wait_ms > 0 ? now_ms + wait_ms : 0);
}

static json_t *tokens_json(const struct gate_view *v)
{
	return v->calls_per_s > 0
		       ? json_pack("{s:f, s:f, s:f}", "level", v->level, "burst",
				   v->burst, "calls_per_s", v->calls_per_s)
		       : json_null();
}

static json_t *gate_json(const struct gate_view *v, int64_t now_ms)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:o, s:I, s:I, s:o, s:i, "
			 "s:o, s:o}",
			 "driver", json_text(v->driver), "profile", json_text(v->profile),
			 "region", json_text(v->region), "calls",
			 v->is_launch ? "launches" : "all", "zone", json_text(v->zone),
			 "type", json_text(v->type), "state", gate_state_name(v->state),
			 "opens", opens_json(v, now_ms), "wait_ms",
			 (json_int_t)v->wait_ms, "retry_after_ms",
			 (json_int_t)v->told_wait_ms, "broken_since",
			 json_time(v->since_ms), "failures", v->failures, "tokens",
			 tokens_json(v), "last_failure",
			 v->last_ms ? failure_json(&v->last, v->last_ms) : json_null());
}

json_t *gates_json(struct gates *g, int64_t now_ms)
{
	CLEANUP(free) struct gate_view *v = NULL;
	const size_t n = gates_list(g, &v);
	json_t *ret = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(ret, gate_json(&v[i], now_ms));
	return ret;
}
