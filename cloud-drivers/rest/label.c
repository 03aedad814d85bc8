/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "label.h"

#include "check.h"
#include "fnv.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_LEN 17 /* "-" and 16 digits */

static char narrow(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

void rest_label(char *to, size_t size, size_t max, const char *prefix, const char *value)
{
	const size_t len = strlen(value), head = strlen(prefix);
	bool is_changed = head + len > max;
	size_t keep = len;

	CHECK(max < size && head + DIGEST_LEN <= max);
	for (size_t i = 0; i < len; i++)
		is_changed |= narrow(value[i]) != value[i];
	if (is_changed)
		keep = MIN(len, max - head - DIGEST_LEN);
	memcpy(to, prefix, head);
	for (size_t i = 0; i < keep; i++)
		to[head + i] = narrow(value[i]);
	to[head + keep] = '\0';
	if (is_changed)
		snprintf(to + head + keep, DIGEST_LEN + 1, "-%016llx",
			 (unsigned long long)fnv(FNV_START, value, len));
}
