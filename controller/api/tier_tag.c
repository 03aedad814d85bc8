/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_tag.h"

#include "tier_json.h"
#include "trust.h"

#include <string.h>

void tier_tag(const struct db_tier *t, char ret[TIER_TAG])
{
	CLEANUP(json_decref) json_t *doc = tier_declared_json(t);
	CLEANUP(free) char *text = NULL;
	char hash[TOKEN_HASH_TEXT];

	json_object_set_new(doc, "demand", json_string(t->demand));
	text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	token_hash_bytes(text, strlen(text), hash);
	snprintf(ret, TIER_TAG, "%.16s-", hash);
}

int tier_check_match(struct request *r, const struct db_tier *t, struct err *err)
{
	const char *match = request_header(r, "If-Match");
	char tag[TIER_TAG], quoted[TIER_TAG + 1];

	tier_tag(t, tag);
	snprintf(quoted, sizeof(quoted), "\"%s", tag);
	if (!match || strcmp(match, "*") == 0 || strstr(match, quoted))
		return 0;
	return request_fail(r, 412, err,
			    "the tier %s/%s has changed since you read it: read it again",
			    t->stack, t->name);
}
