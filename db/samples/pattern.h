/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.h - regular expressions of outsiders, each step of which is bounded: PCRE2's,
 * without what RE2 (and so Prometheus) lacks: see pattern_syntax.h.
 */
#ifndef DB_SAMPLES_PATTERN_H
#define DB_SAMPLES_PATTERN_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_MAX_BYTES 1024u
#define PATTERN_REPEAT_MAX 1000
#define PATTERN_COMPILED_MAX_BYTES 32768u /* of the compiled form */
#define PATTERN_STEPS_MAX 5000u           /* to match one text: some milliseconds */

struct pattern;

/* ERR_INVAL, or ERR_LIMIT for one that is too large; the message says what is wrong, and
 * where. Compiling takes less than some milliseconds, whatever it is. */
int pattern_new(const char *text, struct pattern **ret, struct err *err) MUST_CHECK;
void pattern_free(struct pattern *p);
DEFINE_CLEANUP(struct pattern *, pattern_free);

/*
 * Whether all of the text matches, as in Prometheus. A text that is not UTF-8 does not.
 * What goes back for more than PATTERN_STEPS_MAX steps is tried without going back;
 * ERR_LIMIT when there are too many ways to match at once for that: hundreds in a text of
 * 40 bytes, 40 in one of 2,000.
 */
int pattern_match(const struct pattern *p, const char *text, size_t len, bool *ret,
		  struct err *err) MUST_CHECK;

#endif
