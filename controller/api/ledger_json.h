/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_json.h - the ledger's rows as they are answered, and a tier's own.
 */
#ifndef CONTROLLER_API_LEDGER_JSON_H
#define CONTROLLER_API_LEDGER_JSON_H

#include "db.h"

#include <jansson.h>

#define LEDGER_MONTH_TEXT 8 /* "2026-11" and its NUL */

/* The calendar's month, UTC. */
void ledger_month_now(char ret[LEDGER_MONTH_TEXT]);

/* The caller owns it. */
json_t *ledger_row_json(const struct db_ledger *l);

/*
 * Adds what the tier had this month to doc: "kept", a row of the ledger; and its share of
 * short minutes (null: none is known) as "achieved", there and in "promise" if it has
 * one.
 */
int ledger_add_kept(struct db *db, const char *stack, const char *tier, json_t *doc,
		    struct err *err) MUST_CHECK;

#endif
