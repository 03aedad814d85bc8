/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_conf.c - INI files, read by their pairs and by their sections. */
#include "check.h"
#include "cleanup.h"
#include "text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	(void)arg;
	(void)err;
	CHECK(section && *name && value && line > 0);
	CHECK(*value != ' ' && *value != '\t');
	return 0;
}

static int on_section(void *arg, const char *section, int line, struct err *err)
{
	int *last = arg;

	(void)err;
	CHECK(section && line > *last);
	*last = line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	struct err e = { .msg = "" };
	int line = 0;
	int a = conf_each(text, "fuzz", on_pair, NULL, &e);
	int b = conf_each_section(text, "fuzz", on_section, &line, &e);

	CHECK(a == b);
	if (a < 0)
		CHECK(strncmp(e.msg, "fuzz:", 5) == 0);
	return 0;
}
