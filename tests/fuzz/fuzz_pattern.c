/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_pattern.c - regular expressions of outsiders: the first line is one, the rest a
 * value. Whatever they are, compiling and matching end soon, and a failure has a message.
 */
#include "check.h"
#include "pattern.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define MOST_S 2 /* of CPU: some milliseconds, with a sanitizer too */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *text, const char *value, size_t len)
{
	CLEANUP(pattern_free) struct pattern *p = NULL;
	struct err err = { 0 };
	bool hit;

	if (pattern_new(text, &p, &err) < 0) {
		CHECK(*err.msg);
		return;
	}
	if (pattern_match(p, value, len, &hit, &err) < 0)
		CHECK(err.code == ERR_LIMIT && *err.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	const size_t n = end ? (size_t)(end - data) : size;
	CLEANUP(free) char *text = xstrndup((const char *)data, n);
	/* A copy of its own, so that reading past the end is seen. */
	CLEANUP(free)
	char *value = xstrndup(end ? (const char *)end + 1 : "", end ? size - n - 1 : 0);
	const clock_t before = clock();

	run(text, value, strlen(value));
	CHECK((clock() - before) / CLOCKS_PER_SEC < MOST_S);
	return 0;
}
