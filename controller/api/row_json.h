/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row_json.h - rows of the database as JSON, where several resources return them. The
 * caller owns the results.
 */
#ifndef CONTROLLER_API_ROW_JSON_H
#define CONTROLLER_API_ROW_JSON_H

#include "db.h"

#include <jansson.h>
#include <stdbool.h>

/* Parses JSON text of the database; null when it is empty or invalid. */
json_t *json_of_text(const char *text);

json_t *hold_json(const struct db_hold *h);
json_t *unit_json(const struct db_unit *u);
json_t *decision_json(const struct db_decision *d, bool with_explanation);
json_t *event_json(const struct db_event *e);

#endif
