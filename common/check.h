/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - assertions that stay on in release builds, and object magic.
 *
 * CHECK() is for our own bugs only, never for input. An object that is passed as
 * void * begins with a uint32_t magic, set with its _MAGIC constant and checked on
 * arrival with CHECK_MAGIC().
 */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

#include <stddef.h>
#include <stdint.h>

void check_failed(const char *file, int line, const char *what) __attribute__((noreturn));

#define CHECK(cond)                                              \
	do {                                                     \
		if (!(cond))                                     \
			check_failed(__FILE__, __LINE__, #cond); \
	} while (0)

#define CHECK_MAGIC(obj, want) CHECK((obj) != NULL && (obj)->magic == (want))

/* Small fixed allocations: abort when memory is out (the service manager restarts us). */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
