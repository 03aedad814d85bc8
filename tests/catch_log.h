/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_log.h - what is written to stderr, as the log is, between two calls.
 */
#ifndef TESTS_CATCH_LOG_H
#define TESTS_CATCH_LOG_H

#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct catch_log {
	int was;
	FILE *out;
	char text[10000]; /* after catch_log_end() */
};

static inline void catch_log_begin(struct catch_log *c)
{
	c->out = tmpfile();
	assert_non_null(c->out);
	fflush(stderr);
	c->was = dup(STDERR_FILENO);
	assert_true(dup2(fileno(c->out), STDERR_FILENO) >= 0);
}

static inline void catch_log_end(struct catch_log *c)
{
	size_t n;

	fflush(stderr);
	assert_true(dup2(c->was, STDERR_FILENO) >= 0);
	close(c->was);
	rewind(c->out);
	n = fread(c->text, 1, sizeof(c->text) - 1, c->out);
	c->text[n] = '\0';
	fclose(c->out);
}

/* How often the text has the words. */
static inline size_t catch_log_count(const struct catch_log *c, const char *words)
{
	size_t n = 0;

	for (const char *p = c->text; (p = strstr(p, words)); p += strlen(words))
		n++;
	return n;
}

#endif
