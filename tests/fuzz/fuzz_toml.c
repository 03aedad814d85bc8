/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_toml.c - TOML as template resources have it. */
#include "check.h"
#include "cleanup.h"
#include "text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_item(void *arg, const struct toml_item *item, struct err *err)
{
	int *lines = arg;

	(void)err;
	CHECK(item->key && item->table && item->line >= *lines);
	*lines = item->line;
	if (item->type == TOML_STRING)
		CHECK(item->str && strlen(item->str) < 1 << 20);
	for (size_t i = 0; item->type == TOML_LIST && i < item->n; i++)
		CHECK(item->list[i]);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	struct err e = { .msg = "" };
	int lines = 0;

	if (toml_each(text, "fuzz", on_item, &lines, &e) < 0)
		CHECK(strncmp(e.msg, "fuzz:", 5) == 0);
	return 0;
}
