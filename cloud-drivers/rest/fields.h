/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fields.h - members of a cloud's answer, read by path, forgiving: what is absent or of
 * another type is the default. For what must be there, see common/text/json.h.
 */
#ifndef CLOUD_DRIVERS_REST_FIELDS_H
#define CLOUD_DRIVERS_REST_FIELDS_H

#include <jansson.h>
#include <stdint.h>

/* "a.b.c" in objects; NULL when it is not there. A member's name holds no dot. */
const json_t *rest_at(const json_t *o, const char *path);

/* The text there, the document's; "" when it is none. */
const char *rest_text(const json_t *o, const char *path);

/* A number, or the digits of a string (clouds send 64-bit ones so); otherwise def. */
int64_t rest_int(const json_t *o, const char *path, int64_t def);
double rest_num(const json_t *o, const char *path, double def);

/* RFC 3339, also without a zone (UTC) and with more digits; 0 when it is no time. */
int64_t rest_time_ms(const json_t *o, const char *path);

/* Copies the text there, cut between characters; "" when it is none. */
void rest_copy(char *to, size_t size, const json_t *o, const char *path);

#endif
