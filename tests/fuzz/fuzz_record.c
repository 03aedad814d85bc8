/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records from a damaged database; one that can be read can be decided, and its own
 * record is read back the same. */
#include "check.h"
#include "rule.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(record_free) struct record *r = NULL;
	CLEANUP(record_free) struct record *again = NULL;
	CLEANUP(free) char *written = NULL;
	CLEANUP(free) char *rewritten = NULL;
	struct decide_plan p;
	json_t *explained;

	if (record_read(text, &r, NULL) < 0)
		return 0;
	written = record_write(&r->in, &r->state);
	CHECK(written);
	CHECK(record_read(written, &again, NULL) == 0);
	rewritten = record_write(&again->in, &again->state);
	CHECK(strcmp(written, rewritten) == 0);
	decide(&r->in, &r->state, &p);
	explained = decide_explain(&r->in, &p);
	CHECK(explained);
	json_decref(explained);
	return 0;
}
