/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shown.h"

#include "trust.h"

#include <string.h>

void shown_tag(int64_t version, const json_t *changes, char ret[SHOWN_TAG])
{
	CLEANUP(free) char *text = json_dumps(changes, JSON_COMPACT | JSON_SORT_KEYS);
	char hash[TOKEN_HASH_TEXT];

	token_hash_bytes(text, strlen(text), hash);
	snprintf(ret, SHOWN_TAG, "v%lld-%.16s", (long long)version, hash);
}

/* Whether a list of entity tags has "tag". */
static bool has_tag(const char *list, const char *tag)
{
	char quoted[SHOWN_TAG + 2];

	snprintf(quoted, sizeof(quoted), "\"%s\"", tag);
	return strstr(list, quoted) != NULL;
}

int shown_check(struct request *r, const char *name, int64_t version, const char *tag,
		struct err *err)
{
	const char *match = request_header(r, "If-Match");
	const char *none = request_header(r, "If-None-Match");
	char plain[SHOWN_TAG];

	snprintf(plain, sizeof(plain), "v%lld", (long long)version);
	if (none && version > 0 && (strcmp(none, "*") == 0 || has_tag(none, plain)))
		return request_fail(r, 412, err, "%s is at version %lld already", name,
				    (long long)version);
	if (!match)
		return 0;
	if (version > 0 && (strcmp(match, "*") == 0 || has_tag(match, plain)))
		return 0;
	if (has_tag(match, tag))
		return 0;
	return request_fail(r, 412, err,
			    "%s is not what was shown any more (it is at version %lld): "
			    "look again, nothing was changed",
			    name, (long long)version);
}
