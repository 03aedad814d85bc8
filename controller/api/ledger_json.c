/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger_json.h"

#include "check.h"
#include "clock.h"
#include "money.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HOUR_MS 3600000.0

void ledger_month_now(char ret[LEDGER_MONTH_TEXT])
{
	const time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;

	CHECK(gmtime_r(&now, &tm));
	CHECK(strftime(ret, LEDGER_MONTH_TEXT, "%Y-%m", &tm) > 0);
}

/* Sums of shares without the noise of their last digits. */
static json_t *exact(double x)
{
	return json_finite(round(x * 1e9) / 1e9);
}

/* null when there is nothing to divide by. */
static json_t *ratio(double x, double of)
{
	return exact(of > 0 ? x / of : NAN);
}

json_t *ledger_row_json(const struct db_ledger *l)
{
	const int64_t at_price = l->known - l->at_risk;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", l->id, "period",
			      l->period, "stack", l->stack, "tier", l->tier, "through",
			      json_time(l->through_ms));
	json_t *served =
		json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "minutes_known",
			  (json_int_t)l->known, "minutes_unknown", (json_int_t)l->unknown,
			  "minutes_short", (json_int_t)l->was_short, "minutes_slow",
			  (json_int_t)l->slow, "short",
			  ratio((double)l->was_short, (double)l->known), "risk",
			  ratio(l->promised, (double)l->at_risk), "minutes_promised",
			  exact(l->at_risk > 0 ? l->promised : NAN), "price",
			  ratio(l->priced, (double)at_price));
	json_t *used = json_pack(
		"{s:f, s:f, s:f, s:I, s:I, s:I}", "instance_hours",
		(double)l->instance_ms / HOUR_MS, "host_hours",
		(double)l->host_ms / HOUR_MS, "paid_hours", (double)l->paid_ms / HOUR_MS,
		"actions", (json_int_t)l->actions, "launches", (json_int_t)l->launches,
		"launches_failed", (json_int_t)l->failed);
	json_t *others =
		json_pack("{s:o, s:I, s:o, s:I}", "reactive_hours",
			  json_real(beside_reactive_hours(l)), "reactive_minutes_short",
			  (json_int_t)l->reactive_short, "static_hours",
			  json_real(beside_static_hours(l)), "static_instances",
			  (json_int_t)l->peak);

	CHECK(o && served && used && others);
	json_object_update(o, served);
	json_object_update(o, used);
	json_object_update(o, others);
	json_decref(served);
	json_decref(used);
	json_decref(others);
	return o;
}

/* A tier of which nothing was entered this month has an empty row. */
static json_t *row_of(const struct db_ledger_list *l, const char *month,
		      const char *stack, const char *tier)
{
	CLEANUP(free) char *id = xasprintf("%s/%s/%s", month, stack, tier);
	const struct db_ledger none = {
		.id = id,
		.period = (char *)(uintptr_t)month,
		.stack = (char *)(uintptr_t)stack,
		.tier = (char *)(uintptr_t)tier,
	};

	return ledger_row_json(l->n ? &l->v[0] : &none);
}

int ledger_add_kept(struct db *db, const char *stack, const char *tier, json_t *doc,
		    struct err *err)
{
	CLEANUP(db_ledger_list_done) struct db_ledger_list l = { NULL, 0 };
	char month[LEDGER_MONTH_TEXT];
	const struct db_ledger_filter f = { .stack = stack,
					    .tier = tier,
					    .month = month };
	json_t *row, *promise = json_object_get(doc, "promise");
	int rc;

	ledger_month_now(month);
	rc = db_ledger_list(db, &f, &l, err);
	if (rc < 0)
		return rc;
	row = row_of(&l, month, stack, tier);
	json_object_set(doc, "achieved", json_object_get(row, "short"));
	if (json_is_object(promise))
		json_object_set(promise, "achieved", json_object_get(row, "short"));
	json_object_set_new(doc, "kept", row);
	return 0;
}
