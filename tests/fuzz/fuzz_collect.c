/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_collect.c - answers of programs with metrics; the first byte selects which. */
#include "check.h"
#include "parsers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const char *name, const struct collect_label *labels,
		 bool counter, double value)
{
	size_t *n = arg;

	(void)counter;
	(void)value;
	CHECK(*name);
	for (; labels && labels->name; labels++)
		*n += strlen(labels->name) + strlen(labels->value);
}

static int run(char kind, const char *text, size_t len, const struct collect_sink *to,
	       struct err *e)
{
	CLEANUP(buf_done) struct buf body;

	buf_init(&body, 1 << 20);
	switch (kind) {
	case 'h':
		return collect_haproxy(text, to, e);
	case 'v':
		return collect_varnish(text, len, to, e);
	case 'n':
		return collect_nginx(text, to, e);
	case 'f':
		return collect_php_fpm(text, len, to, e);
	case 'c':
		return collect_memcached(text, to, e);
	case 'm':
		return collect_mariadb(text, to, e);
	case 'p':
		return collect_prometheus(text, 1000, to, e);
	default:
		return collect_fcgi_body(text, len, &body, e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = NULL;
	size_t n = 0;
	const struct collect_sink to = { take, &n };
	struct err e;

	if (size == 0)
		return 0;
	/* A copy of its own, so that reading past the end is seen. */
	text = xmalloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (run((char)data[0], text, size - 1, &to, &e) < 0)
		CHECK(*e.msg);
	return 0;
}
