/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "withdrawal.h"

#include "check.h"
#include "text.h"

#include <string.h>

#define MEMBER "withdrawn"

char *withdrawal_of(const char *value)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	if (json_parse(value, strlen(value), "the record", &doc, NULL) < 0 ||
	    !json_is_object(doc)) {
		json_decref(doc);
		doc = json_object();
	}
	json_object_set_new(doc, MEMBER, json_true());
	return json_dumps(doc, JSON_COMPACT);
}

bool is_withdrawal(const char *value, size_t len)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	/* Of most records that is all that is looked at. */
	if (!memmem(value, len, MEMBER, strlen(MEMBER)) ||
	    json_parse(value, len, "the record", &doc, NULL) < 0)
		return false;
	return json_is_true(json_object_get(doc, MEMBER));
}
