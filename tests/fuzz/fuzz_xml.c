/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_xml.c - XML as clouds answer in. */
#include "check.h"
#include "cleanup.h"
#include "text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const items[] = { "item", "member", NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e = { .msg = "" };

	if (xml_read((const char *)data, size, items, "fuzz", &doc, &e) == 0)
		CHECK(json_is_object(doc) && json_object_size(doc) == 1);
	else
		CHECK(!doc && strncmp(e.msg, "fuzz:", 5) == 0);
	return 0;
}
