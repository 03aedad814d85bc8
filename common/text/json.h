/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - typed reads over jansson, with errors that name the member.
 *
 * jread_X() requires the member; jread_X_opt() leaves *ret as it was when the member is
 * absent or null. Both reject a member of another type. Strings stay the document's.
 */
#ifndef COMMON_TEXT_JSON_H
#define COMMON_TEXT_JSON_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"

#include <jansson.h>
#include <stdint.h>

DEFINE_CLEANUP(json_t *, json_decref);

/* A document that must be an object or array; what names it in errors. Caller
 * owns *ret. */
int json_parse(const char *text, size_t len, const char *what, json_t **ret,
	       struct err *err) MUST_CHECK;

/* How many values, of any depth, the text has at most: what reading it costs. */
size_t json_values_max(const char *text, size_t len);

int jread_str(const json_t *o, const char *key, const char **ret,
	      struct err *err) MUST_CHECK;
int jread_str_opt(const json_t *o, const char *key, const char **ret,
		  struct err *err) MUST_CHECK;
/* A line for people (utf8_is_plain()) of 1, or 0 when it is optional, to max bytes. */
int jread_line(const json_t *o, const char *key, size_t max, const char **ret,
	       struct err *err) MUST_CHECK;
int jread_line_opt(const json_t *o, const char *key, size_t max, const char **ret,
		   struct err *err) MUST_CHECK;
int jread_int(const json_t *o, const char *key, int64_t *ret, struct err *err) MUST_CHECK;
int jread_int_opt(const json_t *o, const char *key, int64_t *ret,
		  struct err *err) MUST_CHECK;
int jread_num(const json_t *o, const char *key, double *ret, struct err *err) MUST_CHECK;
int jread_num_opt(const json_t *o, const char *key, double *ret,
		  struct err *err) MUST_CHECK;
int jread_bool_opt(const json_t *o, const char *key, bool *ret,
		   struct err *err) MUST_CHECK;
/* Durations are strings with units ("90s"); times are RFC 3339. Both in ms. */
int jread_duration_opt(const json_t *o, const char *key, int64_t *ret,
		       struct err *err) MUST_CHECK;
int jread_time_opt(const json_t *o, const char *key, int64_t *ret,
		   struct err *err) MUST_CHECK;

/* Rejects members that are not in the NULL-ended list, naming the first. */
int json_only(const json_t *o, const char *const *keys, struct err *err) MUST_CHECK;

/* Appends text as a JSON string, quoted and escaped; it must be UTF-8. */
void json_add_string(struct buf *b, const char *text);

/* A string of text from outside, whose invalid bytes become '?'; null for NULL. */
json_t *json_text(const char *text);
/* Whether all strings in it, and names of members, are lines for people of at most max
 * bytes each. */
bool json_is_plain(const json_t *j, size_t max);
/* A JSON number; null when x is not finite, which JSON cannot express. */
json_t *json_finite(double x);
/* An RFC 3339 string; null for 0. */
json_t *json_time(int64_t unix_ms);

#endif
