/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fields.h - members of a JSON object for display: a missing one is empty or 0.
 */
#ifndef CLI_CLIENT_FIELDS_H
#define CLI_CLIENT_FIELDS_H

#include <jansson.h>

const char *field_text(const json_t *o, const char *key);
long long field_int(const json_t *o, const char *key);
double field_number(const json_t *o, const char *key);

#endif
