/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failure.h - the class of a failure from an answer's status, before the cloud's own code
 * is looked at.
 */
#ifndef CLOUD_DRIVERS_REST_FAILURE_H
#define CLOUD_DRIVERS_REST_FAILURE_H

#include "driver.h"

/*
 * The class for a status that is not 2xx. A method that only reads has no effect, so a
 * server's failure is TRANSIENT then and AMBIGUOUS otherwise. THROTTLED: 429, and 413 or
 * 503 with Retry-After.
 */
enum drv_class rest_class(long status, const char *method, bool has_retry_after);

bool rest_only_reads(const char *method);

/*
 * The value of a header of an answer, without blanks around it, in text of size bytes;
 * the first if there are several. False when there is none or it does not fit.
 */
bool rest_header(const struct drv_http_answer *a, const char *name, char *text,
		 size_t size);

/* Retry-After, in seconds or as a date, at most an hour; -1: none that can be read. */
int64_t rest_retry_after_ms(const struct drv_http_answer *a, int64_t wall_ms);

/*
 * Copies text for people into a field of struct drv_err: one line of UTF-8, cut to size,
 * where each secret (NULL-ended list; NULL: none) has become "***".
 */
void rest_plain(char *to, size_t size, const char *text, const char *const *secrets);

#endif
